import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dask_cluster import cluster, pids
from klankbord.engines import DaskEngine
from klankbord.errors import KlankbordError, MissingExtraError
from shard_tasks import (
    SECRET,
    Counting,
    cores_seen,
    dying,
    dying_once,
    failing,
    missing,
    refusing,
    slow_first,
    squared,
    stuck_once,
)

pytest.importorskip("distributed", reason="pip install -e '.[cluster]'")


def test_results_come_in_the_order_of_the_shards(engine: DaskEngine) -> None:
    assert list(engine.map(squared, range(50))) == [number * number for number in range(50)]
    assert list(engine.map(slow_first, range(6))) == list(range(6))
    assert list(engine.map(squared, [])) == []


def test_a_worker_uses_one_core(engine: DaskEngine) -> None:
    assert set(engine.map(cores_seen, range(4))) == {1}


def test_each_worker_loads_what_a_task_needs_once(running: Any, engine: DaskEngine) -> None:
    seen = list(engine.map(Counting(), range(20)))
    assert {pid for pid, _ in seen} == set(pids(running))
    assert {loaded for _, loaded in seen} == {1}
    again = list(engine.map(Counting(), range(20)))
    assert {loaded for _, loaded in again} == {1}
    assert Counting.loaded == 0  # neither here nor in the scheduler, which is this process


def test_a_few_are_worked_on_ahead(engine: DaskEngine) -> None:
    given: list[int] = []

    def shards() -> Iterator[int]:
        for number in range(30):
            given.append(number)
            yield number

    results = engine.map(squared, shards())
    assert next(results) == 0
    assert len(given) == 4
    assert next(results) == 1
    assert len(given) == 5
    results.close()


def test_a_lost_worker_changes_nothing(engine: DaskEngine, tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    found = list(engine.map(dying_once, [(number, str(mark)) for number in range(12)]))
    assert mark.exists()
    assert found == list(range(12))


def test_what_stops_every_worker_is_one_clear_error(engine: DaskEngine) -> None:
    with pytest.raises(KlankbordError, match="the same shard stopped several workers") as caught:
        list(engine.map(dying, range(8)))
    assert "run the same command again" in caught.value.hint
    assert list(engine.map(squared, range(5))) == [0, 1, 4, 9, 16]  # new workers took their place


def test_errors_come_back_without_words(engine: DaskEngine) -> None:
    results = engine.map(failing, range(8))
    assert [next(results) for _ in range(3)] == [0, 1, 2]
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - that it says nothing is the point
        next(results)
    assert str(caught.value) == ""
    assert any("in failing" in place for place in caught.value.elsewhere)  # type: ignore[attr-defined]
    with pytest.raises(KlankbordError, match="not there") as told:
        list(engine.map(refusing, range(3)))
    assert (told.value.where, told.value.hint) == ("map/x.csv", "put it there")
    with pytest.raises(FileNotFoundError) as absent:
        list(engine.map(missing, ["weg.csv"]))
    assert absent.value.filename == "weg.csv"


def test_no_log_tells_what_a_task_was_given(tmp_path: Path) -> None:
    """Whatever happens, nobody's words are in what scheduler, workers and client write."""
    program = (
        "import sys\n"
        f"sys.path[:0] = {[str(Path(__file__).parent.parent)]!r}\n"
        "import logging\n"
        "import dask_cluster, shard_tasks\n"
        "from klankbord.engines import DaskEngine\n"
        "from klankbord.errors import KlankbordError\n"
        "if __name__ == '__main__':\n"
        "    with dask_cluster.cluster(deaths=0) as running:\n"
        "        engine = DaskEngine(running.scheduler_address)\n"
        "        secrets = [f'{shard_tasks.SECRET} {number}' for number in range(2)]\n"
        "        for task in (shard_tasks.repeating, shard_tasks.killing):\n"
        "            try:\n"
        "                list(engine.map(task, secrets))\n"
        "            except (KeyError, KlankbordError) as error:\n"
        "                print('told:', type(error).__name__, error)\n"
        "        engine.close()\n"
    )
    script = tmp_path / "job.py"
    script.write_text(program, "utf-8")
    done = subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, check=False, timeout=120,
        env=os.environ | {"DASK_LOGGING__DISTRIBUTED": "debug"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.count("told:") == 2
    assert "distributed" in done.stderr  # so the others do log
    word, name = SECRET.split(" van ")
    assert word not in done.stdout + done.stderr
    assert name not in done.stdout + done.stderr


def test_no_scheduler_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    import dask

    with (
        dask.config.set({"distributed.comm.timeouts.connect": "1s"}),
        pytest.raises(KlankbordError, match="no Dask scheduler answers") as caught,
    ):
        DaskEngine("tcp://127.0.0.1:9")
    assert caught.value.where == "tcp://127.0.0.1:9"
    with pytest.raises(KlankbordError, match="no Dask scheduler answers"):
        DaskEngine("geen adres")


def test_a_scheduler_without_workers_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("klankbord.engines.dask._PATIENCE", 0.5)
    with cluster(workers=0) as empty:
        engine = DaskEngine(empty.scheduler_address)
        with pytest.raises(KlankbordError, match="no workers") as caught:
            list(engine.map(squared, range(3)))
        assert "dask worker tcp://" in caught.value.hint
        engine.close()


def test_without_dask_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(MissingExtraError) as caught:
        DaskEngine("tcp://127.0.0.1:8786")
    assert caught.value.hint == "pip install 'klankbord[cluster]'"


def test_a_straggler_is_overtaken(
    engine: DaskEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("klankbord.engines.dask._SOONEST", 0.5)
    began, mark = time.monotonic(), tmp_path / "mark"
    found = list(engine.map(stuck_once, [(number, str(mark)) for number in range(12)]))
    assert mark.exists()
    assert found == list(range(12))
    assert time.monotonic() - began < 15  # the first copy takes longer
