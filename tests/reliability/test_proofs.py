"""The proofs of scripts/bench_reliability.py, each small; they print what they found."""

import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from klankbord.store import Workspace

SCRIPTS = Path(__file__).parents[2] / "scripts"
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)

pytestmark = pytest.mark.skipif(os.name != "posix", reason="processes are forked")


def proved(*arguments: str) -> str:
    """Run a proof; it ends with exit code 1 where something was lost."""
    command = [sys.executable, str(SCRIPTS / "bench_reliability.py"), *arguments]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=540, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert ended.stdout.endswith("nothing lost\n")
    return ended.stdout


@pytest.mark.slow
def test_three_kills_lose_and_double_nothing():
    told = proved("--only", "kills", "--kills", "3", "--rows", "400")
    assert told.count("0 wrong") >= 1


@pytest.mark.slow
def test_the_database_and_the_disk_fail_at_points_of_every_kind():
    told = proved("--only", "faults", "--points", "5", "--rows", "400")
    assert "one fault at a time, at" in told


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="a small disk is mounted in memory")
def test_a_disk_that_another_program_fills():
    told = proved("--only", "full", "--moments", "2", "--rows", "400")
    assert "skipped" in told or "at 2 moments" in told


@pytest.mark.slow
def test_people_and_imports_at_once_on_both_kinds_of_database():
    told = proved("--only", "together", "--minutes", "0.15")
    assert "s on SQLite" in told
    assert "s on PostgreSQL" in told or "skipped" in told


@pytest.fixture
def state(monkeypatch):
    monkeypatch.syspath_prepend(str(SCRIPTS))
    import reliability_state

    return reliability_state


def test_a_proof_sees_what_is_lost_doubled_or_mixed(tmp_path, state):
    path, out = tmp_path / "w.db", tmp_path / "rapport"
    out.mkdir()
    (out / "themas.csv").write_text("een")
    with Workspace.open(path) as workspace:
        workspace.remember_files([out / "themas.csv"], at=NOON)
        workspace.bar("wie", ["wat"], at=NOON)
    before = state.state_of(path, out)
    assert before.differences(state.state_of(path, out)) == []
    (out / "themas.csv").write_text("twee")
    assert before.differences(state.state_of(path, out)) == ["themas.csv"]
    (out / "themas.csv").write_text("een")
    with Workspace.open(path) as workspace:
        workspace.remember_files([out / "themas.csv"], at=datetime.now(UTC))  # a moment only
        assert before.differences(state.state_of(path, out)) == []
        workspace.allow_again("wie")
    assert before.differences(state.state_of(path, out)) == ["barred"]
    assert state.integrity(path) == "ok"
    (out / "run.json").write_text('{"outputs": {"themas.csv": "0"}}')
    assert not state.one_run_wrote(out)
