"""Who mentions a theme: per channel, segment, journey stage, language and question; and AI answers.

A cell is set against the rest of the feedback whose value is known. Given how often the theme is
mentioned at all, the number of mentions in the cell is binomial under no difference (conservative:
it is hypergeometric), with counts divided by the theme's design effect, since a customer who
writes often is one voice. Cells are tested together at a false-discovery rate of 10 % (Benjamini &
Hochberg 1995), also those too small to be shown, so that hiding them does not favour the rest.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from klankbord.arrays import encode, one, to_numpy
from klankbord.discoveries import FALSE_DISCOVERY_RATE, adjusted
from klankbord.metrics.small_groups import hidden
from klankbord.records import Theme
from klankbord.schema import Channel, Tone
from klankbord.themes.codeframe import codeframe
from klankbord.themes.complaints import hear
from klankbord.themes.shares import wilson

DIMENSIONS = ("channel", "segment", "journey_stage", "language", "question")
MIN_CELL = 5  # mentions, and customers who mention it, below which a cell is not shown
MIN_FEEDBACK = 5  # in a cell, and customers who gave it, below which the value is not listed
MAX_VALUES = 40  # of a dimension, those with most feedback
MIN_ANSWERS = 5  # AI answers that name a theme
MORE, LESS, ALIKE = "vaker", "minder vaak", "geen aantoonbaar verschil"
TOO_LITTLE = "te weinig gegevens"


@dataclass(frozen=True)
class Cell:
    """A theme among the feedback with one value of a dimension; None where it is not shown."""

    theme_id: str
    dimension: str
    value: str
    mentions: int | None
    feedback: int
    share: float | None
    share_low: float | None  # 90 % interval
    share_high: float | None
    verdict: str  # "vaker", "minder vaak", "geen aantoonbaar verschil" or "te weinig gegevens"
    p: float | None  # adjusted over all cells


@dataclass(frozen=True)
class Gap:
    """A head theme among customers' complaints and among AI answers about the organisation.

    Shares are of the pieces that name any theme, and of the answers that do.
    """

    theme_id: str
    customers: float
    answers: float
    difference: float  # AI answers minus customers, with its 90 % interval
    low: float
    high: float
    customers_rank: int
    answers_rank: int


@dataclass(frozen=True)
class Breakdown:
    """The cells in order of theme, dimension and size, and the themes of AI answers."""

    cells: tuple[Cell, ...] = ()
    gap: tuple[Gap, ...] = ()  # largest among customers first; empty under MIN_ANSWERS answers
    answers: int = 0  # AI answers that name a theme


@dataclass(frozen=True)
class Mentions:
    """Which rows of the feedback mention which theme: one entry per pair, by theme and row."""

    theme: np.ndarray  # place in the themes given
    row: np.ndarray


def mentions(feedback: pa.Table, segments: pa.Table, themes: Sequence[Theme]) -> Mentions:
    """Return who mentions what, each pair once; a mention of a sub-theme is one of its head."""
    place = {theme.theme_id: at for at, theme in enumerate(themes)}
    head = np.array([place.get(theme.parent_id or "", -1) for theme in themes], dtype=np.int64)
    at = pc.index_in(_one(segments, "theme_id"), value_set=pa.array(list(place), pa.string()))
    row = pc.index_in(_one(segments, "feedback_id"), value_set=_one(feedback, "feedback_id"))
    known = pc.and_(pc.is_valid(at), pc.is_valid(row))
    theme, rows = (to_numpy(column.filter(known)).astype(np.int64) for column in (at, row))
    above = head[theme] if len(theme) else theme
    theme = np.concatenate([theme, above[above >= 0]])
    rows = np.concatenate([rows, rows[above >= 0]])
    pairs = np.unique(theme * max(feedback.num_rows, 1) + rows)
    return Mentions(*np.divmod(pairs, max(feedback.num_rows, 1)))


def break_down(
    feedback: pa.Table,
    scores: pa.Table,
    segments: pa.Table,
    themes: Sequence[Theme],
    *,
    answers: pa.Table | None = None,
) -> Breakdown:
    """Return where each theme is said, and how AI answers compare with customers.

    `segments` carry their theme_id. `answers` holds the segments of AI answers with tone and
    complaint_theme; without it those among `segments` are taken. Same rows, same breakdown.
    """
    ordered = sorted(themes, key=lambda theme: theme.theme_id)
    speaks = hear(feedback, scores).speaks
    found = mentions(feedback, segments, ordered)
    heard = speaks[found.row]
    found = Mentions(found.theme[heard], found.row[heard])
    cluster = _clusters(feedback)
    effect = _design_effects(found, speaks, cluster, len(ordered))
    parts = (_dimension(feedback, name, speaks, found, effect, cluster) for name in DIMENSIONS)
    cells = _cells(ordered, [part for part in parts if part is not None], effect)
    gap, count = _gap(feedback, segments if answers is None else answers, ordered, found, effect)
    return Breakdown(tuple(cells), gap, count)


@dataclass(frozen=True)
class _Dimension:
    """The listed values of one dimension, those with most feedback first."""

    name: str
    values: tuple[str, ...]
    hits: np.ndarray  # themes x values
    voices: np.ndarray  # themes x values: customers, each piece without one counts as one
    rest: np.ndarray  # per theme: mentions of which the value is not listed, or not known
    feedback: np.ndarray  # per value
    p: np.ndarray  # themes x values, NaN where there is nothing to compare
    more: np.ndarray  # bool, whether the share is above that of the rest


def _dimension(
    feedback: pa.Table,
    name: str,
    speaks: np.ndarray,
    found: Mentions,
    effect: np.ndarray,
    cluster: np.ndarray,
) -> _Dimension | None:
    """Count and test one dimension; None where fewer than two values have feedback enough."""
    names, code = encode(feedback.column(name))
    code = np.where(speaks, code, -1)
    size = np.bincount(code[code >= 0], minlength=len(names))
    speakers = _different(code, cluster, code >= 0, len(names))
    listed = np.argsort(-size, kind="stable")[:MAX_VALUES]
    listed = listed[np.minimum(size, speakers)[listed] >= MIN_FEEDBACK]
    if len(listed) < 2:
        return None
    value = code[found.row]
    known = value >= 0
    number = found.theme[known] * len(names) + value[known]
    counts = np.bincount(number, minlength=len(effect) * len(names))
    counts = counts.reshape(len(effect), len(names))
    voices = _different(
        found.theme * len(names) + value, cluster[found.row], known, counts.size
    ).reshape(counts.shape)
    hits = counts[:, listed]
    all_hits, part = counts.sum(axis=1, keepdims=True), size[listed] / size.sum()
    return _Dimension(
        name,
        tuple(names.take(pa.array(listed)).to_pylist()),
        hits,
        voices[:, listed],
        np.bincount(found.theme, minlength=len(effect)) - hits.sum(axis=1),
        size[listed],
        _chance(hits, all_hits, part, effect[:, None]),
        hits > all_hits * part,
    )


def _different(
    group: np.ndarray, cluster: np.ndarray, known: np.ndarray, groups: int
) -> np.ndarray:
    """Return how many different clusters there are in each group, of the entries that are known."""
    width = int(cluster.max(initial=0)) + 1
    pairs = np.unique(group[known] * width + cluster[known])
    return np.bincount(pairs // width, minlength=groups)


def _chance(
    hits: np.ndarray, total: np.ndarray, part: np.ndarray, effect: np.ndarray
) -> np.ndarray:
    """Return the two-sided binomial p-value of `hits` out of `total`, where `part` is expected."""
    from scipy.special import betainc

    hits, total = hits / effect, np.broadcast_to(total / effect, hits.shape)
    above = np.where(hits > 0, betainc(np.maximum(hits, 1e-9), total - hits + 1, part), 1.0)
    misses = total - hits
    below = np.where(misses > 0, betainc(np.maximum(misses, 1e-9), hits + 1, 1 - part), 1.0)
    p: np.ndarray = np.minimum(1.0, 2 * np.minimum(above, below))
    judged: np.ndarray = np.where(total * effect >= MIN_CELL, p, np.nan)
    return judged


def _cells(themes: Sequence[Theme], parts: Sequence[_Dimension], effect: np.ndarray) -> list[Cell]:
    adjusted = _adjusted([part.p for part in parts])
    ends = [wilson(part.hits / effect[:, None], part.feedback / effect[:, None]) for part in parts]
    out = []
    for at, theme in enumerate(themes):
        for part, p, (low, high) in zip(parts, adjusted, ends, strict=True):
            few = np.minimum(part.hits[at], part.voices[at]) < MIN_CELL
            few = hidden(part.hits[at], few, rest=int(part.rest[at]))
            for column, value in enumerate(part.values):
                hits, size = int(part.hits[at, column]), int(part.feedback[column])
                if few[column] or np.isnan(p[at, column]):
                    nothing = (None, size, None, None, None, TOO_LITTLE, None)
                    out.append(Cell(theme.theme_id, part.name, value, *nothing))
                    continue
                chance = float(p[at, column])
                differs = MORE if part.more[at, column] else LESS
                out.append(
                    Cell(
                        theme.theme_id,
                        part.name,
                        value,
                        hits,
                        size,
                        hits / size,
                        float(low[at, column]),
                        float(high[at, column]),
                        differs if chance <= FALSE_DISCOVERY_RATE else ALIKE,
                        chance,
                    )
                )
    return out


def _adjusted(parts: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Adjust all p-values together; NaN stays and does not count."""
    flat = adjusted(np.concatenate([part.ravel() for part in parts]) if parts else np.zeros(0))
    pieces = np.split(flat, np.cumsum([part.size for part in parts])[:-1]) if parts else []
    return [piece.reshape(part.shape) for piece, part in zip(pieces, parts, strict=True)]


def _design_effects(
    found: Mentions, speaks: np.ndarray, cluster: np.ndarray, themes: int
) -> np.ndarray:
    """Return how many times each theme's variance grows because customers speak more than once.

    Ratio of the between-customer variance of the share to that of independent feedback, at least 1.
    """
    answers = np.bincount(cluster[speaks], minlength=cluster.max(initial=-1) + 1).astype(float)
    total, groups = answers.sum(), float(np.count_nonzero(answers))
    if groups < 2:
        return np.ones(themes)
    number = found.theme * len(answers) + cluster[found.row]
    pairs, said = np.unique(number, return_counts=True)
    theme, customer = np.divmod(pairs, len(answers))
    share = np.bincount(theme, weights=said, minlength=themes) / total
    squares = np.bincount(theme, weights=said**2, minlength=themes)
    cross = np.bincount(theme, weights=said * answers[customer], minlength=themes)
    between = squares - 2 * share * cross + share**2 * np.square(answers).sum()
    within = total * share * (1 - share)
    effect = np.divide(between, within, out=np.ones(themes), where=within > 0)
    floored: np.ndarray = np.maximum(effect * groups / (groups - 1), 1.0)
    return floored


def _clusters(feedback: pa.Table) -> np.ndarray:
    """Return a number per row: equal for the same customer, unique where there is none."""
    customers, number = encode(feedback.column("customer_id"))
    cluster: np.ndarray = np.where(number >= 0, number, len(customers) + np.arange(len(number)))
    return cluster


def _gap(
    feedback: pa.Table,
    segments: pa.Table,
    themes: Sequence[Theme],
    found: Mentions,
    effect: np.ndarray,
) -> tuple[tuple[Gap, ...], int]:
    """Compare the heads of the codeframe that either side names; and count the AI answers."""
    codes = list(codeframe())
    said = _answer_codes(feedback, segments, codes)
    answers = len(np.unique(said // len(codes))) if len(said) else 0
    place = {theme.theme_id: at for at, theme in enumerate(themes)}
    customers = len(np.unique(found.row))
    if answers < MIN_ANSWERS or not customers:
        return (), answers
    ours = np.bincount(found.theme, minlength=len(themes))
    hits = np.array([ours[place[code]] if code in place else 0 for code in codes], dtype=float)
    effects = np.array([effect[place[code]] if code in place else 1.0 for code in codes])
    theirs = np.bincount(said % len(codes), minlength=len(codes)).astype(float)
    low, high = wilson(hits / effects, customers / effects)
    their_low, their_high = wilson(theirs, np.full(len(codes), float(answers)))
    share, their_share = hits / customers, theirs / answers
    difference = their_share - share
    # Newcombe (1998), Statistics in Medicine 17, 873-890, method 10
    down = np.hypot(their_share - their_low, high - share)
    up = np.hypot(their_high - their_share, share - low)
    ranks, their_ranks = (
        1 + (value[None] > value[:, None]).sum(axis=1) for value in (hits, theirs)
    )
    rows = [
        Gap(
            code,
            float(share[at]),
            float(their_share[at]),
            float(difference[at]),
            float(difference[at] - down[at]),
            float(difference[at] + up[at]),
            int(ranks[at]),
            int(their_ranks[at]),
        )
        for at, code in enumerate(codes)
        if hits[at] or theirs[at]
    ]
    return tuple(
        sorted(rows, key=lambda row: (-row.customers, -row.answers, row.theme_id))
    ), answers


def _answer_codes(feedback: pa.Table, segments: pa.Table, codes: Sequence[str]) -> np.ndarray:
    """Return row x codes + code of every code that an AI answer names without praise, once."""
    row = pc.index_in(_one(segments, "feedback_id"), value_set=_one(feedback, "feedback_id"))
    code = pc.index_in(_one(segments, "complaint_theme"), value_set=pa.array(codes, pa.string()))
    praise = pa.array([Tone.POSITIEF, Tone.ENTHOUSIAST], pa.string())
    answered = pc.equal(_one(feedback, "channel"), pa.scalar(str(Channel.AI_ANSWER)))
    named = pc.and_(
        pc.and_(pc.is_valid(code), pc.fill_null(answered.take(row), False)),
        pc.invert(pc.is_in(_one(segments, "tone"), value_set=praise)),
    )
    rows, places = (to_numpy(column.filter(named)).astype(np.int64) for column in (row, code))
    return np.unique(rows * len(codes) + places)


def _one(table: pa.Table, name: str) -> pa.Array:
    return one(table.column(name))
