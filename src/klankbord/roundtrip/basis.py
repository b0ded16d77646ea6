"""What a sheet said of an action when it was exported, so that an edit can be told from old news.

A cell is an edit where it differs from what was exported; it is in conflict where the action has
another value by now as well. The hidden column holds a digest of every editable value for that.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from hashlib import blake2b

from klankbord.cells import neutralise, restored
from klankbord.records import Action

FIELDS = ("owner", "due", "status", "outcome", "wel_niet_later", "draft")  # what may be edited
LONGEST = 32_000  # characters of a text in a cell, under Excel's 32,767 with room for guards
Value = str | date | None

_DIGEST = re.compile(
    rf"v(\d{{1,9}})\|([0-9a-f]{{8}}(?:\.[0-9a-f]{{8}}){{{len(FIELDS) - 1}}})\|(.+)"
)


@dataclass(frozen=True)
class Basis:
    """What the hidden column says: the action, its version and its values when exported."""

    action_id: str
    version: int
    digests: Mapping[str, str]  # field -> digest of its value

    def said(self, field: str, value: Value) -> bool:
        """Tell whether `field` was exported with this value."""
        return self.digests[field] == _digest(field, value)


def mark(action: Action) -> str:
    """Return the hidden cell of an action."""
    digests = ".".join(_digest(field, getattr(action, field)) for field in FIELDS)
    return f"v{action.version}|{digests}|{action.action_id}"


def basis_of(text: str) -> Basis | None:
    """Read a hidden cell; None where it is empty or not one of ours."""
    found = _DIGEST.fullmatch(text.strip())
    if found is None:
        return None
    digests = dict(zip(FIELDS, found[2].split("."), strict=True))
    return Basis(found[3], int(found[1]), digests)


def in_cell(text: str) -> str:
    """Return a text as it stands in a cell: harmless, and not longer than a cell holds."""
    return neutralise(text)[:LONGEST]


def canonical(value: Value) -> str:
    """Return a value without what a spreadsheet program may change in it unasked."""
    if value is None:
        return ""
    if isinstance(value, date):
        return value.isoformat()
    text = restored(in_cell(value))
    return "\n".join(line.rstrip() for line in text.strip().split("\n"))


def same(one: Value, other: Value) -> bool:
    """Tell whether two values are the same, apart from what a spreadsheet program changes."""
    return canonical(one) == canonical(other)


def _digest(field: str, value: Value) -> str:
    text = f"{field}|{canonical(value)}"
    return blake2b(text.encode("utf-8", "replace"), digest_size=4).hexdigest()
