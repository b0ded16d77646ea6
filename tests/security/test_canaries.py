"""No word, name or id of a customer in what is told or logged, at any level, whatever happens."""

import importlib
import io
import logging
import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest

from klankbord import pipeline
from klankbord.cli import run

from .planting import planted

WORD, NAME, NUMBER, LABEL, HEADER = "zorvlaxq", "Kwibnadra", "7741008399", "blenkhof", "Fruskemant"
CANARIES = (WORD, NAME, NUMBER, LABEL, HEADER)
SAID = (
    f"De {WORD} van {NAME} kwam netjes op tijd",
    f'Ik wacht nu al weken op {NAME}; "{WORD}" hoorde ik al drie keer',
    f"Geïrriteerd door {WORD}: € 12,50 te veel in rekening gebracht aan {NUMBER}",
    f"Great service by {NAME} but the {WORD} keeps crashing",
    f"{WORD} nvt",
)


def plant(kind: str, text: str) -> str:
    return {
        "id": f"{NUMBER}{text}",
        "words": f"{text} {WORD} zei {NAME} van {NUMBER}",
        "question": f"{text} Ook over {WORD}?",
        "label": f"{text} {LABEL}",
        "attribute": f"{LABEL} {NAME}",
        "header": HEADER,
    }[kind]


class Told:
    """Everything that a command writes for people to read, and to whatever log there is."""

    def __init__(self, capfd: pytest.CaptureFixture[str], logs: Path) -> None:
        self._capfd, self._logs = capfd, logs
        self.lines = io.StringIO()

    def text(self) -> str:
        out = "".join(self._capfd.readouterr())
        written = [path.read_text("utf-8") for path in self._logs.glob("klankbord-*.log")]
        lines, self.lines = self.lines.getvalue(), io.StringIO()
        return "\n".join([out, lines, *written])


@pytest.fixture
def told(
    capfd: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Told]:
    """Watches stdout, stderr, the log of bugs, warnings, and every logger at its lowest level."""
    (tmp_path / "logs").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "logs"))
    monkeypatch.chdir(tmp_path)
    found = Told(capfd, tmp_path / "logs")

    class Every(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            found.lines.write(f"{self.format(record)} {record.args!r}\n")

    handler, root = Every(), logging.getLogger()
    loggers = [root, logging.getLogger("sqlalchemy"), logging.getLogger("sqlalchemy.engine")]
    before = [one.level for one in loggers]
    root.addHandler(handler)
    for one in loggers:
        one.setLevel(logging.DEBUG)
    logging.captureWarnings(True)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("always")
            yield found
    finally:
        logging.captureWarnings(False)
        root.removeHandler(handler)
        for one, level in zip(loggers, before, strict=True):
            one.setLevel(level)


def canaries(text: str) -> list[str]:
    """Return the lines in which something of a customer stands, cut short."""
    return [line[:300] for line in text.splitlines() if any(one in line for one in CANARIES)]


@pytest.fixture(scope="module")
def seeds(checkout: Path) -> dict[str, bytes]:
    """A small file of every source, with a canary in every text, name and number."""
    sys.path.insert(0, str(checkout / "scripts"))
    try:
        tables: ModuleType = importlib.import_module("fuzz_tables")
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(tables, "SAID", SAID)
            made = importlib.import_module("fuzz_seeds")
            patch.setattr(made, "SAID", SAID)
            found: dict[str, bytes] = made.seeds()
    finally:
        sys.path.remove(str(checkout / "scripts"))
        sys.modules.pop("fuzz_seeds", None)
        sys.modules.pop("fuzz_tables", None)
    swaps = {b"Karin": NAME.encode(), b"Piet": NAME.encode(), b'"00123"': f'"{NUMBER}"'.encode(),
             b"+31 6 12345678": NAME.encode()}  # fmt: skip
    for name, content in found.items():
        if not content.startswith((b"PK", b"$FL", b"PAR1", b"\x1f\x8b", b"\xff\xfe")):
            for old, new in swaps.items():
                content = content.replace(old, new)
            found[name] = content
    return found


def halved(content: bytes) -> bytes:
    return content[: len(content) * 2 // 3]


def headless(content: bytes) -> bytes:
    """Take the first line away, so that what a customer said comes first."""
    return content.partition(b"\n")[2] or content[1:]


def garbled(content: bytes) -> bytes:
    return content.replace(b'"', b"").replace(b":", b";", 9).replace(b"2024", b"2O24")


@pytest.mark.parametrize("spoil", [bytes, halved, headless, garbled])
def test_reading_any_source_tells_nothing_of_it(
    spoil: Callable[[bytes], bytes], seeds: dict[str, bytes], told: Told, tmp_path: Path
) -> None:
    assert len(seeds) > 30
    codes = []
    for name, content in seeds.items():
        path = tmp_path / f"bron-{name}"
        path.write_bytes(spoil(content))
        codes.append(run(["import", str(path), "--workspace", "w.db"]))
        assert not canaries(text := told.text()), (name, canaries(text)[:3])
    assert set(codes) <= {0, 1, 2}
    assert codes.count(0) >= (len(seeds) - 1 if spoil is bytes else 5)


def test_a_whole_job_tells_nothing(checkout: Path, told: Told, tmp_path: Path) -> None:
    tables = ("enquete-golf-1.csv", "klanten.csv", "gesprekken/chats.csv")
    sources = planted(checkout / "corpora/demo/exports", tmp_path / "bron", plant, only=tables)
    bad = f"klant;datum;nps;toelichting\n{NUMBER};{WORD};99;{NAME}\n;;;\n{NUMBER};1\n" * 9
    (sources / "slecht.csv").write_text(bad, "utf-8")
    job = ["analyse", str(sources), "--out", "uit", "--workspace", "w.db", "--tier", "fast"]
    assert run(job) == 0
    assert "rows in" in (text := told.text())
    assert "INSERT INTO feedback" in text  # so the lowest level of the log is on
    assert not canaries(text), canaries(text)[:5]
    for command in (
        ["report", "--out", "uit"], ["report", "--role", "huddle", "--out", "uit"],
        ["actions", "export", "a.xlsx"], ["themes", "export", "t.xlsx"],
        ["label", "--out", "l.xlsx", "--size", "30"], ["impact"], ["actions", "escalate"],
        ["flags", "--customer", f"{NUMBER}0"], ["themes", "show", "bestaat-niet"],
        ["actions", "show", f"{WORD}"], ["flags", "--help"], ["import", "--help"],
    ):  # fmt: skip
        run([*command, "--workspace", "w.db"] if "--help" not in command else command)
        lines = [line for line in canaries(told.text()) if not line.startswith("Usage")]
        assert not lines, (command, lines[:3])


@pytest.mark.parametrize(
    "profile",
    [
        f'[values.author_role]\n"{NAME}" = "klant van {NUMBER}"\n',
        f'[values.score]\n"{WORD}" = "{NAME}"\n',
        f'[constants]\nchannel = "{WORD}"\n',
        f'channel = "{WORD}"\n',
        f'date_format = "{WORD}"\n',
        f'timezone = "{WORD}"\n',
        f'{WORD} {NAME} {NUMBER}\n',
        f'decimal = "{WORD}"\n',
        f"header_row = \"{WORD}\"\n",
        f'questions = "{WORD}"\n',
        "[" * 2000 + WORD,
        f'# {WORD}\n' * 200_000,
    ],
)  # fmt: skip
def test_a_bad_profile_is_told_without_what_stands_in_it(
    profile: str, seeds: dict[str, bytes], told: Told, tmp_path: Path
) -> None:
    (tmp_path / "p.toml").write_text(profile, "utf-8")
    (tmp_path / "x.csv").write_bytes(seeds["cp1252.csv"])
    assert run(["import", "x.csv", "--profile", "p.toml"]) in (0, 1, 2)
    assert not canaries(text := told.text()), canaries(text)[:3]


def test_what_is_raised_inside_is_told_by_its_place_alone(
    told: Told, tmp_path: Path, seeds: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "x.csv").write_bytes(seeds["cp1252.csv"])

    def broken(*_arguments: object, **_more: object) -> None:
        secret = f"{WORD} {NAME}"
        try:
            {}[secret]
        except KeyError as error:
            error.add_note(f"bij {NUMBER}")
            raise ValueError(f"{secret} {NUMBER}") from error

    monkeypatch.setattr(pipeline, "import_files", broken, raising=False)
    monkeypatch.setattr("klankbord.importing.import_files", broken)
    assert run(["analyse", "x.csv", "--out", "uit", "--workspace", "w.db"]) == 3
    text = told.text()
    assert "in broken" in text
    assert "builtins.KeyError" in text
    assert not canaries(text), canaries(text)[:3]


@pytest.mark.parametrize(
    "kind", [OSError, MemoryError, RecursionError, UnicodeError, AssertionError]
)
def test_no_kind_of_error_brings_its_message(
    kind: type[Exception], told: Told, tmp_path: Path, seeds: dict[str, bytes],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    (tmp_path / "x.csv").write_bytes(seeds["cp1252.csv"])

    def broken(*_arguments: object, **_more: object) -> None:
        raise kind(f"{WORD} {NAME} {NUMBER}")

    monkeypatch.setattr("klankbord.importing.job.import_files", broken)
    assert run(["import", "x.csv", "--workspace", "w.db"]) in (1, 3)
    assert not canaries(text := told.text()), canaries(text)[:3]


def test_an_error_in_a_thread_or_on_the_way_out_tells_nothing(told: Told) -> None:
    """What no handler of ours catches: Python itself would print the message."""
    import subprocess

    program = (
        "import sys, threading\n"
        "import klankbord.__main__ as m, klankbord.cli\n"
        "def work(): raise ValueError('zorvlaxq')\n"
        "class Late:\n"
        "    def __del__(self): raise ValueError('zorvlaxq')\n"
        "def run(arguments):\n"
        "    thread = threading.Thread(target=work, name='zorvlaxq'); thread.start()\n"
        "    thread.join(); Late(); return 0\n"
        "klankbord.cli.run = run\n"
        "m.main()\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=False)
    assert done.returncode == 0
    assert b"ValueError" in done.stderr
    assert not canaries((done.stdout + done.stderr).decode())


def test_the_canaries_would_be_seen(told: Told) -> None:
    logging.getLogger("klankbord.proef").debug("gelezen: %s", WORD)
    print(NAME, file=sys.stderr)
    warnings.warn(f"vreemd: {NUMBER}", UserWarning, stacklevel=1)
    found = "".join(canaries(told.text()))
    assert all(one in found for one in (WORD, NAME, NUMBER))
