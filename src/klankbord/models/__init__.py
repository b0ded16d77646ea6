"""Loading and running the bundled models, and any other model on this machine."""

from klankbord.models.card import ModelCard, read_card
from klankbord.models.encoder import Encoder, load_encoder
from klankbord.models.loading import load_tone_model
from klankbord.models.scores import Thresholds, ToneModel, ToneScores
from klankbord.models.syntax import dutch_card, load_dutch
from klankbord.resources import bundled

__all__ = [
    "Encoder",
    "ModelCard",
    "Thresholds",
    "ToneModel",
    "ToneScores",
    "dutch_card",
    "installed_models",
    "load_dutch",
    "load_encoder",
    "load_tone_model",
    "read_card",
]


def installed_models() -> tuple[ModelCard, ...]:
    """Return the cards of all bundled models, by name."""
    folders = sorted(path.parent for path in bundled("models").glob("*/card.json"))
    return tuple(read_card(folder) for folder in folders)
