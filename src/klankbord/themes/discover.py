"""Finding what customers complain about: codes as head themes, clusters as sub-themes.

A head theme is a code of the codeframe, given by the tone model. Under a head with enough
complaints, sub-themes are clusters of the segments' vectors, as many as can be found again in
halves of the data; a segment without a subject ("Slecht!") stays with the head. Ids: a head is
its code; a sub-theme is its code and its label. That id lasts as long as the two strongest terms
do: matching themes to earlier runs is another step.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from typing import Protocol

import numpy as np
import pyarrow as pa

from klankbord.arrays import encode as encode_values
from klankbord.moments import TIMEZONE, UNDATED, microseconds, moment_of
from klankbord.records import Progress, Theme, silent
from klankbord.schema import SEGMENTS, conform
from klankbord.themes.cluster import find_clusters, unit
from klankbord.themes.codeframe import OVERIG, codeframe
from klankbord.themes.complaints import Complaints, Voices, hear, select
from klankbord.themes.features import subject_vectors
from klankbord.themes.label import (
    Mentions,
    Wording,
    choose_quotes,
    evidence,
    slug,
    word,
)
from klankbord.themes.subjects import Forms, Phrases, subject_forms
from klankbord.themes.trend import Trend, trends, week_numbers
from klankbord.themes.words import Terms, content_key, demote_general, term_matrix
from klankbord.values import customer_values

MIN_SPLIT = 60  # different complaints under a head before it may be divided
MIN_SUB_MENTIONS = 10
MIN_STABILITY = 0.5  # adjusted Rand between fits on halves of the data
MIN_CLOSENESS = 0.25  # cosine to the centre of a sub-theme, below which a text stays out
MIN_COVERAGE = 0.4  # of a sub-theme's texts hold one of its keywords, or it is no theme
MAX_EVIDENCE = 50
_STAGE = "themes"


class Encoder(Protocol):
    """What discovery needs of a sentence encoder."""

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """Return one unit vector per text, float32 n x d."""


@dataclass(frozen=True)
class ThemeFindings:
    """The themes of a run, heads by mentions with their sub-themes behind them."""

    themes: tuple[Theme, ...]
    segments: pa.Table  # as given, theme_id filled for complaints: a theme or "overig"
    complaining: int  # pieces of feedback with a complaint
    unassigned: int = 0  # complaint segments left as "overig"


@dataclass(frozen=True)
class _Draft:
    """A theme before it is counted: the complaints in it."""

    theme_id: str
    parent_id: str | None
    label: str
    keywords: tuple[str, ...]
    owner: str
    members: np.ndarray  # places in Complaints
    typicality: np.ndarray


class _Worth:
    """What the customers behind pieces of feedback are worth together."""

    def __init__(self, voices: Voices, values: Mapping[str, float]) -> None:
        customers, self._customer = encode_values(voices.customer_id)
        known = [values.get(customer, math.nan) for customer in customers.to_pylist()]
        self._of_customer = np.array(known, dtype=float)
        self._of_row = voices.worth

    def of(self, rows: np.ndarray) -> float | None:
        """Return the summed value behind `rows`; None where none is known.

        Feedback without a customer counts as a customer of its own.
        """
        customer = self._customer[rows]
        named = self._of_customer[np.unique(customer[customer >= 0])]
        values = np.concatenate([named, self._of_row[rows[customer < 0]]])
        values = values[np.isfinite(values)]
        return math.fsum(values) if len(values) else None


def discover(
    feedback: pa.Table,
    scores: pa.Table,
    segments: pa.Table,
    encoder: Encoder,
    *,
    customers: pa.Table,
    as_of: date,
    language: str = "nl",
    timezone: str = TIMEZONE,
    phrases: Phrases | None = None,
    progress: Progress = silent,
) -> ThemeFindings:
    """Return the complaint themes of scored feedback, and `segments` with their theme.

    `as_of` (a moment, or a day with all of it) ends the trend; its weeks are those of `timezone`.
    `language` is that of the head labels; `phrases` reads the noun phrases of a few Dutch texts per
    sub-theme, for its label. The same rows in any order give the same findings.
    """
    from threadpoolctl import threadpool_limits

    voices = hear(feedback, scores, timezone)
    complaints = select(voices, scores, segments, frozenset(codeframe()))
    if not len(complaints.row):
        return ThemeFindings((), conform(segments, SEGMENTS), 0)
    with threadpool_limits(limits=1, user_api="blas"):  # one order of summation on any machine
        drafts = _draft(complaints, voices, encoder, language, phrases, progress)
    heard = voices.speaks & (voices.received_at <= microseconds(moment_of(as_of, timezone)))
    courses = trends(
        week_numbers(np.where(heard, voices.day, UNDATED)),
        [np.unique(complaints.feedback[draft.members]) for draft in drafts],
    )
    worth = _Worth(voices, customer_values(feedback, customers))
    themes = _count(drafts, complaints, voices, courses, worth)
    theme_id = np.full(segments.num_rows, None, dtype=object)
    theme_id[complaints.row] = OVERIG
    for draft in drafts:  # sub-themes come after their head and take over from it
        theme_id[complaints.row[draft.members]] = draft.theme_id
    column = pa.array(theme_id, pa.string())
    place = SEGMENTS.get_field_index("theme_id")
    filled = conform(segments, SEGMENTS).set_column(place, SEGMENTS.field(place), column)
    return ThemeFindings(
        themes,
        filled,
        complaining=len(np.unique(complaints.feedback)),
        unassigned=int((complaints.code == OVERIG).sum()),
    )


def _draft(
    complaints: Complaints,
    voices: Voices,
    encoder: Encoder,
    language: str,
    phrases: Phrases | None,
    progress: Progress,
) -> list[_Draft]:
    """Return the themes, each head followed by its sub-themes."""
    said, key = encode_values(pa.array([content_key(text) for text in complaints.text]))
    head = encode_values(pa.array(complaints.code, pa.string()))[1]
    _, first, near = np.unique(head * len(said) + key, return_index=True, return_inverse=True)
    progress(_STAGE, 0, len(codeframe()) + 1)
    encode = encoder.encode
    texts = [str(text) for text in complaints.text[first]]
    vectors = np.asarray(encode(texts))
    languages = list(voices.language[complaints.feedback[first]])
    terms = term_matrix(texts, languages)
    forms = subject_forms(texts, languages, frozenset(terms.names), phrases)
    code = complaints.code[first]
    terms = demote_general(terms, code)
    # a text coded by itself anywhere is a fit one to learn the theme from
    own = np.zeros(len(first), dtype=bool)
    own[near[~complaints.inherited]] = True
    drafts = []
    for done, entry in enumerate(codeframe().values(), start=1):
        progress(_STAGE, done, len(codeframe()) + 1)
        here = np.flatnonzero(code == entry.code)
        if not len(here):
            continue
        clear = np.isin(np.arange(len(first)), here) & own
        head_words = word(terms, clear, np.zeros_like(clear), own & ~clear)
        members = np.flatnonzero(complaints.code == entry.code)
        typical = _typicality(vectors, here, own[here])
        spread = np.zeros(len(first))
        spread[here] = typical
        drafts.append(
            _Draft(
                entry.code,
                None,
                entry.label(language),
                head_words.keywords,
                entry.owner,
                members,
                spread[near[members]],
            )
        )
        clear_here = here[own[here]]
        for wording, about, closeness in _divide(entry.code, terms, clear_here, own, encode, forms):
            inside = np.zeros(len(first), dtype=bool)
            inside[about] = True
            spread = np.zeros(len(first))
            spread[about] = closeness
            members = np.flatnonzero(inside[near] & ~complaints.inherited)
            if len(np.unique(complaints.feedback[members])) < MIN_SUB_MENTIONS:
                continue
            drafts.append(
                _Draft(
                    f"{entry.code}-{slug(wording.label)}",
                    entry.code,
                    wording.label,
                    wording.keywords,
                    entry.owner,
                    members,
                    spread[near[members]],
                )
            )
    progress(_STAGE, len(codeframe()) + 1, len(codeframe()) + 1)
    return _with_unique_ids(drafts)


def _divide(
    code: str,
    terms: Terms,
    members: np.ndarray,
    own: np.ndarray,
    encode: Callable[..., np.ndarray],
    forms: Forms,
) -> list[tuple[Wording, np.ndarray, np.ndarray]]:
    """Return (wording, texts, typicality) per sub-theme; texts without a subject are in none.

    Typicality is the cosine with the centre plus the number of label terms the text holds.
    """
    if len(members) < MIN_SPLIT:
        return []
    outside = own.copy()
    outside[members] = False
    vectors = subject_vectors(terms, members, outside, encode)
    subject = np.flatnonzero(vectors.any(axis=1))
    if len(subject) < MIN_SPLIT:
        return []
    clusters = find_clusters(vectors[subject], min_stability=MIN_STABILITY)
    if clusters is None:
        return []
    closeness = vectors[subject] @ clusters.centroids.T
    labels = np.argmax(closeness, axis=1)
    found = []
    for cluster in range(len(clusters.centroids)):
        near = np.flatnonzero((labels == cluster) & (closeness[:, cluster] >= MIN_CLOSENESS))
        texts = members[subject[near]]
        inside = np.zeros(len(own), dtype=bool)
        inside[texts] = True
        siblings = ~inside
        siblings[outside] = False
        wording = word(
            terms, inside, siblings & own, outside, head=code, forms=partial(forms, texts)
        )
        if wording.label and wording.coverage >= MIN_COVERAGE:
            named = [terms.names.index(term) for term in wording.named]
            holds = np.asarray(terms.matrix[texts][:, named].sum(axis=1)).ravel()
            found.append((wording, texts, closeness[near, cluster] + holds))
    return found


def _typicality(vectors: np.ndarray, here: np.ndarray, own: np.ndarray) -> np.ndarray:
    """Return the cosine of each text in `here` with the mean of those coded by themselves."""
    inside = vectors[here]
    centre = inside[own] if own.any() else inside
    mean = unit(centre.mean(axis=0, dtype=np.float64)[None, :])[0]
    typical: np.ndarray = np.round(inside @ mean, 6)
    return typical


def _with_unique_ids(drafts: list[_Draft]) -> list[_Draft]:
    seen: dict[str, int] = {}
    out = []
    for draft in drafts:
        seen[draft.theme_id] = seen.get(draft.theme_id, 0) + 1
        number = seen[draft.theme_id]
        unique = draft.theme_id if number == 1 else f"{draft.theme_id}-{number}"
        out.append(replace(draft, theme_id=unique))
    return out


def _count(
    drafts: list[_Draft],
    complaints: Complaints,
    voices: Voices,
    courses: Sequence[Trend],
    worth: _Worth,
) -> tuple[Theme, ...]:
    complaining = len(np.unique(complaints.feedback))
    themes = []
    for draft, course in zip(drafts, courses, strict=True):
        at = draft.members
        rows = np.unique(complaints.feedback[at])
        said = Mentions(
            complaints.feedback_id[at],
            complaints.text[at],
            draft.typicality,
            complaints.valence[at],
            voices.received_at[complaints.feedback[at]],
            voices.channel[complaints.feedback[at]],
            complaints.tone[at],
        )
        quotes = choose_quotes(said)
        themes.append(
            Theme(
                theme_id=draft.theme_id,
                parent_id=draft.parent_id,
                label=draft.label,
                keywords=draft.keywords,
                mentions=len(rows),
                share=len(rows) / complaining,
                trend=course.verdict,
                trend_p=course.p,
                weekly=course.weekly,
                value_eur=worth.of(rows),
                owner=draft.owner,
                quotes=quotes,
                evidence=evidence(said, quotes, MAX_EVIDENCE),
            )
        )
    heads = {theme.theme_id: theme for theme in themes if theme.parent_id is None}

    def place(theme: Theme) -> tuple[int, str, bool, int, str]:
        head = heads[theme.parent_id or theme.theme_id]
        is_sub = theme.parent_id is not None
        return -head.mentions, head.theme_id, is_sub, -theme.mentions, theme.theme_id

    return tuple(sorted(themes, key=place))
