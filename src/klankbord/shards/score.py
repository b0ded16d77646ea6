"""From words to tone: scores, and segments with theirs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import pyarrow as pa

from klankbord.errors import ModelError
from klankbord.settings import Settings
from klankbord.shards.loaded import SAME_MODELS, Loaded

if TYPE_CHECKING:
    from klankbord.models import ToneModel


class Scored(NamedTuple):
    """What a tone model makes of feedback."""

    scores: pa.Table  # SCORES
    segments: pa.Table  # SEGMENTS


@dataclass(frozen=True)
class Scoring:
    """Scores shards of FEEDBACK with `model`, the tone model that `settings` name.

    The model never travels: another process loads its own, and it must be the same.
    """

    settings: Settings
    model: ToneModel

    def __call__(self, feedback: pa.Table) -> Scored:
        """Return the scores and the segments of `feedback`, in the order of its rows."""
        from klankbord import language, tone

        scores = tone.score(feedback, self.model)
        pieces = language.segment(feedback)
        return Scored(
            scores, tone.score_segments(pieces, self.model, feedback=feedback, scores=scores)
        )

    def __reduce__(self) -> tuple[Any, ...]:
        """Travel to another process without the model."""
        return scoring_with, (self.settings, self.model.fingerprint)


_loaded: Loaded[Scoring] = Loaded()


def scoring_with(settings: Settings, fingerprint: str) -> Scoring:
    """Return what scores in this process; raises ModelError where it has another model."""
    from klankbord.models import load_encoder, load_tone_model

    def load() -> Scoring:
        encoder = load_encoder(settings.encoder)
        model = load_tone_model(settings.tone_model, tier=settings.tier, encoder=encoder)
        if model.fingerprint != fingerprint:
            raise ModelError("a worker has another tone model", hint=SAME_MODELS)
        return Scoring(settings, model)

    return _loaded.get((settings, fingerprint), load)
