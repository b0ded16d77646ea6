"""Score the tone of feedback and of its segments: table in, table out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from klankbord.language import non_answers
from klankbord.models import ToneModel, ToneScores, answered
from klankbord.models.scores import ARRAYS
from klankbord.placeholders import blanked_column
from klankbord.records import Progress, silent
from klankbord.schema import (
    SCORES,
    SEGMENTS,
    SPEAKING,
    TONE_PROBABILITIES,
    TONES,
    Tone,
    conform,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

# Level values of the valence scale, and how much of each level counts as enthusiasm. A calm
# "positief" is warm but no fan: it counts for a third, so that a turn from enthousiast to
# positief shows on this axis while its valence is still high.
_VALENCE = np.array([-1.0, -0.5, 0.0, 0.5, 1.0], dtype=np.float32)
_ENTHUSIASM = np.array([0.0, 0.0, 0.0, 1 / 3, 1.0], dtype=np.float32)
# "geen", "n.v.t.", "-": nothing was said, so hardly anything is known about the tone.
_NON_ANSWER = np.array([0.05, 0.20, 0.50, 0.20, 0.05], dtype=np.float32)
_BATCH = 10_000
_OF_SEGMENTS = ["tone", "valence", "complaint_theme"]
BY_PERSON = "person"
_LABELLED_TONE, _OTHER_TONE = np.float32(0.96), np.float32(0.01)  # people err too
_FLAG_LETTERS = {"churn_cue": "C", "ambassador_cue": "A", "unresolved": "U"}


def score(feedback: pa.Table, model: ToneModel, progress: Progress = silent) -> pa.Table:
    """Return the SCORES table of the rows a customer (or somebody unknown) put into words.

    The same words after the same question are scored once. Rows keep the order of `feedback`.
    """
    worded = pc.not_equal(pc.utf8_trim_whitespace(feedback["verbatim"]), "")
    spoken = pc.is_in(feedback["author_role"], value_set=pa.array(SPEAKING, pa.string()))
    rows = feedback.filter(pc.and_(worded, spoken))
    if rows.num_rows == 0:
        return SCORES.empty_table()
    verbatims = blanked_column(rows["verbatim"].combine_chunks())
    questions = pc.fill_null(rows["question"], "").combine_chunks()
    silent_rows = _silent(verbatims, questions)
    scores, where = _score_once(verbatims, questions, model, "tone", progress)
    spans = _cue_spans(scores.cues, where, silent_rows)

    probabilities = scores.probabilities[where]
    probabilities[silent_rows] = _NON_ANSWER
    tones = pa.array([str(tone) for tone in TONES])
    limits = model.thresholds
    levels = tone_levels(probabilities)
    levels[silent_rows] = Tone.NEUTRAAL.rank
    theme = np.where(silent_rows, 0, _coded(scores, levels, where))
    enthusiasm = np.where(silent_rows, np.float32(0), enthusiasm_of(probabilities))
    columns: dict[str, Any] = {
        "feedback_id": rows["feedback_id"],
        "tone": tones.take(pa.array(levels)),
        **{name: probabilities[:, rank] for rank, name in enumerate(TONE_PROBABILITIES)},
        "valence": valence_of(probabilities),
        "enthusiasm": enthusiasm,
        "tone_sd": spread_of(probabilities),
        "mixed": (scores.mixed[where] >= limits.mixed) & ~silent_rows,
        "complaint_theme": _themes(theme, model),
        "churn_cue": (scores.churn[where] >= limits.churn) & ~silent_rows,
        "ambassador_cue": (scores.ambassador[where] >= limits.ambassador) & ~silent_rows,
        "unresolved": (scores.unresolved[where] >= limits.unresolved) & ~silent_rows,
        "non_answer": silent_rows,
        "cues": _cut_out(rows["verbatim"].combine_chunks(), spans),
        "cue_spans": spans,
        "scored_by": pa.repeat(pa.scalar(model.fingerprint), rows.num_rows),
    }
    return conform(pa.table(columns), SCORES)


def score_segments(
    segments: pa.Table,
    model: ToneModel,
    progress: Progress = silent,
    *,
    feedback: pa.Table | None = None,
    scores: pa.Table | None = None,
) -> pa.Table:
    """Return `segments` with tone, valence and complaint theme filled; equal texts scored once.

    With the `feedback` they are of, those that only name what was asked for ("parkeren") are read
    with their question. Segments are many and serve themes alone, so a model of several tiers
    reads them with its fast one. What that one made of the feedback as a whole, in `scores`, holds
    for a segment that is the whole.
    """
    model = getattr(model, "fast", model)
    if segments.num_rows == 0:
        return SEGMENTS.empty_table()
    texts = blanked_column(segments["text"].combine_chunks())
    asked = _asked(segments, feedback)
    questions = _questions_that_matter(segments["text"].combine_chunks(), asked)
    told, place = [], np.full(len(texts), -1, dtype=np.int64)
    if feedback is not None and scores is not None:
        told.append(scores.select(_OF_SEGMENTS))
        alike = pc.if_else(pc.equal(questions, asked), texts, pa.scalar(None, pa.string()))
        place = _wholes(segments["feedback_id"], alike, feedback, scores, model)
    fresh = place < 0
    place[fresh] = sum(table.num_rows for table in told) + np.arange(np.count_nonzero(fresh))
    rows = pa.array(fresh)
    told.append(_told(texts.filter(rows), questions.filter(rows), model, progress))
    found = pa.concat_tables(told).combine_chunks().take(pa.array(place))
    for name in _OF_SEGMENTS:
        segments = segments.set_column(segments.column_names.index(name), name, found[name])
    return conform(segments, SEGMENTS)


def _told(texts: pa.Array, questions: pa.Array, model: ToneModel, progress: Progress) -> pa.Table:
    """Return tone, valence and complaint theme of texts read by themselves."""
    schema = pa.schema([SCORES.field(name) for name in _OF_SEGMENTS])
    if len(texts) == 0:
        return schema.empty_table()
    scores, where = _score_once(texts, questions, model, "tone of segments", progress)
    probabilities = scores.probabilities[where]
    levels = tone_levels(probabilities)
    columns = {
        "tone": pa.array([str(tone) for tone in TONES]).take(pa.array(levels)),
        "valence": pa.array(valence_of(probabilities)),
        "complaint_theme": _themes(_coded(scores, levels, where), model),
    }
    return pa.table(columns, schema=schema)


def _wholes(
    ids: pa.ChunkedArray, texts: pa.Array, feedback: pa.Table, scores: pa.Table, model: ToneModel
) -> NDArray[np.int64]:
    """Return the place in `scores` of each segment that is all of what the model read; else -1."""
    by_model = pc.equal(scores["scored_by"], model.fingerprint)
    kept = pc.and_(by_model, pc.invert(scores["non_answer"]))  # that tone is not the model's
    read = pc.if_else(kept, scores["feedback_id"], pa.scalar(None, pa.string())).combine_chunks()
    place = pc.index_in(ids, read, skip_nulls=True)
    owner = pc.index_in(ids, feedback["feedback_id"].combine_chunks())
    verbatims = blanked_column(feedback["verbatim"].combine_chunks()).take(owner)
    whole = pc.fill_null(pc.equal(verbatims, texts), fill_value=False)
    return np.where(whole, pc.fill_null(place, -1), -1).astype(np.int64)


def with_labels(scores: pa.Table, labels: pa.Table) -> pa.Table:
    """Return `scores` with a person's label in place of the model's wherever there is one.

    The labelled tone gets probability 0.96 and every other 0.01, and `scored_by` is "person".
    What the person did not judge (mixed, theme, flags: null) stays the model's. `labels` is a
    TONE_LABELS table with one row per piece of feedback.
    """
    place = pc.index_in(scores["feedback_id"], labels["feedback_id"].combine_chunks())
    theirs = pc.is_valid(place)
    if not pc.any(theirs).as_py():
        return scores
    given = labels.take(place)
    ranks = pc.index_in(given["tone"], pa.array([str(tone) for tone in TONES]))
    sure = np.full((scores.num_rows, len(TONES)), _OTHER_TONE, dtype=np.float32)
    sure[np.arange(scores.num_rows), pc.fill_null(ranks, 0).to_numpy()] = _LABELLED_TONE
    flags = given["flags"]
    theme = given["complaint_theme"]
    said = {
        "tone": given["tone"],
        **{name: pa.array(sure[:, rank]) for rank, name in enumerate(TONE_PROBABILITIES)},
        "valence": pa.array(valence_of(sure)),
        "enthusiasm": pa.array(enthusiasm_of(sure)),
        "tone_sd": pa.array(spread_of(sure)),
        "mixed": pc.coalesce(given["mixed"], scores["mixed"]),
        "complaint_theme": pc.if_else(
            pc.is_valid(theme),
            pc.if_else(pc.equal(theme, "-"), pa.scalar(None, pa.string()), theme),
            scores["complaint_theme"],
        ),
        **{
            name: pc.coalesce(pc.match_substring(flags, letter), scores[name])
            for name, letter in _FLAG_LETTERS.items()
        },
        "scored_by": pa.repeat(pa.scalar(BY_PERSON), scores.num_rows),
    }
    for name, column in said.items():
        at = scores.column_names.index(name)
        scores = scores.set_column(at, name, pc.if_else(theirs, column, scores[name]))
    return conform(scores, SCORES)


def tone_levels(probabilities: Floats) -> NDArray[np.int64]:
    """Return the rank (0-4) of the most probable tone; the lower one on a tie."""
    levels: NDArray[np.int64] = probabilities.argmax(axis=1).astype(np.int64)
    return levels


def valence_of(probabilities: Floats) -> Floats:
    """Return the expected valence, -1 (boos) … 1 (enthousiast)."""
    return _rounded(_weighted(probabilities, _VALENCE))


def enthusiasm_of(probabilities: Floats) -> Floats:
    """Return enthusiasm, 0 … 1: all of p_enthousiast and a third of p_positief."""
    return _rounded(_weighted(probabilities, _ENTHUSIASM))


def spread_of(probabilities: Floats) -> Floats:
    """Return the standard deviation of the tone rank, in levels: how unsure the tone is."""
    rank = np.arange(len(TONES), dtype=np.float32)
    mean = _weighted(probabilities, rank)
    variance = _weighted(probabilities, rank**2) - mean**2
    return _rounded(np.sqrt(np.maximum(variance, 0)))


def _weighted(probabilities: Floats, weights: Floats) -> Floats:
    """Return the weighted sum of each row, to the last bit the same whatever rows are beside it.

    A matrix product is not.
    """
    total: Floats = probabilities[:, 0] * weights[0]
    for column, weight in enumerate(weights[1:], start=1):
        total = total + probabilities[:, column] * weight
    return total


def _silent(verbatims: pa.Array, questions: pa.Array) -> NDArray[np.bool_]:
    """Tell which rows answer nothing; "niets" does not, where it says that all is well."""
    rows = np.asarray(non_answers(verbatims), dtype=bool)
    pairs = zip(verbatims.filter(rows).to_pylist(), questions.filter(rows).to_pylist(), strict=True)
    rows[rows] = [not answered.says_nothing(text, question) for text, question in pairs]
    return rows


def _asked(segments: pa.Table, feedback: pa.Table | None) -> pa.Array:
    """Return the question that each segment answers, "" for none."""
    if feedback is None:
        return pa.repeat(pa.scalar(""), segments.num_rows)
    place = pc.index_in(segments["feedback_id"], feedback["feedback_id"].combine_chunks())
    return pc.fill_null(feedback["question"].combine_chunks().take(place), "").combine_chunks()


def _questions_that_matter(texts: pa.Array, asked: pa.Array) -> pa.Array:
    """Return the question of every text that needs it, else ""."""
    rows = pc.not_equal(asked, "")
    pairs = zip(texts.filter(rows).to_pylist(), asked.filter(rows).to_pylist(), strict=True)
    needed = [
        question if answered.names_something(text, question) else "" for text, question in pairs
    ]
    return pc.replace_with_mask(asked, rows, pa.array(needed, pa.string()))


def _score_once(
    texts: pa.Array, questions: pa.Array, model: ToneModel, stage: str, progress: Progress
) -> tuple[ToneScores, NDArray[np.int64]]:
    """Score every distinct (text, question) once; also return each row's place among them."""
    text_codes = texts.dictionary_encode()
    question_codes = questions.dictionary_encode()
    kinds = len(question_codes.dictionary)
    pairs = text_codes.indices.to_numpy().astype(np.int64) * kinds
    pairs += question_codes.indices.to_numpy()
    distinct, where = np.unique(pairs, return_inverse=True)
    parts = []
    for first in range(0, len(distinct), _BATCH):
        progress(stage, first, len(distinct))
        part = distinct[first : first + _BATCH]
        words = text_codes.dictionary.take(pa.array(part // kinds)).to_pylist()
        asked = question_codes.dictionary.take(pa.array(part % kinds)).to_pylist()
        parts.append(answered.predict(model, words, asked))
    progress(stage, len(distinct), len(distinct))
    return _joined(parts), where.astype(np.int64)


def _joined(parts: list[ToneScores]) -> ToneScores:
    columns = {name: np.concatenate([getattr(part, name) for part in parts]) for name in ARRAYS}
    columns["probabilities"] = _rounded(columns["probabilities"])
    return ToneScores(**columns, cues=pa.concat_arrays([part.cues for part in parts]))


def _rounded(values: NDArray[np.floating]) -> Floats:
    """Round to five decimals, so that the last bits of a matrix product never show."""
    return np.round(values, 5).astype(np.float32)


def _coded(
    scores: ToneScores, levels: NDArray[np.int64], where: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Return the complaint theme of each row; who is angry complains, if only of something."""
    theme = scores.theme[where]
    angry = (theme == 0) & (levels <= Tone.ONTEVREDEN.rank)
    return np.where(angry, scores.complaint[where], theme)


def _themes(theme: NDArray[np.int64], model: ToneModel) -> pa.Array:
    names = pa.array([None, *model.themes[1:]], pa.string())
    return names.take(pa.array(theme))


def _cue_spans(
    cues: pa.Array, where: NDArray[np.int64], silent_rows: NDArray[np.bool_]
) -> pa.Array:
    """Return start and end of every cue of every row, one after the other; list<int32>."""
    offsets = 2 * cues.offsets.to_numpy()
    places = np.stack([cues.values.field(name).to_numpy() for name in ("start", "end")], axis=1)
    flat = pa.ListArray.from_arrays(
        pa.array(offsets, pa.int32()), pa.array(places.ravel(), pa.int32())
    )
    nothing = pa.array([[]], pa.list_(pa.int32()))
    place = np.where(silent_rows, len(cues), where)
    return pa.concat_arrays([flat, nothing]).take(pa.array(place))


def _cut_out(verbatims: pa.Array, spans: pa.Array) -> pa.Array:
    """Return the words that stand at `spans` of each verbatim, list<string>."""
    offsets = spans.offsets.to_numpy()
    texts = verbatims.take(pa.array(np.repeat(np.arange(len(spans)), np.diff(offsets) // 2)))
    start, end = spans.values.to_numpy().reshape(-1, 2).T
    pieces = zip(texts.to_pylist(), start.tolist(), end.tolist(), strict=True)
    words = pa.array([text[first:last] for text, first, last in pieces], pa.string())
    return pa.ListArray.from_arrays(pa.array(offsets // 2, pa.int32()), words)
