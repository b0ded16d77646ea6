"""The way back from pseudonyms, for those who hold the key."""

from __future__ import annotations

from collections.abc import Iterable

import pyarrow as pa
from sqlalchemy import Connection, select

from klankbord.errors import WorkspaceError
from klankbord.privacy import Pseudonymiser
from klankbord.store import tables
from klankbord.store.arrow import bound_rows
from klankbord.store.engine import insert

_KEY_CHECK = "key_check"
_LOOKUP_ROWS = 500


def check_key(
    connection: Connection, pseudonymiser: Pseudonymiser, where: str, *, bind: bool = True
) -> None:
    """Refuse a key other than the workspace's; with `bind`, a new workspace takes this one."""
    query = select(tables.meta.c.value).where(tables.meta.c.key == _KEY_CHECK)
    known = connection.execute(query).scalar()
    if known is None and bind:
        values = {"key": _KEY_CHECK, "value": pseudonymiser.check_value}
        connection.execute(insert(connection, tables.meta).values(**values))
    elif known not in (None, pseudonymiser.check_value):
        raise WorkspaceError(
            "the workspace was made with another pseudonym key",
            where=where,
            hint="put back the key file it was made with (or name it with key_file in"
            " klankbord.toml), or start a new workspace with --workspace",
        )


def remember(connection: Connection, table: pa.Table, where: str) -> int:
    """Add identities that are not known yet and return how many were added."""
    added = 0
    statement = insert(connection, tables.identity).on_conflict_do_nothing()
    for rows in bound_rows(table):
        before = added
        added += connection.execute(statement, rows).rowcount
        if added - before < len(rows):
            _refuse_collisions(connection, {row["pseudonym"]: row["sealed"] for row in rows}, where)
    return added


def originals(
    connection: Connection, pseudonyms: Iterable[str], pseudonymiser: Pseudonymiser
) -> dict[str, str]:
    """Open the sealed originals of `pseudonyms`; unknown ones are left out."""
    sealed = _sealed(connection, sorted(set(pseudonyms)))
    return dict(zip(sealed, pseudonymiser.open(sealed.values()), strict=True))


def _refuse_collisions(connection: Connection, given: dict[str, bytes], where: str) -> None:
    """Refuse two originals under one pseudonym: their customers would be taken for one."""
    stored = _sealed(connection, sorted(given))
    if any(stored[name] != sealed for name, sealed in given.items()):
        raise WorkspaceError(
            "two different ids got the same pseudonym; nothing was stored",
            where=where,
            hint="start a new workspace with a new key file",
        )


def _sealed(connection: Connection, pseudonyms: list[str]) -> dict[str, bytes]:
    table = tables.identity
    found: dict[str, bytes] = {}
    for start in range(0, len(pseudonyms), _LOOKUP_ROWS):
        some = pseudonyms[start : start + _LOOKUP_ROWS]
        query = select(table).where(table.c.pseudonym.in_(some)).order_by(table.c.pseudonym)
        found.update((row.pseudonym, row.sealed) for row in connection.execute(query))
    return found
