"""The further questions of a survey: each answer in a row is a piece of feedback of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b

from klankbord.schema import Channel
from klankbord.sources.answers import (
    answers_in_words,
    are_data,
    filled,
    is_question,
    is_running_text,
    question_text,
    says,
    texts_of,
)
from klankbord.sources.decimals import decimal_mark
from klankbord.sources.grid import Asked, Cell, Grid
from klankbord.sources.profile import Profile
from klankbord.sources.scales import Scale, labels_of
from klankbord.sources.score_columns import metric_of_header, scale_of_column

_ASKING: tuple[str, ...] = (Channel.SURVEY, Channel.REVIEW)
_LOOKED_AT = 2_000  # rows
_MOST = 200  # further columns with answers; the rest are attributes
_NOT_TOLD = Asked()


@dataclass(frozen=True)
class ScoreColumn:
    """A column of scores and how its cells are read."""

    at: int
    scale: Scale
    mark: str  # decimal mark


@dataclass(frozen=True)
class Piece:
    """One further answer per row: words, a score, or a score with the words that explain it."""

    suffix: str  # of its feedback_id: hex digits of the name of its column
    question: str
    text: int | None
    score: ScoreColumn | None

    @property
    def columns(self) -> Iterator[int]:
        """The columns it is read from."""
        if self.text is not None:
            yield self.text
        if self.score is not None:
            yield self.score.at


def asked_of(grid: Grid, at: int) -> Asked:
    """Return what the export itself tells of a column."""
    return grid.asked.get(grid.header[at], _NOT_TOLD)


def is_answer(grid: Grid, at: int) -> bool:
    """Tell whether a column may hold answers, as far as the export tells."""
    return asked_of(grid, at).kind not in ("data", "none")


def holds_words(grid: Grid, at: int, texts: Sequence[str]) -> bool:
    """Tell whether a column holds answers in words, by what the export tells, else by content."""
    header, kind = grid.header[at], asked_of(grid, at).kind
    if kind in ("closed", "data", "none"):
        return False
    if kind == "other":
        return is_running_text(texts)
    if kind == "open":
        return bool(texts) and not are_data(texts)
    return labels_of(texts) is None and answers_in_words(header, texts)


def further_pieces(
    grid: Grid,
    columns: Sequence[Sequence[Cell]],
    candidates: Sequence[int],
    profile: Profile,
    channel: str,
) -> tuple[Piece, ...]:
    """Return the pieces of feedback in the columns `candidates`, in the order of the columns.

    Reviews only have the questions that are written as one; conversations have none. A profile may
    name the open questions itself.
    """
    if channel not in _ASKING:
        return ()
    texts: set[int] = set()
    scores: dict[int, ScoreColumn] = {}
    for at in candidates:
        if len(texts) + len(scores) >= _MOST or not is_answer(grid, at):
            continue
        if channel == Channel.REVIEW and not grid.header[at].rstrip().endswith("?"):
            continue
        score = score_column(grid, columns, at)
        if score is not None:
            scores[at] = score
        elif _is_open(grid, columns, at, profile):
            texts.add(at)
    return tuple(_pieces(grid, columns, texts, scores))


def _is_open(grid: Grid, columns: Sequence[Sequence[Cell]], at: int, profile: Profile) -> bool:
    if profile.questions is not None:
        return grid.header[at].strip().casefold() in map(str.casefold, profile.questions)
    return holds_words(grid, at, texts_of(columns[at]))


def score_column(
    grid: Grid, columns: Sequence[Sequence[Cell]], at: int, metric: str | None = None
) -> ScoreColumn | None:
    """Return how a column is read as scores, of `metric` where that is given, or None."""
    header, kind = grid.header[at], asked_of(grid, at).kind
    if kind in ("open", "other") or says("not_scores", header):
        return None
    metric = metric_of_header(header) if metric is None else metric
    if metric is None and not (kind == "closed" or is_question(header)):
        return None
    column = columns[at][:_LOOKED_AT]
    mark = decimal_mark(column)
    scale = scale_of_column(header, filled(column), metric, mark)
    return None if scale is None else ScoreColumn(at, scale, mark)


def _pieces(
    grid: Grid,
    columns: Sequence[Sequence[Cell]],
    texts: set[int],
    scores: Mapping[int, ScoreColumn],
) -> Iterator[Piece]:
    suffixes: set[str] = set()
    explained = {at: explaining(grid, columns, at, texts.__contains__) for at in scores}
    taken = {text for text in explained.values() if text is not None}
    for at in sorted({*texts, *scores} - taken):
        score = scores.get(at)
        text = explained.get(at) if score else at
        named = at if text is None else text
        yield Piece(_suffix(grid, named, suffixes), question_text(grid.header[named]), text, score)


def explaining(
    grid: Grid, columns: Sequence[Sequence[Cell]], score: int, is_text: Callable[[int], bool]
) -> int | None:
    """Return the column of words right after the score in column `score` that asks why, if any."""
    at = score + 1
    while at < len(grid.header) and not filled(columns[at][:200]):
        at += 1
    fits = at < len(grid.header) and says("explains", grid.header[at]) and is_text(at)
    return at if fits else None


def explains_another(grid: Grid, columns: Sequence[Sequence[Cell]], text: int, score: int) -> bool:
    """Tell whether a column of words asks about another score than the one in column `score`."""
    before = text - 1
    while before >= 0 and not filled(columns[before][:200]):
        before -= 1
    return (
        before >= 0
        and before != score
        and says("explains", grid.header[text])
        and score_column(grid, columns, before) is not None
    )


def _suffix(grid: Grid, at: int, taken: set[str]) -> str:
    """Return six hex digits of the column's name; more where another column has the same ones."""
    name = asked_of(grid, at).key or " ".join(grid.header[at].casefold().split())
    for size in (3, 8, 16):
        digest = blake2b(name.encode("utf-8", "replace"), digest_size=size).hexdigest()
        if digest not in taken:
            break
    taken.add(digest)
    return digest
