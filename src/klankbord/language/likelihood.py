"""How likely each of some languages is, for many texts at once: py3langid's model and arithmetic.

py3langid reads one text byte by byte in Python. Here all texts go one byte ahead together, and
what is not asked for of its model is let go.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from klankbord.errors import SettingsError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Chances = NDArray[np.float64]

_TOGETHER = 1024  # texts


def likelihoods(texts: Sequence[str], languages: tuple[str, ...]) -> list[dict[str, float]]:
    """Return for each text the probability of each language; they sum to one.

    Raises SettingsError for a language that py3langid does not know.
    """
    model = _model(languages)
    return [dict(zip(model.languages, row, strict=True)) for row in model.of(texts).tolist()]


@cache
def _model(languages: tuple[str, ...]) -> _Model:
    return _Model(languages)


def identifier(languages: Sequence[str]) -> Any:  # noqa: ANN401 - py3langid has no types
    """Return py3langid limited to `languages`; SettingsError for one it does not know."""
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    found = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    known = sorted(label for label in found.labels if len(label) == 2)
    unknown = [language for language in languages if language not in known]
    if unknown:
        raise SettingsError(
            f"languages holds '{unknown[0]}', which the language identifier does not know",
            hint=f"known: {', '.join(known)}",
        )
    found.set_languages(list(languages))
    return found


class _Model:
    """Naive Bayes over stretches of bytes that an automaton recognises."""

    def __init__(self, languages: Sequence[str]) -> None:
        found = identifier(languages)
        self.languages = [str(label) for label in found.labels]
        columns = np.array([[own == label for label in found.labels] for own in found.nb_classes])
        self._merged = columns.astype(np.float64)  # a language may have several columns
        self._moves = np.frombuffer(found.tk_nextmove, found.tk_nextmove.typecode)
        self._rows = np.frombuffer(found.tk_row, found.tk_row.typecode).astype(np.int64) << 8
        self._features = np.array(found.tk_output, np.int32)  # of a state; below 0: none
        self._weights = found.nb_ptc.astype(np.float64)
        self._before = found.nb_pc.astype(np.float64)

    def of(self, texts: Sequence[str]) -> Chances:
        """Return the probabilities, (texts, languages)."""
        read = [_bytes(text) for text in texts]
        size = np.array([len(each) for each in read])
        scores = np.zeros((len(read), len(self._before)))
        order = np.argsort(-size, kind="stable")
        for first in range(0, len(order), _TOGETHER):
            part = order[first : first + _TOGETHER]
            scores[part] = self._scores([read[place] for place in part])
        scores /= np.sqrt(np.maximum(size, 1))[:, None]
        powers = np.exp(scores - scores.max(axis=1, keepdims=True))
        chances: Chances = (powers / powers.sum(axis=1, keepdims=True)) @ self._merged
        return chances

    def _scores(self, read: Sequence[bytes]) -> Chances:
        """Return log probabilities of texts, longest first; zeros where nothing is recognised."""
        features = self._seen(read)
        text, place = np.nonzero(features >= 0)
        kinds = len(self._weights)
        seen, often = np.unique(text * kinds + features[text, place], return_counts=True)
        of_text, starts = np.unique(seen // kinds, return_index=True)
        scores = np.zeros((len(read), len(self._before)))
        if len(seen):
            adds = np.log1p(often)[:, None] * self._weights[seen % kinds]
            scores[of_text] = np.add.reduceat(adds, starts) + self._before
        return scores

    def _seen(self, read: Sequence[bytes]) -> NDArray[np.int32]:
        """Return the feature that ends at each byte of texts, longest first; below 0: none."""
        longest = max(map(len, read), default=0)
        letters = (
            np.frombuffer(b"".join(each.ljust(longest, b"\0") for each in read), np.uint8)
            .reshape(len(read), longest)
            .T.copy()
        )
        features = np.full((longest, len(read)), -1, np.int32)
        state = np.zeros(len(read), np.int64)
        ends = np.searchsorted(-np.array([len(each) for each in read]), -np.arange(longest))
        for step, left in enumerate(ends.tolist()):
            state = self._moves[self._rows[state[:left]] + letters[step, :left]]
            features[step, :left] = self._features[state]
        return features.T


def _bytes(text: str) -> bytes:
    small = text.lower() if text.isupper() else text
    return unicodedata.normalize("NFC", small).encode("utf-8", "surrogatepass")
