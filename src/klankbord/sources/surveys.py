"""Survey exports with more than one header row, or one answer per row."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from klankbord.sources.grid import Grid

RESHAPES: Mapping[str, Callable[[Grid], Grid]] = {}
