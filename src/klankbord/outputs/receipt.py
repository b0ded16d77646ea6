"""The proof that something was erased, without anything that tells of whom."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from klankbord.files import replacing

FORGOTTEN, PURGED = "klant vergeten", "bewaartermijn verstreken"


@dataclass
class Receipt:
    """What was erased, when and where; written as JSON with Dutch names."""

    kind: str
    at: datetime
    rows: Mapping[str, int] = field(default_factory=dict)  # removed or changed, by table
    files: dict[str, str] = field(default_factory=dict)  # path -> what became of it
    backups: dict[str, str] = field(default_factory=dict)
    models: tuple[str, ...] = ()  # folders of models that learned from a label
    barred: str = ""  # keyed hash under which imports refuse the customer
    before: datetime | None = None  # of a purge
    customers: int = 0  # of whom nothing is left

    def values(self) -> dict[str, Any]:
        """Return what is written, JSON values only."""
        told: dict[str, Any] = {
            "soort": self.kind,
            "wanneer": self.at.isoformat(timespec="seconds"),
        }
        if self.before is not None:
            told["ouder dan"] = self.before.isoformat(timespec="seconds")
            told["klanten van wie niets over is"] = self.customers
        told |= {
            "rijen verwijderd of aangepast": dict(self.rows),
            "bestanden": self.files,
            "reservekopieën": self.backups,
            "modellen die van labels leerden": list(self.models),
        }
        if self.barred:
            told["geweigerd bij import onder"] = self.barred
        return told | {"nog te doen": self.left_to_do()}

    def left_to_do(self) -> list[str]:
        """Return what a person has to do yet, in Dutch."""
        told = [
            f"verwijder met de hand: {path}"
            for path, became in self.backups.items()
            if became == BY_HAND
        ]
        told += [f"train opnieuw: klankbord train --out {folder}" for folder in self.models]
        if any(became == "verwijderd" for became in self.files.values()):
            told.append("maak verwijderde pagina's zo nodig opnieuw: klankbord report")
        missing = [path for path, became in self.files.items() if became == "niet gevonden"]
        missing += [path for path, became in self.backups.items() if became == "niet gevonden"]
        told += [f"verplaatst of gekopieerd? zoek en verwijder: {path}" for path in missing]
        told.append("start een klankbord review die nog draait opnieuw: die onthoudt tekeningen")
        told.append("bronbestanden, e-mails en gedeelde kopieën kent Klankbord niet")
        return told

    def write(self, path: Path) -> None:
        """Write it as JSON, whole or not at all."""
        with replacing(path) as file:
            text = json.dumps(self.values(), indent=2, ensure_ascii=False)
            file.write_text(text + "\n", "utf-8")


BY_HAND = "met de hand te verwijderen"
