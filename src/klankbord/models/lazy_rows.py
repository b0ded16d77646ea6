"""Tables of which most texts need few rows: a row is made, and takes memory, when it is asked."""

from __future__ import annotations

from collections.abc import Callable
from mmap import mmap
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]


class LazyRows:
    """A table (rows, width) that `make` fills `block` rows at a time; safe in threads.

    Always the same rows are made together, so that none depends on what was asked before.
    """

    def __init__(self, rows: int, width: int, block: int, make: Callable[[slice], Floats]) -> None:
        # pages of a map are taken when they are written to, one by one
        space = mmap(-1, max(rows * width, 1) * np.dtype(np.float32).itemsize)
        self.table: Floats = np.frombuffer(space, np.float32, rows * width).reshape(rows, width)
        self._block, self._make = block, make
        self._made = np.zeros(-(-rows // block), dtype=bool)
        self._lock = Lock()

    def including(self, rows: NDArray[np.int64]) -> Floats:
        """Return the table after making at least `rows`; what is not made yet reads as zeros."""
        asked = np.zeros(len(self._made), dtype=bool)
        asked[rows // self._block] = True
        if not self._made[asked].all():
            with self._lock:
                for block in np.flatnonzero(asked & ~self._made).tolist():
                    first = block * self._block
                    part = slice(first, min(first + self._block, len(self.table)))
                    self.table[part] = self._make(part)
                    self._made[block] = True
        return self.table

    def whole(self) -> Floats:
        """Return the table with all its rows made."""
        return self.including(np.arange(len(self.table)))
