"""Draw the texts that are worth a person's label, so that they still say something of the whole.

The rows are cut into strata of predicted tone, channel and whether the model is unsure. Places are
divided by three rules at once (even over tone and channel; over the unsure rows; in proportion to
everything) and inside a stratum every text has the same chance, so a row's weight is what it
stands for: texts in the stratum / texts drawn from it x rows with that text. A text so common that
it stands for more than two places' worth of rows is always drawn, and stands for its own rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from klankbord import tone
from klankbord.arrays import encode
from klankbord.models import ToneModel
from klankbord.records import Progress, silent
from klankbord.settings import Settings

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from klankbord.store import Workspace

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]

EVEN_SHARE, UNSURE_SHARE = 0.6, 0.2  # of the places; the rest is purely random
_UNSURE_RANK = 0.8  # quantile of tone_sd from which a text counts as unsure


@dataclass(frozen=True)
class Sample:
    """What was drawn; `rows` has feedback_id, channel, question, verbatim, tone and weight."""

    rows: pa.Table
    population: int  # rows the sample stands for
    texts: int  # different texts among them


def from_workspace(
    workspace: Workspace, model: ToneModel, progress: Progress = silent
) -> tuple[pa.Table, pa.Table, pa.Table]:
    """Return feedback, scores and labels of the workspace; what is not scored yet is scored.

    Corrections are no labels here: without the texts people corrected a sample would be too kind.
    """
    feedback, scores = workspace.feedback(), workspace.scores()
    known = pc.is_in(feedback["feedback_id"], scores["feedback_id"].combine_chunks())
    fresh = tone.score(feedback.filter(pc.invert(known)), model, progress)
    return feedback, pa.concat_tables([scores, fresh]), workspace.tone_labels(sample_only=True)


def from_sources(
    sources: Sequence[Path],
    model: ToneModel,
    *,
    settings: Settings,
    profile: Path | None = None,
    progress: Progress = silent,
) -> tuple[pa.Table, pa.Table]:
    """Read sources as `analyse` does, pseudonyms included, and score them; nothing is stored."""
    from klankbord.language import Identifier
    from klankbord.privacy import Pseudonymiser
    from klankbord.sources import (
        FeedbackIds,
        detect,
        find_companions,
        gathered,
        load_profile,
        read,
    )

    pseudonymiser = Pseudonymiser.from_key_file(settings.key_file or None)
    mapping = load_profile(profile) if profile else None
    tables = []
    with gathered(sources) as files:
        paths = [path for path, _ in files.each(lambda path: detect(path, mapping))]
        companions = find_companions(paths, mapping)
        identifier = Identifier(settings.languages)
        for done, path in enumerate(paths):
            progress("read", done, len(paths))
            ids = FeedbackIds()
            for batch in read(path, mapping, timezone=settings.timezone, companions=companions):
                own = ids.assign(pseudonymiser.feedback(batch.feedback))
                tables.append(identifier.identify(own))
        progress("read", len(paths), len(paths))
    feedback = pa.concat_tables(tables)
    first = np.unique(encode(feedback["feedback_id"])[1], return_index=True)[1]
    feedback = feedback.take(pa.array(np.sort(first)))
    return feedback, tone.score(feedback, model, progress)


def draw(
    feedback: pa.Table,
    scores: pa.Table,
    labels: pa.Table | None = None,
    *,
    size: int = 200,
    seed: int = 0,
) -> Sample:
    """Draw `size` different texts; the same tables and seed give the same ones in the same order.

    Left out are non-answers, which need no model, and texts that carry a label already.
    """
    scored = scores.filter(pc.invert(scores["non_answer"]))
    rows = feedback.take(pc.index_in(scored["feedback_id"], feedback["feedback_id"]))
    text, question = _collapsed(rows["verbatim"]), _collapsed(pc.fill_null(rows["question"], ""))
    key = pc.binary_join_element_wise(text, question, "\x1f")
    if labels is not None and labels.num_rows:
        done = pc.is_in(rows["feedback_id"], labels["feedback_id"].combine_chunks())
        left = pc.invert(pc.is_in(key, pc.unique(key.filter(done))))
        scored, rows, key = scored.filter(left), rows.filter(left), key.filter(left)
    _, codes = encode(key)
    by_id = np.argsort(encode(rows["feedback_id"])[1], kind="stable")
    _, first, times = np.unique(codes[by_id], return_index=True, return_counts=True)
    first = by_id[first]  # of equal texts the one with the first id, whatever order they came in
    order = np.argsort(encode(rows["feedback_id"])[1][first], kind="stable")
    first, times = first[order], times[order]
    names, tones = encode(scored["tone"])
    channels, channel = encode(rows["channel"])
    spread = scored["tone_sd"].to_numpy()[first]
    unsure = (spread >= np.quantile(spread, _UNSURE_RANK)).astype(np.int64) if len(first) else first
    fine = (tones[first] * len(channels) + channel[first]) * 2 + unsure
    coarse = tones[first] * 2 + unsure
    size = min(size, len(first))
    common = np.flatnonzero(times * size > 2 * times.sum())  # at most half of the places
    others = np.setdiff1d(np.arange(len(first)), common)
    strata = [cells[others] for cells in (fine, coarse, np.zeros_like(fine))]
    chosen, weight = _draw(strata, unsure[others], size - len(common), seed)
    chosen = np.concatenate([common, others[chosen]])
    weight = np.concatenate([np.ones(len(common)), weight])
    order = np.random.default_rng(seed).permutation(len(chosen))
    chosen, weight = chosen[order], weight[order]
    at = pa.array(first[chosen])
    table = pa.table(
        {
            **{
                name: rows[name].take(at)
                for name in ("feedback_id", "channel", "question", "verbatim")
            },
            "tone": names.take(pa.array(tones[first[chosen]]))
            if len(chosen)
            else pa.array([], pa.string()),
            "weight": weight * times[chosen],
        }
    )
    return Sample(table, population=rows.num_rows, texts=len(first))


def _draw(strata: Sequence[Ints], unsure: Ints, size: int, seed: int) -> tuple[Ints, Floats]:
    """Return the places drawn and the weight of each.

    The first of `strata` with at most half as many cells as places is used, so that every
    stratum gets a place and the weights can speak for all.
    """
    if not size:
        return np.zeros(0, dtype=np.int64), np.zeros(0)
    stratum = next((cells for cells in strata if 2 * len(np.unique(cells)) <= size), strata[-1])
    kinds, cell, count = np.unique(stratum, return_inverse=True, return_counts=True)
    places = _places(kinds // 2, np.bincount(cell, weights=unsure) / count, count, size)
    random = np.random.default_rng(seed)
    shuffled = random.permutation(len(stratum))
    by_cell = shuffled[np.argsort(cell[shuffled], kind="stable")]
    ends = np.cumsum(count)
    drawn = [
        by_cell[end - of : end - of + n] for end, of, n in zip(ends, count, places, strict=True)
    ]
    chosen = np.concatenate(drawn)
    weight = np.repeat(count / np.maximum(places, 1), places)
    return chosen.astype(np.int64), weight


def _places(group: Ints, unsure: Floats, count: Ints, size: int) -> Ints:
    """Divide `size` places over strata of `count` texts: at least one each, never more than all."""
    _, of, per_group = np.unique(group, return_inverse=True, return_counts=True)
    in_group = np.bincount(of, weights=count)
    even = count / in_group[of] / len(per_group)
    doubtful = unsure * count / max((unsure * count).sum(), 1)
    share = EVEN_SHARE * even + UNSURE_SHARE * doubtful
    share += (1 - share.sum()) * count / count.sum()
    places = np.minimum(np.ones(len(count), dtype=np.int64), count)
    while (open_places := size - int(places.sum())) > 0:
        room = places < count
        wish = np.where(room, np.maximum(share * size - places, 1e-9 * share), 0)
        extra = np.floor(wish / wish.sum() * open_places).astype(np.int64)
        if not extra.any():
            extra[np.argmax(wish)] = 1
        places = np.minimum(places + extra, count)
    return places


def _collapsed(column: pa.ChunkedArray) -> pa.Array:
    """Return texts with single blanks and no outer ones, as one array."""
    return pc.utf8_trim_whitespace(pc.replace_substring_regex(column.combine_chunks(), r"\s+", " "))
