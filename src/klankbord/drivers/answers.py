"""Which pieces of feedback a theme is judged by, and which themes each of them mentions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from klankbord.arrays import encode, one, places, to_numpy
from klankbord.metrics import main_metric
from klankbord.records import Theme
from klankbord.schema import SPEAKING, Channel

Bools = NDArray[np.bool_]

_NEEDED = ("feedback_id", "customer_id", "score_metric", "score_value")


@dataclass(frozen=True)
class Answers:
    """Pieces of feedback with their value and what they mention, by customer and feedback_id.

    Few of the many mention anything else than another does: what they mention is held once.
    """

    value: NDArray[np.float64]  # score or valence
    kind: NDArray[np.int64]  # of what is mentioned: a row of the next two
    mentions: Bools  # kinds x themes; a mention of a sub-theme is one of its head
    uncoded: Bools  # per kind: complains of something outside the themes
    cluster: NDArray[np.int64]  # equal for the same customer, unique where there is none

    def take(self, rows: Bools) -> Answers:
        """Return the answers of some `rows`."""
        return replace(
            self, value=self.value[rows], kind=self.kind[rows], cluster=self.cluster[rows]
        )

    def count(self, kinds: Bools) -> NDArray[np.int64]:
        """Return how many answers are of each column of `kinds` (kinds, or kinds x columns)."""
        counted: NDArray[np.int64] = np.bincount(self.kind, minlength=len(kinds)) @ kinds
        return counted


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
    kinds, metric = encode(rated.column("score_metric"))
    names = kinds.to_pylist()
    main = main_metric(np.array(names, dtype=object)[metric])
    if not main:
        return
    answers = _answers(rated, to_numpy(rated.column("score_value")), segments, themes)
    found = dict(zip(names, np.bincount(metric).tolist(), strict=True))
    for name in sorted(found, key=lambda name: (name != main, -found[name], name)):
        if name == main or found[name] >= least:
            yield name, answers.take(metric == names.index(name))


def complaining(
    feedback: pa.Table, scores: pa.Table, segments: pa.Table, themes: Sequence[Theme]
) -> Answers:
    """Return the feedback that complains of something, with its valence (-1 … 1)."""
    worded = _worded(feedback, scores)
    place = places(worded.column("feedback_id"), scores.column("feedback_id"))
    valence = to_numpy(scores.column("valence")).astype(float)[place]
    answers = _answers(worded, valence, segments, themes)
    complains = answers.mentions.any(axis=1) | answers.uncoded
    return answers.take(complains[answers.kind] & np.isfinite(valence))


def _worded(feedback: pa.Table, scores: pa.Table) -> pa.Table:
    """Keep customers' own words, by customer and feedback_id.

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
    worded = feedback.select(_NEEDED).filter(fit)
    return worded.sort_by([("customer_id", "ascending"), ("feedback_id", "ascending")])


def _answers(
    worded: pa.Table, value: NDArray[Any], segments: pa.Table, themes: Sequence[Theme]
) -> Answers:
    kind, mentions = _kinds(worded, segments, themes)
    return Answers(value, kind, mentions[:, :-1], mentions[:, -1], _clusters(worded))


def _kinds(
    feedback: pa.Table, segments: pa.Table, themes: Sequence[Theme]
) -> tuple[NDArray[np.int64], Bools]:
    """Return the kind of each row, and what kinds mention: themes, and last anything else."""
    place = {theme.theme_id: column for column, theme in enumerate(themes)}
    head = np.array([place.get(theme.parent_id or "", -1) for theme in themes], dtype=np.int64)
    said = segments.filter(pc.is_valid(segments.column("theme_id")))
    column = pc.index_in(one(said.column("theme_id")), value_set=pa.array(list(place), pa.string()))
    columns = to_numpy(pc.fill_null(column, len(themes))).astype(np.int64)
    row = places(said.column("feedback_id"), feedback.column("feedback_id"))
    row, columns = row[row >= 0], columns[row >= 0]
    above = np.append(head, -1)[columns]
    row, columns = (
        np.concatenate([row, row[above >= 0]]),
        np.concatenate([columns, above[above >= 0]]),
    )
    row, columns = np.divmod(np.unique(row * (len(themes) + 1) + columns), len(themes) + 1)
    held = _as_words(row, columns, feedback.num_rows).dictionary_encode()
    mentions = np.zeros((len(held.dictionary), len(themes) + 1), dtype=bool)
    for kind, word in enumerate(held.dictionary.to_pylist()):
        mentions[kind, np.frombuffer(word, dtype=np.int32)] = True
    return to_numpy(held.indices).astype(np.int64), mentions


def _as_words(row: NDArray[np.int64], column: NDArray[np.int64], rows: int) -> pa.Array:
    """Return the columns of each row, both ascending, as one word of bytes."""
    letters = np.ascontiguousarray(column, dtype=np.int32)
    ends = np.searchsorted(row, np.arange(rows + 1)) * letters.itemsize
    buffers = [None, pa.py_buffer(ends.astype(np.int64)), pa.py_buffer(letters)]
    return pa.Array.from_buffers(pa.large_binary(), rows, buffers)


def _clusters(feedback: pa.Table) -> NDArray[np.int64]:
    customers, number = encode(feedback.column("customer_id"))
    numbers: NDArray[np.int64] = np.where(
        number >= 0, number, len(customers) + np.arange(len(number))
    )
    return numbers


def _ids(table: pa.Table) -> pa.Array:
    return one(table.column("feedback_id"))
