"""Customers that other processes believe something of, a part of them each."""

from __future__ import annotations

import pyarrow as pa
import pytest

from elsewhere import Elsewhere
from klankbord.shifts import find_shifts, trajectories

from .builders import AS_OF, Piece, crowd, customer_table, history, tables

CUSTOMERS = customer_table(fan=90_000.0, boos=10.0)


def world() -> tuple[pa.Table, pa.Table]:
    """Return drops of several kinds, conversations, agents and a source of half of the rows."""
    text = "Zo gaat het nu al drie keer en daar heb ik echt genoeg van, hoor."
    talk = [
        Piece(f"praat{i}", 20.0, tone, 0.97, conversation=f"c{i % 4}", turn=turn, text=text)
        for i in range(12)
        for turn, tone in enumerate([3, 3, 2, 0, 0] if i % 2 else [3, 0, 0, 3, 3])
    ]
    drops = [p for i in range(8) for p in history(f"fan{i}", [4, 4, 4, 4, 2, 2, 2])]
    angry = history("boos", [3, 3, 3, 3, 0, 0, 0])
    agents = [Piece("fan1", 3.0, 0, role="agent"), Piece("alleen agent", 9.0, 1, role="agent")]
    feedback, scores = tables([*crowd(60, seed=5), *drops, *angry, *talk, *agents])
    halves = ["ander" if row % 2 else "een" for row in range(feedback.num_rows)]
    place = feedback.column_names.index("source")
    field = feedback.schema.field(place)
    return feedback.set_column(place, field, pa.array(halves, field.type)), scores


def test_customers_believed_part_by_part_elsewhere_are_judged_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    feedback, scores = world()
    whole = find_shifts(feedback, scores, CUSTOMERS, fdr=0.1, as_of=AS_OF)
    monkeypatch.setattr(trajectories, "BATCH", 7)
    mapped = Elsewhere()
    found = find_shifts(feedback, scores, CUSTOMERS, fdr=0.1, as_of=AS_OF, mapped=mapped)
    assert mapped.parts["Believing"] > 1
    assert len({shift.kind for shift in whole.shifts}) >= 3
    assert found == whole
    assert found.dynamics is not None
    assert whole.dynamics is not None
    assert found.dynamics.values() == whole.dynamics.values()
