"""Why a decision about a theme cannot be taken."""

from __future__ import annotations

from enum import StrEnum

from klankbord.errors import KlankbordError


class Refusal(StrEnum):
    """The kinds of refusal, for whoever words them in another language."""

    UNKNOWN = "unknown"  # no theme with that id
    TOO_OLD = "too_old"  # themes of a Klankbord that did not keep them
    UNCHANGED = "unchanged"
    DEPARTMENT = "department"
    NOTHING_TO_UNDO = "nothing_to_undo"
    CARRIED_OUT = "carried_out"  # by an analysis, so that it cannot be undone
    ITSELF = "itself"
    INTO_FORBIDDEN = "into_forbidden"
    INTO_MERGED = "into_merged"
    CIRCLE = "circle"
    HEAD = "head"
    CONTRADICTION = "contradiction"
    HOLDS_ANOTHER = "holds_another"  # another is merged into it
    DOUBLE_NAME = "double_name"
    HIDDEN_SIGNS = "hidden_signs"
    NO_LETTER = "no_letter"
    TOO_LONG = "too_long"


class ThemeEditError(KlankbordError):
    """A decision about a theme that cannot be taken.

    `other` is the id of the theme that stands in the way, `states` are the fields of KnownTheme
    that contradict each other.
    """

    def __init__(
        self,
        message: str,
        kind: Refusal,
        *,
        hint: str = "",
        other: str = "",
        states: tuple[str, ...] = (),
    ) -> None:
        super().__init__(message, hint=hint)
        self.kind = kind
        self.other = other
        self.states = states
