"""The patterns of personal data, read from the TOML files beside this module."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from klankbord.privacy.personal_data import PersonalData, Span
from klankbord.resources import toml_beside

_FILES = ("patterns.toml", "places.toml", "words.toml")
_PART = re.compile(r"\{\{(\w+)\}\}")


@cache
def pattern(table: str, name: str) -> re.Pattern[str]:
    """Return a pattern with its parts filled in, from its own table or from `[part]`."""
    return re.compile(_filled(table, named(table)[name]), re.VERBOSE | re.IGNORECASE)


def mentions(what: str, text: str) -> bool:
    """Tell whether a text has the words without which the finder of `what` need not start."""
    return _gate(what).search(text.lower()) is not None


def spans_of(of: re.Pattern[str], text: str, kind: PersonalData) -> list[Span]:
    """Return what a pattern matches; where it has a group `value`, that group."""
    group = "value" if "value" in of.groupindex else 0
    return [Span(*found.span(group), kind) for found in of.finditer(text)]


def entries(table: str) -> dict[str, Any]:
    """Return a table: patterns whose parts are not filled in, and what else it lists."""
    files = (toml_beside(__package__, file) for file in _FILES)
    return next(dict(tables[table]) for tables in files if table in tables)


@cache
def named(table: str) -> dict[str, str]:
    """Return the patterns and parts that a pattern of `table` may name, as they are written."""
    return entries("part") | entries(table)


@cache
def _gate(what: str) -> re.Pattern[str]:
    return re.compile(_filled("worth", named("worth")[what]), re.VERBOSE)


def _filled(table: str, text: str) -> str:
    def part(found: re.Match[str]) -> str:
        return _filled(table, named(table)[found[1]])

    return _PART.sub(part, text)
