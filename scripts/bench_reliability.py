"""Prove that nothing is lost: kills, faults, full disks, and people and runs at once.

    python scripts/bench_reliability.py                              # every proof, small
    python scripts/bench_reliability.py --kills 100 --rows 50000 --only kills
    python scripts/bench_reliability.py --faults all --only faults
    python scripts/bench_reliability.py --minutes 5 --only together

The exports are made here from a seed, the models are the bundled ones. POSIX only: processes are
forked and killed.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections import Counter
from pathlib import Path

import reliability_trials as trials
from reliability_process import warm_up

PROOFS = ("kills", "faults", "full", "together")


def main() -> int:
    """Print the figures of each proof; 1 where something was lost."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=400, help="of the export")
    parser.add_argument("--kills", type=int, default=100, help="random moments of a kill -9")
    parser.add_argument("--faults", choices=("sample", "all"), default="sample")
    parser.add_argument("--points", type=int, default=12, help="of a sample of faults")
    parser.add_argument("--moments", type=int, default=12, help="at which the disk fills up")
    parser.add_argument("--minutes", type=float, default=5, help="of use by several at once")
    parser.add_argument("--only", choices=PROOFS, action="append", help="these proofs alone")
    parser.add_argument("--tier", default="fast", help="of the tone model")
    parser.add_argument("--folder", type=Path, help="where to work; by default a temporary folder")
    given = parser.parse_args()
    os.environ["KLANKBORD_TIER"] = given.tier
    wanted = given.only or PROOFS
    wrong = 0
    if given.folder:
        given.folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=given.folder) as name:
        folder = Path(name)
        os.environ["KLANKBORD_KEY_FILE"] = str(folder / "sleutel")
        warm_up()
        if set(wanted) & {"kills", "faults", "full"}:
            prepared = trials.prepare(folder, given.rows)
            print(f"{given.rows} rows, {prepared.seconds:.1f} s an analysis", flush=True)
        if "kills" in wanted:
            wrong += _kills(prepared, given.kills)
        if "faults" in wanted:
            wrong += _faults(prepared, None if given.faults == "all" else given.points)
        if "full" in wanted:
            from reliability_full_disk import full_disks

            wrong += full_disks(prepared, given.moments)
        if "together" in wanted:
            from reliability_together import together

            wrong += together(folder, given.minutes)
    print("nothing lost" if not wrong else f"{wrong} WRONG", flush=True)
    return 1 if wrong else 0


def _kills(prepared: trials.Prepared, number: int) -> int:
    counts, bad = Counter[str](), Counter[str]()
    for stage, faults in trials.kills(prepared, number):
        counts[stage] += 1
        bad[stage] += bool(faults)
        _tell(f"killed while {stage}", faults)
        _progress(counts, bad)
    print(f"kill -9 at {number} random moments, then again:", *trials.table(counts, bad), sep="\n")
    return bad.total()


def _faults(prepared: trials.Prepared, number: int | None) -> int:
    counts, bad = Counter[str](), Counter[str]()
    for fault, faults in trials.faults(prepared, number):
        name = f"{fault.kind}, {prepared.points[fault.point].split()[0]}"
        counts[name] += 1
        bad[name] += bool(faults)
        _tell(f"{fault.kind} at point {fault.point}: {prepared.points[fault.point]}", faults)
        _progress(counts, bad)
    points = Counter(point.split()[0] for point in prepared.points)
    told = ", ".join(f"{number} {name}s" for name, number in points.items())
    print(f"one fault at a time, at {told.replace('flushs', 'flushes')}:")
    print(*trials.table(counts, bad), sep="\n", flush=True)
    return bad.total()


def _tell(what: str, faults: list[str]) -> None:
    for fault in faults:
        print(f"  WRONG, {what}: {fault}", flush=True)


def _progress(counts: Counter[str], bad: Counter[str]) -> None:
    if counts.total() % 10 == 0:
        print(f"  {counts.total()} trials, {bad.total()} wrong", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
