"""The loop's rules and texts, read once from the TOML files beside the code."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

Rules = Mapping[str, Any]


@cache
def rules(name: str) -> Rules:
    """Return one rule file: "sla", "routing", "reasons" or "drafts"."""
    return tomllib.loads(files("klankbord.loop").joinpath(f"{name}.toml").read_text("utf-8"))
