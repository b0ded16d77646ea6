"""The tone model adapted to a customer's own labels, on top of a bundled one.

`klankbord train` writes its folder. Only the tone is adapted: mixed feelings, complaint theme,
flags and cues are those of the base model. A class of the customer's stands for one or more of
the five tones, and its probability is divided over them as the base model divides them for that
text; a tone that no class stands for keeps the base model's probability.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from klankbord.errors import ModelError
from klankbord.models.card import read_card
from klankbord.models.encoder import Encoder
from klankbord.models.ngrams import BUCKET_BITS, extract
from klankbord.models.scores import ToneModel, ToneScores, softmax
from klankbord.schema import TONES

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from scipy.sparse import csr_array

    Floats = NDArray[np.float32]
    Ints = NDArray[np.int64]

MODEL_TYPE = "klankbord-adapted"
HEAD, RECALIBRATED, UNCHANGED = "head", "recalibrated", "base"  # methods
FLOOR = 1e-4  # of a probability before its logarithm is taken
_BATCH = 2048
_AGAIN = "labels are kept: run klankbord train again"


class AdaptedToneModel:
    """Scores texts with the customer's classes; the same text always gets the same scores."""

    def __init__(
        self,
        base: ToneModel,
        encoder: Encoder,
        config: dict[str, Any],
        weights: dict[str, NDArray[Any]],
        fingerprint: str,
    ) -> None:
        self.fingerprint = fingerprint
        self.themes, self.thresholds = base.themes, base.thresholds
        self.classes = tuple(str(entry["name"]) for entry in config["classes"])
        self.member = membership([entry["tones"] for entry in config["classes"]])
        self.method = str(config["method"])
        self._base, self._encoder = base, encoder
        self._bits = int(config["bucket_bits"])
        self._temperature = float(config["temperature"])
        self._weights = weights
        wanted: dict[str, tuple[int, ...]] = {"shift": (len(self.classes),)}
        if self.method == HEAD:
            rows = len(weights["buckets"])
            wanted = {
                "buckets": (rows,),
                "table": (rows, len(self.classes)),
                "vector": (encoder.dimension, len(self.classes)),
                "base": (len(TONES) + 4, len(self.classes)),
                "bias": (len(self.classes),),
            }
        for name, shape in wanted.items():
            if weights[name].shape != shape:
                raise ValueError(f"weights '{name}' have another shape than config.json says")

    @classmethod
    def load(cls, folder: Path, base: ToneModel, encoder: Encoder) -> AdaptedToneModel:
        """Return the model in `folder`; raises ModelError where it is damaged or of another base.

        `base` and `encoder` must be the ones it was trained on.
        """
        from safetensors.numpy import load_file

        card = read_card(folder)
        card.verify()
        try:
            config: dict[str, Any] = json.loads((folder / "config.json").read_text("utf-8"))
            needed = {
                "tone model": (config["base"]["fingerprint"], base.fingerprint),
                "encoder": (config["encoder"], encoder.fingerprint),
            }
            weights = load_file(folder / "model.safetensors")
            model = cls(base, encoder, config, weights, card.fingerprint)
        except Exception as error:
            raise ModelError("adapted tone model cannot be loaded", where=str(folder)) from error
        for what, (wanted, found) in needed.items():
            if wanted != found and (what == "tone model" or model.method == HEAD):
                raise ModelError(
                    f"it was trained on another {what} than the one in use",
                    where=str(folder),
                    hint=_AGAIN,
                )
        return model

    def predict(self, texts: Sequence[str], questions: Sequence[str]) -> ToneScores:
        """Score `texts`, each with the question it answers ("" for none)."""
        scores = self._base.predict(texts, questions)
        own = class_probabilities(scores.probabilities, self.member)
        if self.method == HEAD:
            features = base_features(scores)
            parts = [
                self._head(texts[first : first + _BATCH], features[first : first + _BATCH])
                for first in range(0, len(texts), _BATCH)
            ]
            own = softmax(np.concatenate(parts) / self._temperature) if parts else own
        elif self.method == RECALIBRATED:
            own = recalibrated(own, self._temperature, self._weights["shift"])
        return replace(scores, probabilities=spread(own, scores.probabilities, self.member))

    def _head(self, texts: Sequence[str], base: Floats) -> Floats:
        """Return (n, classes) logits of n-grams, sentence vectors and the base model's scores."""
        weights = self._weights
        bag = ngram_counts(texts, weights["buckets"], self._bits)
        return head_logits(bag, self._encoder.encode(texts), base, weights)


def head_logits(
    ngrams: csr_array, vector: Floats, base: Floats, weights: Mapping[str, NDArray[Any]]
) -> Floats:
    """Return (n, classes): what the weights make of the three blocks of n texts."""
    logits: Floats = (
        ngrams @ weights["table"]
        + vector @ weights["vector"]
        + base @ weights["base"]
        + weights["bias"]
    )
    return logits


def recalibrated(own: Floats, temperature: float, shift: Floats) -> Floats:
    """Return class probabilities with another temperature and shift."""
    return softmax(np.log(own + FLOOR) / temperature + shift)


def membership(groups: Sequence[Sequence[str]]) -> Floats:
    """Return (5, classes): 1 where a class stands for a tone; raises ValueError on overlap."""
    names = [str(tone) for tone in TONES]
    member = np.zeros((len(names), len(groups)), dtype=np.float32)
    for place, group in enumerate(groups):
        for tone in group:
            member[names.index(tone), place] = 1
    if not len(groups) or (member.sum(axis=1) > 1).any() or not member.any(axis=0).all():
        raise ValueError("every class stands for tones of its own")
    return member


def class_probabilities(tones: Floats, member: Floats) -> Floats:
    """Return (n, classes): what the five tones give each class, adding up to one."""
    mass = tones @ member + 1e-9
    shares: Floats = (mass / mass.sum(axis=1, keepdims=True)).astype(np.float32)
    return shares


def spread(own: Floats, tones: Floats, member: Floats) -> Floats:
    """Divide class probabilities over the five tones, (n, 5), as `tones` of the base model lie."""
    inside = tones + 1e-9
    within = inside / (inside @ member @ member.T + (member.sum(axis=1) == 0))
    covered = member.any(axis=1)
    free = inside[:, covered].sum(axis=1, keepdims=True) / inside.sum(axis=1, keepdims=True)
    divided = np.where(covered, own @ member.T * within * free, inside)
    total: Floats = (divided / divided.sum(axis=1, keepdims=True)).astype(np.float32)
    return total


def base_features(scores: ToneScores) -> Floats:
    """Return (n, 9): centred log-probabilities of the tones, then log-odds of mixed and flags."""
    logs = np.log(scores.probabilities + FLOOR)
    logs -= logs.mean(axis=1, keepdims=True)
    chances = np.stack([scores.mixed, scores.churn, scores.ambassador, scores.unresolved], axis=1)
    odds = np.log((chances + FLOOR) / (1 - chances + FLOOR))
    return np.concatenate([logs, odds], axis=1).astype(np.float32)


def ngram_counts(texts: Sequence[str], buckets: Ints | None, bits: int) -> csr_array:
    """Return the weights of hashed n-grams, a column for each of `buckets` (None: all of them)."""
    from scipy.sparse import csr_array

    grams = extract(texts)
    found = grams.bucket >> (BUCKET_BITS - bits)
    if buckets is None:
        return csr_array((grams.weight, (grams.text, found)), shape=(len(texts), 1 << bits))
    column = np.searchsorted(buckets, found)
    known = column < len(buckets)
    known[known] = buckets[column[known]] == found[known]
    cells = (grams.weight[known], (grams.text[known], column[known]))
    return csr_array(cells, shape=(len(texts), len(buckets)))
