"""Taking the scores and segments out of shards, of what stands in the workspace as they read it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from klankbord.records import Progress

if TYPE_CHECKING:
    from klankbord.shards import Shard
    from klankbord.store import Workspace

_READ = ("verbatim", "question", "author_role")  # what a score depends on


def take_scores(
    store: Workspace, shards: Sequence[Shard], fingerprint: str, progress: Progress
) -> None:
    """Store what `shards` hold of feedback that the model has not scored yet.

    A row that gave way to another version, or was completed by one, is left to be scored.
    """
    waiting = set(store.unscored(fingerprint)) if shards else set()
    if not waiting:
        return
    expected = len(waiting)
    for shard in shards:
        for feedback, scored in shard.scored():
            progress("tone", expected - len(waiting), expected)
            own = waiting.intersection(feedback["feedback_id"].to_pylist())
            if not own:
                continue
            ids = _standing(feedback, store.pieces(sorted(own)))
            with store.transaction():
                store.save_scores(_of(scored.scores, ids))
                store.save_segments(_of(scored.segments, ids))
            waiting.difference_update(ids.to_pylist())


def _standing(read: pa.Table, stored: pa.Table) -> pa.Array:
    """Return the ids of `stored` rows that `read` tells of once, in the same words."""
    ids = read["feedback_id"].combine_chunks()
    counted = pc.value_counts(ids)
    once = counted.field("values").filter(pc.equal(counted.field("counts"), 1))
    stored = stored.filter(pc.is_in(stored["feedback_id"], once))
    place = pc.index_in(stored["feedback_id"], ids)
    same = pa.repeat(pa.scalar(True), stored.num_rows)
    for name in _READ:
        # no customer's text holds a NUL
        now, then = (pc.fill_null(one, "\0") for one in (stored[name], read[name].take(place)))
        same = pc.and_(same, pc.equal(now, then).combine_chunks())
    return stored["feedback_id"].filter(same).combine_chunks()


def _of(table: pa.Table, ids: pa.Array) -> pa.Table:
    return table.filter(pc.is_in(table["feedback_id"], ids))
