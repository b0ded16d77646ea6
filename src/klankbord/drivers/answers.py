"""Which pieces of feedback a theme is judged by, and which themes each of them mentions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from klankbord.arrays import one, to_numpy
from klankbord.metrics import main_metric
from klankbord.records import Theme
from klankbord.schema import SPEAKING, Channel

Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Answers:
    """Pieces of feedback with their value and what they mention, in order of feedback_id."""

    value: NDArray[np.float64]  # score or valence
    mentions: Bools  # rows x themes; a mention of a sub-theme is one of its head
    uncoded: Bools  # rows that complain of something outside the themes
    cluster: NDArray[np.int64]  # equal for the same customer, unique where there is none

    def take(self, rows: Bools) -> Answers:
        """Return the answers of some `rows`."""
        return Answers(
            self.value[rows], self.mentions[rows], self.uncoded[rows], self.cluster[rows]
        )


def scored(
    feedback: pa.Table, scores: pa.Table, segments: pa.Table, themes: Sequence[Theme], least: int
) -> Iterator[tuple[str, Answers]]:
    """Yield each metric that `least` answers carry, with them; the main one always, and first."""
    worded = _worded(feedback, scores)
    fit = pc.and_(
        pc.is_valid(worded.column("score_metric")),
        pc.fill_null(pc.is_finite(worded.column("score_value")), False),
    )
    rated = worded.filter(fit)
    metrics = to_numpy(rated.column("score_metric"))
    main = main_metric(metrics)
    if not main:
        return
    answers = _answers(rated, to_numpy(rated.column("score_value")), segments, themes)
    kinds, counts = np.unique(metrics.astype(str), return_counts=True)
    found = {str(kind): int(count) for kind, count in zip(kinds, counts, strict=True)}
    for metric in sorted(found, key=lambda name: (name != main, -found[name], name)):
        if metric == main or found[metric] >= least:
            yield metric, answers.take(metrics == metric)


def complaining(
    feedback: pa.Table, scores: pa.Table, segments: pa.Table, themes: Sequence[Theme]
) -> Answers:
    """Return the feedback that complains of something, with its valence (-1 … 1)."""
    worded = _worded(feedback, scores)
    place = pc.index_in(one(worded.column("feedback_id")), value_set=_ids(scores))
    valence = to_numpy(scores.column("valence")).astype(float)[to_numpy(place)]
    answers = _answers(worded, valence, segments, themes)
    complains = answers.mentions.any(axis=1) | answers.uncoded
    return answers.take(complains & np.isfinite(valence))


def _worded(feedback: pa.Table, scores: pa.Table) -> pa.Table:
    """Keep customers' own words, in order of feedback_id.

    Without words nothing can be mentioned: rows that hold a score alone would not be a fair
    comparison.
    """
    fit = pc.and_(
        pc.is_in(_ids(feedback), value_set=_ids(scores)),
        pc.and_(
            pc.is_in(feedback.column("author_role"), value_set=pa.array(SPEAKING, pa.string())),
            pc.not_equal(feedback.column("channel"), pa.scalar(str(Channel.AI_ANSWER))),
        ),
    )
    return feedback.filter(fit).sort_by("feedback_id")


def _answers(
    worded: pa.Table, value: NDArray[Any], segments: pa.Table, themes: Sequence[Theme]
) -> Answers:
    mentions, uncoded = _mentions(worded, segments, themes)
    return Answers(value, mentions, uncoded, _clusters(worded))


def _mentions(
    feedback: pa.Table, segments: pa.Table, themes: Sequence[Theme]
) -> tuple[Bools, Bools]:
    """Return which rows mention which theme, and which complain of something else."""
    place = {theme.theme_id: column for column, theme in enumerate(themes)}
    column = pc.index_in(
        one(segments.column("theme_id")), value_set=pa.array(list(place), pa.string())
    )
    row = pc.index_in(_ids(segments), value_set=_ids(feedback))
    there = pc.and_(pc.is_valid(segments.column("theme_id")), pc.is_valid(row))
    uncoded = np.zeros(feedback.num_rows, dtype=bool)
    uncoded[to_numpy(row.filter(pc.and_(there, pc.is_null(column))))] = True
    known = pc.and_(there, pc.is_valid(column))
    matrix = np.zeros((feedback.num_rows, len(themes)), dtype=bool)
    matrix[to_numpy(row.filter(known)), to_numpy(column.filter(known))] = True
    for theme in themes:
        if theme.parent_id in place:
            matrix[:, place[theme.parent_id]] |= matrix[:, place[theme.theme_id]]
    return matrix, uncoded


def _clusters(feedback: pa.Table) -> NDArray[np.int64]:
    number = pc.fill_null(one(feedback.column("customer_id")).dictionary_encode().indices, -1)
    numbers: NDArray[np.int64] = to_numpy(number).astype(np.int64)
    nobody = numbers < 0
    numbers[nobody] = numbers.max(initial=-1) + 1 + np.arange(int(nobody.sum()))
    return numbers


def _ids(table: pa.Table) -> pa.Array:
    return one(table.column("feedback_id"))
