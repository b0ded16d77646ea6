"""What became of a task elsewhere: its result, or an error that holds nobody's words."""

from __future__ import annotations

import os
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, NoReturn, TypeVar

from klankbord.errors import KlankbordError

Shard = TypeVar("Shard")
Result = TypeVar("Result")


@dataclass(frozen=True)
class Done(Generic[Result]):
    """The result of a task."""

    result: Result

    def taken(self) -> Result:
        """Return the result."""
        return self.result


@dataclass(frozen=True)
class Failed:
    """An error of a task: its kind and its place, without what it says."""

    kind: type[Exception]
    places: tuple[str, ...]  # file, line and function, outermost first
    known: KlankbordError | None = None  # which says what may be told
    number: int = 0  # of an error of the operating system
    file: str | None = None

    def taken(self) -> NoReturn:
        """Raise the error again."""
        if self.known is not None:
            raise self.known
        if self.number:
            raise OSError(self.number, os.strerror(self.number), self.file)
        error = self.kind.__new__(self.kind)
        error.__dict__["elsewhere"] = self.places  # for the log of a bug
        raise error


def attempt(task: Callable[[Shard], Result], shard: Shard) -> Done[Result] | Failed:
    """Do a task; never raises an Exception, as what carries it may log what it says."""
    try:
        return Done(task(shard))
    except KlankbordError as error:
        known = type(error)(error.message, where=error.where, hint=error.hint)
        return Failed(type(error), (), known=known)
    except Exception as error:  # noqa: BLE001 - it is raised again where it may be reported
        places = tuple(
            f"{frame.filename}:{frame.lineno} in {frame.name}"
            for frame in traceback.extract_tb(error.__traceback__)
        )
        if isinstance(error, OSError) and error.errno:
            file = error.filename if isinstance(error.filename, str) else None
            return Failed(type(error), places, number=error.errno, file=file)
        return Failed(type(error), places)
