"""Who a page is for, and what it therefore shows."""

from __future__ import annotations

import re
from enum import StrEnum


class Role(StrEnum):
    """Whom a page is written for."""

    CX = "cx"
    SUPPORT = "support"
    PRODUCT = "product"
    HUDDLE = "huddle"

    @property
    def sections(self) -> tuple[tuple[str, str], ...]:
        """Anchor and name of the sections on the page, in their order."""
        left_out = _LEFT_OUT.get(self, "")
        return tuple(section for section in _ALL if section[1] != left_out)

    @property
    def loops(self) -> tuple[str, ...]:
        """The loops whose actions are shown."""
        return _LOOPS.get(self, ("inner", "outer"))


_ALL = (
    ("overzicht", "overview"),
    ("toon", "shifts"),
    ("themas", "themes"),
    ("acties", "actions"),
    ("methode", "method"),
)
_LEFT_OUT = {Role.SUPPORT: "themes", Role.PRODUCT: "shifts"}
_LOOPS = {Role.SUPPORT: ("inner",), Role.PRODUCT: ("outer",)}


def page_name(role: Role, department: str = "") -> str:
    """Return the file name of a role's page."""
    if role is Role.CX:
        return "rapport.html"
    if role is Role.HUDDLE:
        part = re.sub(r"[^a-z0-9]+", "-", department.lower()).strip("-")
        return f"huddle-{part}.html" if part else "huddle.html"
    return f"rapport-{role}.html"
