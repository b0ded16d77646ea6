"""Pieces of feedback as exports bring them: new ones, edited ones with their history, repeats.

A version of a piece is its words, score and time. Of all versions that ever came in, the newest
by time stands in `feedback`, of equal times the one imported last; the others are kept beside it.
A row without a time counts as said at the time of the version it meets.

A row whose version is known, standing or not, is a duplicate. What a row says of the other columns
is taken over in place, without a version: those of the standing version go first, and what they
leave open stays as it was known. New words take away the score and the segments of the old ones,
so that the next analysis scores them, and labels given to the old ones are history.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

import pyarrow as pa
from sqlalchemy import Connection, bindparam, delete, func, select, update

from klankbord.schema import FEEDBACK
from klankbord.store import tables
from klankbord.store.arrow import (
    BATCH_ROWS,
    bindable,
    bound_rows,
    execute_each,
    from_micros,
    to_micros,
)
from klankbord.store.engine import insert

_LOOKUP_ROWS = 900  # below the number of parameters the oldest SQLite takes
_VERSION = ("verbatim", "score_metric", "score_value", "received_at")
_CONTEXT = (
    "customer_id",
    "account_id",
    "conversation_id",
    "turn",
    "question",
    "journey_stage",
    "segment",
    "value_eur",
)

Row: TypeAlias = dict[str, Any]
Version: TypeAlias = tuple[Any, ...]  # the values of _VERSION


@dataclass(frozen=True)
class Stored:
    """What became of rows of feedback: `stored + duplicates` is the rows given."""

    stored: int  # new pieces, and other versions of known ones
    updated: int  # the latter alone
    duplicates: int


@dataclass(frozen=True)
class FeedbackVersion:
    """A version of a piece of feedback that gave way to a newer one."""

    verbatim: str
    score_metric: str | None
    score_value: float | None
    received_at: datetime | None
    superseded_at: datetime | None  # the import in which it gave way, or came too late to stand


def write(connection: Connection, table: pa.Table, at: datetime | None) -> Stored:
    """Store the rows of a FEEDBACK table in their order, at the moment of import `at`."""
    added = updated = 0
    for start in range(0, table.num_rows, BATCH_ROWS):
        part = table.slice(start, BATCH_ROWS)
        if _is_new(connection, bindable(part.column("feedback_id"))):
            statement = insert(connection, tables.feedback).on_conflict_do_nothing()
            added += execute_each(connection, statement, part)
            continue
        (rows,) = bound_rows(part)
        pieces = _known(connection, rows)
        for row in rows:
            piece = pieces.get(row["feedback_id"])
            if piece is None:
                pieces[row["feedback_id"]] = _Piece(row, is_new=True)
            elif piece.take(row):
                updated += 1
        added += _save(connection, pieces.values(), to_micros(at))
    return Stored(added + updated, updated, table.num_rows - added - updated)


def read_versions(connection: Connection, feedback_id: str) -> tuple[FeedbackVersion, ...]:
    """Return the versions of a piece of feedback that gave way, oldest first."""
    kept = tables.feedback_version.c
    query = select(tables.feedback_version).where(kept.feedback_id == feedback_id)
    return tuple(
        FeedbackVersion(
            row.verbatim,
            row.score_metric,
            row.score_value,
            from_micros(row.received_at),
            from_micros(row.superseded_at),
        )
        for row in connection.execute(
            query.order_by(kept.received_at.asc().nulls_first(), kept.version_id)
        )
    )


def read_main_languages(connection: Connection) -> dict[str, str]:
    """Return the language most feedback of each source is in; of equals the first by code."""
    piece = tables.feedback.c
    counted = (
        select(piece.source, piece.language, func.count().label("rows"))
        .where(piece.language.is_not(None))
        .group_by(piece.source, piece.language)
        .order_by(func.count(), piece.language.desc())
    )
    return {row.source: row.language for row in connection.execute(counted)}


def _is_new(connection: Connection, ids: Sequence[str]) -> bool:
    """Tell whether nothing is known yet of pieces that are told of once each."""
    own = tables.feedback.c.feedback_id
    return len(set(ids)) == len(ids) and not any(
        connection.execute(select(own).where(own.in_(some)).limit(1)).first() for some in parts(ids)
    )


class _Piece:
    """One piece of feedback, held against the rows that tell of it."""

    __slots__ = ("_known", "changed", "earlier", "is_new", "kept", "new_words", "row")

    def __init__(self, row: Row, earlier: Sequence[Version] = (), *, is_new: bool = False) -> None:
        self.row = row  # that stands
        self.earlier = earlier  # versions in the history
        self.kept: list[Version] = []  # versions to add to it
        self.is_new = is_new
        self.changed = False
        self.new_words = False
        # Every version by itself, and the first by its words and score alone; None until asked.
        self._known: dict[Version, Version] | None = None

    def take(self, row: Row) -> bool:
        """Hold `row` against what is known of this piece; tell whether its version is new."""
        standing, version = _version(self.row), _version(row)
        if self._known is None:
            self._known = {}
            for each in (standing, *self.earlier):
                _learn(self._known, each)
        if version[-1] is None:
            version = _dated(version, standing, self._known)
            row = row | {"received_at": version[-1]}
        is_known = version in self._known
        _learn(self._known, version)
        is_older = standing[-1] is not None and version[-1] < standing[-1]
        if version != standing and (is_known or is_older):
            self._stand(_combined(self.row, row))
            if not is_known:
                self.kept.append(version)
        else:
            if version != standing:
                self.kept.append(standing)
            self.new_words |= version[0] != standing[0]
            self._stand(_combined(row, self.row))
        return not is_known

    def _stand(self, row: Row) -> None:
        if row != self.row:
            self.row = row
            self.changed = True


def _dated(version: Version, standing: Version, known: Mapping[Version, Version]) -> Version:
    """Return the known version that an undated one repeats, else it with the time of `standing`."""
    words = version[:-1]
    return standing if words == standing[:-1] else known.get(words, (*words, standing[-1]))


def _learn(known: dict[Version, Version], version: Version) -> None:
    known[version] = version
    known.setdefault(version[:-1], version)


def _version(row: Mapping[str, Any]) -> Version:
    return tuple(row[name] for name in _VERSION)


def _combined(first: Row, second: Row) -> Row:
    """Return `first` with what it leaves open filled from `second`."""
    found = {
        **first,
        **{name: second[name] for name in _CONTEXT if first[name] is None},
    }
    if first["attributes"] == "{}":
        found["attributes"] = second["attributes"]
    if first["language"] is None and first["verbatim"] == second["verbatim"]:
        found |= {name: second[name] for name in ("language", "second_language")}
    return found


def _known(connection: Connection, rows: Sequence[Row]) -> dict[str, _Piece]:
    """Return the pieces that are stored already of those that `rows` tell of."""
    piece, version = tables.feedback, tables.feedback_version
    ids = list(dict.fromkeys(row["feedback_id"] for row in rows))
    standing: dict[str, Row] = {}
    earlier: dict[str, list[Version]] = {}
    for some in parts(ids):
        query = select(piece).where(piece.c.feedback_id.in_(some))
        for row in connection.execute(query):
            standing[row[0]] = dict(zip(FEEDBACK.names, row, strict=True))
    for some in parts(list(standing)):
        query = select(version).where(version.c.feedback_id.in_(some))
        for kept in connection.execute(query.order_by(version.c.version_id)).mappings():
            earlier.setdefault(kept["feedback_id"], []).append(
                tuple(kept[name] for name in _VERSION)
            )
    return {own: _Piece(row, earlier.get(own, ())) for own, row in standing.items()}


def _save(connection: Connection, pieces: Iterable[_Piece], at: int | None) -> int:
    """Write what changed; return how many pieces are new."""
    new = [piece.row for piece in pieces if piece.is_new]
    changed = [piece.row for piece in pieces if piece.changed and not piece.is_new]
    reworded = [piece.row["feedback_id"] for piece in pieces if piece.new_words]
    versions = [
        dict(zip(_VERSION, version, strict=True))
        | {"feedback_id": piece.row["feedback_id"], "superseded_at": at}
        for piece in pieces
        for version in piece.kept
    ]
    added = 0
    if new:
        statement = insert(connection, tables.feedback).on_conflict_do_nothing()
        added = connection.execute(statement, new).rowcount
    if changed:
        _rewrite(connection, changed)
    if versions:
        connection.execute(insert(connection, tables.feedback_version), versions)
    for some in parts(reworded):
        _forget_judgements(connection, some)
    return added


def _rewrite(connection: Connection, rows: Sequence[Row]) -> None:
    names = [name for name in FEEDBACK.names if name != "feedback_id"]
    statement = (
        update(tables.feedback)
        .where(tables.feedback.c.feedback_id == bindparam("own_id"))
        .values({name: bindparam(f"new_{name}") for name in names})
    )
    bound = [
        {f"new_{name}": row[name] for name in names} | {"own_id": row["feedback_id"]}
        for row in rows
    ]
    connection.execute(statement, bound)


def _forget_judgements(connection: Connection, ids: Sequence[str]) -> None:
    """Drop what was judged of words that changed; what people said of them becomes history."""
    for table in (tables.score, tables.segment):
        connection.execute(delete(table).where(table.c.feedback_id.in_(ids)))
    label = tables.tone_labels
    connection.execute(
        update(label).where(label.c.feedback_id.in_(ids)).values(of_earlier_words=True)
    )


def parts(ids: Sequence[str]) -> Iterable[Sequence[str]]:
    """Return ids in stretches that one query takes."""
    return (ids[start : start + _LOOKUP_ROWS] for start in range(0, len(ids), _LOOKUP_ROWS))
