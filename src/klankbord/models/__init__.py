"""Loading and running the bundled models, and any other model on this machine."""

from klankbord.models.card import ModelCard, read_card
from klankbord.models.encoder import Encoder, load_encoder
from klankbord.models.tone_model import ToneModel, ToneScores, load_tone_model
from klankbord.resources import bundled

__all__ = [
    "Encoder",
    "ModelCard",
    "ToneModel",
    "ToneScores",
    "installed_models",
    "load_encoder",
    "load_tone_model",
    "read_card",
]


def installed_models() -> tuple[ModelCard, ...]:
    """Return the cards of all bundled models, by name."""
    folders = sorted(path.parent for path in bundled("models").glob("*/card.json"))
    return tuple(read_card(folder) for folder in folders)
