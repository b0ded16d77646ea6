"""Feedback with planted complaint subjects, and an encoder small enough to know what it does."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa
from sklearn.feature_extraction.text import HashingVectorizer

from klankbord.schema import FEEDBACK, SCORES, SEGMENTS, TONE_PROBABILITIES, conform

START = datetime(2024, 1, 1, 9, tzinfo=UTC)
AS_OF = datetime(2024, 12, 31, tzinfo=UTC)

SUBJECTS = {
    "telefoon": (
        "de wachttijd aan de telefoon is {0} minuten",
        "ik hing {0} keer in de telefoon en de wachttijd liep op",
        "wachttijd bij de telefoon van {0} minuten, onbegrijpelijk",
        "een lange wachttijd aan jullie telefoon, wel {0} minuten",
    ),
    "mail": (
        "op mijn e-mail kwam na {0} dagen geen reactie",
        "geen reactie op de e-mail van {0} dagen geleden",
        "al {0} keer een e-mail gestuurd en geen reactie",
        "mijn e-mail blijft {0} dagen liggen, geen reactie",
    ),
    "chatbot": (
        "de chatbot begrijpt mijn vraag na {0} pogingen nog niet",
        "de chatbot herhaalt {0} keer hetzelfde antwoord",
        "jullie chatbot snapt geen enkele vraag, {0} keer geprobeerd",
        "met de chatbot kom ik na {0} vragen geen stap verder",
    ),
    "winkel": (
        "het filiaal in de stad was {0} dagen dicht",
        "voor het filiaal moet ik {0} kilometer rijden",
        "geen parkeerplek bij het filiaal, {0} rondjes gereden",
        "het filiaal is {0} uur per week open",
    ),
}
_EXTRA = ("over mijn factuur", "over het pakket", "over de polis", "over mijn adres", "vandaag")


class HashedEncoder:
    """Hashed character n-grams, projected by a fixed matrix: similar spelling, similar vector."""

    fingerprint = "test"

    def __init__(self) -> None:
        self._hash = HashingVectorizer(
            analyzer="char_wb", ngram_range=(3, 5), n_features=2**14, alternate_sign=False
        )
        self._project = np.random.default_rng(7).normal(size=(2**14, 64)).astype(np.float32)

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        vectors = np.asarray(self._hash.transform(texts) @ self._project, dtype=np.float32)
        length = np.linalg.norm(vectors, axis=1, keepdims=True)
        return vectors / np.where(length > 0, length, 1)


def complaints_of(subject: str, count: int, seed: int) -> list[str]:
    """Return `count` different complaints about one planted subject."""
    rng = np.random.default_rng(seed)
    out = []
    for number in range(count):
        form = SUBJECTS[subject][number % len(SUBJECTS[subject])]
        words = f"{form.format(number + 2)} {_EXTRA[int(rng.integers(len(_EXTRA)))]}"
        out.append(f"{words} {'echt ' * int(rng.integers(2))}kwestie{chr(97 + number % 26)}")
    return out


def tables(
    texts: Sequence[str],
    *,
    codes: Sequence[str | None] | None = None,
    tones: Sequence[str] | None = None,
    days: Sequence[int | None] | None = None,
    **columns: Sequence[object],
) -> tuple[pa.Table, pa.Table, pa.Table]:
    """Return feedback, scores and segments: one segment per text, complaints by default."""
    count = len(texts)
    tone = list(tones or ["ontevreden"] * count)
    code = pa.array(codes or [None] * count, pa.string())
    ids = [f"f{number:06d}" for number in range(count)]
    given = days if days is not None else [number % 200 for number in range(count)]
    feedback = {
        "feedback_id": ids,
        "source": ["test"] * count,
        "channel": ["survey"] * count,
        "author_role": ["customer"] * count,
        "customer_id": [f"K-{number}" for number in range(count)],
        "verbatim": list(texts),
        "language": ["nl"] * count,
        "received_at": pa.array(
            [None if day is None else START + timedelta(days=int(day)) for day in given],
            pa.timestamp("us", tz="UTC"),
        ),
        "attributes": ["{}"] * count,
    } | columns
    scores = {
        "feedback_id": ids,
        "tone": tone,
        **dict.fromkeys(TONE_PROBABILITIES, [0.2] * count),
        "valence": [-0.5] * count,
        "enthusiasm": [0.0] * count,
        "tone_sd": [0.5] * count,
        "mixed": [False] * count,
        "complaint_theme": code,
        "churn_cue": [False] * count,
        "ambassador_cue": [False] * count,
        "unresolved": [False] * count,
        "non_answer": [False] * count,
        "cues": pa.array([[]] * count, pa.list_(pa.string())),
        "scored_by": ["test"] * count,
    }
    segments = {
        "feedback_id": ids,
        "segment": pa.array([0] * count, pa.int32()),
        "start": pa.array([0] * count, pa.int32()),
        "end": pa.array([len(text) for text in texts], pa.int32()),
        "text": list(texts),
        "tone": tone,
        "valence": pa.array(np.linspace(-0.9, -0.1, count), pa.float32()),
        "complaint_theme": code,
    }
    return (
        conform(pa.table(feedback), FEEDBACK),
        conform(pa.table(scores), SCORES),
        conform(pa.table(segments), SEGMENTS),
    )


def replaced(table: pa.Table, name: str, values: Sequence[object]) -> pa.Table:
    """Return `table` with one column replaced."""
    place = table.schema.get_field_index(name)
    return table.set_column(
        place, table.schema.field(name), pa.array(values, table.schema.field(name).type)
    )
