"""What people said of the tone: every label is kept, the newest of the present words counts."""

from __future__ import annotations

import pyarrow as pa
from sqlalchemy import Connection, Select, and_, exists, insert, not_, or_, select

from klankbord.schema import TONE_LABELS, conform
from klankbord.store import tables
from klankbord.store.arrow import bound_rows, read_table

_SAYS = ("tone", "mixed", "complaint_theme", "flags", "labelled_by")


def write(connection: Connection, table: pa.Table) -> int:
    """Add labels and return how many said something new; of feedback not held none is kept.

    A label is new unless the newest one of its feedback says the same, or it was stored before
    with the same moment.
    """
    held = set(connection.execute(select(tables.feedback.c.feedback_id)).scalars())
    known = {
        (row.feedback_id, row.labelled_at, *(getattr(row, name) for name in _SAYS))
        for row in connection.execute(select(tables.tone_labels))
    }
    newest = {
        row.feedback_id: tuple(getattr(row, name) for name in _SAYS)
        for row in connection.execute(_newest())
    }
    new = []
    for rows in bound_rows(conform(table, TONE_LABELS)):
        for row in rows:
            own, says = row["feedback_id"], tuple(row[name] for name in _SAYS)
            if own not in held or newest.get(own) == says:
                continue
            if (own, row["labelled_at"], *says) not in known:
                new.append(row)
    if new:
        connection.execute(insert(tables.tone_labels), new)
    return len(new)


def read(connection: Connection, *, history: bool = False) -> pa.Table:
    """Return the newest label of each piece of feedback by id, or all of them, oldest first.

    A label of words that were edited since is history.
    """
    label = tables.tone_labels.c
    query = select(tables.tone_labels) if history else _newest()
    query = query.with_only_columns(*(label[name] for name in TONE_LABELS.names))
    ordered = query.order_by(label.feedback_id, label.labelled_at, label.label_id)
    return read_table(connection, ordered, TONE_LABELS)


def _newest() -> Select[tuple[object, ...]]:
    label, other = tables.tone_labels, tables.tone_labels.alias("other")
    later = or_(
        other.c.labelled_at > label.c.labelled_at,
        and_(other.c.labelled_at == label.c.labelled_at, other.c.label_id > label.c.label_id),
    )
    newer = exists().where(
        other.c.feedback_id == label.c.feedback_id, not_(other.c.of_earlier_words), later
    )
    return select(label).where(not_(newer), not_(label.c.of_earlier_words))
