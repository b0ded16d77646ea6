"""What people said of the tone: every label is kept, the newest of the present words counts.

Corrections are labels that somebody gave on the review page. They count as any label does where
the tone is needed, and not at all where the model is measured: `read` leaves them out if asked to.
"""

from __future__ import annotations

import pyarrow as pa
from sqlalchemy import ColumnElement, Connection, Select, and_, exists, insert, not_, or_, select
from sqlalchemy.sql.selectable import NamedFromClause

from klankbord.schema import TONE_LABELS, conform
from klankbord.store import tables
from klankbord.store.arrow import bound_rows, read_table

_SAYS = ("tone", "mixed", "complaint_theme", "flags", "labelled_by", "correction")


def write(connection: Connection, table: pa.Table) -> int:
    """Add labels and return how many said something new; of feedback not held none is kept.

    A label is new unless the newest one of its feedback, or the newest of its feedback in a
    sample, says the same, or it was stored before with the same moment.
    """
    held = set(connection.execute(select(tables.feedback.c.feedback_id)).scalars())
    known = {
        (row.feedback_id, row.labelled_at, *(getattr(row, name) for name in _SAYS))
        for row in connection.execute(select(tables.tone_labels))
    }
    newest = {
        (row.feedback_id, *(getattr(row, name) for name in _SAYS))
        for sample_only in (False, True)
        for row in connection.execute(newest_labels(sample_only=sample_only))
    }
    new = []
    for rows in bound_rows(conform(table, TONE_LABELS)):
        for row in rows:
            row["correction"] = bool(row["correction"])
            own, says = row["feedback_id"], tuple(row[name] for name in _SAYS)
            if own not in held or (own, *says) in newest:
                continue
            if (own, row["labelled_at"], *says) not in known:
                new.append(row)
    if new:
        connection.execute(insert(tables.tone_labels), new)
    return len(new)


def read(connection: Connection, *, history: bool = False, sample_only: bool = False) -> pa.Table:
    """Return the newest label of each piece of feedback by id, or all of them, oldest first.

    A label of words that were edited since is history, and so is one that was withdrawn.
    `sample_only` leaves corrections out, whatever they changed.
    """
    label = tables.tone_labels.c
    query = select(tables.tone_labels) if history else newest_labels(sample_only=sample_only)
    query = query.with_only_columns(*(label[name] for name in TONE_LABELS.names))
    ordered = query.order_by(label.feedback_id, label.labelled_at, label.label_id)
    return read_table(connection, ordered, TONE_LABELS)


def newest_labels(*, sample_only: bool = False) -> Select[tuple[object, ...]]:
    """Return the query for the label that counts of each piece of feedback."""
    label, other = tables.tone_labels, tables.tone_labels.alias("other")
    later = or_(
        other.c.labelled_at > label.c.labelled_at,
        and_(other.c.labelled_at == label.c.labelled_at, other.c.label_id > label.c.label_id),
    )
    newer = exists().where(
        other.c.feedback_id == label.c.feedback_id, later, *_counts(other, sample_only=sample_only)
    )
    return select(label).where(not_(newer), *_counts(label, sample_only=sample_only))


def _counts(label: NamedFromClause, *, sample_only: bool) -> list[ColumnElement[bool]]:
    counts: list[ColumnElement[bool]] = [
        not_(label.c.of_earlier_words),
        label.c.withdrawn_at.is_(None),
    ]
    return [*counts, not_(label.c.correction)] if sample_only else counts
