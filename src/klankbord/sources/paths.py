"""Turn the paths a user gives, folders and patterns too, into files in a fixed order."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from klankbord.errors import UnreadableInputError

_CLUTTER = frozenset({"thumbs.db", "desktop.ini", "__macosx"})


def expand(paths: Sequence[Path]) -> list[Path]:
    """Return the files meant by `paths`: folders are walked, patterns matched, hidden files left.

    Each file comes once, in the order given; within a folder sorted by path. Raises
    UnreadableInputError for a path that is not there or a folder without files.
    """
    return [file for _, files in found_files(paths) for file in files]


def found_files(paths: Sequence[Path]) -> list[tuple[Path, list[Path]]]:
    """Return each of `paths` with the files meant by it that no earlier one gave; see `expand`."""
    seen: set[Path] = set()
    found = []
    for path in map(Path, paths):
        fresh = []
        for file in _files(path):
            real = file.resolve()
            if real not in seen:
                seen.add(real)
                fresh.append(file)
        found.append((path, fresh))
    return found


def is_clutter(name: str) -> bool:
    """Tell whether a file or folder is hidden or made by the system, and so no export."""
    return name.startswith((".", "~$")) or name.lower() in _CLUTTER


def _files(path: Path) -> Iterable[Path]:
    if path.is_dir():
        files = list(_walk(path))
        if not files:
            raise UnreadableInputError(
                "this folder holds no files", where=str(path), hint="name a folder with exports"
            )
        return files
    if path.is_file():
        return [path]
    if path.exists():
        raise UnreadableInputError(
            "this is no file that can be read twice",
            where=str(path),
            hint="write it to a file first",
        )
    if glob.has_magic(str(path)):
        matches = [Path(match) for match in sorted(_matching(str(path)))]
        if matches:
            return [file for match in matches for file in _within(match)]
        raise UnreadableInputError(
            "no file matches this pattern", where=str(path), hint="check the folder and the pattern"
        )
    raise UnreadableInputError(
        "there is no such file or folder", where=str(path), hint="check the path for a typing error"
    )


def _matching(pattern: str) -> list[str]:
    return glob.glob(pattern, recursive=True)  # noqa: PTH207 - a pattern may be absolute


def _within(match: Path) -> Iterable[Path]:
    return _walk(match) if match.is_dir() else [match]


def _walk(folder: Path) -> Iterable[Path]:
    for where, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not is_clutter(name))
        for name in sorted(names):
            if not is_clutter(name) and (Path(where) / name).is_file():
                yield Path(where) / name
