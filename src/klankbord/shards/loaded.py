"""What a process loads once, for all the shards that it works on."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from threading import Lock
from typing import Generic, TypeVar

Value = TypeVar("Value")

SAME_MODELS = "install the same version of klankbord and of its models on every worker"


class Loaded(Generic[Value]):
    """Values by what they were asked with; of threads that ask at once one loads."""

    def __init__(self) -> None:
        self._values: dict[Hashable, Value] = {}
        self._lock = Lock()

    def get(self, asked: Hashable, load: Callable[[], Value]) -> Value:
        """Return the value, loaded now or before; what `load` raises leaves nothing behind."""
        with self._lock:
            if asked not in self._values:
                self._values[asked] = load()
            return self._values[asked]
