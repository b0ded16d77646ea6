"""What every tone model gives back, whichever tier or maker it is from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
import pyarrow as pa

from klankbord.schema import TONES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]


@dataclass(frozen=True)
class ToneScores:
    """What the model makes of n texts; every array has n rows, in the order of the texts."""

    probabilities: Floats  # (n, 5), calibrated, boos … enthousiast
    mixed: Floats  # probability of real praise and a real complaint together
    theme: NDArray[np.int64]  # index into ToneModel.themes; 0 is no complaint
    complaint: NDArray[np.int64]  # the same, given that there is one; 0 where that is unsure
    churn: Floats
    ambassador: Floats
    unresolved: Floats
    sarcasm: Floats
    cues: pa.Array  # CUES: where in the text the words stand that speak most for the tone


CUES = pa.list_(pa.struct([("start", pa.int32()), ("end", pa.int32())]))


@dataclass(frozen=True)
class Thresholds:
    """From which probability a flag is set, chosen on texts held out of training."""

    mixed: float
    churn: float
    ambassador: float
    unresolved: float
    sarcasm: float


class ToneModel(Protocol):
    """Scores texts; the same text and question always get the same scores."""

    @property
    def fingerprint(self) -> str:
        """Short digest of everything that shapes a score."""

    @property
    def themes(self) -> tuple[str, ...]:
        """The complaint codes; the first means no complaint."""

    @property
    def thresholds(self) -> Thresholds:
        """From which probability each flag is set."""

    def predict(self, texts: Sequence[str], questions: Sequence[str]) -> ToneScores:
        """Score `texts`, each with the question it answers ("" for none)."""


ARRAYS = (
    "probabilities", "theme", "complaint", "mixed", "churn", "ambassador", "unresolved", "sarcasm",
)  # fmt: skip
SURE = 0.5  # chance of the likeliest theme, given a complaint, that is worth a code


def replaced(scores: ToneScores, rows: NDArray[np.int64], better: ToneScores) -> ToneScores:
    """Return `scores` with those of `rows` taken from `better`, which has one row for each."""
    columns = {}
    for name in ARRAYS:
        columns[name] = getattr(scores, name).copy()
        columns[name][rows] = getattr(better, name)
    place = np.arange(len(scores.theme))
    place[rows] = len(place) + np.arange(len(rows))
    cues = pa.concat_arrays([scores.cues, better.cues]).take(pa.array(place))
    return ToneScores(**columns, cues=cues)


def softmax(values: NDArray[np.floating]) -> Floats:
    """Return each row as shares that add up to one."""
    powers = np.exp(values - values.max(axis=1, keepdims=True, initial=-np.inf))
    shares: Floats = (powers / powers.sum(axis=1, keepdims=True)).astype(np.float32)
    return shares


def sigmoid(values: Floats) -> Floats:
    """Return the logistic function of every value."""
    chances: Floats = (1 / (1 + np.exp(-np.clip(values, -30, 30)))).astype(np.float32)
    return chances


def from_logits(
    logits: Floats, temperature: float, shift: Floats, themes: int, cues: pa.Array
) -> ToneScores:
    """Return the scores that logits (n, 5 tones + mixed + themes + 4 flags) stand for."""
    tones = len(TONES)
    flags = sigmoid(logits[:, tones + 1 + themes :])
    belief = np.round(logits[:, tones + 1 : tones + 1 + themes], 5)
    return ToneScores(
        probabilities=softmax(logits[:, :tones] / temperature + shift),
        mixed=sigmoid(logits[:, tones]),
        theme=belief.argmax(axis=1).astype(np.int64),
        complaint=_given_complaint(belief),
        churn=flags[:, 0],
        ambassador=flags[:, 1],
        unresolved=flags[:, 2],
        sarcasm=flags[:, 3],
        cues=cues,
    )


def _given_complaint(belief: Floats) -> NDArray[np.int64]:
    """Return the likeliest theme but the first ("no complaint") of each row; 0 where unsure."""
    chance = softmax(belief[:, 1:])
    likeliest = np.where(chance.max(axis=1) >= SURE, chance.argmax(axis=1) + 1, 0)
    return likeliest.astype(np.int64)
