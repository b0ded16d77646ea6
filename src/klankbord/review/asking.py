"""What an address or a form asks for; what makes no sense is left at a default."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from urllib.parse import urlencode

from klankbord.cells import neutralise

PER_PAGE = 25
LONGEST_NOTE = 2000
LONGEST_WAIT = timedelta(days=366)
_MOST_PAGES = 1_000_000
_PAGE_DIGITS, _NUMBER_DIGITS = 7, 18


def asked_page(given: Mapping[str, str], name: str = "page") -> int:
    """Return the page of a list that is asked for, from 1."""
    return min(max(1, _number(given.get(name, ""), _PAGE_DIGITS, otherwise=1)), _MOST_PAGES)


def asked_number(form: Mapping[str, str], name: str) -> int:
    """Return a number that a form hands on, such as a version; -1 where it is none."""
    return _number(form.get(name, ""), _NUMBER_DIGITS, otherwise=-1)


def asked_text(form: Mapping[str, str], name: str, longest: int = LONGEST_NOTE) -> str:
    """Return a text of a form, made harmless."""
    return cleaned(form.get(name, ""), longest)


def asked_day(form: Mapping[str, str], name: str, *, earliest: date, today: date) -> date | None:
    """Return the day a form asks for; None where it names none that is near enough to come."""
    try:
        day = date.fromisoformat(form.get("soon") or form.get(name, ""))
    except ValueError:
        return None
    return day if earliest <= day <= today + LONGEST_WAIT else None


def cleaned(text: str, longest: int) -> str:
    """Return a text as it is kept: harmless, and no longer than it may be."""
    return neutralise(text).strip()[:longest]


def address(path: str, fields: Mapping[str, str]) -> str:
    """Return the address of a path with what is asked of it."""
    return f"{path}?{urlencode(fields)}" if fields else path


def pages_in(rows: int) -> int:
    """Return how many pages a list of so many rows has; an empty one has one."""
    return max(1, -(-rows // PER_PAGE))


def _number(given: str, digits: int, *, otherwise: int) -> int:
    return int(given) if given.isascii() and given.isdigit() and len(given) <= digits else otherwise
