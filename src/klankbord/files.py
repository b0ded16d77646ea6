"""Writing files so that a reader sees the old ones or the whole new ones, and a kill loses none."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path

from klankbord.errors import UnreadableInputError

_SMALL = 1 << 20  # bytes of a text that people write by hand
_DEVICE = re.compile(r"(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9¹²³])", re.IGNORECASE)
DRAFTS = ".klankbord-"  # how the name of a folder with drafts begins
_DRAFT = re.compile(r"\.(.+)\.[^.]+\.part")
_OLD = "was"  # in it: the files that drafts took the place of


def sha256_of(path: Path) -> str:
    """Return the SHA-256 digest of a file, as hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def is_device(name: str) -> bool:
    """Tell whether Windows takes a file name, whatever its extension, for a device."""
    return _DEVICE.fullmatch(name.partition(".")[0].rstrip()) is not None


def small_text(path: Path, encoding: str = "utf-8") -> str:
    """Read a text that people write by hand; raises UnreadableInputError above 1 MB."""
    with path.open("rb") as file:
        content = file.read(_SMALL + 1)
    if len(content) > _SMALL:
        raise UnreadableInputError(
            f"this file is larger than {_SMALL >> 20} MB, which no such text is",
            where=str(path),
            hint="check that it is the file you mean",
        )
    return content.decode(encoding).replace("\r\n", "\n").replace("\r", "\n")


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a temporary file beside `path` to write to; it takes the place of `path` at the end.

    A new file is for its owner only, as customers' words are in it; who widens its mode keeps
    that. On any error the temporary file is removed and `path` stays as it was.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        _settle(temporary, path)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def writing(path: Path) -> Iterator[BytesIO]:
    """Give a stream in memory, whose content takes the place of `path` at the end as `replacing`.

    For writers that would leave parts in the folder for temporary files when they are killed.
    """
    stream = BytesIO()
    yield stream
    with replacing(path) as temporary:
        temporary.write_bytes(stream.getvalue())


@dataclass
class Drafts:
    """Files that are written but do not stand in their place yet."""

    folder: Path  # to write them in
    target: Path  # the folder they belong in
    _before: list[tuple[Path, Path]] = field(default_factory=list)  # where a file is, and was

    def move(self, path: Path, aside: Path) -> None:
        """Move a file out of the way of a draft."""
        self._before.append((aside, path))
        path.rename(aside)

    def places(self) -> list[Path]:
        """Return where the drafts are going to stand, by name."""
        return [self.target / name for name in self._names()]

    def place(self) -> None:
        """Let every draft take the place of the file of its name, by name."""
        old = self.folder / _OLD
        old.mkdir()
        for name in self._names():
            draft, path = self.folder / name, self.target / name
            _settle(draft, path)
            if path.exists():
                _keep(path, old / name)
            self._before.append((old / name, path))
            draft.replace(path)

    def put_back(self) -> None:
        """Let the files that stood there before stand there again."""
        while self._before:
            old, path = self._before.pop()
            if old.exists():
                old.replace(path)
            else:
                path.unlink(missing_ok=True)

    def _names(self) -> list[str]:
        return sorted(path.name for path in self.folder.iterdir() if path.is_file())


@contextmanager
def replacing_all(target: Path) -> Iterator[Drafts]:
    """Give a folder for drafts of files of `target`, to `place` before the end, or never.

    On any error, also one after they were placed, the files of before stand there again.
    """
    with draft_folder(target) as folder:
        drafts = Drafts(folder, target)
        try:
            yield drafts
        except BaseException:
            drafts.put_back()
            raise


@contextmanager
def draft_folder(target: Path) -> Iterator[Path]:
    """Give a folder inside `target` that is gone at the end; so are those that a kill left."""
    target.mkdir(parents=True, exist_ok=True)
    remove_leftovers(target)
    folder = Path(tempfile.mkdtemp(prefix=DRAFTS, dir=target))
    lock = _locked(folder)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        if lock is not None:
            os.close(lock)


def remove_leftovers(target: Path) -> None:
    """Remove drafts in `target` that nobody is busy with any more."""
    for folder in target.glob(f"{DRAFTS}*"):
        if folder.is_dir() and (lock := _locked(folder)) is not None:
            shutil.rmtree(folder, ignore_errors=True)
            os.close(lock)


def place_of(path: Path) -> Path:
    """Return the file that `path` is a draft of, or `path` itself."""
    if path.parent.name.startswith(DRAFTS):
        path = path.parent.parent / path.name
    name = _DRAFT.fullmatch(path.name)
    return path.with_name(name[1]) if name else path


def _settle(draft: Path, path: Path) -> None:
    """Give a draft the mode of the file it replaces, and have the disk hold all of it."""
    with draft.open("rb+") as file:
        os.fsync(file.fileno())
    draft.chmod(path.stat().st_mode & 0o777 if path.exists() else 0o600)


def _keep(path: Path, copy: Path) -> None:
    """Keep a second name for the file, or a copy where the file system has one name a file."""
    try:
        os.link(path, copy)
    except OSError:
        shutil.copy2(path, copy)


def _locked(folder: Path) -> int | None:
    """Lock a folder until its descriptor is closed or the process ends; None where it is locked.

    Windows has no such locks: nobody counts as done there.
    """
    if sys.platform == "win32":
        return None
    import fcntl

    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(descriptor)
            return None
        return descriptor
    return None
