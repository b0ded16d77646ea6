"""Customers who were forgotten do not come back with the next import of an old export."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from klankbord.privacy.pseudonyms import Pseudonymiser

_NAMES = ("customer_id", "feedback_id")


class Barred:
    """Tells by keyed hashes which rows an import refuses.

    Barred are the pseudonym of a customer and the ids of their feedback, which some exports give
    without the customer; and with them what was said without a customer in a conversation that
    nobody else takes part in.
    """

    def __init__(self, hashes: Collection[str], pseudonymiser: Pseudonymiser) -> None:
        self._hashes = frozenset(hashes)
        self._pseudonymiser = pseudonymiser

    def masks(self, feedback: pa.Table, customers: pa.Table) -> tuple[pa.Array, pa.Array]:
        """Return which rows of each table, with pseudonyms, may be stored."""
        refused = self._refused(feedback)
        if self._hashes:
            refused = pc.or_(refused, _beside(feedback, refused))
        return pc.invert(refused), pc.invert(self._refused(customers))

    def _refused(self, table: pa.Table) -> pa.Array:
        refused = pa.repeat(pa.scalar(False), table.num_rows)
        names = [name for name in _NAMES if name in table.column_names] if self._hashes else []
        for name in names:
            column = table.column(name).combine_chunks()
            known = [one for one in pc.unique(column).to_pylist() if one and self._holds(one)]
            refused = pc.or_(refused, pc.is_in(column, pa.array(known, pa.string())))
        return refused

    def _holds(self, name: str) -> bool:
        return self._pseudonymiser.bar_hash(name) in self._hashes


def _beside(feedback: pa.Table, refused: pa.Array) -> pa.Array:
    """Return which rows without a customer are of a conversation with refused rows alone."""
    talk, spoke = feedback["conversation_id"].combine_chunks(), pc.is_valid(feedback["customer_id"])
    others = talk.filter(pc.and_(spoke.combine_chunks(), pc.invert(refused)))
    theirs = pc.and_(
        pc.is_in(talk, pc.drop_null(talk.filter(refused))),
        pc.invert(pc.is_in(talk, pc.drop_null(others))),
    )
    return pc.and_(theirs, pc.invert(spoke.combine_chunks()))
