"""Keeping capitals visible to a tokenizer that lower-cases."""

from __future__ import annotations

import re

SHOUT = "⇪"
_CAPITALS = re.compile(r"(?<![^\W\d_])(?:[A-ZÀ-ÖØ-Þ]{3,})(?![^\W\d_])")


def marked_capitals(text: str) -> str:
    """Return `text` with a mark before every word of three or more capitals."""
    return _CAPITALS.sub(rf"{SHOUT}\g<0>", text)
