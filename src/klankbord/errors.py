"""Errors a user can act on: what happened, where, and the next step."""

from __future__ import annotations

EXIT_OK = 0
EXIT_KNOWN_ERROR = 1
EXIT_USAGE = 2
EXIT_BUG = 3
EXIT_QUALITY = 4
EXIT_INTERRUPTED = 130


class KlankbordError(Exception):
    """A known failure, shown as one line plus a hint; never holds a verbatim or an identifier.

    `message` says what is wrong, `where` names file, line, row or column, `hint` is the next
    thing to try.
    """

    exit_code = EXIT_KNOWN_ERROR

    def __init__(self, message: str, *, where: str = "", hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.where = where
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.where}: {self.message}" if self.where else self.message


class UnreadableInputError(KlankbordError):
    """A source cannot be read at all: exit code 2, as for wrong usage."""

    exit_code = EXIT_USAGE


class SettingsError(KlankbordError):
    """A setting or profile has an unknown key or a value out of range."""

    exit_code = EXIT_USAGE


class MissingExtraError(KlankbordError):
    """An optional dependency is not installed."""


class ModelError(KlankbordError):
    """Model weights are missing, damaged or of another shape than their card says."""


class QualityError(KlankbordError):
    """A measured figure is below the threshold that was asked for."""

    exit_code = EXIT_QUALITY


class WorkspaceError(KlankbordError):
    """The workspace cannot be opened, is damaged, or was written by a newer version."""


class ConflictError(WorkspaceError):
    """Somebody else changed the same thing in the meantime: look again, then try again."""
