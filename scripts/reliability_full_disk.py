"""A disk that another program fills up while an analysis is busy, on a small disk in memory.

Needs root, to mount it; says so and skips otherwise.
"""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from reliability_process import Ended, start, wait
from reliability_trials import Prepared, Trial

SIZE = 256 << 20  # bytes of the disk
LARGEST_LEFT = 200_000  # bytes the other program leaves free


def full_disks(prepared: Prepared, number: int, seed: int = 1) -> int:
    """Fill the disk at so many moments of an analysis; returns how many went wrong."""
    with _small_disk(prepared.folder / "schijf") as disk:
        if disk is None:
            print("a full disk: skipped, it takes root to mount one")
            return 0
        wrong = met = 0
        chance = random.Random(seed)  # noqa: S311 - reproducible, not secret
        for each in range(number):
            moment = prepared.seconds * (each + chance.random()) / number
            left = chance.randrange(LARGEST_LEFT) if each % 2 else 0
            trial = prepared.trial(f"schijf/{each}")
            ended = _filled(trial, disk / "vol", moment, left)
            (disk / "vol").unlink()
            trial.check_left(whole_outputs=True)
            if ended.code:
                met += 1
                trial.check_said(ended)
            trial.check_next()
            faults = trial.close()
            wrong += bool(faults)
            for fault in faults:
                print(f"  WRONG, disk full after {moment:.1f} s, {left} bytes left: {fault}")
    print(f"a disk that fills up at {number} moments: {met} met it, {wrong} wrong", flush=True)
    return wrong + (met == 0)


def _filled(trial: Trial, filler: Path, moment: float, left: int) -> Ended:
    """Run an analysis, and fill its disk after `moment` seconds."""
    said = trial.prepared.folder / "said"
    began = time.monotonic()
    process = start(trial.arguments, said)
    time.sleep(moment)
    with filler.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(bytes(1 << 20))
    with filler.open("ab", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(bytes(4096))
    os.truncate(filler, max(0, filler.stat().st_size - left))
    code = wait(process)
    lines = said.read_text("utf-8", "replace").splitlines()
    return Ended(code, lines, time.monotonic() - began, [])


@contextmanager
def _small_disk(place: Path) -> Iterator[Path | None]:
    place.mkdir(exist_ok=True)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(place)]
    if (
        shutil.which("mount") is None
        or subprocess.run(mount, capture_output=True, check=False).returncode
    ):
        yield None
        return
    try:
        yield place
    finally:
        subprocess.run(["umount", str(place)], check=True)
