"""Pictures that were drawn last, kept because drawing takes most of the time of a page."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

KeyT = TypeVar("KeyT", bound=Hashable)


class Kept(Generic[KeyT]):
    """At most so many pictures by key; threads share it, and one key may be drawn twice at once."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._drawn: OrderedDict[KeyT, str] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: KeyT, draw: Callable[[], str]) -> str:
        """Return the picture of a key, drawn now where it is not kept."""
        with self._lock:
            if key in self._drawn:
                self._drawn.move_to_end(key)
                return self._drawn[key]
        picture = draw()
        with self._lock:
            self._drawn[key] = picture
            while len(self._drawn) > self._most:
                self._drawn.popitem(last=False)
        return picture

    def clear(self) -> None:
        """Keep none of them any longer."""
        with self._lock:
            self._drawn.clear()
