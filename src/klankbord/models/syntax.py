"""Loading the bundled Dutch spaCy pipeline."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from klankbord.errors import ModelError
from klankbord.models.card import ModelCard, read_card
from klankbord.resources import bundled
from klankbord.spared import without

BUNDLED_DUTCH = "models/spacy-nl"


def dutch_card(folder: Path | None = None) -> ModelCard:
    """Return the card of the Dutch pipeline in `folder`, by default the bundled one."""
    return read_card(folder or bundled(BUNDLED_DUTCH))


def load_dutch(folder: Path | None = None) -> Any:  # noqa: ANN401 - spaCy is imported inside
    """Return the spaCy pipeline in `folder`, by default the bundled Dutch one.

    Raises ModelError, before spaCy reads anything, where a file is missing or differs from the
    digest on the model's card.
    """
    card = dutch_card(folder)
    card.verify()
    with without("torch"):  # a second and 190 MB, for pipelines that train or use a GPU
        import spacy

    try:
        return spacy.load(card.folder)
    except (OSError, ValueError, KeyError) as error:
        raise ModelError(
            "the Dutch pipeline cannot be loaded by this version of spaCy",
            where=str(card.folder),
            hint="install the spaCy that klankbord asks for: pip install 'spacy>=3.8'",
        ) from error
