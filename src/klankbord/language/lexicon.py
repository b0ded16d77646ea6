"""Linguistic knowledge as data: the TOML files beside this module, read once."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Any


@cache
def lexicon(name: str) -> dict[str, Any]:
    """Return the contents of `name`.toml; callers treat it as read-only."""
    return tomllib.loads(Path(__file__).with_name(f"{name}.toml").read_text("utf-8"))
