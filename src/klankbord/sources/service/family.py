"""One kind of export: how its records are known, where they stand and what reads them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from klankbord.sources.conversation import Conversation
from klankbord.sources.service.fields import Object
from klankbord.sources.service.thread import Context


@dataclass(frozen=True)
class Family:
    """A kind of export; `read` may raise OddRecordError, which rejects the record."""

    name: str  # the source of its feedback
    title: str
    is_record: Callable[[Object], bool]
    read: Callable[[Object, int, Any, Context], Iterable[Conversation]]  # the row is 1-based
    lists: tuple[str, ...] = ()  # names of the lists its records stand in
    beside: tuple[str, ...] = ()  # names of the lists beside those that explain them
    prepare: Callable[[Object], Any] = lambda _: None  # what stands beside -> third of `read`
    is_part: Callable[[Object], bool] = lambda _: False  # one of many records that make one
    parts: str = ""  # name that the list of those parts has in a record
