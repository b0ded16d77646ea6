"""What this machine has: cores, and room on disks and in memory before that is used up."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

from klankbord.errors import KlankbordError

_CGROUPS = (  # limit and use of a container, of both versions
    ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current"),
    (
        "/sys/fs/cgroup/memory/memory.limit_in_bytes",
        "/sys/fs/cgroup/memory/memory.usage_in_bytes",
    ),
)
_UNITS = (("GB", 1e9), ("MB", 1e6), ("kB", 1e3))
_kept_to: list[int] = []  # cores; empty: all there are


def cores() -> int:
    """Return on how many cores this process may run."""
    affine = hasattr(os, "sched_getaffinity")
    found = len(os.sched_getaffinity(0)) if affine else os.cpu_count() or 1
    return min([found, *_kept_to])


def keep_to(number: int) -> None:
    """Have this process, one of several that share a machine, use no more cores than that."""
    _kept_to[:] = [number]


def require(folder: Path, needed: float, what: str) -> None:
    """Raise KlankbordError where the disk of `folder`, there or not yet, has too few bytes free."""
    require_each({folder: needed}, what)


def require_each(needed: Mapping[Path, float], what: str) -> None:
    """Raise KlankbordError where a disk has fewer bytes free than its folders need together."""
    disks: dict[int, list[Path]] = {}
    for folder in needed:
        disks.setdefault(_there(folder).stat().st_dev, []).append(folder)
    for folders in disks.values():
        free = shutil.disk_usage(_there(folders[0])).free
        wanted = sum(needed[folder] for folder in folders)
        if free < wanted:
            raise KlankbordError(
                f"the disk has {size(free)} free and {what} may take {size(wanted)};"
                " nothing was changed",
                where=" and ".join(map(str, folders)),
                hint="make room there, or name a place on another disk",
            )


def require_memory(path: Path, needed: float, hint: str) -> None:
    """Raise KlankbordError where a file takes more bytes of memory than are free."""
    free = free_memory()
    if free is not None and free < needed:
        raise KlankbordError(
            f"reading this file needs about {size(needed)} of memory and {size(free)} is free",
            where=str(path),
            hint=hint,
        )


def free_memory() -> int | None:
    """Return the bytes of memory this process may still take, None where that is not known."""
    known = [each for each in (_of_machine(), _of_container(), _of_process()) if each is not None]
    return min(known, default=None)


def size(number: float) -> str:
    """Write a number of bytes for people."""
    unit, factor = next((each for each in _UNITS if number >= each[1]), _UNITS[-1])
    return f"{number / factor:,.1f} {unit}"


def _there(folder: Path) -> Path:
    """Return the folder, or the nearest one above it that is there already."""
    place = folder.absolute()
    while not place.exists() and place != place.parent:
        place = place.parent
    return place


def _of_machine() -> int | None:
    for line in _text("/proc/meminfo").splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024
    return None


def _of_container() -> int | None:
    for limit, used in _CGROUPS:
        told = _text(limit).strip()
        if told.isdigit() and (now := _text(used).strip()).isdigit():
            return max(0, int(told) - int(now))
    return None


def _of_process() -> int | None:
    """Return what `ulimit -v` leaves."""
    if sys.platform == "win32":
        return None
    import resource

    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    if limit == resource.RLIM_INFINITY:
        return None
    pages = _text("/proc/self/statm").split()
    return max(0, limit - int(pages[0]) * resource.getpagesize()) if pages else None


def _text(path: str) -> str:
    with contextlib.suppress(OSError):
        return Path(path).read_text("ascii", "replace")
    return ""
