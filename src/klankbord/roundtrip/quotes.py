"""What customers said, looked up by the evidence of an action."""

from __future__ import annotations

from collections.abc import Iterable

import pyarrow as pa
import pyarrow.compute as pc

from klankbord.records import Action, Quote
from klankbord.roundtrip.rows import MOST_QUOTES
from klankbord.schema import SPEAKING

_WANTED = ("feedback_id", "verbatim", "received_at", "channel")


def quotes_of(actions: Iterable[Action], feedback: pa.Table) -> dict[str, tuple[Quote, ...]]:
    """Return action id -> the first quotes of its evidence, customers' own words only."""
    actions = tuple(actions)
    ids = pa.array(sorted({item for action in actions for item in action.evidence}), pa.string())
    spoken = pc.is_in(feedback.column("author_role"), pa.array(SPEAKING, pa.string()))
    few = feedback.filter(pc.and_(pc.is_in(feedback.column("feedback_id"), ids), spoken))
    rows = few.select(_WANTED).to_pylist()
    known = {
        row["feedback_id"]: Quote(
            row["feedback_id"], row["verbatim"], row["received_at"], row["channel"], None
        )
        for row in rows
        if row["verbatim"] and not row["verbatim"].isspace()
    }
    return {
        action.action_id: tuple(known[item] for item in action.evidence if item in known)[
            :MOST_QUOTES
        ]
        for action in actions
    }
