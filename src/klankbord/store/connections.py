"""Transactions on the database under a workspace: one per thread, nested ones join it."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator

from sqlalchemy import Connection, Engine

from klankbord.store.engine import begin, readable_errors


class Connections:
    """Opens the connections of a workspace; threads may share it, each gets its own."""

    def __init__(self, engine: Engine, name: str) -> None:
        self._engine = engine
        self._name = name
        self._local = threading.local()

    @property
    def name(self) -> str:
        """How messages name the workspace: the path of a file, of a database no more than that."""
        return self._name

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """Make everything written inside one transaction: all of it, or nothing on any error."""
        with self._writing():
            yield

    @contextlib.contextmanager
    def _reading(self) -> Iterator[Connection]:
        current: Connection | None = getattr(self._local, "connection", None)
        with readable_errors(self._name):
            if current is not None:
                yield current
            else:
                with begin(self._engine, writes=False) as connection:
                    yield connection

    @contextlib.contextmanager
    def _writing(self) -> Iterator[Connection]:
        current: Connection | None = getattr(self._local, "connection", None)
        with readable_errors(self._name):
            if current is not None:
                with current.begin_nested():
                    yield current
                return
            with begin(self._engine, writes=True) as connection:
                self._local.connection = connection
                try:
                    yield connection
                finally:
                    self._local.connection = None
