"""A sheet of actions that somebody edited is not written over before it was read back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from klankbord.records import Action

if TYPE_CHECKING:
    from klankbord.store.history import ActionEvent


@dataclass(frozen=True)
class SetAside:
    """A sheet that was moved out of the way, and how many of its rows wait to be imported."""

    path: Path
    rows: int

    def __str__(self) -> str:
        """Say what to do with it."""
        return (
            f"{self.rows} edited rows of the earlier sheet were not imported; it is kept: "
            f"klankbord actions import {self.path.name}"
        )


def set_aside(
    path: Path,
    actions: Sequence[Action],
    histories: Mapping[str, Sequence[ActionEvent]],
    *,
    move: Callable[[Path, Path], object] = Path.rename,
) -> SetAside | None:
    """Move the sheet at `path` where it holds edits that `actions` do not; else None.

    Raises nothing for a file that is no such sheet: that one is written over.
    """
    from klankbord.roundtrip import waiting_edits

    rows = waiting_edits(path, actions, histories)
    if not rows:
        return None
    names = (path.with_name(f"{path.stem}-bewerkt-{number}{path.suffix}") for number in count(1))
    target = next(name for name in names if not name.exists())
    move(path, target)
    return SetAside(target, rows)
