"""Review feeds whose texts stand in a list of questions and answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from klankbord.sources.grid import Grid

RESHAPES: Mapping[str, Callable[[Grid], Grid]] = {}
