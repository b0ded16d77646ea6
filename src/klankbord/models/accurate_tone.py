"""The accurate tone model: a transformer in int8, and the cascade that spares it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from klankbord.errors import ModelError
from klankbord.models.capitals import marked_capitals
from klankbord.models.card import read_card
from klankbord.models.fast_tone import FastToneModel
from klankbord.models.network import RUN_FILE, Network
from klankbord.models.scores import Thresholds, ToneScores, from_logits, replaced
from klankbord.schema import TONES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]


def tone_entries(texts: Sequence[str], questions: Sequence[str]) -> list[str | tuple[str, str]]:
    """Return what the network reads: each text, after its question where it has one."""
    marked = map(marked_capitals, texts)
    return [
        (question, text) if question else text
        for question, text in zip(questions, marked, strict=True)
    ]


class AccurateToneModel:
    """The network, with the evidence of the fast model weighed in."""

    def __init__(self, folder: Path, fast: FastToneModel) -> None:
        try:
            run: dict[str, Any] = json.loads((folder / RUN_FILE).read_text("utf-8"))
            self.thresholds = Thresholds(**run["thresholds"])
            self.certain = float(run["certain"])
            self._temperature = float(run["temperature"])
            self._shift = np.asarray(run["shift"], dtype=np.float32)
            self._weight = float(run["fast_weight"])
            needed = str(run["fast"])
            self._network = Network(folder)
        except Exception as error:
            raise ModelError("tone model cannot be loaded", where=str(folder)) from error
        if needed != fast.weights_fingerprint:
            raise ModelError(
                "accurate tone model was made with another fast one than is installed",
                where=str(folder),
            )
        self.themes = fast.themes
        self.fast = fast
        self.fingerprint = f"{read_card(folder).fingerprint}-{fast.fingerprint}"

    def predict(self, texts: Sequence[str], questions: Sequence[str]) -> ToneScores:
        """Score `texts`, each with the question it answers ("" for none)."""
        if len(texts) != len(questions):
            raise ValueError(f"{len(texts)} texts but {len(questions)} questions")
        return self.weighed(texts, questions, self.fast.logits(texts, questions))

    def weighed(
        self, texts: Sequence[str], questions: Sequence[str], of_fast: Floats
    ) -> ToneScores:
        """Score `texts` with the logits that the fast model gives them."""
        own = self._network.rows(tone_entries(texts, questions))
        logits = (1 - self._weight) * own + self._weight * of_fast
        level = (logits[:, : len(TONES)] / self._temperature + self._shift).argmax(axis=1)
        cues = self.fast.cues(texts, level)
        return from_logits(logits, self._temperature, self._shift, len(self.themes), cues)


class CascadeToneModel:
    """The fast model for every text, the accurate one where the fast one is unsure."""

    def __init__(self, accurate: AccurateToneModel, certain: float | None = None) -> None:
        self._accurate = accurate
        self.fast = accurate.fast
        self._certain = accurate.certain if certain is None else certain
        self.themes, self.thresholds = accurate.themes, accurate.thresholds
        self.fingerprint = f"{accurate.fingerprint}-{self._certain:g}"

    def predict(self, texts: Sequence[str], questions: Sequence[str]) -> ToneScores:
        """Score `texts`, each with the question it answers ("" for none)."""
        of_fast, cues = self.fast.read(texts, questions)
        scores = self.fast.scores(of_fast, cues)
        unsure = np.flatnonzero(scores.probabilities.max(axis=1) < self._certain)
        if not len(unsure):
            return scores
        rows = unsure.tolist()
        better = self._accurate.weighed(
            [texts[row] for row in rows], [questions[row] for row in rows], of_fast[unsure]
        )
        return replaced(scores, unsure, better)
