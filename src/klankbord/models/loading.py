"""From a name to a tone model that runs: the bundled tiers and folders on this machine."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from klankbord.errors import ModelError
from klankbord.models.accurate_tone import AccurateToneModel, CascadeToneModel
from klankbord.models.adapted import AdaptedToneModel
from klankbord.models.card import CARD_FILE, read_card
from klankbord.models.encoder import Encoder, StaticEncoder, bundled_encoder, load_encoder
from klankbord.models.fast_tone import FastToneModel
from klankbord.models.foreign_tone import ForeignToneModel
from klankbord.models.network import RUN_FILE
from klankbord.models.scores import ToneModel
from klankbord.resources import bundled

FAST_MODEL = "models/tone-fast"
ACCURATE_MODEL = "models/tone-accurate"
TIERS = ("fast", "cascade", "accurate")


def load_tone_model(
    name: str | Path = "", *, tier: str = "cascade", encoder: Encoder | None = None
) -> ToneModel:
    """Return the tone model `name`: "" is the bundled one in the given tier.

    Else `name` is a folder `klankbord train` wrote, a folder of one of the bundled kinds, or a
    text classifier of transformers: a folder, or the id of one that was downloaded before.
    Nothing is downloaded. Raises ModelError where it is missing, damaged or of another kind.
    """
    if tier not in TIERS:
        raise ModelError(f"tier '{tier}' does not exist", hint=f"one of {', '.join(TIERS)}")
    folder = Path(name) if str(name) else None
    config = _config(folder) if folder else {}
    kind = config.get("model_type", "") if config else ""
    if folder and kind == "klankbord-tone":
        return _fast(folder, encoder)
    if folder and (folder / RUN_FILE).is_file():
        return _tier(folder, tier, encoder)
    if folder and kind == "klankbord-adapted":
        base = load_tone_model(tier=config.get("tier", tier), encoder=encoder)
        return AdaptedToneModel.load(folder, base, encoder or load_encoder())
    if folder and folder.is_dir() and not config:
        if (folder / CARD_FILE).is_file():
            read_card(folder).verify()  # says which file is missing or damaged
        raise ModelError("folder holds no tone model", where=str(folder))
    if folder:
        return ForeignToneModel(str(name), _fast(bundled(FAST_MODEL), encoder))
    return _tier(bundled(ACCURATE_MODEL), tier, encoder)


def _fast(folder: Path, encoder: Encoder | None) -> FastToneModel:
    if (folder / CARD_FILE).is_file():
        read_card(folder).verify()
    # another --encoder is for the themes; the fast model knows its own only
    if not isinstance(encoder, StaticEncoder):
        encoder = bundled_encoder()
    return FastToneModel(folder, encoder)


def _tier(folder: Path, tier: str, encoder: Encoder | None) -> ToneModel:
    fast = _fast(bundled(FAST_MODEL), encoder)
    if tier == "fast":
        return fast
    read_card(folder).verify()
    accurate = AccurateToneModel(folder, fast)
    return accurate if tier == "accurate" else CascadeToneModel(accurate)


def _config(folder: Path) -> dict[str, Any]:
    """Return what `config.json` in a folder says; {} where there is none or it is not JSON."""
    try:
        values = json.loads((folder / "config.json").read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return values if isinstance(values, dict) else {}
