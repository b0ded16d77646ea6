"""Nothing slow creeps into the stages that every row goes through, told without a stopwatch.

After a change that is meant, `python scripts/bench_hot_path.py --bounds` prints both tables anew.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).parents[1] / "scripts"
# Lines and calls of Python for a row, a seventh above what they were; a library may ask for more.
STEPS = {
    "reading": 540,
    "pseudonyms": 33,
    "personal data": 1553,
    "language": 124,
    "storing": 321,
    "tone": 143,
    "segments": 162,
    "tone of segments": 64,
}
# Processor time in times that of a fixed piece of work, twice what it was: processors differ.
TIMES = {
    "reading": 3.5,
    "pseudonyms": 1,
    "personal data": 22,
    "language": 3,
    "storing": 9.4,
    "tone": 18,
    "segments": 3.5,
    "tone of segments": 18,
}


@pytest.fixture(scope="module")
def found() -> dict[str, dict[str, float]]:
    """What was counted in a process of its own, where nothing else is traced."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("COV")}
    command = [sys.executable, str(SCRIPTS / "bench_hot_path.py"), "--json"]
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        timeout=540,
        check=False,
        env=kept | {"PYTHONHASHSEED": "0"},
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.slow
@pytest.mark.parametrize("stage", STEPS)
def test_python_does_no_more_for_a_row_than_it_did(found, stage: str):
    assert 0 < found["steps"][stage] <= STEPS[stage]


@pytest.mark.slow
@pytest.mark.parametrize("stage", TIMES)
def test_a_stage_takes_no_more_processor_time_beside_fixed_work(found, stage: str):
    assert 0 < found["times"][stage] <= TIMES[stage]


@pytest.mark.slow
def test_every_stage_has_its_bounds(found):
    assert found["steps"].keys() == found["times"].keys() == STEPS.keys() == TIMES.keys()


def test_one_more_call_for_a_row_is_seen(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.syspath_prepend(str(SCRIPTS))
    from bench_hot_path import Steps

    def plain(rows: int) -> list[str]:
        return [str(row) for row in range(rows)]

    def costly(rows: int) -> list[str]:
        return [str(row).strip() for row in range(rows)]

    steps = Steps()
    for rows in (1_000, 1_000, 3_000):
        with steps(f"plain {rows}"):
            plain(rows)
    with steps("costly"):
        costly(1_000)
    seen = steps.count
    once = seen["plain 1000"] / 2
    assert seen["plain 3000"] == pytest.approx(3 * once, rel=0.02)
    assert seen["costly"] >= once + 1_000
