"""What is seen of the words of a text: where they stand, their letters, and the names they are."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Sequence
from functools import cache
from importlib import import_module
from importlib.resources import files
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

GRAM_BITS = 13
_WORD = re.compile(r"[^\W\d_]\.(?:-?[^\W\d_]\.)*|[^\W_]+(?:['’`-][^\W_]+)*|[^\w\s]|\n")
_STRETCH = re.compile(r"\n|\S+")
_APOSTROPHES = "'’`"
_DUTCH = ("nl_NL", "nl_BE")
_ABROAD = (
    *("de_DE", "en_GB", "en_IN", "en_PK", "en_US", "es_ES", "fr_FR", "hr_HR", "id_ID", "it_IT"),
    *("pl_PL", "pt_PT", "ro_RO", "tr_TR", "tw_GH"),
)


class Word(NamedTuple):
    """A word or a sign, and where it stands in its text."""

    start: int
    end: int
    text: str


def words_of(text: str) -> list[Word]:
    """Return the words, initials and signs of a text in order, without white space and 's."""
    words = []
    for found in _WORD.finditer(text):
        word = found[0]
        short = 2 if len(word) > 3 and word[-2] in _APOSTROPHES and word[-1] in "sS" else 0
        words.append(Word(found.start(), found.end() - short, word[: len(word) - short]))
    return words


def stretches_of(text: str) -> list[str]:
    """Return the stretches between white space, and new lines; no word goes across their ends."""
    return _STRETCH.findall(text) if "\n" in text else text.split()


class NameLists(NamedTuple):
    """Words in lower case by what they name; a word may stand on several lists."""

    first: frozenset[str]  # names of the Netherlands and Flanders that are no words besides
    last: frozenset[str]
    first_or_word: frozenset[str]
    last_or_word: frozenset[str]
    first_abroad: frozenset[str]
    last_abroad: frozenset[str]
    places: frozenset[str]
    firms: frozenset[str]
    in_firms: frozenset[str]  # words of firms with names of several words
    capitals: frozenset[str]  # written with a capital, and neither person, place nor firm


@cache
def name_lists() -> NameLists:
    """Return our own lists (`name_lists/`) with the names and places that Faker (MIT) keeps.

    Names of several words count word by word; what joins them (van, de, el) does not.
    """
    first = ("first_names", "first_names_male", "first_names_female")
    last = ("last_names", "last_names_male", "last_names_female")
    both = _own("ambiguous_first_names"), _own("ambiguous_surnames")
    return NameLists(
        (_of("person", _DUTCH, first) | _own("first_names")) - both[0],
        (_of("person", _DUTCH, last) | _own("surnames")) - both[1],
        *both,
        _of("person", _ABROAD, first),
        _of("person", _ABROAD, last),
        _of("address", _DUTCH, ("cities", "city_names")),
        _words_in(name for name in _listed("firms") if " " not in name),
        _words_in(name for name in _listed("firms") if " " in name),
        _own("capitals"),
    )


@cache
def firm_names() -> frozenset[tuple[str, ...]]:
    """Return the firms named by several words, "hans anders", that are no surname by themselves."""
    names = (tuple(each.text for each in words_of(name)) for name in _listed("firms"))
    return frozenset(name for name in names if len(name) > 1 and not joins(name[0]))


def _own(name: str) -> frozenset[str]:
    return _words_in(_listed(name))


@cache
def _listed(name: str) -> tuple[str, ...]:
    text = files("klankbord.models").joinpath("name_lists", f"{name}.txt").read_text("utf-8")
    return tuple(text.splitlines())


def _of(kind: str, locales: Sequence[str], lists: Sequence[str]) -> frozenset[str]:
    found: set[str] = set()
    for locale in locales:
        provider = import_module(f"faker.providers.{kind}.{locale}").Provider
        for each in lists:
            found.update(getattr(provider, each, ()))
    return _words_in(found)


def _words_in(names: Iterable[str]) -> frozenset[str]:
    words = {word for name in names for word in name.casefold().split() if len(word) > 1}
    return frozenset(words - _joining())


def joins(word: str) -> bool:
    """Tell whether a word joins the parts of a name, as "van" and "el" do."""
    return word.casefold() in _joining()


@cache
def _joining() -> frozenset[str]:
    joining = """van der den de het ter ten te 't in aan op la le du des von zu el al bin ben d l di
        da dos del"""
    return frozenset(joining.split())


def letter_grams(form: str) -> list[int]:
    """Return the hashed letter n-grams of a word, two to four letters, and the word itself."""
    padded = f"<{form.casefold()[:24]}>"
    grams = [padded[at : at + n] for n in (2, 3, 4) for at in range(len(padded) - n + 1)]
    return [zlib.crc32(gram.encode()) & ((1 << GRAM_BITS) - 1) for gram in [padded + "=", *grams]]


def marks_of(forms: Sequence[str]) -> Floats:
    """Return what is seen of each word: how it is written, and on which lists it stands."""
    lists = name_lists()

    def of(form: str) -> tuple[bool, ...]:
        folded = form.casefold()
        parts = {folded, *re.split("['’`-]", folded)}
        return (
            form[0].isupper(),
            form[0].islower(),
            len(form) > 1 and form.isupper(),
            any(letter.isupper() for letter in form[1:]) and not form.isupper(),
            form.endswith(".") and form[0].isalpha(),
            len(form) == 1 and form.isalpha(),
            not form[0].isalnum(),
            any(letter.isdigit() for letter in form),
            "-" in form[1:],
            "'" in form or "’" in form,
            folded in _joining(),
            *(not parts.isdisjoint(names) for names in lists),
        )

    return np.array([of(form) for form in forms], np.float32).reshape(len(forms), -1)


LIST_MARKS = slice(-len(NameLists._fields), None)  # of `marks_of`: those of the lists
