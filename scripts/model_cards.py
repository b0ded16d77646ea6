"""What goes on a model card: data, licences and the digest of every file."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class DataFile:
    """A line of the model card: what was trained on, under which licence."""

    name: str
    rows: int
    licence: str


def write_card(
    folder: Path,
    *,
    kind: str,
    summary: str,
    data: list[DataFile],
    languages: tuple[str, ...] = ("nl", "en", "de", "fr"),
) -> None:
    """Write `card.json` with the digest of every file; `evaluate_models.py` adds the scores."""
    digests = {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.relative_to(folder).as_posix() not in ("card.json", "README.md")
    }
    card = {
        "name": folder.name,
        "version": "0.1.0",
        "kind": kind,
        "summary": summary,
        "languages": languages,
        "data": [vars(file) for file in data],
        "scores": [],
        "sha256": digests,
    }
    (folder / "card.json").write_text(json.dumps(card, indent=1) + "\n", "utf-8")
