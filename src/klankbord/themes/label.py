"""What a theme is called, and the customers' words that stand for it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from klankbord.arrays import to_numpy
from klankbord.moments import UNDATED, moment
from klankbord.records import Quote
from klankbord.schema import Tone
from klankbord.themes.words import GENERAL_FITNESS, Terms, overlap

MAX_KEYWORDS = 8
LABEL_TERMS = 2
MIN_TERM_TEXTS = 3
MIN_TERM_SHARE = 0.08  # of the theme's texts, for a term in the label
MIN_KEYWORD_SHARE = 0.02
_PAIR_SHARE = 0.35  # a two-word term replaces its word when it makes up this much of it
_MIN_CONTRAST, _MAX_CONTRAST = 0.2, 5.0  # log of how much more often; below it, no more often
_READABLE = (25, 280)  # characters of a quote that says enough and is not too long
_NEGATIVE = pa.array([Tone.BOOS, Tone.ONTEVREDEN], pa.string())
_CORE = 0.5  # quotes come from this most typical part of the theme


@dataclass(frozen=True)
class Wording:
    """Label and keywords of one theme, best term first."""

    label: str
    keywords: tuple[str, ...]
    coverage: float  # share of the texts that hold one of the keywords
    named: tuple[str, ...] = ()  # the terms behind the label


def term_weights(
    terms: Terms, members: np.ndarray, siblings: np.ndarray, others: np.ndarray
) -> np.ndarray:
    """Return the weight of each term for the texts in `members` (all three booleans over texts).

    Share of the texts that hold it, times class-based idf (Grootendorst 2022), times the log of
    how much more often the theme holds the term than its siblings and than the `others` do,
    whichever is less; zero where it does not.
    """
    total, inside = terms.count(), terms.count(members)
    share = inside / max(int(members.sum()), 1)
    idf = np.log1p(members.sum() / np.maximum(total, 1))
    contrast = np.full(len(share), _MAX_CONTRAST)
    for rest in (siblings, others):
        if rest.any():
            ratio = np.maximum(share, 1e-12) * (int(rest.sum()) + 1) / (terms.count(rest) + 0.5)
            contrast = np.minimum(contrast, np.log(ratio))
    weights: np.ndarray = share * idf * contrast
    weights[contrast < _MIN_CONTRAST] = 0
    weights *= terms.fitness
    weights[inside < MIN_TERM_TEXTS] = 0
    return weights


def word(
    terms: Terms,
    members: np.ndarray,
    siblings: np.ndarray,
    others: np.ndarray,
    *,
    head: str = "",
    least: float = 0.0,
    forms: Callable[[Sequence[str]], Mapping[str, str]] | None = None,
) -> Wording:
    """Name the texts in `members`; the label is "" where no subject sets them apart.

    It is "" as well where the keywords cover less than the share `least` of them. A sub-theme is
    not named after its `head`: that says nothing new. `forms` gives the label form of those terms
    that are used as nouns; they go before the others.
    """
    weights = term_weights(terms, members, siblings, others)
    counts = terms.count(members)
    order = sorted(
        np.flatnonzero(weights > 0).tolist(), key=lambda t: (-weights[t], terms.names[t])
    )[:200]
    pairs = [t for t in order if " " in terms.names[t]]
    chosen: list[int] = []
    for term in order:
        if len(chosen) == MAX_KEYWORDS:
            break
        best = _fuller(term, pairs, counts, terms.names)
        name = terms.names[best]
        if counts[best] < MIN_KEYWORD_SHARE * members.sum():
            continue
        if not any(overlap(name, terms.names[other]) for other in chosen):
            chosen.append(best)
    keywords = tuple(terms.names[t] for t in chosen)
    held = np.asarray(terms.matrix[members][:, chosen].sum(axis=1)).ravel() > 0
    coverage = float(held.mean()) if len(held) else 0.0
    if coverage < least:
        return Wording("", keywords, coverage)
    floor = MIN_TERM_SHARE * members.sum()
    fit = {
        terms.names[t]: float(terms.fitness[t])
        for t in chosen
        if counts[t] >= floor and terms.names[t] != head and terms.fitness[t] > GENERAL_FITNESS
    }
    named, label = _label(fit, forms(tuple(fit)) if forms is not None and fit else {})
    return Wording(", ".join(label), keywords, coverage, named)


def _label(
    fit: Mapping[str, float], forms: Mapping[str, str]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the terms to name a theme by, best first in `fit`, and how they stand in its label."""
    fitness = {term: 1.0 if term in forms else value for term, value in fit.items()}
    ranked = sorted(fit, key=lambda term: term not in forms)
    named: list[str] = []
    for term in ranked:
        label = forms.get(term, term)
        if not any(overlap(label, forms.get(other, other)) for other in named):
            named.append(term)
        if len(named) == LABEL_TERMS:
            break
    if not any(fitness[term] == 1 for term in named):
        return (), ()
    named.sort(key=lambda term: -fitness[term])
    return tuple(named), tuple(forms.get(term, term) for term in named)


def _fuller(term: int, pairs: list[int], counts: np.ndarray, names: tuple[str, ...]) -> int:
    """Return the two-word term that says the same as a word but more, or the word itself."""
    if " " in names[term]:
        return term
    for pair in pairs:
        if names[term] in names[pair].split(" ") and counts[pair] >= _PAIR_SHARE * counts[term]:
            return pair
    return term


def slug(label: str) -> str:
    """Return a label as the tail of a theme id: its words sorted by term, joined by hyphens."""
    terms = sorted(label.split(", "))
    return "-".join(re.sub(r"[^\w]+", "-", term).strip("-") for term in terms if term)


@dataclass(frozen=True)
class Mentions:
    """The segments of one theme as aligned arrays, with how typical each is (cosine)."""

    feedback_id: pa.Array
    text: pa.Array
    typicality: np.ndarray
    valence: np.ndarray  # NaN where unknown
    received_at: np.ndarray  # microseconds since 1970, or UNDATED
    channel: pa.Array
    tone: pa.Array


def choose_quotes(mentions: Mentions) -> tuple[Quote, ...]:
    """Return up to three quotes: the most typical, the most recent, and the sharpest.

    Each is another piece of feedback in other words; the last two come from the typical half.
    """
    readable = _readability(mentions)
    count = len(mentions.text)
    by_typicality = np.lexsort((np.arange(count), -mentions.typicality, -readable))
    core = by_typicality[: max(3, int(np.ceil(count * _CORE)))]
    latest = -mentions.received_at.astype(float)  # UNDATED is the largest of all
    sharp = np.where(np.isnan(mentions.valence), 2.0, mentions.valence)
    orders = [
        by_typicality,
        core[np.lexsort((core, -mentions.typicality[core], latest[core], -readable[core]))],
        core[np.lexsort((core, -mentions.typicality[core], sharp[core], -readable[core]))],
    ]
    quotes: list[Quote] = []
    for order in orders:
        for row in order:
            if _is_new(mentions, int(row), quotes):
                quotes.append(_quote(mentions, int(row)))
                break
    return tuple(quotes)


def evidence(mentions: Mentions, quotes: tuple[Quote, ...], most: int) -> tuple[str, ...]:
    """Return the feedback ids of the quotes and then of the most typical mentions."""
    order = np.lexsort((np.arange(len(mentions.text)), -mentions.typicality))
    ids = [quote.feedback_id for quote in quotes]
    ids.extend(mentions.feedback_id.take(pa.array(order[: 4 * most])).to_pylist())
    return tuple(dict.fromkeys(ids))[:most]


def _readability(mentions: Mentions) -> np.ndarray:
    """Return 0 … 2: one point for a length that reads well, one for a plainly negative tone."""
    characters = to_numpy(pc.utf8_length(mentions.text))
    fits = (characters >= _READABLE[0]) & (characters <= _READABLE[1])
    negative = to_numpy(pc.is_in(mentions.tone, value_set=_NEGATIVE))
    return fits.astype(np.int8) + negative.astype(np.int8)


def _is_new(mentions: Mentions, row: int, quotes: list[Quote]) -> bool:
    owner, text = mentions.feedback_id[row].as_py(), mentions.text[row].as_py().casefold()
    return all(quote.feedback_id != owner and quote.text.casefold() != text for quote in quotes)


def _quote(mentions: Mentions, row: int) -> Quote:
    tone, at = mentions.tone[row].as_py(), int(mentions.received_at[row])
    return Quote(
        mentions.feedback_id[row].as_py(),
        mentions.text[row].as_py(),
        None if at == UNDATED else moment(at),
        mentions.channel[row].as_py(),
        Tone(tone) if tone is not None else None,
    )
