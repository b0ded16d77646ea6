"""A PostgreSQL server for tests and proofs, started from what is installed."""

from __future__ import annotations

import itertools
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import psycopg


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


def installed_binaries() -> Path | None:
    """Return the folder of initdb and postgres, newest version first, None where there is none."""
    on_path = shutil.which("initdb")
    installed = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3])
    )
    found = Path(on_path) if on_path else installed[-1] if installed else None
    return found.parent if found else None
