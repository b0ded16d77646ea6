"""Files of one export that explain each other: who the users are, whose case a message is about."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from klankbord.errors import KlankbordError
from klankbord.schema import AuthorRole

if TYPE_CHECKING:
    from klankbord.sources.profile import Profile

_HEAD_BYTES = 1 << 14
_WIDE = b"\x00"  # every other byte of UTF-16


@dataclass(frozen=True)
class Companions:
    """What the other files of a job tell; empty where a file comes alone."""

    roles: Mapping[str, AuthorRole] = field(default_factory=dict)  # user id -> who that is
    cases: Mapping[str, Case] = field(default_factory=dict)  # id or number of a case -> case


@dataclass(frozen=True, slots=True)
class Case:
    """A case of a service desk: whose it is and how it begins; some 400 bytes in memory."""

    own_id: str
    customer_id: str | None
    account_id: str | None
    begins: bytes  # digest of the description, that the first message often repeats


NONE = Companions()


def find(paths: Iterable[Path], profile: Profile | None = None) -> Companions:
    """Return what the files of one job tell about each other.

    Of each file only the beginning is read, unless it is one that others need: the users of
    Zendesk tickets, the cases of Salesforce mails, comments or chats. With a profile that maps
    columns the files are tables of the user's own, and tell nothing. A file that cannot be read
    tells nothing either; reading it for itself says what is wrong.
    """
    if profile is not None and profile.columns:
        return NONE
    begins = {path: _beginning(path) for path in paths}
    roles: dict[str, AuthorRole] = {}
    if len(begins) > 1 and any(_is_ticket(start) for start in begins.values()):
        from klankbord.sources.service.zendesk import companion_roles

        for path, start in begins.items():
            if b'"role"' in start:
                roles |= companion_roles(path)
    cases: dict[str, Case] = {}
    if len(begins) > 1 and any(_is_about_a_case(start) for start in begins.values()):
        for path, start in begins.items():
            if _is_case(start):
                cases |= _cases(path)
    return Companions(roles, cases) if roles or cases else NONE


def _beginning(path: Path) -> bytes:
    """Return the first bytes of a file in lower case, without spaces and NULs."""
    try:
        with path.open("rb") as stream:
            start = stream.read(_HEAD_BYTES)
    except OSError:
        return b""
    return start.replace(_WIDE, b"").replace(b" ", b"").lower()


def _is_ticket(start: bytes) -> bool:
    return b'"requester' in start or b'"submitter_id"' in start or b'"author_id"' in start


def _is_case(start: bytes) -> bool:
    number = b"casenumber" in start or b"casenummer" in start or b"zaaknummer" in start
    about = b"description", b"beschrijving", b"omschrijving"
    return number and any(name in start for name in about)


def _is_about_a_case(start: bytes) -> bool:
    names = b"incoming", b"inkomend", b"commentbody", b"livechat", b"chatkey"
    return any(name in start for name in names)


def _cases(path: Path) -> dict[str, Case]:
    from klankbord.sources import salesforce
    from klankbord.sources.json_file import open_json
    from klankbord.sources.json_records import read_json
    from klankbord.sources.known_sources import find_known
    from klankbord.sources.table import read_table
    from klankbord.sources.text_encoding import detect_encoding

    try:
        encoding = detect_encoding(path)
        with path.open("rb") as stream:
            is_json = stream.read(64).lstrip(b"\xef\xbb\xbf \r\n\t").startswith((b"{", b"["))
        grid = (
            read_json(open_json(path, encoding), None)
            if is_json
            else read_table(path, encoding, None)
        )
        known = find_known(grid.header, is_json=is_json)
        if known is None or known.reshape != "salesforce_case":
            return {}
        return dict(salesforce.cases(grid))
    except (KlankbordError, OSError):
        return {}
