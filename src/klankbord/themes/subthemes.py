"""The themes under one head: those known from earlier runs first, then what is new.

Every text of the head goes to the known theme it resembles most, unless it resembles the head as
a whole more: then it says nothing in particular, or something new. What is left is divided into
as many groups as can be found again in halves of it, and a group becomes a theme when it passes
the gate: a name of its own, MIN_MENTIONS pieces of feedback, and, under a head that has themes
already, more mentions since the latest of these was found than chance explains: what was there
before was looked through then. Chance is Fisher's exact test (1922) of the group's share of the
head since that day against its share before, at CHANCE over the groups there are.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import partial

import numpy as np

from klankbord.records import KnownTheme, Mapped
from klankbord.themes.cluster import NEIGHBOURS, centroids, divide, sample
from klankbord.themes.features import Encode, Subjects
from klankbord.themes.grouping import MAX_FIT
from klankbord.themes.label import Wording, slug, word
from klankbord.themes.prototypes import (
    Prototype,
    WordMatrix,
    from_parts,
    learn,
    likeness,
    word_matrix,
)
from klankbord.themes.subjects import Forms
from klankbord.themes.words import Terms

MIN_SPLIT = 60  # different complaints before they may be divided
MIN_MENTIONS = 10  # pieces of feedback
MIN_STABILITY = 0.4  # adjusted mutual information between fits on halves of the data
MIN_CLOSENESS = 0.25  # cosine to the centre of a group, below which a text stays out
MIN_COVERAGE = 0.4  # of a group's texts hold one of its keywords, or it is no theme
CHANCE = 0.05  # that any new theme under a head is none
MOST = 12  # groups at a time
_CROWD = 40


@dataclass(frozen=True)
class Texts:
    """The different complaints of a run, as aligned arrays, and how to look inside them."""

    said: tuple[str, ...]
    vectors: np.ndarray  # unit vectors of the encoder
    terms: Terms
    words: WordMatrix
    own: np.ndarray  # bool: coded by itself in some piece of feedback
    text_of: np.ndarray  # per mention, a text in a piece of feedback: the place of the text
    day: np.ndarray  # and its day since 1970; far in the future where no run has seen it yet
    encode: Encode
    forms: Forms

    def mentions(self, rows: np.ndarray, after: int | None = None) -> int:
        """Return how many pieces of feedback mention one of `rows`, all or `after` a day."""
        counted = np.isin(self.text_of, rows)
        return int((counted if after is None else counted & (self.day > after)).sum())


@dataclass(frozen=True)
class Found:
    """The themes under one head, and what recognises the head as a whole and each of them."""

    themes: tuple[KnownTheme, ...] = ()
    prototypes: tuple[Prototype, ...] = ()  # that of the head first

    def place(self, vectors: np.ndarray, words: WordMatrix) -> tuple[np.ndarray, np.ndarray]:
        """Return the likeliest theme of each text, -1 for the head itself, and its score."""
        if not self.themes:
            return np.full(len(vectors), -1), np.zeros(len(vectors))
        return _nearest(self.prototypes, vectors, words)


@dataclass(frozen=True)
class Pool:
    """Texts under one head that may be divided."""

    rows: np.ndarray
    clear: np.ndarray  # all texts that were coded by themselves for this head
    since: date | None  # only more mentions since then make a new theme


@dataclass(frozen=True)
class Sought:
    """A head (None: none) with its texts, and where new themes are sought in them."""

    head: str | None
    here: np.ndarray  # rows
    known: tuple[KnownTheme, ...]  # of earlier runs
    prototypes: tuple[Prototype, ...]  # that of the head first, then of the known themes
    pools: tuple[Pool, ...]


def seek(
    head: str | None,
    here: np.ndarray,
    known: Sequence[KnownTheme],
    texts: Texts,
    encoder: str,
) -> Sought:
    """Return where new themes are sought among the texts `here` of one head.

    `known` are its themes of earlier runs. Too few texts are in no pool.
    """
    clear = here[texts.own[here]]
    vectors, words = texts.vectors[here], texts.words.rows(here)
    of_head = learn(vectors, words, np.where(texts.own[here], 0, -1), 1)
    prototypes = (*of_head, *_kept(known, encoder, vectors, words))
    place, _ = _nearest(prototypes, vectors, words)
    pools = [(-1, max((one.found_at for one in known), default=None))]
    pools += [(at, None) for at, one in enumerate(known) if one.divide]  # a person asked for it
    found = []
    for at, since in pools:
        rows = clear[np.isin(clear, here[place == at])]
        rows = rows[sample(len(rows), MAX_FIT)]
        if len(rows) >= MIN_SPLIT:
            found.append(Pool(rows, clear, since))
    return Sought(head, here, tuple(known), prototypes, tuple(found))


def divided(pools: Sequence[Pool], texts: Texts, mapped: Mapped) -> Iterator[list[np.ndarray]]:
    """Yield for each pool the rows of its groups."""
    parts = (
        Subjects.of(
            texts.said, texts.vectors, texts.terms, pool.rows, _outside(pool.clear, texts),
            texts.encode,
        )
        for pool in pools
    )  # fmt: skip
    for pool, groups in zip(pools, mapped(groups_of, parts), strict=True):
        yield [pool.rows[members] for members in groups]


def groups_of(subjects: Subjects) -> list[np.ndarray]:
    """Return the places of the texts near the centre of each group: none where all are alike."""
    from threadpoolctl import threadpool_limits

    with threadpool_limits(limits=1, user_api="blas"):  # one order of summation anywhere
        worded, vectors = subjects.told_apart()
        if len(worded) < MIN_SPLIT:
            return []
        division = divide(vectors, min_stability=MIN_STABILITY, most=MOST, near=_neighbours)
        if division is None:
            return []
        centres = centroids(vectors, division.labels, division.clusters)
    near = (vectors * centres[division.labels]).sum(axis=1) >= MIN_CLOSENESS
    return [worded[(division.labels == cluster) & near] for cluster in range(division.clusters)]


def settle(
    sought: Sought,
    groups: Iterator[list[np.ndarray]],
    texts: Texts,
    *,
    taken: frozenset[str],
    encoder: str,
    day: date,
) -> Found:
    """Return the themes under a head; `groups` yields those of each of its pools.

    `taken` are the ids that are in use anywhere.
    """
    here, themes, prototypes = sought.here, list(sought.known), list(sought.prototypes)
    vectors, words = texts.vectors[here], texts.words.rows(here)
    fresh: list[tuple[Wording, np.ndarray, date | None]] = []
    for pool in sought.pools:
        named = _named(sought.head or "", texts, next(groups), pool.clear)
        fresh += [(*found, pool.since) for found in named]
    for wording, members, since in fresh:
        if not _passes(texts, members, here, since, CHANCE / len(fresh)):
            continue
        theme_id = _new_id(sought.head, wording, taken | {one.theme_id for one in themes})
        marked = np.where(np.isin(here, members), 0, -1)
        prototype = learn(vectors, words, marked, 1)[0]
        theme = _known(theme_id, sought.head, wording, prototype, encoder, day)
        prototypes.append(from_parts(theme.centre, theme.terms))  # as the next run will know it
        themes.append(theme)
    order = sorted(range(len(themes)), key=lambda at: themes[at].theme_id)
    return Found(
        tuple(replace(themes[at], divide=False) for at in order),
        (prototypes[0], *(prototypes[1 + at] for at in order)),
    )


def recognise(
    known: Sequence[KnownTheme], examples: Sequence[str], encode: Encode, encoder: str
) -> Found:
    """Return `known` themes under a head of which no complaint was read, only its `examples`."""
    vectors, words = np.asarray(encode(examples)), word_matrix(examples)
    of_head = learn(vectors, words, np.zeros(len(examples), dtype=np.int64), 1)
    order = sorted(known, key=lambda theme: theme.theme_id)
    return Found(tuple(order), (*of_head, *_kept(order, encoder, vectors, words)))


def _nearest(
    prototypes: Sequence[Prototype], vectors: np.ndarray, words: WordMatrix
) -> tuple[np.ndarray, np.ndarray]:
    """Return the place of the likeliest theme after the first, the head (-1), and its score."""
    score = likeness(prototypes, vectors, words)
    best = score.argmax(axis=1)
    return best - 1, score[np.arange(len(best)), best]


def _kept(
    themes: Sequence[KnownTheme], encoder: str, vectors: np.ndarray, words: WordMatrix
) -> list[Prototype]:
    """Return what recognises the known themes; by words alone first after a change of encoder."""
    foreign = [one.encoder != encoder for one in themes]
    nothing = np.zeros(vectors.shape[1], dtype=np.float32)
    kept = [
        from_parts(nothing if other else one.centre, one.terms)
        for one, other in zip(themes, foreign, strict=True)
    ]
    if not any(foreign):
        return kept
    score = likeness([Prototype(nothing, one.terms) for one in kept], vectors, words)
    labels = np.where(score.max(axis=1) > 0, score.argmax(axis=1), -1)
    centres = centroids(vectors[labels >= 0], labels[labels >= 0], len(kept))
    return [
        replace(one, centre=centres[at].astype(np.float32)) if foreign[at] else one
        for at, one in enumerate(kept)
    ]


def _outside(clear: np.ndarray, texts: Texts) -> np.ndarray:
    """Tell which texts were coded by themselves, for another head than the texts `clear`."""
    outside = texts.own.copy()
    outside[clear] = False
    return outside


def _named(
    head: str, texts: Texts, groups: Sequence[np.ndarray], clear: np.ndarray
) -> list[tuple[Wording, np.ndarray]]:
    """Return the groups that have a name, with their texts; what goes by one name is one."""
    outside = _outside(clear, texts)
    inside_head = np.zeros(len(texts.own), dtype=bool)
    inside_head[clear] = True
    found: dict[str, tuple[Wording, np.ndarray]] = {}
    for members in groups:
        inside = np.zeros(len(texts.own), dtype=bool)
        inside[members] = True
        wording = word(
            texts.terms,
            inside,
            inside_head & ~inside,
            outside,
            head=head,
            least=MIN_COVERAGE,
            forms=partial(texts.forms, members),
        )
        if wording.label:
            name = slug(wording.label)
            wording, before = found.get(name, (wording, members[:0]))
            found[name] = wording, np.concatenate([before, members])
    return list(found.values())


def _neighbours(count: int) -> int:
    """Return more neighbours among many: complaints in the same few words join no others."""
    return max(NEIGHBOURS, count // _CROWD)


def _passes(
    texts: Texts, members: np.ndarray, here: np.ndarray, since: date | None, chance: float
) -> bool:
    """Tell whether a group under a head whose latest theme was found at `since` is a theme."""
    hits = texts.mentions(members)
    if hits < MIN_MENTIONS or since is None:
        return hits >= MIN_MENTIONS
    from scipy.stats import hypergeom

    after = (since - date(1970, 1, 1)).days
    new_hits, new, of_head = (
        texts.mentions(members, after),
        texts.mentions(here, after),
        texts.mentions(here),
    )
    return bool(hypergeom.sf(new_hits - 1, of_head, hits, new) <= chance)


def _new_id(head: str | None, wording: Wording, taken: frozenset[str]) -> str:
    name = f"{head or 'nieuw'}-{slug(wording.label)}"
    number, free = 1, name
    while free in taken:
        number += 1
        free = f"{name}-{number}"
    return free


def _known(
    theme_id: str,
    head: str | None,
    wording: Wording,
    prototype: Prototype,
    encoder: str,
    day: date,
) -> KnownTheme:
    return KnownTheme(
        theme_id=theme_id,
        parent_id=head,
        label=wording.label,
        keywords=wording.keywords,
        encoder=encoder,
        centre=tuple(round(float(value), 6) for value in prototype.centre),
        terms=tuple(prototype.terms.items()),
        found_at=day,
        seen_at=day,
    )
