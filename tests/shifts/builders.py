"""Small feedback and score tables for the tests of tone shifts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa

from klankbord.schema import CUSTOMERS, FEEDBACK, SCORES, TONE_PROBABILITIES, TONES

AS_OF = datetime(2025, 1, 1, tzinfo=UTC)
TEXTS = (
    "Dit pik ik niet langer, schandalig!",
    "Ik ben teleurgesteld, het duurt te lang.",
    "Het is in orde.",
    "Fijn geholpen, dank je wel.",
    "Fantastisch, jullie zijn de allerbeste!",
)


@dataclass(frozen=True)
class Piece:
    customer: str | None
    days_ago: float | None
    tone: int
    certainty: float = 0.9
    channel: str = "survey"
    role: str = "customer"
    text: str | None = None
    conversation: str | None = None
    turn: int | None = None
    score: float | None = None
    value: float | None = None
    non_answer: bool = False


def probabilities(tone: int, certainty: float) -> np.ndarray:
    weight = np.array([0.3 ** abs(tone - other) if other != tone else 0.0 for other in range(5)])
    result = (1 - certainty) * weight / weight.sum()
    result[tone] = certainty
    return result


def tables(pieces: list[Piece], order: np.ndarray | None = None) -> tuple[pa.Table, pa.Table]:
    feedback, scores = [], []
    for i, p in enumerate(pieces):
        feedback.append(
            {
                "feedback_id": f"f{i:05d}",
                "source": "test",
                "channel": p.channel,
                "customer_id": p.customer,
                "author_role": p.role,
                "conversation_id": p.conversation,
                "turn": p.turn,
                "verbatim": TEXTS[p.tone] if p.text is None else p.text,
                "received_at": None if p.days_ago is None else AS_OF - timedelta(days=p.days_ago),
                "score_metric": None if p.score is None else "nps",
                "score_value": p.score,
                "value_eur": p.value,
                "attributes": "{}",
            }
        )
        q = probabilities(p.tone, p.certainty)
        scores.append(
            {
                "feedback_id": f"f{i:05d}",
                "tone": TONES[p.tone].value,
                **dict(zip(TONE_PROBABILITIES, q.tolist(), strict=True)),
                "valence": 0.0,
                "enthusiasm": 0.0,
                "tone_sd": 0.5,
                "mixed": False,
                "churn_cue": False,
                "ambassador_cue": False,
                "unresolved": False,
                "non_answer": p.non_answer,
                "cues": [],
                "scored_by": "test",
            }
        )
    first = pa.Table.from_pylist(feedback, schema=FEEDBACK)
    second = pa.Table.from_pylist(scores, schema=SCORES)
    if order is not None:
        first = first.take(pa.array(order))
        second = second.take(pa.array(order[::-1]))
    return first, second


def customer_table(**value: float) -> pa.Table:
    rows = [{"customer_id": c, "value_eur": v, "attributes": "{}"} for c, v in value.items()]
    return pa.Table.from_pylist(rows, schema=CUSTOMERS)


def history(customer: str, tones: list[int], *, every: float = 30, last: float = 10, **more):
    n = len(tones)
    return [
        Piece(customer, last + every * (n - 1 - i), tone, **more) for i, tone in enumerate(tones)
    ]


def crowd(size: int = 120, seed: int = 0, wobble: float = 0.2) -> list[Piece]:
    """Stable customers with good and bad days."""
    rng = np.random.default_rng(seed)
    pieces = []
    for i in range(size):
        level = int(rng.choice(5, p=[0.08, 0.17, 0.25, 0.3, 0.2]))
        off = rng.random(int(rng.integers(5, 9))) < wobble
        step = rng.choice([-1, 1], len(off))
        tones = np.clip(level + off * step, 0, 4).tolist()
        pieces += history(f"stabiel{i:03d}", tones, last=float(rng.integers(1, 25)))
    return pieces
