"""Files of one export that explain each other: who the users are, whose case a message is about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from klankbord.schema import AuthorRole


@dataclass(frozen=True)
class Companions:
    """What the other files of a job tell; empty where a file comes alone."""

    roles: Mapping[str, AuthorRole] = field(default_factory=dict)  # user id -> who that is
    cases: Mapping[str, Case] = field(default_factory=dict)  # case id of 15 characters -> case


@dataclass(frozen=True)
class Case:
    """A case of a service desk: whose it is and how it begins."""

    customer_id: str | None
    account_id: str | None
    text: str  # the description, that the first message often repeats


NONE = Companions()
