"""Ids for feedback that has none: a hash of what was said, by whom and when."""

from __future__ import annotations

import hashlib

import pyarrow as pa
import pyarrow.compute as pc

_HASHED = (
    "channel",
    "customer_id",
    "conversation_id",
    "turn",
    "question",
    "verbatim",
    "received_at",
    "score_value",
)


class FeedbackIds:
    """Fills empty feedback ids; one instance per file, after pseudonymisation.

    A row with a customer and a time is fully identified, so that identical rows get the same id.
    Any other row also takes the ordinal of its occurrence within the file into the hash: two
    anonymous "Top!" are two pieces of feedback, yet importing the file again adds none.
    """

    def __init__(self) -> None:
        self._seen: dict[bytes, int] = {}

    def assign(self, feedback: pa.Table) -> pa.Table:
        """Return `feedback` with a feedback_id on every row; ids that are there stay."""
        given = feedback.column("feedback_id").to_pylist()
        if all(given):
            return feedback
        received = pc.cast(feedback.column("received_at"), pa.int64())
        columns = [
            (received if name == "received_at" else feedback.column(name)).to_pylist()
            for name in _HASHED
        ]
        customers, times = columns[_HASHED.index("customer_id")], columns[-2]
        ids: list[str] = []
        for own, customer, time, row in zip(
            given, customers, times, zip(*columns, strict=True), strict=True
        ):
            ids.append(own or self._hash(row, identified=bool(customer) and time is not None))
        where = feedback.schema.get_field_index("feedback_id")
        return feedback.set_column(
            where, feedback.schema.field(where), pa.array(ids, type=pa.string())
        )

    def _hash(self, row: tuple[object, ...], *, identified: bool) -> str:
        digest = hashlib.blake2b(repr(row).encode("utf-8", "replace"), digest_size=16)
        if identified:
            return digest.hexdigest()
        content = digest.digest()
        ordinal = self._seen.get(content, 0)
        self._seen[content] = ordinal + 1
        digest.update(b"#%d" % ordinal)
        return digest.hexdigest()
