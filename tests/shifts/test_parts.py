"""Customers told apart over several tables are judged as those of one table."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from klankbord.shifts import (
    ShiftFindings,
    Telling,
    cite,
    decide,
    find_shifts,
    gather,
    tell,
    together,
)
from klankbord.values import customer_values

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


def part_of(feedback: pa.Table) -> np.ndarray:
    customers = pc.fill_null(feedback["customer_id"], "").to_pylist()
    return np.array([sum(map(ord, customer)) % 3 for customer in customers])


def found_in_parts(feedback: pa.Table, scores: pa.Table) -> tuple[pa.Table, ShiftFindings]:
    part = part_of(feedback)
    shards = [feedback.filter(pa.array(part == number)) for number in range(3)]
    parts = [gather(shard, scores, AS_OF) for shard in shards]
    decision = decide(together(parts), CUSTOMERS, fdr=0.1, telling=Telling(AS_OF))
    every = pa.concat_tables(shards)
    cited = cite(every, decision.rows)
    worth: dict[str, float] = {}
    for shard in shards:
        worth |= customer_values(shard, CUSTOMERS)
    return cited.feedback, tell(decision, cited, scores, worth)


def test_parts_give_what_the_whole_gives() -> None:
    feedback, scores = world()
    whole = find_shifts(feedback, scores, CUSTOMERS, fdr=0.1, as_of=AS_OF)
    cited, found = found_in_parts(feedback, scores)
    assert len({shift.kind for shift in whole.shifts}) >= 3
    assert found == whole
    assert found.dynamics is not None
    assert whole.dynamics is not None
    assert found.dynamics.values() == whole.dynamics.values()
    assert cited.num_rows < feedback.num_rows


def test_the_order_of_the_parts_changes_nothing_that_is_known() -> None:
    feedback, scores = world()
    part = part_of(feedback)
    parts = [
        gather(feedback.filter(pa.array(part == number)), scores, AS_OF) for number in range(3)
    ]
    one, other = together(parts), together(parts[::-1])
    whole = gather(feedback, scores, AS_OF)
    for name in ("customer", "at", "channel", "length", "stream", "source_end", "probabilities"):
        for found in (one, other):
            assert np.array_equal(getattr(found.pieces, name), getattr(whole.pieces, name)), name
    assert one.customers.equals(whole.customers)
    assert one.rows == feedback.num_rows


def test_a_customer_in_two_parts_is_refused() -> None:
    feedback, scores = world()
    part = gather(feedback, scores, AS_OF)
    with pytest.raises(ValueError, match="several parts"):
        together([part, part])
