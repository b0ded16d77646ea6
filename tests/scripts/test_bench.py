"""The measurements of scripts/bench.py measure, and its tables hold what was measured."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).parents[2] / "scripts"
COST = {"wall": 2.0, "processor": 4.0, "peak": 500.0}
CHILD = "import subprocess, sys; subprocess.run([sys.executable, '-c', sys.argv[1]], check=True)"


@pytest.fixture(autouse=True)
def _scripts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(SCRIPTS))


def job(rows: int, **other: object) -> dict[str, object]:
    return {
        "rows": rows,
        "accounted": True,
        "stages": {"reading": COST, "tone": COST | {"processor": 1.0}},
        "first": COST | {"wall": rows / 500},
        "again": COST | {"wall": rows / 5_000},
        "differing": [],
        **other,
    }


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere processes are not added up")
def test_memory_and_processor_time_of_children_count():
    from bench_process import run

    idle, _ = run([sys.executable, "-c", CHILD, "import time; time.sleep(0.3)"])
    busy = "import time; held = b'x' * 200_000_000; sum(range(10_000_000)); time.sleep(0.3)"
    cost, _ = run([sys.executable, "-c", CHILD, busy])
    assert cost.peak - idle.peak == pytest.approx(200, abs=15)
    assert cost.processor > idle.processor + 0.05
    assert idle.wall >= 0.3


def test_a_command_that_fails_is_no_measurement():
    from bench_process import FailedError, run

    with pytest.raises(FailedError, match="exit code 3"):
        run([sys.executable, "-c", "raise SystemExit(3)"])


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a peak cannot be forgotten")
def test_the_peak_of_a_stage_is_its_own():
    from bench_process import Clock

    clock = Clock()
    for stage, size in (("much", 200_000_000), ("little", 1_000)):
        with clock(stage):
            held = b"x" * size
            assert len(held) == size
            del held
    assert clock.costs["much"].peak - clock.costs["little"].peak > 150


@pytest.mark.slow
def test_every_stage_of_an_export_is_measured(tmp_path: Path):
    from bench_answers import write_export
    from bench_stages import START, stages

    write_export(tmp_path / "export.csv", 300)
    costs = stages(tmp_path / "export.csv", tmp_path, "fast")
    assert {START, "personal data", "tone", "themes", "report and exports"} <= costs.keys()
    assert all(cost.wall > 0 and cost.peak > 50 for cost in costs.values())
    assert (tmp_path / "rapport.html").stat().st_size > 10_000


def test_the_tables_tell_what_was_measured():
    from bench_tables import markdown, of_job, of_steps

    jobs = [job(1_000), job(10_000)]
    assert "10 % of the first" in "\n".join(of_job(jobs[0]))
    assert "10 times the time" in "\n".join(of_steps(jobs))
    rival = {"name": "others", "texts": 5, "per_second": 1.0, "milliseconds": 1.0,
             "klankbord": {"fast": (50.0, 60.0)}}  # fmt: skip
    report = {"cores": 2, "tier": "fast", "start": {"help": COST, "ten rows": COST, "torch": False},
              "jobs": jobs, "others": [rival]}  # fmt: skip
    told = "\n".join(markdown(report))
    assert "| 10,000 | 20.0 | 4.0 | 0.50 GB | 2,500 | 10 % |" in told
    assert "| tone | 1,000 | 100 |" in told
    assert "| others | 50 |" in told


def test_what_differs_or_is_missing_is_said():
    from bench import complaints

    assert not list(complaints([job(10)]))
    told = "\n".join(
        complaints([job(10, accounted=False, differing=["themas.csv"], reproduced=["run.json"])])
    )
    assert "not all accounted" in told
    assert "themas.csv" in told
    assert "run.json" in told


def test_the_lexicon_knows_praise_from_complaint():
    from bench_others import lexicon_apply, polarity

    assert polarity()["geweldig"] > 0 > polarity()["traag"]
    praise, complaint = lexicon_apply(["Geweldig !", "Veel te traag ."])
    assert praise > complaint
