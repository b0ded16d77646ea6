"""Which words of a text are part of a person's name: a small network over words in context.

A word is known by its static vector, by its letters, by how it is written and by the lists of
names it stands on; two convolutions look at the words around it. Trained on our own marked lines
by `scripts/train_names.py`.
"""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from importlib import import_module
from importlib.resources import files
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from klankbord.errors import ModelError
from klankbord.models.card import read_card
from klankbord.models.encoder import StaticEncoder, bundled_encoder
from klankbord.resources import bundled

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

NAME_MODEL = "models/names"
GRAM_BITS = 13
WIDTH = 5  # words that a convolution sees
REACH = 4  # words on either side that a probability depends on
_WORD = re.compile(r"[^\W\d_]\.(?:-?[^\W\d_]\.)*|[^\W_]+(?:['’`-][^\W_]+)*|[^\w\s]|\n")
_APOSTROPHES = "'’`"
_DUTCH = ("nl_NL", "nl_BE")
_ABROAD = (
    *("de_DE", "en_GB", "en_IN", "en_PK", "en_US", "es_ES", "fr_FR", "hr_HR", "id_ID", "it_IT"),
    *("pl_PL", "pt_PT", "ro_RO", "tr_TR", "tw_GH"),
)
_KEPT_WORDS = 30_000  # known words before the cache starts anew; some 60 MB


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


class NameTagger:
    """Gives every word of a text the probability that it belongs to a person's name."""

    def __init__(self, folder: Path, encoder: StaticEncoder) -> None:
        from safetensors.numpy import load_file

        try:
            config = json.loads((folder / "config.json").read_text("utf-8"))
            weights = load_file(folder / "model.safetensors")
            self.threshold = float(config["threshold"])
            needed = str(config["encoder"])
            self._vectors: Floats = weights["vectors"].astype(np.float32)
            self._grams: Floats = weights["grams"].astype(np.float32)
            self._marks: Floats = weights["marks"].astype(np.float32)
            self._near: Floats = weights["near"].astype(np.float32)
            self._near_bias: Floats = weights["near_bias"].astype(np.float32)
            self._wide: Floats = weights["wide"].astype(np.float32)
            self._wide_bias: Floats = weights["wide_bias"].astype(np.float32)
            self._out: Floats = weights["out"].astype(np.float32)
            self._bias = float(weights["bias"][0])
        except Exception as error:
            raise ModelError("name model cannot be loaded", where=str(folder)) from error
        if needed != encoder.fingerprint:
            raise ModelError(
                "name model was trained on another encoder than the one that is installed",
                where=str(folder),
            )
        self._encoder = encoder
        self._lock = Lock()
        self._forget()

    def probabilities(self, texts: Sequence[Sequence[Word]]) -> Iterator[Floats]:
        """Yield for each text of `words_of` an array with one probability per word."""
        sizes = [len(words) for words in texts]
        rows, known = self._rows_of([word.text for words in texts for word in words])
        spread = np.zeros(sum(sizes) + REACH * (len(sizes) + 1), np.int64)
        starts, at, done = [], REACH, 0
        for size in sizes:
            spread[at : at + size] = rows[done : done + size]
            starts.append(at)
            at, done = at + size + REACH, done + size
        inside = (spread > 0)[:, None]
        padded = np.pad(spread, WIDTH // 2)
        near = np.repeat(self._near_bias[None], len(spread), axis=0)
        for step in range(WIDTH):
            near += known[padded[step : step + len(spread)], step]
        near = np.maximum(near, 0) * inside
        wide = np.maximum(_beside(near, self._wide) + self._wide_bias, 0) * inside
        logits = np.hstack([near, wide]) @ self._out + self._bias
        chance = 1 / (1 + np.exp(-logits))
        for start, size in zip(starts, sizes, strict=True):
            yield chance[start : start + size]

    def _forget(self) -> None:
        self._rows: dict[str, int] = {}
        self._known: Floats = np.zeros((1, WIDTH, self._near.shape[2]), np.float32)  # 0: no word

    def _rows_of(self, forms: Sequence[str]) -> tuple[NDArray[np.int64], Floats]:
        """Return the row of each form and what the rows hold: what a word adds at each distance."""
        with self._lock:
            if len(self._rows) > _KEPT_WORDS:
                self._forget()
            new = [form for form in dict.fromkeys(forms) if form not in self._rows]
            if new:
                self._rows.update((form, at) for at, form in enumerate(new, len(self._known)))
                adds = np.einsum("wi,sio->wso", self._row(new), self._near, optimize=True)
                self._known = np.concatenate([self._known, adds])
            rows = np.fromiter(map(self._rows.__getitem__, forms), np.int64, len(forms))
            return rows, self._known

    def _row(self, forms: Sequence[str]) -> Floats:
        vectors = self._encoder.encode(forms) @ self._vectors
        grams = [letter_grams(form) for form in forms]
        sizes = np.array([len(each) for each in grams])
        flat = self._grams[np.concatenate(grams)]
        means = np.add.reduceat(flat, np.concatenate([[0], np.cumsum(sizes)[:-1]])) / sizes[:, None]
        rows: Floats = vectors + means + marks_of(forms) @ self._marks
        return rows


def load_name_tagger() -> NameTagger:
    """Return the bundled name model; raises ModelError where it differs from its card."""
    folder = bundled(NAME_MODEL)
    read_card(folder).verify()
    return NameTagger(folder, bundled_encoder())


def letter_grams(form: str) -> NDArray[np.int64]:
    """Return the hashed letter n-grams of a word, two to four letters, and the word itself."""
    padded = f"<{form.casefold()[:24]}>"
    grams = [padded[at : at + n] for n in (2, 3, 4) for at in range(len(padded) - n + 1)]
    hashes = [zlib.crc32(gram.encode()) & ((1 << GRAM_BITS) - 1) for gram in [padded + "=", *grams]]
    return np.array(hashes, np.int64)


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


def _beside(rows: Floats, weights: Floats) -> Floats:
    """Multiply every row and its two neighbours on each side with `weights`, (WIDTH, in, out)."""
    padded = np.pad(rows, ((WIDTH // 2, WIDTH // 2), (0, 0)))
    total: Floats = padded[: len(rows)] @ weights[0]
    for step in range(1, WIDTH):
        total += padded[step : step + len(rows)] @ weights[step]
    return total
