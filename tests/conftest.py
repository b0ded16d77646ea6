from __future__ import annotations

import itertools
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hypothesis
import pytest

from offline import _no_network, no_network  # noqa: F401 - fixtures of every test

if TYPE_CHECKING:
    import psycopg


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


class PostgresServer:
    """A PostgreSQL of this test run alone, on a socket in a folder of its own."""

    def __init__(self, binaries: Path, folder: Path) -> None:
        self._binaries, self._folder = binaries, folder
        self._numbers = itertools.count()
        self._blank: psycopg.Connection | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._user = _other_user(folder) if os.getuid() == 0 else {}

    def start(self) -> None:
        data = self._folder / "data"
        subprocess.run(
            [self._binaries / "initdb", "-D", data, "-U", "tester", "-A", "trust", "-E", "UTF8",
             "--locale=C.UTF-8", "--no-sync"],
            check=True, capture_output=True, cwd=self._folder, **self._user,
        )  # fmt: skip
        guarded = "local all geheim scram-sha-256\n" + (data / "pg_hba.conf").read_text()
        (data / "pg_hba.conf").write_text(guarded)
        settings = {
            "listen_addresses": "", "unix_socket_directories": self._folder, "fsync": "off",
            "synchronous_commit": "off", "full_page_writes": "off", "shared_buffers": "64MB",
            "log_destination": "stderr", "timezone": "America/New_York", "max_connections": "60",
        }  # fmt: skip
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        with (self._folder / "log").open("wb") as log:
            self._process = subprocess.Popen(
                [self._binaries / "postgres", "-D", data, *options],
                stdout=log, stderr=log, cwd=self._folder, **self._user,
            )  # fmt: skip
        deadline = time.monotonic() + 30
        while True:
            try:
                return self.run("SELECT 1")
            except Exception:
                if self._process.poll() is not None or time.monotonic() > deadline:
                    raise
                time.sleep(0.05)

    def stop(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGQUIT)
            self._process.wait(30)

    def run(self, statement: str, database: str = "postgres") -> None:
        import psycopg

        with psycopg.connect(self.address(database), autocommit=True) as connection:
            connection.execute(statement)

    def address(self, database: str, user: str = "tester", scheme: str = "postgresql") -> str:
        return f"{scheme}://{user}@/{database}?host={self._folder}"

    def empty(self, scheme: str = "postgresql+psycopg") -> str:
        """Return the address of a new database with the newest schema and no rows."""
        from klankbord.store import Workspace

        number = next(self._numbers)
        if number == 0:
            self.run("CREATE DATABASE newest")
            Workspace.open(self.address("newest")).close()
        self.run(f"CREATE DATABASE w{number} TEMPLATE newest")
        return self.address(f"w{number}", scheme=scheme)

    def blank(self) -> str:
        """Return the address of a database without rows, the same one as long as that works."""
        import psycopg

        from klankbord.store import tables

        emptied = [f"DELETE FROM {table.name}" for table in reversed(tables.metadata.sorted_tables)]
        restarted = "SELECT setval(sequencename::regclass, 1, false) FROM pg_sequences"
        try:
            if self._blank is None:
                self._blank = psycopg.connect(self.empty(scheme="postgresql"), autocommit=True)
                self._blank.execute("SET lock_timeout = '1s'")
            self._blank.execute("; ".join([*emptied, restarted]))
        except psycopg.Error:
            self._blank = None
            return self.empty()
        return self.address(self._blank.info.dbname, scheme="postgresql+psycopg")


def _other_user(folder: Path) -> dict[str, Any]:
    """Name somebody else than root, for whom initdb refuses to work, and give them the folder."""
    import pwd

    known = {entry.pw_name: entry for entry in pwd.getpwall()}
    user = known.get("postgres") or known["nobody"]
    os.chown(folder, user.pw_uid, user.pw_gid)
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def _binaries() -> Path | None:
    on_path = shutil.which("initdb")
    installed = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3])
    )
    found = Path(on_path) if on_path else installed[-1] if installed else None
    return found.parent if found else None


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A running PostgreSQL; the test is skipped where there is none to start."""
    pytest.importorskip("psycopg", reason="psycopg is not installed: pip install '.[postgres]'")
    binaries = _binaries()
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
