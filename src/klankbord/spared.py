"""What libraries load in case somebody needs it: left out in a process of Klankbord's own.

Elsewhere a program may need what the library found, so nothing is hidden from it there.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import get_ident

OWN_PROCESS = "_KLANKBORD_PROCESS"  # in the environment, which worker processes inherit


def spare_pandas() -> None:
    """Let Arrow do without pandas, which it loads at its first array to know a series by.

    That takes a fifth of a second and 40 MB.
    """
    with without("pandas"):
        import pyarrow as pa

        pa.array([])  # Arrow looks once


@contextmanager
def without(package: str) -> Iterator[None]:
    """Let imports in this block find no `package`, unless it is loaded or others may need it."""
    if package in sys.modules or not os.environ.get(OWN_PROCESS):
        yield
        return
    hidden = _Hidden(package)
    sys.meta_path.insert(0, hidden)
    try:
        yield
    finally:
        sys.meta_path.remove(hidden)


class _Hidden:
    """A finder of modules that says there is no `package`, to the thread that made it."""

    def __init__(self, package: str) -> None:
        self._package, self._thread = package, get_ident()

    def find_spec(self, name: str, *_: object) -> None:
        if name == self._package and get_ident() == self._thread:
            raise ImportError(f"{name} is left out")
