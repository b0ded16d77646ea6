from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import hypothesis
import pytest

from offline import _no_network, no_network  # noqa: F401 - fixtures of every test
from postgres_server import PostgresServer, installed_binaries

# No deadline of hypothesis: tests run beside each other, and those of speed measure it themselves.
hypothesis.settings.register_profile("klankbord", deadline=None)
hypothesis.settings.load_profile("klankbord")


@pytest.fixture(scope="session", autouse=True)
def _settings_of_this_test_run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep the pseudonym key of the person running the tests out of them."""
    before = dict(os.environ)
    for name in [name for name in os.environ if name.startswith("KLANKBORD_")]:
        if name != "KLANKBORD_UPDATE_GOLDEN":
            del os.environ[name]
    os.environ["KLANKBORD_KEY_FILE"] = str(tmp_path_factory.mktemp("key") / "pseudonym.key")
    yield
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture(scope="session")
def checkout() -> Path:
    """The top of the project."""
    return Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A running PostgreSQL; the test is skipped where there is none to start."""
    pytest.importorskip("psycopg", reason="psycopg is not installed: pip install '.[postgres]'")
    binaries = installed_binaries()
    if binaries is None:
        pytest.skip("there is no PostgreSQL here: apt-get install postgresql")
    folder = Path(tempfile.mkdtemp(prefix="klankbord-pg-"))  # a short path: sockets need one
    server = PostgresServer(binaries, folder)
    try:
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> PostgresServer | None:
    """Each kind of database in turn: None stands for SQLite."""
    return None if request.param == "sqlite" else request.getfixturevalue("postgres")


@pytest.fixture(scope="session")
def new_address(
    database: PostgresServer | None, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[], Path | str]:
    """Makes addresses of workspaces with nothing in them, each another one."""
    if database is not None:
        return database.empty
    return lambda: tmp_path_factory.mktemp("workspace") / "klankbord.db"


@pytest.fixture(scope="session")
def blank_address(
    database: PostgresServer | None, new_address: Callable[[], Path | str]
) -> Callable[[], Path | str]:
    """Gives an address of a workspace with nothing in it, to be used one after the other."""
    return new_address if database is None else database.blank


@pytest.fixture
def address(blank_address: Callable[[], Path | str]) -> Path | str:
    """The address of a workspace with nothing in it, on each kind of database in turn."""
    return blank_address()
