"""A workspace of a team, in a PostgreSQL database: limits, locks and what its errors mean.

Writers take turns, in the order in which they came, as they do in a file: each takes one advisory
lock for its transaction. What a writer reads before it writes is therefore still so when it writes.
Readers wait for nobody and see one moment of the database for as long as their transaction lasts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from sqlalchemy import URL, Connection, Dialect, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError

from klankbord.errors import MissingExtraError, WorkspaceError
from klankbord.location import Location
from klankbord.store.sqlite_file import BUSY_SECONDS, WRITES

SCHEMES = ("postgresql+psycopg", "postgresql", "postgres")
READING = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
FORM = "--workspace postgresql+psycopg://user@host/database (the password in ~/.pgpass)"
_CONNECT_SECONDS = 10
_STATEMENT_SECONDS = 600
_TURN = 0x6B6C616E6B  # "klank": the advisory lock of writers
_SILENT_SECONDS = 30  # until a connection to which nothing answers any more counts as lost

# SQLSTATE -> what it means and what to do; https://www.postgresql.org/docs/current/errcodes-appendix.html
_MEANINGS = {
    "55P03": ("another process kept the workspace busy for too long", "try again in a moment"),
    "40P01": ("another process kept the workspace busy for too long", "try again in a moment"),
    "40001": ("another process kept the workspace busy for too long", "try again in a moment"),
    "57014": ("the database took too long", "try again when it is less busy"),
    "53100": ("the disk of the database is full; nothing was changed", "make room on the server"),
    "53200": ("the database has too little memory", "try again when it is less busy"),
    "53300": ("the database takes no more connections", "try again in a moment"),
    "25006": ("the database can only be read", "name the server that can be written to"),
    "42501": ("this user may not do that in the database",
              "GRANT CREATE, USAGE ON SCHEMA public TO the user, or let it own the database"),
    "3F000": ("the database has no schema to make tables in", "CREATE SCHEMA public"),
    "22021": ("a text holds a character that the database cannot keep", "take it out of the text"),
    "22P05": ("a text holds a character that the database cannot keep",
              "use a database with ENCODING 'UTF8'"),
}  # fmt: skip
_LOST = ("the connection to the database was lost; what was not finished is not stored",
         "run the same command again")  # fmt: skip
# Failed connections come without a code; what libpq or the server says of them, in lower case.
_REFUSALS = (
    ("password authentication failed", "the database refused this user or password",
     "check them; the password can stand in ~/.pgpass or PGPASSWORD"),
    ("no password supplied", "the database asks for a password",
     "put it in ~/.pgpass or PGPASSWORD"),
    ("does not exist", "there is no such database, or no such user",
     "make it with: createdb --encoding=UTF8 NAME"),
    ("pg_hba.conf", "the database lets nobody in from here",
     "ask who runs it to allow this user from this machine, or add ?sslmode=require"),
    ("too many", "the database takes no more connections", "try again in a moment"),
    ("starting up", "the database is starting or stopping", "try again in a moment"),
    ("shutting down", "the database is starting or stopping", "try again in a moment"),
    ("timeout", f"the database did not answer within {_CONNECT_SECONDS} seconds",
     "check the address, and whether a firewall is in between"),
    ("ssl", "no secure connection to the database could be made", "check ?sslmode in the address"),
)  # fmt: skip
_UNREACHABLE = (
    "no database answers at this address",
    "check host and port, and that the server is running",
)


def engine_for_server(location: Location) -> Engine:
    """Return the engine for a database on a server; nothing is connected yet.

    Raises WorkspaceError for an address of another form and MissingExtraError without psycopg.
    """
    url = _url(location)
    limits = {
        "lock_timeout": BUSY_SECONDS,
        "statement_timeout": _STATEMENT_SECONDS,
        "idle_in_transaction_session_timeout": _STATEMENT_SECONDS,
    }
    ours = " ".join(f"-c {name}={seconds}s" for name, seconds in limits.items())
    given = url.query.get("options", "")
    theirs = given if isinstance(given, str) else " ".join(given)
    try:
        engine = create_engine(
            url,
            connect_args={
                "connect_timeout": _CONNECT_SECONDS,
                "client_encoding": "utf8",
                "keepalives_idle": _SILENT_SECONDS,
                "tcp_user_timeout": 1000 * _SILENT_SECONDS,
                "options": f"{ours} {theirs}".strip(),
            },
            hide_parameters=True,  # parameters hold verbatims
            pool_pre_ping=True,  # a server may be restarted in between
        )
    except ImportError:
        raise MissingExtraError(
            "a workspace in PostgreSQL needs psycopg", hint="pip install 'klankbord[postgres]'"
        ) from None
    event.listen(engine, "do_connect", partial(_connect, str(location)))
    event.listen(engine, "begin", _begin)
    return engine


def explain(error: BaseException) -> tuple[str, str] | None:
    """Return what an error of psycopg means and what to do, None where that is unknown."""
    code = getattr(error, "sqlstate", None)
    if code is not None:
        return _LOST if code.startswith(("08", "57P", "25P03")) else _MEANINGS.get(code)
    text = str(error).lower()
    if "nul (0x00)" in text:
        return _MEANINGS["22021"]
    is_lost = any(part in text for part in ("connection", "server closed", "consuming input"))
    return _LOST if is_lost else None


def _url(location: Location) -> URL:
    try:
        url = make_url(location.address)
    except (ArgumentError, ValueError):
        url = None
    if location.scheme not in SCHEMES:
        raise WorkspaceError(
            "a workspace is a file or a PostgreSQL database",
            where=str(location),
            hint=f"--workspace klankbord.db, or {FORM}",
        )
    if url is None or not url.database:
        raise WorkspaceError(
            "this is not the address of a database"
            if url is None
            else "which database is not said",
            where=str(location),
            hint=f"{FORM}; signs such as @ : / in a password are written %40 %3A %2F",
        )
    return url.set(drivername="postgresql+psycopg")


def _connect(
    where: str,
    dialect: Dialect,
    _record: object,
    arguments: Sequence[str],
    options: Mapping[str, Any],
) -> Any:  # noqa: ANN401 - psycopg's connection
    """Connect; raises WorkspaceError with what the database had against it."""
    try:
        connection = dialect.connect(*arguments, **options)
    except dialect.loaded_dbapi.Error as error:
        text = str(error).lower()
        message, hint = next((told for part, *told in _REFUSALS if part in text), _UNREACHABLE)
    else:
        _check_encoding(connection, where)
        return connection
    raise WorkspaceError(message, where=where, hint=hint)


def _check_encoding(connection: Any, where: str) -> None:  # noqa: ANN401 - psycopg's connection
    encoding = connection.info.parameter_status("server_encoding")
    if encoding != "UTF8":
        connection.close()
        raise WorkspaceError(
            f"the database keeps text as {encoding}, which cannot hold every text",
            where=where,
            hint="make one with: createdb --template=template0 --encoding=UTF8 NAME",
        )


def _begin(connection: Connection) -> None:
    if connection.get_execution_options().get(WRITES):
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_TURN})")
