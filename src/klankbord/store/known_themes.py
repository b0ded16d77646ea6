"""Themes that last from run to run, and every edit people made to them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from sqlalchemy import Connection, delete, insert, select

from klankbord.records import KnownTheme
from klankbord.store import tables
from klankbord.store.arrow import from_micros, to_json, to_micros
from klankbord.themes.edits import Edit

_PLAIN = (
    "theme_id",
    "parent_id",
    "label",
    "encoder",
    "found_at",
    "seen_at",
    "name",
    "owner",
    "pinned",
    "forbidden",
    "merged_into",
    "divide",
)
_FLOAT32 = np.dtype("<f4")


@dataclass(frozen=True)
class ThemeEdit(Edit):
    """An edit with who made it, when and why; never altered afterwards."""

    edit_id: int
    at: datetime | None
    by: str
    why: str


def write(connection: Connection, known: Iterable[KnownTheme]) -> None:
    """Replace all known themes."""
    connection.execute(delete(tables.known_theme))
    rows = [
        {
            **{name: getattr(theme, name) for name in _PLAIN},
            "keywords": to_json(theme.keywords),
            "centre": np.asarray(theme.centre, dtype=_FLOAT32).tobytes(),
            "terms": to_json(theme.terms),
        }
        for theme in known
    ]
    if rows:
        connection.execute(insert(tables.known_theme), rows)


def read(connection: Connection) -> tuple[KnownTheme, ...]:
    """Return the known themes by id; a centre comes back in single precision."""
    query = select(tables.known_theme).order_by(tables.known_theme.c.theme_id)
    return tuple(
        KnownTheme(
            **{name: row[name] for name in _PLAIN},
            keywords=tuple(json.loads(row["keywords"])),
            centre=tuple(np.frombuffer(row["centre"], dtype=_FLOAT32).tolist()),
            terms=tuple((term, weight) for term, weight in json.loads(row["terms"])),
        )
        for row in connection.execute(query).mappings()
    )


def read_names(connection: Connection) -> dict[str, tuple[str, str]]:
    """Return of each known theme what people named it, and as what it was found."""
    own = tables.known_theme.c
    rows = connection.execute(select(own.theme_id, own.name, own.label))
    return {theme_id: (name, label) for theme_id, name, label in rows}


def write_edit(connection: Connection, edit: Edit, at: datetime | None, by: str, why: str) -> int:
    """Add one edit to the history and return its number."""
    statement = insert(tables.theme_edit).values(
        at=to_micros(at),
        by=by,
        verb=edit.verb,
        theme_id=edit.theme_id,
        changes=to_json(dict(edit.changes)),
        why=why,
    )
    return int(connection.execute(statement.returning(tables.theme_edit.c.edit_id)).scalar_one())


def read_edits(
    connection: Connection, theme_id: str | None = None, after: datetime | None = None
) -> tuple[ThemeEdit, ...]:
    """Return every edit, oldest first, or those of one theme, or those made after a moment."""
    columns = tables.theme_edit.c
    query = select(tables.theme_edit).order_by(columns.edit_id)
    if theme_id is not None:
        query = query.where(columns.theme_id == theme_id)
    if after is not None:
        query = query.where(columns.at > to_micros(after))
    return tuple(
        ThemeEdit(
            verb=row.verb,
            theme_id=row.theme_id,
            changes={name: (old, new) for name, (old, new) in json.loads(row.changes).items()},
            edit_id=row.edit_id,
            at=from_micros(row.at),
            by=row.by,
            why=row.why,
        )
        for row in connection.execute(query)
    )
