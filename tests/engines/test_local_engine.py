import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from klankbord.cli.output import report_bug
from klankbord.engines import LocalEngine
from klankbord.errors import KlankbordError
from klankbord.room import cores
from shard_tasks import (
    SECRET,
    Counting,
    cores_seen,
    dying,
    failing,
    missing,
    refusing,
    slow_first,
    squared,
)


@pytest.fixture(scope="module")
def pool() -> Iterator[LocalEngine]:
    engine = LocalEngine(workers=2)
    yield engine
    engine.close()


def test_a_pool_gives_what_one_process_gives_in_order(pool: LocalEngine) -> None:
    inline = list(LocalEngine(workers=1).map(squared, range(20)))
    assert inline == [number * number for number in range(20)]
    assert list(pool.map(squared, range(20))) == inline
    assert list(pool.map(slow_first, range(8))) == list(range(8))
    assert list(pool.map(squared, [])) == []


def test_a_few_shards_need_no_other_process() -> None:
    engine = LocalEngine(workers=2)
    began = time.process_time()
    assert list(engine.map(squared, range(4))) == [0, 1, 4, 9]
    assert engine._pool is None
    assert time.process_time() - began < 0.1


def test_a_few_are_worked_on_ahead(pool: LocalEngine) -> None:
    given: list[int] = []

    def shards() -> Iterator[int]:
        for number in range(30):
            given.append(number)
            yield number

    results = pool.map(squared, shards())
    assert next(results) == 0
    assert len(given) <= 6
    assert list(results) == [number * number for number in range(1, 30)]


def test_a_worker_uses_one_core(pool: LocalEngine) -> None:
    here = cores()
    assert set(pool.map(cores_seen, range(6))) == {1}
    assert cores() == here


def test_each_worker_loads_what_a_task_needs_once(pool: LocalEngine) -> None:
    seen = list(pool.map(Counting(), range(30)))
    assert len({pid for pid, _ in seen}) == 2
    assert {loaded for _, loaded in seen} == {1}
    assert Counting.loaded == 0


def test_errors_of_another_process_come_back_without_words(
    pool: LocalEngine, capsys: pytest.CaptureFixture[str]
) -> None:
    results = pool.map(failing, range(8))
    assert [next(results) for _ in range(3)] == [0, 1, 2]
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - that it says nothing is the point
        next(results)
    assert str(caught.value) == ""
    assert caught.value.__cause__ is None
    assert any("in failing" in place for place in caught.value.elsewhere)  # type: ignore[attr-defined]
    report_bug(caught.value)
    (name,) = re.findall(r"\S+klankbord-\S+\.log", capsys.readouterr().err)
    log = Path(name).read_text("utf-8")
    Path(name).unlink()
    assert "elsewhere" in log
    assert "in failing" in log
    assert not set(SECRET.split()) & set(log.split())
    with pytest.raises(KlankbordError, match="not there") as told:
        list(pool.map(refusing, range(8)))
    assert (told.value.where, told.value.hint) == ("map/x.csv", "put it there")
    with pytest.raises(FileNotFoundError) as absent:
        list(pool.map(missing, ["weg.csv"] * 8))
    assert absent.value.filename == "weg.csv"


def test_a_lost_worker_is_one_clear_error_and_the_engine_goes_on(pool: LocalEngine) -> None:
    with pytest.raises(KlankbordError, match="a worker process was stopped") as caught:
        list(pool.map(dying, range(12)))
    assert "--workers 1" in caught.value.hint
    assert list(pool.map(squared, range(8))) == [number * number for number in range(8)]


def test_workers_end_when_who_started_them_is_killed(tmp_path):
    noted = tmp_path / "workers"
    script = f"""
import sys
sys.path.insert(0, {str(Path(__file__).parent.parent)!r})
if __name__ == "__main__":
    from klankbord.engines import LocalEngine
    from shard_tasks import slow_first
    engine = LocalEngine(2)
    for number in engine.map(slow_first, range(1_000_000)):
        if number == 20:
            pids = " ".join(str(pid) for pid in engine._pool._processes)
            open({str(noted)!r}, "w").write(pids + " .")
"""
    path = tmp_path / "lang.py"
    path.write_text(script, "utf-8")
    parent = subprocess.Popen([sys.executable, str(path)])
    try:
        wait_until(lambda: noted.exists() and noted.read_text().endswith("."))
    finally:
        parent.kill()
        parent.wait()
    workers = [int(pid) for pid in noted.read_text().split()[:-1]]
    assert len(workers) == 2
    wait_until(lambda: not any(is_running(pid) for pid in workers))


def wait_until(true, seconds=60):
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.05)


def is_running(pid):
    """Tell whether a process does anything still: one that nobody waited for does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
