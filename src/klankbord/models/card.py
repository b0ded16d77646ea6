"""Model cards: what a bundled model is, what it was trained on, and that its files are whole."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from klankbord.errors import ModelError
from klankbord.files import sha256_of

CARD_FILE = "card.json"
_REINSTALL = "reinstall klankbord: pip install --force-reinstall klankbord"


@dataclass(frozen=True)
class DataUse:
    """One source of training data with its licence."""

    name: str
    rows: int
    licence: str


@dataclass(frozen=True)
class Score:
    """One measured figure."""

    measure: str
    data: str
    value: float


@dataclass(frozen=True)
class ModelCard:
    """The machine-readable half of a model's card; `README.md` beside it is for people."""

    name: str
    version: str
    kind: str  # "encoder", "tone" or "pipeline"
    summary: str
    languages: tuple[str, ...]
    data: tuple[DataUse, ...]
    scores: tuple[Score, ...]
    sha256: tuple[tuple[str, str], ...]  # file name -> hexadecimal digest, of every file it loads
    folder: Path

    @property
    def fingerprint(self) -> str:
        """Twelve hexadecimal characters that change with any byte of the model."""
        listing = "".join(f"{name}:{digest}\n" for name, digest in sorted(self.sha256))
        return hashlib.sha256(listing.encode()).hexdigest()[:12]

    @property
    def size(self) -> int:
        """Bytes of the files the model loads; raises ModelError where one is missing."""
        return sum(_existing(self.folder / name).stat().st_size for name, _ in self.sha256)

    def verify(self) -> None:
        """Raise ModelError unless every file is present with the digest the card states."""
        for name, digest in self.sha256:
            if sha256_of(_existing(self.folder / name)) != digest:
                raise ModelError(
                    f"file '{name}' of model '{self.name}' is damaged or was changed",
                    where=str(self.folder),
                    hint=_REINSTALL,
                )


def read_card(folder: Path) -> ModelCard:
    """Read the card of a model folder; raises ModelError where there is none or it is not valid."""
    path = folder / CARD_FILE
    try:
        values: dict[str, Any] = json.loads(path.read_text("utf-8"))
        return ModelCard(
            name=str(values["name"]),
            version=str(values["version"]),
            kind=str(values["kind"]),
            summary=str(values["summary"]),
            languages=tuple(str(code) for code in values["languages"]),
            data=tuple(DataUse(**use) for use in values["data"]),
            scores=tuple(Score(**score) for score in values["scores"]),
            sha256=tuple(sorted((str(k), str(v)) for k, v in values["sha256"].items())),
            folder=folder,
        )
    except OSError as error:
        raise ModelError("model card cannot be read", where=str(path), hint=_REINSTALL) from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelError("model card is not valid", where=str(path), hint=_REINSTALL) from error


def _existing(path: Path) -> Path:
    if not path.is_file():
        raise ModelError(f"model file '{path.name}' is missing", where=str(path.parent))
    return path
