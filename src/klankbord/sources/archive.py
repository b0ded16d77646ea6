"""Files out of ZIP archives and gzip files, unpacked to a private folder that is always removed.

Members get names made here, so nothing in an archive decides where a file is written.
"""

from __future__ import annotations

import gzip
import shutil
import stat
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import IO, TypeVar

from klankbord.errors import KlankbordError, UnreadableInputError
from klankbord.files import is_device
from klankbord.sources.limits import ZIP_ERRORS, absurd, is_bomb, open_zip, too_well_packed
from klankbord.sources.paths import found_files, is_clutter
from klankbord.sources.workbook import is_document, is_workbook

_GZIP, _ZIPS = b"\x1f\x8b", (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
_OTHERS = (b"7z\xbc\xaf", b"Rar!", b"BZh", b"\xfd7zXZ", b"\x28\xb5\x2f\xfd")
_MOST_BYTES = 8 << 30
_MOST_MEMBERS = 10_000
_LEFT_FREE = 256 << 20  # bytes of disk
_CHUNK = 1 << 20
_LONGEST_NAME = 100
_UNPACK_IT = "unpack it yourself and read the files in it"

T = TypeVar("T")


@dataclass(frozen=True)
class _Group:
    """A folder or archive that was given: at least one of its files must be readable."""

    path: Path
    files: list[Path] = field(default_factory=list)


@dataclass
class Gathered:
    """The files of a job, those in folders and archives included.

    `notes` tells, for the person who runs it, what was left out.
    """

    files: list[Path] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    _groups: list[_Group] = field(default_factory=list)
    _shown: dict[str, str] = field(default_factory=dict)  # path of an unpacked file -> its origin
    _refused: dict[Path, UnreadableInputError] = field(default_factory=dict)

    def each(self, read: Callable[[Path], T]) -> list[tuple[Path, T]]:
        """Return every file with what `read` makes of it.

        A file that is named and cannot be read is an error; in a folder or archive it is left out
        with a note, unless nothing there can be read.
        """
        optional = {path: group for group in self._groups for path in group.files}
        done: list[tuple[Path, T]] = []
        readable: set[int] = set()
        problems: dict[int, UnreadableInputError] = {}
        for path in self.files:
            group = optional.get(path)
            try:
                if path in self._refused:
                    raise self._refused[path]
                done.append((path, read(path)))
            except UnreadableInputError as error:
                if group is None:
                    raise
                problems.setdefault(id(group), error)
                self.notes.append(f"{path.name}: {error.message}; left out")
            else:
                readable.add(id(group))
        for group in self._groups:
            if id(group) not in readable:
                raise _none_readable(group.path, problems.get(id(group)))
        return done

    def require_unpacked(self) -> None:
        """Raise UnreadableInputError where a file came out of an archive, to this machine alone."""
        for origin in self._shown.values():
            raise UnreadableInputError(
                "other machines cannot read what is in an archive",
                where=origin,
                hint="unpack it in a folder that every worker sees, and name that",
            )

    def told(self, where: str) -> str:
        """Return a place in an unpacked file as a place in its archive."""
        for path, origin in self._shown.items():
            if where.startswith(path):
                return origin + where.removeprefix(path)
        return where


def _none_readable(path: Path, first: UnreadableInputError | None) -> UnreadableInputError:
    if first is None:
        return UnreadableInputError(
            "there are no files in this folder or archive",
            where=str(path),
            hint="name a folder or archive with exports",
        )
    return UnreadableInputError(
        f"no file in it can be read; the first problem: {first.message}",
        where=str(path),
        hint=first.hint,
    )


@contextmanager
def gathered(paths: Sequence[Path]) -> Iterator[Gathered]:
    """Give the files meant by `paths`, those in ZIP archives and gzip files too, for a while.

    An error about an unpacked file names the archive and the member. Raises UnreadableInputError
    for an archive that is locked, damaged or made to exhaust the disk.
    """
    found = Gathered()
    with ExitStack() as stack:
        unpacker = _Unpacker(stack, found)
        for given, files in found_files(paths):
            group = None
            if given.is_dir() and files:
                group = _Group(given)
                found._groups.append(group)
            for path in files:
                unpacker.add(path, group)
        try:
            yield found
        except KlankbordError as error:
            error.where = found.told(error.where)
            raise


class _Unpacker:
    """Puts files into a Gathered, unpacking where needed into a folder made at the first need."""

    def __init__(self, stack: ExitStack, found: Gathered) -> None:
        self._stack = stack
        self._found = found
        self._folder: Path | None = None
        self._number = 0

    def add(self, path: Path, group: _Group | None) -> None:
        start = _start(path)
        try:
            if start.startswith(_GZIP):
                inner = self._gunzip(path)
                self._keep(inner, group, str(path))
            elif _is_archive(path, start):
                own = group
                if own is None:
                    own = _Group(path)
                    self._found._groups.append(own)
                self._unzip(path, own)
            else:
                self._keep(path, group)
        except UnreadableInputError as error:
            if group is None:
                raise
            self._found._refused[path] = error
            self._keep(path, group)

    def _keep(self, path: Path, group: _Group | None, origin: str = "") -> None:
        self._found.files.append(path)
        if group is not None:
            group.files.append(path)
        if origin:
            self._found._shown[str(path)] = origin

    def _place(self, name: str) -> Path:
        if self._folder is None:
            self._folder = Path(self._stack.enter_context(TemporaryDirectory(prefix="klankbord-")))
        self._number += 1
        folder = self._folder / f"{self._number:06}"
        folder.mkdir(mode=0o700)
        return folder / safe_name(name)

    def _gunzip(self, path: Path) -> Path:
        name = path.name.removesuffix(".gz").removesuffix(".GZ")
        target = self._place(name if name != path.name else f"{name} (uitgepakt)")
        packed = path.stat().st_size
        try:
            with gzip.open(path) as stream:
                _copy(stream, target, path, packed, _MOST_BYTES)
        except (OSError, EOFError, zlib.error) as error:
            raise _damaged(path) from error
        with target.open("rb") as stream:
            head = stream.read(512)
        if head[257:262] == b"ustar" or _packed(target):
            raise _nested(path)
        return target

    def _unzip(self, path: Path, group: _Group) -> None:
        with open_zip(path) as archive:
            members = [one for one in archive.infolist() if one.filename and not one.is_dir()]
            if len(members) > _MOST_MEMBERS:
                raise UnreadableInputError(
                    f"this archive holds more than {_MOST_MEMBERS:,} files",
                    where=str(path),
                    hint=_UNPACK_IT,
                )
            if is_bomb(archive.infolist(), _MOST_BYTES, 2 * _MOST_MEMBERS):
                raise absurd(path, "archive")
            wanted = sorted(filter(_is_wanted, members), key=lambda one: one.filename)
            if any(one.flag_bits & 1 for one in wanted):
                raise UnreadableInputError(
                    "this archive is locked with a password", where=str(path), hint=_UNPACK_IT
                )
            _check_disk(self._place("x").parent, sum(one.file_size for one in wanted), path)
            for member in wanted:
                self._member(path, archive, member, group)

    def _member(
        self, path: Path, archive: zipfile.ZipFile, member: zipfile.ZipInfo, group: _Group
    ) -> None:
        target = self._place(member.filename)
        try:
            with archive.open(member) as stream:
                _copy(stream, target, path, member.compress_size, member.file_size)
        except ZIP_ERRORS as error:
            raise _damaged(path) from error
        if _packed(target):
            self._found._refused[target] = _nested(target)
        self._keep(target, group, f"{path}: {_printable(member.filename)}")


def _is_wanted(member: zipfile.ZipInfo) -> bool:
    parts = [part for part in PurePosixPath(member.filename.replace("\\", "/")).parts if part]
    link = stat.S_ISLNK(member.external_attr >> 16)
    hidden = any(is_clutter(part) for part in parts if part not in (".", ".."))
    return bool(parts) and not link and not hidden


def _copy(
    stream: IO[bytes] | gzip.GzipFile, target: Path, path: Path, packed: int, most: int
) -> None:
    """Write `stream` to `target`; raises where more comes out than is believable or fits."""
    done = 0
    with target.open("xb") as out:
        while data := stream.read(_CHUNK):
            done += len(data)
            if done > most or too_well_packed(done, packed):
                raise absurd(path, "file")
            if done % (64 * _CHUNK) < len(data):
                _check_disk(target.parent, 0, path)
            out.write(data)


def _check_disk(folder: Path, needed: int, path: Path) -> None:
    if shutil.disk_usage(folder).free < needed + _LEFT_FREE:
        raise UnreadableInputError(
            "there is no room on the disk to unpack this", where=str(path), hint="free some space"
        )


def _start(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            return stream.read(8)
    except OSError:
        return b""  # whoever reads it says what is wrong


def _is_archive(path: Path, start: bytes) -> bool:
    return start.startswith(_ZIPS) and not is_workbook(path) and not is_document(path)


def _packed(path: Path) -> bool:
    """Tell whether an unpacked file is an archive itself."""
    start = _start(path)
    if start.startswith((_GZIP, *_OTHERS)):
        return True
    try:
        return _is_archive(path, start)
    except UnreadableInputError:
        return False  # damaged: whoever reads it says so


def safe_name(name: str) -> str:
    """Return the last part of a member's name as a file name that any system accepts."""
    last = _printable(name.replace("\\", "/").rstrip("/").rpartition("/")[2])
    bare = "".join("_" if sign in '<>:"|?*' else sign for sign in last).strip(". ")
    stem, dot, end = bare.rpartition(".")
    bare = _cut(stem) + dot + end if stem and len(end) <= 10 else _cut(bare)
    return f"_{bare}" if is_device(bare) or not bare else bare


def _cut(text: str) -> str:
    return text.encode("utf-8", "ignore")[:_LONGEST_NAME].decode("utf-8", "ignore")


def _printable(text: str) -> str:
    return "".join(sign if sign.isprintable() else "_" for sign in text)[:500]


def _nested(path: Path) -> UnreadableInputError:
    return UnreadableInputError(
        "an archive inside an archive is not opened", where=str(path), hint=_UNPACK_IT
    )


def _damaged(path: Path) -> UnreadableInputError:
    return UnreadableInputError(
        "this archive is damaged or cut off",
        where=str(path),
        hint="download the export again, or unpack it yourself",
    )
