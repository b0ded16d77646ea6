"""Short answers read with their question: "Wat kan er beter?" - "parkeren" is a complaint.

A tone model learns from texts that say what they mean. Where an answer does not, because it is a
mere subject ("parkeren"), or says that there is nothing or everything, its tone is what people
mostly meant by such an answer, weighed with what the model makes of it. The shares are those of
the marked answers in `corpora/tone` and `corpora/questions/answers.tsv`, smoothed; the weight was
chosen on the latter. `scripts/evaluate_questions.py` measures on other answers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from klankbord.language.questions import Answer, Asked, answer_kind, asked_for
from klankbord.models.scores import ToneModel, ToneScores
from klankbord.schema import Tone

if TYPE_CHECKING:
    from numpy.typing import NDArray

_WEIGHT = 0.7  # of what such answers mostly mean, against the model
_OWN_TONE = 0.75  # chance of praise, or of a complaint, without the question: it has its own tone
MEANT: dict[tuple[Asked, Answer], tuple[float, ...]] = {  # boos … enthousiast
    (Asked.WORSE, Answer.NOTHING): (0.01, 0.03, 0.21, 0.73, 0.02),
    (Asked.BETTER, Answer.NOTHING): (0.04, 0.86, 0.07, 0.02, 0.01),
    (Asked.WORSE, Answer.EVERYTHING): (0.14, 0.78, 0.04, 0.03, 0.01),
    (Asked.BETTER, Answer.EVERYTHING): (0.01, 0.02, 0.05, 0.74, 0.18),
    (Asked.WORSE, Answer.SUBJECT): (0.02, 0.75, 0.18, 0.04, 0.01),
    (Asked.BETTER, Answer.SUBJECT): (0.01, 0.04, 0.11, 0.82, 0.02),
    (Asked.WORSE, Answer.BARE): (0.02, 0.70, 0.23, 0.04, 0.01),
    (Asked.BETTER, Answer.BARE): (0.01, 0.08, 0.12, 0.77, 0.02),
}
_VAGUE = ((Answer.NOTHING,), (Answer.EVERYTHING,))
_OTHER_COMPLAINT = "anders"


def predict(model: ToneModel, texts: Sequence[str], questions: Sequence[str]) -> ToneScores:
    """Score `texts`, each with the question it answers ("" for none)."""
    scores = model.predict(texts, questions)
    meant = [_meaning(text, question) for text, question in zip(texts, questions, strict=True)]
    rows = np.array([row for row, found in enumerate(meant) if found], dtype=np.int64)
    if not len(rows):
        return scores
    alone = model.predict([texts[row] for row in rows], [""] * len(rows))
    bare = np.array([meant[row][1:] == (Answer.BARE,) for row in rows])
    kept = ~(bare & _has_own_tone(alone))  # "vriendelijk personeel" praises, whatever is asked
    rows = rows[kept]
    if not len(rows):
        return scores
    shares = np.array([MEANT[meant[row]] for row in rows], dtype=np.float32)
    probabilities = scores.probabilities.copy()
    probabilities[rows] = _WEIGHT * shares + (1 - _WEIGHT) * probabilities[rows]
    mixed = scores.mixed.copy()
    mixed[rows] = 0
    theme, complaint = scores.theme.copy(), scores.complaint.copy()
    unsure = complaint[rows] == 0
    complaint[rows] = np.where(unsure, alone.complaint[kept], complaint[rows])
    low = probabilities[rows].argmax(axis=1) <= Tone.ONTEVREDEN.rank
    vague = np.array([meant[row][1:] in _VAGUE for row in rows])
    named = np.where(vague, _rest(model), complaint[rows])
    theme[rows] = np.where(low, named, 0)
    return replace(
        scores, probabilities=probabilities, mixed=mixed, theme=theme, complaint=complaint
    )


def names_something(text: str, question: str) -> bool:
    """Tell whether an answer names what its question asks for, and the question its tone."""
    return _meaning(text, question)[1:] not in ((), (Answer.NOTHING,))


def says_nothing(text: str, question: str) -> bool:
    """Tell whether an answer such as "niets" says that what is asked for is not there."""
    return _meaning(text, question)[1:] == (Answer.NOTHING,)


def _meaning(text: str, question: str) -> tuple[Asked, Answer] | tuple[()]:
    """Return what is asked and answered; () where the words of the answer decide."""
    asked = asked_for(question) if question else Asked.NEITHER
    if asked is Asked.NEITHER:
        return ()
    kind = answer_kind(text)
    return () if kind is Answer.OWN else (asked, kind)


def _rest(model: ToneModel) -> int:
    """Return the code of a complaint about nothing in particular; 0 where there is none."""
    return model.themes.index(_OTHER_COMPLAINT) if _OTHER_COMPLAINT in model.themes else 0


def _has_own_tone(alone: ToneScores) -> NDArray[np.bool_]:
    low = alone.probabilities[:, : Tone.NEUTRAAL.rank].sum(axis=1)
    high = alone.probabilities[:, Tone.NEUTRAAL.rank + 1 :].sum(axis=1)
    own: NDArray[np.bool_] = np.maximum(low, high) >= _OWN_TONE
    return own
