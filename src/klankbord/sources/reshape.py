"""Known exports whose rows are not yet one answer each: what is done to them before mapping."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from klankbord.sources import reviews, surveys
from klankbord.sources.grid import Grid

Reshape: TypeAlias = Callable[[Grid], Grid]

RESHAPES: Mapping[str, Reshape] = {**surveys.RESHAPES, **reviews.RESHAPES}
