from pathlib import Path
from typing import Any

import pytest

from dask_cluster import engine, running  # noqa: F401 - fixtures of these tests
from klankbord.pipeline import analyse
from klankbord.settings import Settings
from shard_runs import stored


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("place")


@pytest.fixture(scope="module")
def settings(place: Path) -> Settings:
    return Settings(tier="fast", key_file=str(place / "key"))


@pytest.fixture(scope="module")
def plain(place: Path, sources: list[Path], settings: Settings) -> dict[str, Any]:
    """What an analysis without shards, on this machine alone, leaves."""
    analyse(sources, place / "uit", workspace=place / "k.db", settings=settings)
    return stored(place / "k.db", settings)
