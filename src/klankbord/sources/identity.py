"""Ids for feedback that has none: a hash of what was said, by whom and when."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Keys: TypeAlias = NDArray[np.uint64]
    Counts: TypeAlias = NDArray[np.uint32]

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
LONGEST_RUN = 1 << 19  # longer ones are not merged: merging takes several times their size


class FeedbackIds:
    """Fills empty feedback ids; one instance per file, after pseudonymisation.

    A row with a customer and a time is fully identified, so that identical rows get the same id.
    Any other row also takes the ordinal of its occurrence within the file into the hash: two
    anonymous "Top!" are two pieces of feedback, yet importing the file again adds none.
    """

    def __init__(self) -> None:
        self._seen = Occurrences()

    def assign(self, feedback: pa.Table) -> pa.Table:
        """Return `feedback` with a feedback_id on every row; ids that are there stay."""
        ids = feedback.column("feedback_id")
        unknown = pc.equal(ids, "")
        if not pc.any(unknown).as_py():
            return feedback
        where = feedback.schema.get_field_index("feedback_id")
        given = pa.array(self._hashes(feedback.filter(unknown)), pa.string())
        filled = pc.replace_with_mask(ids.combine_chunks(), unknown.combine_chunks(), given)
        return feedback.set_column(where, feedback.schema.field(where), filled)

    def _hashes(self, rows: pa.Table) -> list[str]:
        received = pc.cast(rows.column("received_at"), pa.int64())
        columns = [
            (received if name == "received_at" else rows.column(name)).to_pylist()
            for name in _HASHED
        ]
        customers, times = columns[_HASHED.index("customer_id")], columns[-2]
        digests = [
            hashlib.blake2b(repr(row).encode("utf-8", "replace"), digest_size=16)
            for row in zip(*columns, strict=True)
        ]
        anonymous = [
            digest
            for digest, customer, time in zip(digests, customers, times, strict=True)
            if not customer or time is None
        ]
        ordinals = self._seen.count(b"".join(digest.digest()[:8] for digest in anonymous))
        for digest, ordinal in zip(anonymous, ordinals, strict=True):
            digest.update(b"#%d" % ordinal)
        return [digest.hexdigest() for digest in digests]


class Occurrences:
    """Counts how often a 64-bit key came before, in 12 bytes a key.

    Keys are kept in sorted runs with their counts; a run is merged with the one before it once it
    is as long, so that each key is moved a logarithmic number of times. Of four million keys two
    coincide with a chance of one in two million; such a row would only get a later ordinal.
    """

    def __init__(self, longest_run: int = LONGEST_RUN) -> None:
        self._longest = longest_run
        self.runs: list[tuple[Keys, Counts]] = []

    def count(self, keys: bytes) -> list[int]:
        """Return for each key (8 bytes) how often it came before, earlier in `keys` included."""
        import numpy as np

        given: Keys = np.frombuffer(keys, np.uint64)
        distinct, inverse, times = np.unique(given, return_inverse=True, return_counts=True)
        before = np.zeros(len(distinct), np.int64)
        for run, counts in self.runs:
            at = np.minimum(np.searchsorted(run, distinct), len(run) - 1)
            before += np.where(run[at] == distinct, counts[at], 0)
        ordinals = before[inverse]
        if len(distinct) < len(given):
            order = np.argsort(inverse, kind="stable")
            starts = np.cumsum(times) - times
            ordinals[order] += np.arange(len(given)) - np.repeat(starts, times)
        if len(distinct):
            self._add(distinct, times.astype(np.uint32))
        found: list[int] = ordinals.tolist()
        return found

    def _add(self, keys: Keys, counts: Counts) -> None:
        import numpy as np

        while self.runs and len(self.runs[-1][0]) <= len(keys) <= self._longest:
            before, times = self.runs.pop()
            joined = np.concatenate([before, keys])
            keys, places = np.unique(joined, return_inverse=True)
            counts = np.bincount(places, np.concatenate([times, counts])).astype(np.uint32)
        self.runs.append((keys, counts))
