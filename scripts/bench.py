"""Measure the main job: wall time, peak memory, rows accounted for, and identity on a second run.

    python3 scripts/bench.py SOURCES… [--profile FILE]

Runs `klankbord analyse` twice, each time into a fresh workspace, and compares every output file
byte for byte (`run.json` without its times).
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from environment import ready

TIMES = ("started_at", "finished_at", "seconds")


def main() -> int:
    """Print the figures; 1 when the two runs differ or rows went missing."""
    parser = argparse.ArgumentParser(description="Measure `klankbord analyse` on SOURCES.")
    parser.add_argument("sources", nargs="+")
    parser.add_argument("--profile")
    arguments = parser.parse_args()
    command = [str(ready()), "-m", "klankbord", "analyse", "--quiet", *arguments.sources]
    if arguments.profile:
        command += ["--profile", arguments.profile]
    with tempfile.TemporaryDirectory() as folder:
        runs = [_run(command, Path(folder) / name) for name in ("first", "second")]
        outputs = [_outputs(Path(folder) / name) for name in ("first", "second")]
    rows = json.loads(outputs[0]["run.json"])["totals"]
    seconds = min(second for second, _ in runs)
    print(f"rows in            {rows['rows_in']}")
    print(f"stored             {rows['stored']}")
    print(f"duplicates         {rows['duplicates']}")
    print(f"rejected           {rows['rejected']}")
    print(f"wall seconds       {', '.join(f'{second:.1f}' for second, _ in runs)}")
    print(f"rows per second    {rows['rows_in'] / seconds:.0f}")
    print(f"peak memory        {max(peak for _, peak in runs):.2f} GB")
    differing = sorted(name for name in outputs[0] if outputs[0][name] != outputs[1].get(name))
    print(f"identical output   {'yes' if not differing else 'NO: ' + ', '.join(differing)}")
    whole = rows["rows_in"] == rows["stored"] + rows["duplicates"] + rows["rejected"]
    print(f"rows accounted for {'yes' if whole else 'NO'}")
    return 0 if whole and not differing else 1


def _run(command: list[str], out: Path) -> tuple[float, float]:
    begin = time.perf_counter()
    process = subprocess.Popen(
        [*command, "--out", str(out), "--workspace", str(out / "klankbord.db")]
    )
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"the run failed with exit code {os.waitstatus_to_exitcode(status)}")
    return time.perf_counter() - begin, _gigabytes(usage)


def _gigabytes(usage: resource.struct_rusage) -> float:
    unit = 1 if sys.platform == "darwin" else 1024
    return usage.ru_maxrss * unit / 1e9


def _outputs(out: Path) -> dict[str, bytes]:
    files = {path.name: path.read_bytes() for path in out.iterdir() if ".db" not in path.name}
    run = json.loads(files["run.json"])
    files["run.json"] = json.dumps(
        {key: value for key, value in run.items() if key not in TIMES}
    ).encode()
    return files


if __name__ == "__main__":
    sys.exit(main())
