"""Which words of a text are part of a person's name: a small network over words in context.

A word is known by its static vector, by its letters, by how it is written and by the lists of
names it stands on; two convolutions look at the words around it. Trained on our own marked lines
by `scripts/train_names.py`.

What is multiplied is rounded to a grid on which float64 adds without loss: a probability is the
same to the last bit whatever texts are read along.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import chain, pairwise
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np

from klankbord.errors import ModelError
from klankbord.models.card import read_card
from klankbord.models.encoder import StaticEncoder, bundled_encoder
from klankbord.models.name_words import letter_grams, marks_of, stretches_of, words_of
from klankbord.resources import bundled

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]
    Chances = NDArray[np.float64]
    Places = NDArray[np.int64]  # row of the word at each place; 0: no word

NAME_MODEL = "models/names"
WIDTH = 5  # words that a convolution sees
_SIDE = WIDTH // 2
_END = ""  # stands behind the stretches of a text
_KEPT = 1_000_000  # letters of known stretches before they are forgotten; some 60 MB
_TOGETHER = 4096  # words of which the probability is computed at once; some 50 MB
_BLOCK = 1024  # places at which upper bounds are computed at once: what a processor keeps at hand
_GRID = 2.0**17  # steps to one; products of 2 ** 19 and less add up exactly
_ROUNDING = 0.01  # more than float32 takes from a logit


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

    def probabilities(self, texts: Sequence[str]) -> list[Chances]:
        """Return for each text an array with one probability per word of `words_of`."""
        places, words = self._read(texts)
        chance = self._chances(places, words, np.flatnonzero(places))
        return [chance[start:end] for start, end in _spans(places)]

    def reaching(self, least: float, texts: Sequence[str]) -> dict[int, Chances]:
        """Return, by their place, the `probabilities` of texts in which a word reaches `least`.

        What is below it may read as 0. Of most words an upper bound tells that it is, at a
        fraction of the work.
        """
        places, words = self._read(texts)
        high = self._bounds(places, words) >= np.log(least / (1 - least)) - _ROUNDING
        chance = self._chances(places, words, np.flatnonzero(high & (places > 0)))
        text = np.cumsum(places == 0)[chance >= least] // _SIDE - 1
        spans = _spans(places)
        return {at: chance[slice(*spans[at])] for at in np.unique(text).tolist()}

    def _chances(self, places: Places, words: Floats, asked: Places) -> Chances:
        """Return the probability at the `asked` places and 0 at all others."""
        chance = np.zeros(len(places))
        for first in range(0, len(asked), _TOGETHER):
            part = asked[first : first + _TOGETHER]
            chance[part] = 1 / (1 + np.exp(-self._logits(places, words, part)))
        return chance

    def _logits(self, places: Places, words: Floats, asked: Places) -> Chances:
        padded, steps = np.pad(places, 2 * _SIDE), np.arange(WIDTH)
        beside = asked[:, None] + steps  # what the wide layer sees, counted from _SIDE before it
        used, seen = np.unique(padded[beside[:, :, None] + steps], return_inverse=True)
        seen = seen.reshape(*beside.shape, WIDTH)
        near: Chances = self._near_bias.astype(np.float64)
        for step, weights in enumerate(self._near):
            near = near + _times(words[used], weights)[seen[:, :, step]]
        near = np.maximum(near, 0) * (padded[beside + _SIDE] > 0)[:, :, None]
        wide = self._wide.reshape(-1, self._wide.shape[2])
        around = np.maximum(_times(near.reshape(len(asked), -1), wide) + self._wide_bias, 0)
        return _times(np.hstack([near[:, _SIDE], around]), self._out) + self._bias

    def _bounds(self, places: Places, words: Floats) -> Floats:
        """Return what the logit at each place is at most, but for `_ROUNDING`.

        Units of the wide layer that speak against a name are left out: they can only lower it.
        """
        hidden, step = len(self._near_bias), _BLOCK - 2 * _SIDE
        of_near, of_wide = self._out[:hidden], self._out[hidden:]
        units = np.flatnonzero(of_wide > 0)
        wide = self._wide[:, :, units].transpose(1, 0, 2).reshape(hidden, -1)
        used, place = np.unique(places, return_inverse=True)
        adds = [words[used] @ weights for weights in self._near]
        blocks = -(-len(places) // step)
        place = np.pad(place, (2 * _SIDE, blocks * step - len(places) + 2 * _SIDE))
        bounds = np.empty((blocks, step), np.float32)
        near, one = np.empty((2, _BLOCK, hidden), np.float32)
        for block in range(blocks):
            at = block * step
            near[:] = self._near_bias
            for ahead, add in enumerate(adds, at):
                near += np.take(add, place[ahead : ahead + _BLOCK], axis=0, out=one, mode="clip")
            np.maximum(near, 0, out=near)
            near *= (place[at + _SIDE : at + _SIDE + _BLOCK] > 0)[:, None]
            beside = (near @ wide).reshape(_BLOCK, WIDTH, -1)
            around = beside[:step, 0] + self._wide_bias[units]
            for ahead in range(1, WIDTH):
                around += beside[ahead : ahead + step, ahead]
            np.maximum(around, 0, out=around)
            bounds[block] = near[_SIDE:-_SIDE] @ of_near + around @ of_wide[units] + self._bias
        return bounds.ravel()[: len(places)]

    def _forget(self) -> None:
        self._rows: dict[str, int] = {}  # word -> row of _words
        self._known: dict[str, tuple[int, ...]] = {_END: (0,) * _SIDE}  # stretch -> rows
        self._letters = 0
        self._words: Floats = np.zeros((1, self._near.shape[1]), np.float32)

    def _read(self, texts: Sequence[str]) -> tuple[Places, Floats]:
        """Return the words of all texts, with room around each text, and the rows they have."""
        stretches = [_END]
        for text in texts:
            stretches += stretches_of(text)
            stretches.append(_END)
        with self._lock:
            if self._letters > _KEPT:
                self._forget()
            new = [each for each in dict.fromkeys(stretches) if each not in self._known]
            if new:
                self._learn(new)
            rows = chain.from_iterable(map(self._known.__getitem__, stretches))
            return np.fromiter(rows, np.int64), self._words

    def _learn(self, stretches: Sequence[str]) -> None:
        words = [
            [each] if each.isalnum() else [word.text for word in words_of(each)]
            for each in stretches
        ]
        forms = dict.fromkeys(chain.from_iterable(words))
        new = [form for form in forms if form not in self._rows]
        if new:
            self._rows.update(
                zip(new, range(len(self._words), len(self._words) + len(new)), strict=True)
            )
            self._words = np.concatenate([self._words, self._vectors_of(new)])
        for stretch, inside in zip(stretches, words, strict=True):
            self._known[stretch] = tuple(map(self._rows.__getitem__, inside))
        self._letters += sum(map(len, stretches))

    def _vectors_of(self, forms: Sequence[str]) -> Floats:
        from scipy.sparse import csr_array

        grams = [letter_grams(form) for form in forms]
        size = np.array([len(each) for each in grams])
        flat = np.fromiter(chain.from_iterable(grams), np.int32, size.sum())
        share = np.repeat((1 / size).astype(np.float32), size)
        start = np.concatenate([[0], np.cumsum(size)]).astype(np.int32)
        means = csr_array((share, flat, start), shape=(len(forms), len(self._grams)))
        vectors = _times(self._encoder.encode(forms), self._vectors)
        rows: Chances = vectors + _times(marks_of(forms), self._marks) + means @ self._grams
        return rows.astype(np.float32)


def load_name_tagger() -> NameTagger:
    """Return the bundled name model; raises ModelError where it differs from its card."""
    folder = bundled(NAME_MODEL)
    read_card(folder).verify()
    return NameTagger(folder, bundled_encoder())


def _spans(places: Places) -> list[tuple[int, int]]:
    """Return where the words of each text begin and end."""
    ends = np.flatnonzero(places == 0)[::_SIDE].tolist()
    return [(before + _SIDE, end) for before, end in pairwise(ends)]


def _times(rows: NDArray[np.floating], weights: Floats) -> Chances:
    """Multiply rows with `weights`, each rounded to the grid; exact, so in whatever order."""
    product: Chances = np.rint(rows.astype(np.float64) * _GRID) @ np.rint(
        weights.astype(np.float64) * _GRID
    )
    return product / _GRID**2
