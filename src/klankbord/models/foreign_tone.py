"""Any text classifier of the transformers library, read on the five levels of tone."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from klankbord.errors import MissingExtraError, ModelError
from klankbord.models.fast_tone import FastToneModel
from klankbord.models.located import located
from klankbord.models.scores import ToneScores
from klankbord.schema import TONES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

_FILE = Path(__file__).with_name("foreign_labels.toml")
_BATCH = 32
_LONGEST = 256  # tokens of a text


class ForeignToneModel:
    """Tone from another classifier; mixed, theme, flags and cues from the bundled fast model.

    `foreign_labels.toml` says which levels a label can mean. Only weights in safetensors are
    read, no code that comes with a model is run, and nothing is downloaded.
    """

    def __init__(self, name: str, fast: FastToneModel) -> None:
        try:
            from transformers import AutoModelForSequenceClassification, AutoTokenizer
        except ImportError as error:
            raise MissingExtraError(
                "this tone model needs transformers", hint="pip install transformers torch"
            ) from error
        folder = located(name)
        local = {"local_files_only": True, "trust_remote_code": False}
        try:
            self._tokenizer: Any = AutoTokenizer.from_pretrained(folder, **local)
            self._model: Any = AutoModelForSequenceClassification.from_pretrained(
                folder, use_safetensors=True, dtype="float32", **local
            ).eval()
        except Exception as error:
            raise ModelError(
                "tone model cannot be loaded as a text classifier",
                where=name,
                hint="it must hold config.json, a tokenizer and model.safetensors",
            ) from error
        labels = self._model.config.id2label
        self._groups = level_groups([str(labels[place]) for place in sorted(labels)], name)
        self.fast = fast
        self.themes, self.thresholds = fast.themes, fast.thresholds
        digest = hashlib.sha256()
        for key, value in sorted(self._model.state_dict().items()):
            digest.update(key.encode() + value.numpy().tobytes())
        self.fingerprint = f"{digest.hexdigest()[:12]}-{fast.fingerprint}"

    def predict(self, texts: Sequence[str], questions: Sequence[str]) -> ToneScores:
        """Score `texts`; the foreign model does not see the questions."""
        base = self.fast.predict(texts, questions)
        if not len(texts):
            return base
        spread = spread_over_levels(self._chances(texts), self._groups, base.probabilities)
        cues = self.fast.cues(texts, spread.argmax(axis=1))
        return replace(base, probabilities=spread, cues=cues)

    def _chances(self, texts: Sequence[str]) -> Floats:
        """Return the foreign model's probability of each of its labels, (n, labels)."""
        import torch

        found = np.zeros((len(texts), len(self._groups)), dtype=np.float32)
        order = np.argsort([len(text) for text in texts], kind="stable")
        with torch.inference_mode():
            for first in range(0, len(order), _BATCH):
                part = order[first : first + _BATCH]
                fed = self._tokenizer(
                    [texts[row] for row in part],
                    return_tensors="pt", padding=True, truncation=True, max_length=_LONGEST,
                )  # fmt: skip
                found[part] = self._model(**fed).logits.softmax(dim=1).numpy()
        return found


def level_groups(labels: Sequence[str], name: str) -> list[list[int]]:
    """Return the ranks of the levels that each label can mean; raises ModelError if unknown."""
    wanted = [label.strip().lower() for label in labels]
    for scale in tomllib.loads(_FILE.read_text("utf-8"))["scale"]:
        if set(scale["labels"]) == set(wanted):
            ranks = {str(tone): tone.rank for tone in TONES}
            return [[ranks[level] for level in scale["labels"][label]] for label in wanted]
    raise ModelError(
        f"labels {', '.join(labels[:8])} are not on a known scale",
        where=name,
        hint="set id2label in its config.json to negative/neutral/positive, 1 star … 5 stars, "
        "or boos … enthousiast",
    )


def spread_over_levels(chances: Floats, groups: list[list[int]], base: Floats) -> Floats:
    """Divide the chance of each label over its levels, in the proportions of `base` (n, 5)."""
    levels = np.zeros((len(chances), len(TONES)), dtype=np.float32)
    for place, group in enumerate(groups):
        share = base[:, group] + 1e-6
        levels[:, group] += chances[:, [place]] * share / share.sum(axis=1, keepdims=True)
    return levels
