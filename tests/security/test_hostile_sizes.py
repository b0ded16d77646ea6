"""Files made to exhaust memory in kinds that tests/sources/test_limits.py does not have."""

import io
import json
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from klankbord.cli import run
from klankbord.store import Workspace

MB = 1 << 20
SECONDS, MEMORY = 12.0, 350 * 10**6  # of processor time, on a machine that is busy
LINES = [b"De levering was netjes op tijd en de monteur wist ervan.\n" * 20_000] * 40

CHILD = """
import json, resource, sys
from pathlib import Path
from klankbord.cli.output import report_error
from klankbord.errors import KlankbordError
from klankbord.sources import gathered, read
code = 0
try:
    with gathered([Path(sys.argv[1])]) as files:
        files.each(lambda path: sum(batch.rows_in for batch in read(path)))
except KlankbordError as error:
    report_error(error)
    code = error.exit_code
status = Path("/proc/self/status").read_text()
peak = 1024 * int(status.partition("VmHWM:")[2].split()[0])
children = 1024 * resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
own = resource.getrusage(resource.RUSAGE_SELF)
print(json.dumps([code, own.ru_utime + own.ru_stime, max(peak, children)]))
"""


def was_read(path: Path) -> tuple[int, str]:
    """Read a file in a child; return the exit code and what was told, after a look at its cost."""
    done = subprocess.run(
        [sys.executable, "-c", CHILD, str(path)], capture_output=True, timeout=200, check=False
    )
    assert done.returncode == 0, done.stderr.decode()[-2_000:]
    code, seconds, memory = json.loads(done.stdout)
    assert seconds < SECONDS
    assert memory < MEMORY
    return code, done.stderr.decode()


def long_line() -> Iterable[bytes]:
    yield b"klantnummer;opmerking\n1;"
    yield from (b"x" * MB for _ in range(200))


def mail(parts: Iterable[bytes]) -> Iterable[bytes]:
    yield b"From: a@b.nl\nTo: c@d.nl\nSubject: x\nDate: Mon, 02 Mar 2026 10:00:00 +0100\n"
    yield from parts


def deep_mail() -> Iterable[bytes]:
    yield from mail([])
    for at in range(3_000):
        yield b'Content-Type: multipart/mixed; boundary="g%d"\n\n--g%d\n' % (at, at)
    yield b"\nhallo\n"


def tarred() -> Iterable[bytes]:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as packed:
        link = tarfile.TarInfo("x.csv")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        packed.addfile(link)
    yield stream.getvalue()


FILES: dict[str, Callable[[], Iterable[bytes]]] = {
    "line.csv": long_line,
    "many-columns.tsv": lambda: [b"\t".join(b"k%d" % at for at in range(1_000_000)), b"\n"],
    "deep.xml": lambda: [b"<r>", b"<a>" * 300_000],
    "attributes.xml": lambda: [b"<r ", *(b'a%d="x" ' % at for at in range(900_000)), b"/>"],
    "attribute.xml": lambda: [b'<r a="', b"x" * (60 * MB), b'"/>'],
    "laughs.xml": lambda: [
        b'<!DOCTYPE r [<!ENTITY a "', b"ha" * 50_000, b'">]><r>', b"&a;" * 50_000, b"</r>"
    ],
    "deep.json": lambda: [b'{"a":' * 500_000],
    "keys.json": lambda: [b"[{", *(b'"k%d":1,' % at for at in range(900_000)), b'"z":1}]'],
    "deep.eml": deep_mail,
    "header.eml": lambda: mail([b"X-Lang: ", b"x" * (40 * MB), b"\n\nhallo\n"]),
    "headers.eml": lambda: mail([*(b"X-%d: x\n" % at for at in range(400_000)), b"\nhallo\n"]),
    "tar.csv": tarred,
    "one-answer.md": lambda: [b"engine: x\nprompt: y\nanswer: z\n", *LINES],
    "one-cue.vtt": lambda: [
        b"WEBVTT\n\n00:00.000 --> 00:01.000\n", *LINES
    ],
    "one-message.txt": lambda: [
        b"12-03-2024 09:14 - Karin: hallo\n12-03-2024 09:15 - Sam: ja\n12-03-2024 09:16 - Karin: ",
        *LINES,
    ],
    "one-turn.txt": lambda: [b"Klant: hoi\nMedewerker: ja\nKlant: ", *LINES],
    "one-mail.mbox": lambda: [
        b"From x Sat Mar 16 20:00:52 2024\n", *mail([b"\n"]), *LINES
    ],
}  # fmt: skip


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is measured on Linux")
@pytest.mark.parametrize("name", FILES)
def test_it_is_read_or_refused_in_one_line_and_in_little_memory(name: str, tmp_path: Path) -> None:
    with (tmp_path / name).open("wb") as stream:
        stream.writelines(FILES[name]())
    code, told = was_read(tmp_path / name)
    assert len(told) < 2_000
    assert "root:" not in told
    assert told.count("error:") == told.count("  try: ") == (1 if code else 0)


@pytest.mark.parametrize(
    ("name", "command"),
    [
        ("klankbord.toml", ["import", "x.csv"]),
        ("profiel.toml", ["import", "x.csv", "--profile", "profiel.toml"]),
        ("blad.json", ["actions", "import", "blad.json"]),
        ("bericht.txt", ["actions", "update", "x", "--draft", "bericht.txt"]),
    ],
)
def test_what_people_write_by_hand_has_a_limit_too(
    name: str, command: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    (tmp_path / "x.csv").write_text("klant;opmerking\n1;heel goed geholpen\n", "utf-8")
    with Workspace.open(tmp_path / "w.db"):
        pass
    with (tmp_path / name).open("wb") as stream:
        stream.writelines(b"# vulling\n" * 10_000 for _ in range(20))
    assert run([*command, "--workspace", "w.db"]) in (1, 2)
    told = capsys.readouterr().err
    assert told.count("error:") == 1
    assert "larger than 1 M" in told or name == "blad.json"


def test_toml_nested_without_end_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "klankbord.toml").write_text("a = " + "[" * 100_000)
    assert run(["import", "x.csv"]) == 2
    assert "not valid TOML" in capsys.readouterr().err


def test_an_archive_with_nameless_and_doubled_members_is_read(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        for name in ("\x00", "a.csv", "b/a.csv"):
            member = zipfile.ZipInfo("x")
            member.filename = name
            archive.writestr(member, "klant;opmerking\n1;heel goed geholpen\n")
    assert was_read(tmp_path / "x.zip") == (0, "")
