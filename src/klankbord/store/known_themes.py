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


def write_edit(connection: Connection, edit: Edit, at: datetime | None, by: str, why: str) -> None:
    """Add one edit to the history."""
    connection.execute(
        insert(tables.theme_edit).values(
            at=to_micros(at),
            by=by,
            verb=edit.verb,
            theme_id=edit.theme_id,
            changes=to_json(dict(edit.changes)),
            why=why,
        )
    )


def read_edits(connection: Connection) -> tuple[ThemeEdit, ...]:
    """Return every edit, oldest first."""
    query = select(tables.theme_edit).order_by(tables.theme_edit.c.edit_id)
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
