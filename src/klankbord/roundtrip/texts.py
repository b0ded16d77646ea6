"""The words of the sheets: headings, names of codes and messages, in Dutch or English."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from klankbord.resources import toml_beside
from klankbord.sources.roles import normal

LANGUAGES = ("nl", "en")
CODED = ("owner", "status", "outcome")  # columns whose codes have names


class Texts:
    """The texts of one language; a code without a name is its own name."""

    def __init__(self, language: str) -> None:
        self._texts: Mapping[str, Any] = data()[language if language in LANGUAGES else "en"]

    def __call__(self, key: str, **values: object) -> str:
        """Return the text under the dotted `key`, filled with `values`."""
        group, name = key.split(".")
        return str(self._texts[group][name]).format(**values)

    def heading(self, column: str) -> str:
        """Return the heading of a column."""
        return str(self._texts["column"][column])

    def lines(self, key: str) -> tuple[str, ...]:
        """Return the list of texts under the dotted `key`, as they are."""
        group, name = key.split(".")
        return tuple(self._texts[group][name])

    def name(self, group: str, code: str) -> str:
        """Return what a code of `group` is called."""
        return str(self._texts[group].get(code, code))


def data() -> Mapping[str, Any]:
    """Return the contents of texts.toml."""
    return toml_beside(__package__, "texts.toml")


@cache
def columns_by_heading() -> Mapping[str, str]:
    """Return normal heading -> column, for the headings of every language and export."""
    found: dict[str, str] = {}
    for language in LANGUAGES:
        for column, heading in data()[language]["column"].items():
            found.setdefault(normal(heading), column)
    for column, headings in data()["headings"].items():
        for heading in headings:
            found.setdefault(normal(heading), column)
    return found


@cache
def codes_by_name(group: str) -> Mapping[str, str]:
    """Return normal name -> code, for the names that have one in some language."""
    return {
        normal(name): code
        for language in LANGUAGES
        for code, name in data()[language][group].items()
    }
