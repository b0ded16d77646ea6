"""A whole analysis on a real Dask cluster: the same as on one machine, whatever happens to it."""

import importlib
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import sparse

from dask_cluster import kill, pids
from klankbord.cli import run as command
from klankbord.engines import DaskEngine
from klankbord.errors import KlankbordError, ModelError, UnreadableInputError, WorkspaceError
from klankbord.models import load_tone_model
from klankbord.pipeline import analyse
from klankbord.privacy import Pseudonymiser
from klankbord.settings import Settings
from klankbord.shards import Placing, Preparing, Scoring, Sharding, Source, content_digest
from klankbord.sources import Companions
from klankbord.themes import Fitted
from klankbord.themes.cluster import unit
from klankbord.themes.features import Subjects
from klankbord.themes.subthemes import groups_of
from shard_exports import exports
from shard_runs import assert_same, outputs, stored

pytest.importorskip("distributed", reason="pip install -e '.[cluster]'")


@pytest.fixture(scope="module")
def sources(place: Path) -> list[Path]:
    return exports(place / "bron", files=10)


def test_a_cluster_gives_what_one_machine_gives(
    place: Path, sources: list[Path], settings: Settings, plain: dict[str, Any], running: Any
) -> None:
    """By the command line, as people do it."""
    environment = {
        "KLANKBORD_KEY_FILE": settings.key_file, "KLANKBORD_TIER": "fast",
    }  # fmt: skip
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        job = ["analyse", *map(str, sources), "--out", str(place / "een"), "--quiet"]
        where = ["--workspace", str(place / "een.db"), "--engine", "dask"]
        assert command([*job, *where, "--scheduler", running.scheduler_address]) == 0
    assert_same(stored(place / "een.db", settings), plain)
    assert outputs(place / "een") == outputs(place / "uit")
    assert len(list((place / "een" / "shards").glob("*.json"))) == len(sources)


def test_a_worker_that_is_killed_changes_nothing(
    place: Path, sources: list[Path], settings: Settings, plain: dict[str, Any],
    running: Any, engine: DaskEngine,
) -> None:  # fmt: skip
    killed: list[int] = []

    def progress(stage: str, done: int, total: int) -> None:
        if stage == "files read" and done == 2 and not killed:
            killed.append(pids(running)[0])
            kill(killed[0])

    analyse(
        sources, place / "twee", workspace=place / "twee.db", settings=settings, engine=engine,
        shards=place / "twee-delen", progress=progress,
    )  # fmt: skip
    assert killed
    assert_same(stored(place / "twee.db", settings), plain)
    assert outputs(place / "twee") == outputs(place / "uit")
    assert not list((place / "twee-delen").glob(".*.part"))


def test_complaints_get_their_theme_on_the_cluster_where_there_are_many(
    place: Path, sources: list[Path], settings: Settings, engine: DaskEngine,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    discover = importlib.import_module("klankbord.themes.discover")
    monkeypatch.setattr(discover, "MOST", 6)
    monkeypatch.setattr(discover, "_STEP", 25)
    analyse(sources, place / "steek", workspace=place / "steek.db", settings=settings)
    tasks: list[str] = []
    mapped = engine.map

    def noting(task: Any, shards: Any) -> Iterator[Any]:
        tasks.append(getattr(task, "__name__", type(task).__name__))
        return mapped(task, shards)

    monkeypatch.setattr(engine, "map", noting)
    analyse(
        sources, place / "vier", workspace=place / "vier.db", settings=settings, engine=engine,
        shards=place / "een" / "shards",
    )  # fmt: skip
    assert {"Believing", "Placing"} < set(tasks)
    assert_same(stored(place / "vier.db", settings), stored(place / "steek.db", settings))
    assert outputs(place / "vier") == outputs(place / "steek")


def test_a_head_is_divided_on_a_worker_as_it_is_here(engine: DaskEngine) -> None:
    random = np.random.default_rng(7)
    about = random.integers(4, size=200)
    near = random.normal(size=(4, 24))[about] + 0.3 * random.normal(size=(200, 24))
    weights = sparse.csr_matrix((np.ones(200), (np.arange(200), about)), shape=(200, 4))
    texts = [f"onderwerp{subject} nummer {place}" for place, subject in enumerate(about)]
    subjects = Subjects(texts, unit(near), weights, np.eye(4, 24))
    here = groups_of(subjects)
    assert len(here) > 1
    for there in engine.map(groups_of, [subjects, subjects]):
        assert [group.tolist() for group in there] == [group.tolist() for group in here]


def test_when_the_coordinator_is_killed_what_was_done_is_not_done_again(
    place: Path, sources: list[Path], settings: Settings, plain: dict[str, Any],
    running: Any, engine: DaskEngine,
) -> None:  # fmt: skip
    shards = place / "drie-delen"
    program = (
        "import sys\n"
        "from pathlib import Path\n"
        "from klankbord.engines import DaskEngine\n"
        "from klankbord.pipeline import analyse\n"
        "from klankbord.settings import Settings\n"
        "address, place, key, *sources = sys.argv[1:]\n"
        "place = Path(place)\n"
        "analyse([Path(one) for one in sources], place / 'drie', workspace=place / 'drie.db',\n"
        "        settings=Settings(tier='fast', key_file=key), shards=place / 'drie-delen',\n"
        "        engine=DaskEngine(address))\n"
    )
    given = [running.scheduler_address, str(place), settings.key_file, *map(str, sources)]
    coordinator = subprocess.Popen(
        [sys.executable, "-c", program, *given], stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    deadline = time.monotonic() + 60
    while len(list(shards.glob("*.json"))) < 3 and time.monotonic() < deadline:
        time.sleep(0.01)
    kill(coordinator.pid)
    coordinator.wait()
    time.sleep(1)  # what the workers had in hand they finish or forget
    before = {path: path.stat().st_mtime_ns for path in shards.glob("*.json")}
    assert before
    assert not (place / "drie" / "run.json").exists()
    analyse(
        sources, place / "drie", workspace=place / "drie.db", settings=settings, engine=engine,
        shards=shards,
    )  # fmt: skip
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert len(list(shards.glob("*.json"))) == len(sources)
    assert_same(stored(place / "drie.db", settings), plain)
    assert outputs(place / "drie") == outputs(place / "uit")


def test_another_key_or_model_on_a_worker_is_one_clear_error(
    place: Path, sources: list[Path], settings: Settings, engine: DaskEngine
) -> None:
    model, own = load_tone_model(tier="fast"), Pseudonymiser.from_key_file(settings.key_file)
    source = Source(sources[0], content_digest(sources[0]), None, Companions(), 5_000)
    elsewhere = replace(settings, key_file=str(place / "andere-key"))
    preparing, scoring = Preparing(settings, own), Scoring(settings, model)
    for sharding, error, told in (
        (Sharding(Preparing(elsewhere, own), scoring, place / "x"), WorkspaceError, "key"),
        (Sharding(preparing, Scoring(settings, Other()), place / "x"), ModelError, "tone model"),
        (Placing(settings, Other(), Fitted({}, (), {})), ModelError, "sentence encoder"),
    ):
        with pytest.raises(error, match=f"a worker has another .*{told}") as caught:
            list(engine.map(sharding, [source]))
        assert caught.value.hint
    assert not (place / "andere-key").exists()
    absent = replace(source, path=place / "weg.csv", sha256="0" * 64)
    with pytest.raises(UnreadableInputError, match="cannot find this file"):
        list(engine.map(Sharding(preparing, scoring, place / "x"), [absent]))


class Other:
    """A model that no worker has."""

    fingerprint = "f" * 12


def test_a_folder_that_others_do_not_see_is_told(
    place: Path, sources: list[Path], settings: Settings
) -> None:
    model, own = load_tone_model(tier="fast"), Pseudonymiser.from_key_file(settings.key_file)
    sharding = Sharding(Preparing(settings, own), Scoring(settings, model), place / "daar")
    shard = sharding(Source(sources[0], content_digest(sources[0]), None, Companions(), 5_000))
    with pytest.raises(KlankbordError, match="a shard that is not here") as caught:
        list(replace(shard, folder=place / "hier").ready())
    assert "--shards" in caught.value.hint


def test_the_command_says_what_is_missing(
    place: Path, sources: list[Path], capsys: pytest.CaptureFixture[str]
) -> None:
    job = ["analyse", str(sources[0]), "--out", str(place / "nee"), "--engine"]
    assert command([*job, "dask"]) == 2
    assert "--scheduler" in capsys.readouterr().err
    assert command([*job, "local", "--scheduler", "tcp://127.0.0.1:9"]) == 2
    assert "--engine dask" in capsys.readouterr().err
    assert command([*job, "ray"]) == 2
    assert "'ray'" in capsys.readouterr().err
    assert not (place / "nee").exists()
