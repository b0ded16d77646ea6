"""What customers praise, for those who want to know what to keep.

Groups of praise as `klankbord themes list --praise` shows them. They are found anew each time and
not kept: complaint themes last from run to run, praise needs no department that works on it.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from itertools import chain

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from klankbord.arrays import one, to_numpy
from klankbord.moments import TIMEZONE
from klankbord.records import Progress, Theme, silent
from klankbord.schema import Tone
from klankbord.themes.cluster import sample
from klankbord.themes.codeframe import codeframe
from klankbord.themes.complaints import Complaints, Voices, hear, select
from klankbord.themes.counting import Draft, Worth, count
from klankbord.themes.features import Encode
from klankbord.themes.fitting import Encoder
from klankbord.themes.grouping import MAX_FIT, Grouping, group
from klankbord.themes.label import MAX_KEYWORDS, slug, word
from klankbord.themes.prototypes import likeness, word_matrix
from klankbord.themes.said import different, said_at
from klankbord.themes.subjects import Phrases, subject_forms
from klankbord.themes.subthemes import MIN_COVERAGE, MIN_MENTIONS
from klankbord.themes.trend import trends, week_numbers
from klankbord.themes.words import flattering, term_matrix

FEWEST = 20  # pieces of feedback with praise; below it there is nothing to group
_HIGH = pa.array([Tone.POSITIEF, Tone.ENTHOUSIAST], pa.string())
_STAGE = "praise"
_STAGES = 4


def praise(
    feedback: pa.Table,
    scores: pa.Table,
    segments: pa.Table,
    encoder: Encoder,
    *,
    timezone: str = TIMEZONE,
    phrases: Phrases | None = None,
    progress: Progress = silent,
) -> tuple[Theme, ...]:
    """Return what customers praise in scored feedback, most mentioned first.

    `share` is of all feedback with praise, `keywords` and `label` are what sets a group apart
    from other praise and from complaints; a group that nothing sets apart ("Top!") is left out.
    Owner and value are for complaints and stay empty. Below FEWEST pieces there are no groups.
    The same rows in any order give the same groups.
    """
    from threadpoolctl import threadpool_limits

    voices = hear(feedback, scores, timezone)
    complaints = select(voices, scores, segments, frozenset(codeframe()))
    heard = _select(voices, segments, complaints.row)
    if len(np.unique(heard.feedback)) < FEWEST:
        return ()
    with threadpool_limits(limits=1, user_api="blas"):  # one order of summation on any machine
        drafts = _drafts(heard, complaints, voices, encoder.encode, phrases, progress)
    rows = [np.unique(heard.feedback[draft.members]) for draft in drafts]
    courses = trends(week_numbers(voices.day), rows)
    found = count(drafts, heard, voices, courses, Worth(voices, {}))
    progress(_STAGE, _STAGES, _STAGES)
    return tuple(replace(theme, value_eur=None) for theme in found)


def praising(feedback: pa.Table, scores: pa.Table, segments: pa.Table) -> int:
    """Return how many pieces of feedback hold praise."""
    voices = hear(feedback, scores)
    complaints = select(voices, scores, segments, frozenset(codeframe()))
    return len(np.unique(_select(voices, segments, complaints.row).feedback))


def _select(voices: Voices, segments: pa.Table, complaining: np.ndarray) -> Complaints:
    """Return the praise of customers in the order of (feedback_id, segment), without a code.

    Valence is turned round, so that the sharpest quote is the warmest one.
    """
    owner = pc.index_in(one(segments.column("feedback_id")), value_set=voices.feedback_id)
    speaks = pc.fill_null(pa.array(voices.speaks).take(owner), False)
    high = pc.fill_null(pc.is_in(one(segments.column("tone")), value_set=_HIGH), False)
    chosen = to_numpy(pc.and_(speaks, high)).astype(bool)
    chosen[complaining] = False
    keys = [("feedback_id", "ascending"), ("segment", "ascending")]
    order = pc.sort_indices(segments.select(["feedback_id", "segment"]), sort_keys=keys)
    rows = np.asarray(order, dtype=np.int64)
    rows = rows[chosen[rows]]
    said = segments.take(pa.array(rows))
    return Complaints(
        row=rows,
        feedback=to_numpy(owner.take(pa.array(rows))).astype(np.int64),
        feedback_id=one(said.column("feedback_id")),
        text=one(said.column("text")),
        tone=one(said.column("tone")),
        valence=-to_numpy(pc.fill_null(one(said.column("valence")), np.nan)),
        code=pa.nulls(len(rows), pa.string()),
        inherited=np.zeros(len(rows), dtype=bool),
        seen=np.zeros(len(rows), dtype=bool),
    )


def _drafts(
    heard: Complaints,
    complaints: Complaints,
    voices: Voices,
    encode: Encode,
    phrases: Phrases | None,
    progress: Progress,
) -> list[Draft]:
    """Return the groups with a name of their own and MIN_MENTIONS pieces of feedback."""
    progress(_STAGE, 0, _STAGES)
    said = different(heard)
    texts = said.texts(heard)
    vectors = np.asarray(encode(texts))
    progress(_STAGE, 1, _STAGES)
    grouping = group(texts, vectors)
    if grouping is None:
        return []
    progress(_STAGE, 2, _STAGES)
    typical = likeness(grouping.prototypes, vectors, word_matrix(texts)).max(axis=1)
    named = _named(heard, said.first, complaints, voices, grouping, phrases)
    progress(_STAGE, 3, _STAGES)
    drafts: list[Draft] = []
    for label, places in named.items():
        members = np.flatnonzero(np.isin(grouping.labels[said.near], list(places)))
        if len(np.unique(heard.feedback[members])) >= MIN_MENTIONS:
            keywords = tuple(dict.fromkeys(chain(*places.values())))[:MAX_KEYWORDS]
            quoted = typical[said.near[members]]
            drafts.append(Draft(f"lof-{slug(label)}", None, label, keywords, "", members, quoted))
    return drafts


def _named(
    heard: Complaints,
    first: np.ndarray,
    complaints: Complaints,
    voices: Voices,
    grouping: Grouping,
    phrases: Phrases | None,
) -> dict[str, dict[int, tuple[str, ...]]]:
    """Return, per label, the places in `grouping` of the groups it fits, with their keywords."""
    read = sample(len(first), MAX_FIT)
    praised = first[read]
    other = sample(len(complaints.row), MAX_FIT)
    texts = [*said_at(heard, praised), *said_at(complaints, other)]
    rows = np.concatenate([heard.feedback[praised], complaints.feedback[other]])
    languages = voices.language.take(pa.array(rows)).to_pylist()
    terms = term_matrix(texts, languages)
    judging = [not flattering().isdisjoint(name.split(" ")) for name in terms.names]
    terms = replace(terms, fitness=np.where(judging, 0, terms.fitness))
    forms = subject_forms(texts, languages, frozenset(terms.names), phrases)
    outside = np.arange(len(texts)) >= len(read)
    named: dict[str, dict[int, tuple[str, ...]]] = {}
    for place in range(len(grouping.prototypes)):
        inside = np.zeros(len(texts), dtype=bool)
        inside[: len(read)] = grouping.labels[read] == place
        if not inside.any():
            continue
        wording = word(
            terms,
            inside,
            ~inside & ~outside,
            outside,
            forms=partial(forms, np.flatnonzero(inside)),
        )
        if wording.label and wording.coverage >= MIN_COVERAGE:
            same = (label for label in named if slug(label) == slug(wording.label))
            named.setdefault(next(same, wording.label), {})[place] = wording.keywords
    return named
