"""Measure the main job at several sizes, stage by stage and end to end, beside what others use.

    python3 scripts/bench.py                                   # 1,000, 10,000 and 100,000 answers
    python3 scripts/bench.py --rows 1000000 --alone            # or others; not beside other tools
    python3 scripts/bench.py --data DIR --other-venv DIR       # of real reviews; with BERTopic
    python3 scripts/bench.py EXPORT.csv --alone                # a file of your own
    python3 scripts/bench.py --markdown bench.json             # the tables of the README
    python3 scripts/bench.py --instructions                    # of the fast model, under valgrind

Prints tables and writes JSON. Every job runs in a process of its own in a new workspace: the stages
one after the other (bench_stages.py), `klankbord analyse`, and the same once more on unchanged
input, which has to write the same files; at the smallest size also in another workspace. What
others use (bench_others.py) reads the same answers in the same run: ratios say more than seconds.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from bench_answers import write_export
from bench_process import run
from bench_tables import markdown, of_job, of_others, of_start, of_steps
from environment import ready

SCRIPTS = Path(__file__).resolve().parent
ROWS = (1_000, 10_000, 100_000)
FEW = 10  # rows of the smallest job
TRIES = 3  # of what takes a second or less; the best counts
TIMES = ("started_at", "finished_at", "seconds", "outputs")
COUNTED = (100, 600)  # answers under valgrind: what the difference takes is told
VALGRIND = ("valgrind", "--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null")
KEY = "KLANKBORD_KEY_FILE"


def main() -> int:
    """Print the figures; 1 when outputs differ that should not, or rows went missing."""
    arguments = _arguments()
    if arguments.markdown:
        print("\n".join(markdown(json.loads(arguments.markdown.read_text("utf-8")))))
        return 0
    python = sys.executable if find_spec("klankbord") else str(ready())
    if arguments.instructions:
        print(f"{instructions(python):,.0f} instructions an answer, fast model")
        return 0
    report: dict[str, Any] = {
        "tier": arguments.tier,
        "cores": cores(),
        "python": platform.python_version(),
    }
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ[KEY] = str(folder / "key")
        report["start"] = start(python, arguments.tier, folder)
        _say(of_start(report["start"]))
        report["jobs"] = []
        for export in _exports(arguments, folder):
            report["jobs"].append(job(python, export, arguments.tier, folder, arguments.stages))
            _say(of_job(report["jobs"][-1]))
        first = report["jobs"][0]
        first["reproduced"] = _reproduced(python, arguments, folder, first["export"])
        _say(of_steps(report["jobs"]))
        if not arguments.alone:
            report["others"] = others(python, arguments, folder)
            _say(of_others(report["others"]))
    for each in report["jobs"]:
        del each["export"]
    arguments.json.write_text(json.dumps(report, indent=2) + "\n", "utf-8")
    wrong = [*complaints(report["jobs"])]
    _say(wrong)
    return 1 if wrong else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description="Measure the main job, stage by stage and end to end, beside what others use."
    )
    parser.add_argument("sources", nargs="*", type=Path, help="instead of exports that are made")
    parser.add_argument("--rows", nargs="+", type=int, default=ROWS)
    parser.add_argument("--tier", default="fast", choices=("fast", "cascade", "accurate"))
    parser.add_argument("--data", type=Path, help="folder with reviews; by default corpora/")
    parser.add_argument("--alone", action="store_true", help="not beside what others use")
    parser.add_argument("--no-stages", dest="stages", action="store_false", help="end to end only")
    parser.add_argument("--other-venv", type=Path, help="environment for BERTopic; made there")
    parser.add_argument("--json", type=Path, default=Path("bench.json"))
    parser.add_argument("--markdown", type=Path, metavar="JSON", help="print it as in the README")
    parser.add_argument(
        "--instructions",
        action="store_true",
        help="count them, under valgrind: some twelve minutes",
    )
    return parser.parse_args()


def _exports(arguments: argparse.Namespace, folder: Path) -> Iterator[Path]:
    """Yield the exports to measure, smallest first; one that was made is there until the next."""
    if arguments.sources:
        yield from (source.absolute() for source in arguments.sources)
        return
    for rows in sorted(arguments.rows):
        export = folder / f"answers-{rows}.csv"
        write_export(export, rows, data=arguments.data)
        yield export
        if rows != min(arguments.rows):
            export.unlink()


def start(python: str, tier: str, folder: Path) -> dict[str, Any]:
    """Return what it costs to be told how it works, and to analyse ten rows."""
    export = folder / "few.csv"
    write_export(export, FEW)
    told = {"help": [python, "-m", "klankbord", "--help"],
            "ten rows": _analyse(python, export, folder / "few", tier)}  # fmt: skip
    best: dict[str, Any] = {}
    for name, command in told.items():
        costs = []
        for _ in range(TRIES + 1):  # the first reads what the disk still holds
            shutil.rmtree(folder / "few", ignore_errors=True)
            costs.append(run(command)[0])
        best[name] = asdict(min(costs[1:], key=lambda cost: cost.wall))
    shutil.rmtree(folder / "few")
    command = [python, "-X", "importtime", *told["ten rows"][1:]]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    best["torch"] = re.search(r"\| +torch$", done.stderr, flags=re.MULTILINE) is not None
    return best


def job(python: str, export: Path, tier: str, folder: Path, stages: bool) -> dict[str, Any]:
    """Return what one export costs: each stage, the whole, and the whole again."""
    costs: dict[str, dict[str, float]] = {}
    if stages:
        command = [python, str(SCRIPTS / "bench_stages.py"), str(export), "--tier", tier]
        costs = json.loads(run(command, say=True)[1])
    out = folder / "out"
    first, _ = run(_analyse(python, export, out, tier))
    files, told = _outputs(out)
    again, _ = run(_analyse(python, export, out, tier))
    repeated, _ = _outputs(out)
    shutil.rmtree(out)
    totals = told["totals"]
    return {
        "export": str(export),
        "rows": totals["rows_in"],
        "accounted": totals["rows_in"]
        == totals["stored"] + totals["duplicates"] + totals["rejected"],
        "stages": costs,
        "first": asdict(first),
        "again": asdict(again),
        "differing": _differing(files, repeated),
    }


def _reproduced(python: str, arguments: argparse.Namespace, folder: Path, export: str) -> list[str]:
    """Return which files differ between runs in two new workspaces."""
    found = []
    for name in ("one", "two"):
        run(_analyse(python, Path(export), folder / name, arguments.tier))
        files, told = _outputs(folder / name)
        shutil.rmtree(folder / name)
        told = {key: value for key, value in told.items() if key not in TIMES}
        found.append(files | {"run.json": json.dumps(told).encode()})
    return _differing(*found)


def others(python: str, arguments: argparse.Namespace, folder: Path) -> list[dict[str, Any]]:
    """Return how fast other tools are, and how many times as fast Klankbord is."""
    written = folder / "others.json"
    command = [python, str(SCRIPTS / "bench_others.py"), "--json", str(written)]
    for option in ("data", "other_venv"):
        if value := getattr(arguments, option):
            command += [f"--{option.replace('_', '-')}", str(value)]
    run(command)
    found: list[dict[str, Any]] = json.loads(written.read_text("utf-8"))
    return found


def instructions(python: str) -> float:
    """Return how many instructions the fast model takes for an answer, by valgrind."""
    if not shutil.which("valgrind"):
        sys.exit("valgrind is not installed; on Debian or Ubuntu: apt install valgrind")
    counted = []
    for answers in COUNTED:
        command = [*VALGRIND, python, str(SCRIPTS / "bench_hot_path.py"), "--score", str(answers)]
        environment = os.environ | {"PYTHONHASHSEED": "0"}
        done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
        seen = re.search(r"I\s+refs:\s+([\d,]+)", done.stderr)
        if seen is None:
            sys.exit("valgrind told no count")
        counted.append(int(seen.group(1).replace(",", "")))
    return (counted[1] - counted[0]) / (COUNTED[1] - COUNTED[0])


def cores() -> int:
    """Return on how many processors this process may run."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _analyse(python: str, export: Path, out: Path, tier: str) -> list[str]:
    return [python, "-m", "klankbord", "analyse", "--quiet", str(export), "--out", str(out),
            "--workspace", str(out / "klankbord.db"), "--tier", tier]  # fmt: skip


def _outputs(out: Path) -> tuple[dict[str, bytes], dict[str, Any]]:
    """Return the files of a run without its record, and that record."""
    files = {path.name: path.read_bytes() for path in out.iterdir() if ".db" not in path.name}
    return files, json.loads(files.pop("run.json"))


def _differing(one: dict[str, bytes], two: dict[str, bytes]) -> list[str]:
    return sorted(name for name in one | two if one.get(name) != two.get(name))


def complaints(jobs: Sequence[dict[str, Any]]) -> Iterator[str]:
    """Yield what may not be: rows that are missing, and files that differ between equal runs."""
    for each in jobs:
        if not each["accounted"]:
            yield f"{each['rows']:,} rows: not all accounted for"
        for kind, what in (("differing", "a second run"), ("reproduced", "another workspace")):
            if each.get(kind):
                yield f"{each['rows']:,} rows: {what} gives another {', '.join(each[kind])}"


def _say(lines: Iterator[str] | Sequence[str]) -> None:
    for line in lines:
        print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
