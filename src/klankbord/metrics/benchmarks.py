"""What others publish about sectors: claims with their source and date, beside each other.

Read from `benchmarks.toml`. Where sources contradict each other all of them are returned.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from klankbord.resources import toml_beside


@dataclass(frozen=True)
class Claim:
    """What one source says: a number or a range, and a remark; "" and None where it says none."""

    topic: str  # "retention", or the key of a contradiction
    sector: str  # key, "" where it is about customers in general
    title: str  # what it is about, in words
    unit: str  # percent, x (times) or ""
    low: float | None
    high: float | None
    remark: str
    source: str
    date: str  # of publication: ISO 8601, a year, or "" where the source gives none
    url: str


class UnknownSectorError(ValueError):
    """There is no figure for such a sector; `known` names those there are."""

    def __init__(self, name: str, known: tuple[str, ...]) -> None:
        super().__init__(name)
        self.known = known


def sector(name: str, language: str) -> tuple[Claim, ...]:
    """Return what sources say of the retention of a sector; raises UnknownSectorError.

    `name` is a key or another name for it. No source says over which period; a year is likely.
    """
    entries = _contents()["sector"]
    wanted = name.strip().casefold()
    for entry in entries:
        if wanted in (entry["key"], *entry["aliases"], entry["nl"], entry["en"]):
            return _claims(entry, "retention", "percent", language, sector=entry["key"])
    raise UnknownSectorError(name, tuple(entry["key"] for entry in entries))


def contradictions(language: str) -> tuple[Claim, ...]:
    """Return the claims that contradict each other, by topic."""
    return tuple(
        claim
        for entry in _contents()["contradiction"]
        for claim in _claims(entry, entry["key"], entry["unit"], language)
    )


def _claims(
    entry: Mapping[str, Any], topic: str, unit: str, language: str, *, sector: str = ""
) -> tuple[Claim, ...]:
    sources = _contents()["source"]
    return tuple(
        Claim(
            topic=topic,
            sector=sector,
            title=entry[language],
            unit=unit,
            low=claim.get("low"),
            high=claim.get("high"),
            remark=claim.get(language, ""),
            source=sources[claim["source"]]["name"],
            date=sources[claim["source"]]["date"],
            url=sources[claim["source"]]["url"],
        )
        for claim in entry["claims"]
    )


def _contents() -> Mapping[str, Any]:
    return toml_beside(__package__, "benchmarks.toml")
