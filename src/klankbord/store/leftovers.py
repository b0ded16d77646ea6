"""What would be left of somebody in a text: their ids, and words in a row that nobody else used.

A run is one word, four in a row, or a whole shorter text. It tells of the erased rows when no row
that stays holds it, and no fixed text of Klankbord either; ids tell always, but for short numbers.
Case, punctuation and how a file writes its text do not count. What is erased is thus found again in
a quote, a keyword, a draft or a file name, and what others said as well stays as it is.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from itertools import chain

Run = tuple[str, ...]

REDACTED = "…"
_WORD = re.compile(r"[^\W_]+")
_IN_A_ROW = 4
_SHORTEST_WORD, _SHORTEST_RUN = 3, 8  # letters
_TELLING_DIGITS = 5  # of a number: shorter ones stand everywhere
_FIXED = (".toml", ".j2", ".js", ".css", ".md")


class Leftovers:
    """Finds runs of words in any text."""

    def __init__(self, ids: Iterable[str], runs: Iterable[Run] = ()) -> None:
        self._ids = {run for run in map(words, ids) if run}
        self._runs = {run for run in self._ids if _is_telling_id(run)}.union(runs)
        self._lengths: dict[str, set[int]] = {}
        for run in self._runs:
            self._lengths.setdefault(run[0], set()).add(len(run))

    def __bool__(self) -> bool:
        return bool(self._runs)

    def found(self, text: str) -> bool:
        """Tell whether anything of it stands in `text`."""
        return next(self._places(words(text)), None) is not None

    def runs_in(self, text: str) -> set[Run]:
        """Return the runs that stand in `text`."""
        said = words(text)
        return {said[at:end] for at, end in self._places(said)}

    def is_id(self, text: str, *, short: bool = False) -> bool:
        """Tell whether `text` is an id and no more; with `short` also a short number."""
        said = words(text)
        return said in self._ids and (short or said in self._runs)

    def redacted(self, text: str) -> str:
        """Return `text` with an ellipsis where anything of it stood."""
        tokens = list(_WORD.finditer(text))
        marked = [False] * len(tokens)
        for at, end in self._places(tuple(token.group().casefold() for token in tokens)):
            marked[at:end] = [True] * (end - at)
        kept, last, inside = [], 0, False
        for token, is_marked in zip(tokens, marked, strict=True):
            if is_marked and not inside:
                kept += [text[last : token.start()], REDACTED]
            if is_marked:
                last = token.end()
            inside = is_marked
        left = "".join([*kept, text[last:]])
        return self.redacted(left) if any(marked) and self.found(left) else left

    def redacted_json(self, value: object) -> object:
        """Return a JSON value with every text in it redacted; keys stay."""
        if isinstance(value, str):
            return self.redacted(value)
        if isinstance(value, list):
            return [self.redacted_json(one) for one in value]
        if isinstance(value, dict):
            return {key: self.redacted_json(one) for key, one in value.items()}
        return value

    def _places(self, said: Run) -> Iterator[tuple[int, int]]:
        for at, word in enumerate(said):
            for length in self._lengths.get(word, ()):
                if at + length <= len(said) and said[at : at + length] in self._runs:
                    yield at, at + length


def leftovers(ids: Iterable[str], said: Iterable[str], others: Iterable[str]) -> Leftovers:
    """Return what tells of the texts in `said`: what is in none of `others`."""
    told = {run for text in said for run in _runs(words(text))}
    sought = Leftovers((), told)
    for text in chain(_fixed_texts(), others):
        told.difference_update(sought.runs_in(text))
    return Leftovers(ids, told)


def words(text: str) -> Run:
    """Return the words of a text, case folded."""
    return tuple(_WORD.findall(text.casefold()))


def texts_in(value: str) -> Iterator[str]:
    """Yield the texts in a JSON object of attributes."""
    yield from _texts(json.loads(value))


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, Mapping):
        for one in value.values():
            yield from _texts(one)
    elif isinstance(value, Collection) and not isinstance(value, str):
        for one in value:
            yield from _texts(one)
    elif value is not None:
        yield str(value)


def _runs(said: Run) -> Iterator[Run]:
    """Yield the runs of a text that could tell of who said it."""
    for word in said:
        if _tells((word,), _SHORTEST_WORD):
            yield (word,)
    for at in range(max(len(said) - _IN_A_ROW, 0) + 1):
        run = said[at : at + _IN_A_ROW]
        if len(run) > 1 and _tells(run, _SHORTEST_RUN):
            yield run


def _is_telling_id(run: Run) -> bool:
    return sum(map(len, run)) >= _TELLING_DIGITS or _tells(run, _SHORTEST_WORD)


def _tells(run: Run, letters: int) -> bool:
    if any(len(word) >= _TELLING_DIGITS and word.isdigit() for word in run):
        return True
    return sum(len(word) for word in run if not word.isdigit()) >= letters


@cache
def _fixed_texts() -> tuple[str, ...]:
    """Return the texts of Klankbord itself, which every report is full of."""
    return tuple(_read(resources.files("klankbord")))


def _read(folder: Traversable) -> Iterator[str]:
    for each in folder.iterdir():
        if each.is_dir():
            if each.name != "bundled":  # models, and the demonstration's customers
                yield from _read(each)
        elif each.name.endswith(_FIXED):
            yield each.read_text("utf-8")
