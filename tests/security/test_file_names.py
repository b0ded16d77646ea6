"""Names from elsewhere never decide where a file is written: 500 of them, in every place."""

import re
import stat
import sys
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from itertools import islice, product
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

import pytest

from klankbord.errors import KlankbordError
from klankbord.files import is_device
from klankbord.roles import Role, page_name
from klankbord.sources import Profile, find_profile, gathered, read
from klankbord.sources.archive import safe_name
from klankbord.sources.saved_profiles import profile_folder, profile_name, save_profile

UPS = (
    "../", "..\\", "....//", "..%2f", "%2e%2e/", "..\u2215", "..\u2044", "..\uff0f",
    "\uff0e\uff0e/", "\u2024\u2024/", "a/../../", "/", "//", "\\", "\\\\server\\share\\",
    "\\\\?\\C:\\", "//server/share/",
    "C:", "C:\\", "c:/", "D:..\\", "file:///", "~/", "~root/", "$HOME/", "%TEMP%\\", "./", ".\\",
    "\x00/", "a\x00/../", "\r\n/", "\u202e../", "\u200b../", "..;/", "..\u2216", "..\uff3c",
)  # fmt: skip
LASTS = (
    "etc/passwd", "evil.csv", "CON", "con.csv", "NUL .csv", "aux.tar.gz", "COM1", "com¹.csv",
    "LPT9.csv", "CONIN$", "name.csv.", "name.csv ", "name.csv:stream", "..", ".", "", "x" * 400,
    "é" * 200, ".bashrc", "-rf", "a|b", "`id`.csv",
)  # fmt: skip
NAMES = list(islice(dict.fromkeys(f"{up}{last}" for last, up in product(LASTS, UPS)), 500))
WINDOWS = re.compile(r'[<>:"|?*\\/\x00-\x1f]')
_MADE = frozenset({"open", "os.mkdir", "os.rename", "os.link", "os.symlink", "os.truncate"})
_WRITING = 0o3 | 0o100 | 0o1000  # for writing, made, or emptied

_writes: list[str] = []
_recording = [False]


def _record(event: str, arguments: tuple[Any, ...]) -> None:
    if not _recording[0] or event not in _MADE:
        return
    if event == "open" and not (isinstance(arguments[2], int) and arguments[2] & _WRITING):
        return
    paths = arguments[:2] if event in ("os.rename", "os.link", "os.symlink") else arguments[:1]
    _writes.extend(str(path) for path in paths if not isinstance(path, int))


@pytest.fixture(scope="module", autouse=True)
def _recorder() -> None:
    sys.addaudithook(_record)


@contextmanager
def recorded() -> Iterator[list[str]]:
    """Give the paths that are written to within."""
    _writes.clear()
    _recording[0] = True
    try:
        yield _writes
    finally:
        _recording[0] = False


def outside(paths: list[str], folder: Path) -> list[str]:
    """Return the paths that are not in `folder` once every link and .. in them is followed."""
    return [path for path in paths if not Path(path).resolve().is_relative_to(folder.resolve())]


def test_500_different_names_of_every_kind() -> None:
    assert len(set(NAMES)) == 500
    assert any(PurePosixPath(name).is_absolute() for name in NAMES)
    assert any(PureWindowsPath(name).drive for name in NAMES)
    assert any("\x00" in name for name in NAMES)


def test_a_write_elsewhere_would_be_seen(tmp_path: Path) -> None:
    with recorded() as paths:
        (tmp_path / "in").mkdir()
        (tmp_path / "in" / ".." / "uit.txt").write_text("x")
    assert outside(paths, tmp_path / "in") == [str(tmp_path / "in" / ".." / "uit.txt")]


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder for temporary files; the working folder is one beside it."""
    for name in ("tijdelijk", "werk"):
        (tmp_path / name).mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tijdelijk"))
    monkeypatch.chdir(tmp_path / "werk")
    return tmp_path / "tijdelijk"


def test_members_of_an_archive_stay_in_the_temporary_folder(
    tmp_path: Path, temporary: Path
) -> None:
    path = tmp_path / "archief.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for number, name in enumerate(NAMES):
            info = zipfile.ZipInfo("x")
            info.filename = name or "leeg"  # past the cleaning of the library
            archive.writestr(info, f"klant;opmerking\n{number};heel goed geholpen {number}\n")
        for target in ("/etc/passwd", "../../werk/uit.csv"):
            link = zipfile.ZipInfo(f"link-{len(target)}.csv")
            link.external_attr = (stat.S_IFLNK | 0o777) << 16
            archive.writestr(link, target)
    with recorded() as paths, gathered([path]) as found:
        words = [row["verbatim"] for file in found.files for batch in read(file)
                 for row in batch.feedback.to_pylist()]  # fmt: skip
        names = [file.name for file in found.files]
        assert not any(file.is_symlink() for file in found.files)
    assert outside(paths, temporary) == []
    assert len(words) > 300
    assert len(paths) > 600
    assert not [name for name in names if WINDOWS.search(name) or is_device(name)]
    assert not [name for name in names if name.endswith((".", " ")) or len(name.encode()) > 240]
    assert not any("link" in name for name in names)
    assert list(temporary.iterdir()) == []
    assert list(Path.cwd().iterdir()) == []


@pytest.mark.parametrize(
    "make", [safe_name, profile_name, lambda name: page_name(Role.HUDDLE, name)]
)
def test_names_become_one_part_that_every_system_takes(make: Callable[[str], str]) -> None:
    for name in NAMES:
        made = make(name)
        assert made, repr(name)
        assert made not in (".", "..")
        assert not WINDOWS.search(made), (name, made)
        assert not made.endswith((".", " "))
        assert not is_device(made), (name, made)
        assert len(made.encode()) <= 240


def test_profiles_are_saved_in_their_folder_and_found_nowhere_else(tmp_path: Path) -> None:
    workspace = tmp_path / "werk" / "klankbord.db"
    folder = profile_folder(workspace)
    (tmp_path / "werk").mkdir()
    (tmp_path / "geheim.toml").write_text("channel = 'chat'\n")
    with recorded() as paths:
        for name in NAMES:
            save_profile(Profile(name=name), folder / f"{profile_name(name)}.toml")
    assert len(paths) >= 500
    assert outside(paths, folder) == []
    for name in ("../geheim", "..\\geheim", "con", "x\x00y", "../geheim.toml\x00"):
        try:
            found = find_profile(name, workspace)
        except (KlankbordError, ValueError):
            continue
        assert found == Path(name), name  # a path somebody gave, as it is


def test_attachments_of_a_mail_are_not_written(tmp_path: Path, temporary: Path) -> None:
    folder = tmp_path / "mails"
    folder.mkdir()
    for number, name in enumerate(NAMES[:60]):
        mail = EmailMessage()
        mail["From"], mail["To"] = "klant@post.nl", "info@winkel.nl"
        mail["Subject"], mail["Date"] = "Vraag", "Mon, 02 Mar 2026 10:00:00 +0100"
        mail.set_content("De levering was netjes op tijd.\n")
        mail.add_attachment(b"=1+1", maintype="text", subtype="csv",
                            filename=re.sub(r"[\r\n\x00]", "_", name))  # fmt: skip
        (folder / f"{number}.eml").write_bytes(mail.as_bytes())
    with recorded() as paths, gathered([folder]) as found:
        rows = sum(batch.feedback.num_rows for file in found.files for batch in read(file))
    assert rows >= 60
    assert paths == []
    assert list(temporary.iterdir()) == []
