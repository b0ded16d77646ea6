"""A short digest of what a workspace holds, to see whether anything changed since."""

from __future__ import annotations

import hashlib

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Executable,
    Float,
    LargeBinary,
    Text,
    cast,
    func,
    select,
)
from sqlalchemy.schema import Table
from sqlalchemy.sql.elements import ColumnElement

from klankbord.store import tables
from klankbord.store.arrow import to_json

# Tables as large as the feedback that change in place, read as sums over each column, and those of
# which rows only come and go, or change with others that are read.
_SUMMED = frozenset({"customer", "feedback"})
_COUNTED = frozenset({"action_evidence", "feedback_version", "identity", "segment"})
# What a run itself writes at its end, and what others write that no analysis reads.
_OUTSIDE = frozenset({"backup", "meta", "reveal", "run", "trained_model", "written_file"})
_HUNDREDTHS = 100
_PRIME = 1_000_003  # moments in microseconds do not add up in 64 bits


def state_of(connection: Connection) -> str:
    """Return a digest of what an analysis reads, as hexadecimal; seconds for a million rows."""
    digest = hashlib.sha256()
    for table in tables.metadata.sorted_tables:
        if table.name in _OUTSIDE:
            continue
        for row in connection.execute(_query(table)):
            digest.update(to_json([table.name, *map(str, row)]).encode("utf-8", "replace"))
    return digest.hexdigest()


def _query(table: Table) -> Executable:
    if table.name == "score":
        scored_by = table.c.scored_by
        return select(scored_by, func.count()).group_by(scored_by).order_by(scored_by)
    if table.name in _COUNTED:
        return select(func.count()).select_from(table)
    if table.name in _SUMMED:
        sums = [each for column in table.columns for each in (func.count(column), _sum(column))]
        return select(func.count(), *sums).select_from(table)
    return select(table).order_by(*table.primary_key.columns)


def _sum(column: Column[object]) -> ColumnElement[int]:
    if isinstance(column.type, Text | LargeBinary):
        return func.sum(func.length(column))
    if isinstance(column.type, Float):
        return func.sum(cast(column * _HUNDREDTHS, BigInteger))
    if isinstance(column.type, Boolean):
        return func.sum(cast(column, BigInteger))
    return func.sum(column % _PRIME)
