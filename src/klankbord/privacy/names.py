"""Finding the names of people in texts: the name model's words, joined into whole names."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache

from klankbord.models.name_words import Word, firm_names, joins, words_of
from klankbord.models.person_names import NameTagger, load_name_tagger
from klankbord.privacy.personal_data import PersonalData, Span

_BATCH = 5_000  # texts at a time: bounds memory
_BESIDE = 0.5  # share of the threshold at which a word beside a name belongs to it
_FIRM = 3  # words on either side that may belong to a firm's name


def find(texts: Sequence[str]) -> Iterator[list[Span]]:
    """Yield for each text the names in it, in order."""
    tagger = _tagger()
    for first in range(0, len(texts), _BATCH):
        batch = texts[first : first + _BATCH]
        found: list[list[Span]] = [[] for _ in batch]
        for place, chance in tagger.reaching(tagger.threshold * _BESIDE, batch).items():
            words = words_of(batch[place])
            found[place] = list(_names(words, chance.tolist(), tagger.threshold))
        yield from found


def _names(words: Sequence[Word], chance: Sequence[float], threshold: float) -> Iterator[Span]:
    """Join the words of a name; what joins two of them (van, de, a hyphen) belongs to it."""
    at = 0
    while at < len(words):
        if chance[at] < threshold:
            at += 1
            continue
        first = last = at
        while first and chance[first - 1] >= threshold * _BESIDE:
            first -= 1
        while last + 1 < len(words) and (
            chance[last + 1] >= threshold * _BESIDE or _goes_on(words[last].text, words[last + 1])
        ):
            last += 1
        at = last + 1
        if not _of_firm(words, first, last):
            yield Span(words[first].start, words[last].end, PersonalData.NAME)


def _of_firm(words: Sequence[Word], first: int, last: int) -> bool:
    """Tell whether the words lie within the name of a firm, as "Hans" in "Hans Anders" does."""
    known = firm_names()
    around = [word.text.casefold() for word in words[max(0, first - _FIRM) : last + 1 + _FIRM]]
    begin, end = min(first, _FIRM), min(first, _FIRM) + last - first + 1
    return any(
        tuple(around[start:stop]) in known
        for start in range(begin + 1)
        for stop in range(end, min(len(around), start + _FIRM + 1) + 1)
    )


def _goes_on(last: str, after: Word) -> bool:
    """Tell whether a name that has "van der" or an initial at its end goes on with `after`."""
    return after.text[0].isalpha() and (
        joins(last) or (last[1:2] == "." and after.text[0].isupper())
    )


@cache
def _tagger() -> NameTagger:
    return load_name_tagger()
