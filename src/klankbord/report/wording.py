"""Fixed texts and the formatting of numbers, dates and amounts in the report's language."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from klankbord import moments
from klankbord.cells import neutralise
from klankbord.excerpt import shorten as shorten_plain

_NBSP = "\u00a0"
_MINUS = "\u2212"
_PSEUDONYM = re.compile(r"\b[A-Z]-[0-9A-Z]{10}\b")


@cache
def _languages() -> Mapping[str, Mapping[str, Any]]:
    path = Path(__file__).with_name("texts.toml")
    return tomllib.loads(path.read_text("utf-8"))


def shorten(text: str, length: int) -> str:
    """Cut harmless `text` between words to at most `length` characters, with an ellipsis."""
    return shorten_plain(neutralise(text), length)


@dataclass(frozen=True)
class Wording:
    """Texts, formats, time zone and customer names of one report."""

    language: str = "nl"
    timezone: str = moments.TIMEZONE
    original_ids: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.language not in _languages():
            raise ValueError(f"no report texts in language '{self.language}'")

    def __call__(self, key: str, **values: object) -> str:
        """Return the text under the dotted `key`, filled with `values`; KeyError if absent."""
        return str(self._look_up(key)).format(**values)

    def has(self, key: str) -> bool:
        """Tell whether there is a fixed text under `key`."""
        try:
            self._look_up(key)
        except KeyError:
            return False
        return True

    def lines(self, key: str) -> tuple[str, ...]:
        """Return the list of texts under `key`."""
        found = self._look_up(key)
        if not isinstance(found, list):
            raise KeyError(key)
        return tuple(found)

    def count(self, key: str, number: int, **values: object) -> str:
        """Return `key`.one or `key`.many with `n` filled in as a formatted whole number."""
        form = "one" if number == 1 else "many"
        return self(f"{key}.{form}", n=self.number(number), **values)

    def label(self, group: str, code: str) -> str:
        """Return the name of a code such as a kind or trend; a code without a name stays itself."""
        key = f"{group}.{code}"
        return self(key) if self.has(key) else code

    def _look_up(self, key: str) -> object:
        found: object = _languages()[self.language]
        for part in key.split("."):
            if not isinstance(found, dict):
                raise KeyError(key)
            found = found[part]
        return found

    def number(self, value: float, decimals: int = 0, *, signed: bool = False) -> str:
        """Format as `1.234,5` (nl) or `1,234.5` (en), with a real minus sign."""
        rounded = round(float(value), decimals) + 0.0
        digits = f"{abs(rounded):,.{decimals}f}"
        if self.language == "nl":
            digits = digits.replace(",", " ").replace(".", ",").replace(" ", ".")
        sign = _MINUS if rounded < 0 else "+" if signed and rounded > 0 else ""
        return sign + digits

    def percent(self, share: float, decimals: int = 0) -> str:
        """Format a share of 0 … 1 as a percentage."""
        return f"{self.number(100 * share, decimals)}%"

    def probability(self, value: float) -> str:
        """Format a probability, never rounding up to certainty."""
        if value > 0.99:
            return self("format.over", value=self.percent(0.99))
        return self.percent(value)

    def euro(self, value: float) -> str:
        """Format an amount in whole euros."""
        return (
            f"€{_NBSP}{self.number(value)}" if self.language == "nl" else f"€{self.number(value)}"
        )

    def day(self, value: date) -> str:
        """Format as `12 maart 2026`."""
        return f"{value.day} {self.lines('format.months')[value.month - 1]} {value.year}"

    def short_day(self, value: date) -> str:
        """Format as `12 mrt 2026`."""
        return f"{value.day} {self.lines('format.short_months')[value.month - 1]} {value.year}"

    def month(self, value: date) -> str:
        """Format as `mrt ’26`."""
        return f"{self.lines('format.short_months')[value.month - 1]} ’{value.year % 100:02d}"

    def listed(self, parts: tuple[str, ...]) -> str:
        """Join as `a, b en c`."""
        if len(parts) < 2:
            return "".join(parts)
        return f"{', '.join(parts[:-1])} {self('format.and')} {parts[-1]}"

    def local_day(self, moment: datetime) -> date:
        """Return the calendar day of `moment` (UTC when it names no zone) in the report's zone."""
        return moments.local_day(moment, self.timezone)

    def local_days(self, utc: np.ndarray) -> np.ndarray:
        """Return the calendar days of UTC moments (datetime64, NaT allowed) as datetime64[D]."""
        at = utc.astype("datetime64[us]").astype(np.int64)
        return moments.local_days(at, self.timezone).astype("datetime64[D]")

    def customer(self, customer_id: str) -> str:
        """Return the customer or account as this report may name it: pseudonym or original id."""
        return neutralise(self.original_ids.get(customer_id, customer_id))

    def reveal(self, text: str) -> str:
        """Replace pseudonyms inside `text` by the original ids this report may show."""
        if not self.original_ids:
            return text
        return _PSEUDONYM.sub(lambda match: self.original_ids.get(match[0], match[0]), text)
