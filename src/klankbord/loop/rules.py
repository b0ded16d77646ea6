"""The loop's rules and texts, read once from the TOML files beside the code."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from klankbord.resources import toml_beside

Rules = Mapping[str, Any]


def rules(name: str) -> Rules:
    """Return one rule file, such as "sla", "routing", "reasons" or "drafts"."""
    return toml_beside(__package__, f"{name}.toml")
