"""What an engine is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import ClassVar, Protocol, TypeAlias, TypeVar

Shard = TypeVar("Shard")
Result = TypeVar("Result")
Task: TypeAlias = Callable[[Shard], Result]


class Engine(Protocol):
    """Maps a function that depends on its shard alone over many shards."""

    here: ClassVar[bool]  # its workers take memory of this machine

    def map(self, task: Task[Shard, Result], shards: Iterable[Shard]) -> Iterator[Result]:
        """Yield the result for each shard, in their order; a few are worked on ahead.

        `task` must be known by name in its module, or be an object of a class that is.
        """

    def close(self) -> None:
        """Let the workers go; the next `map` starts others."""
