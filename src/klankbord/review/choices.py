"""What can be chosen on a page: part of a list, or a value in a form."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Choice:
    """A filter that can be chosen."""

    label: str
    count_text: str
    address: str
    chosen: bool


@dataclass(frozen=True)
class Option:
    """A value that can be chosen in a form."""

    value: str
    label: str
    chosen: bool = False
