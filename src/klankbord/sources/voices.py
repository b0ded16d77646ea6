"""Who speaks in a conversation: roles from the words before a turn, else from what is said."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from klankbord.schema import AuthorRole
from klankbord.sources.roles import normal, vocabulary

_SPEAKER = re.compile(r"^(?P<one>[^()]*?)\s*(?:\((?P<two>[^()]*)\))?$")
_NUMBERED = re.compile(r"[\s_-]*\d{1,3}$")


@dataclass(frozen=True)
class VoiceWords:
    """What `voices.toml` holds."""

    phrases: Mapping[AuthorRole, tuple[str, ...]]
    headers: Mapping[str, str]  # word -> what it announces


@cache
def voice_words() -> VoiceWords:
    """Read `voices.toml`."""
    data: dict[str, Any] = tomllib.loads(
        files(__package__).joinpath("voices.toml").read_text("utf-8")
    )
    return VoiceWords(
        phrases={AuthorRole(role): tuple(said) for role, said in data["phrases"].items()},
        headers={word: kind for kind, words in data["header"].items() for word in words},
    )


def role_of(speaker: str) -> AuthorRole | None:
    """Return the role a speaker's label names ("Agent (Sam)", "KLANT", "Klant 2"), or None."""
    match = _SPEAKER.match(speaker.strip())
    if match is None:
        return None
    words = vocabulary().values["author_role"]
    for part in (match["one"], match["two"]):
        role = words.get(normal(_NUMBERED.sub("", (part or "").strip())))
        if role is not None:
            return AuthorRole(role)
    return None


def infer_roles(
    turns: Sequence[tuple[str, str]], told: Mapping[str, AuthorRole]
) -> dict[str, AuthorRole]:
    """Return the role of each speaker in (speaker, text) turns; UNKNOWN where nothing tells.

    `told` holds the roles the source gives. Names are given roles only in a conversation of two,
    when what they say points one way.
    """
    speakers = list(dict.fromkeys(speaker for speaker, _ in turns))
    roles = {
        speaker: told.get(speaker) or role_of(speaker) or AuthorRole.UNKNOWN for speaker in speakers
    }
    nameless = [speaker for speaker in speakers if roles[speaker] is AuthorRole.UNKNOWN]
    if len(speakers) != 2 or not nameless or "" in nameless:
        return roles
    if len(nameless) == 1:
        other = roles[next(speaker for speaker in speakers if speaker not in nameless)]
        if other in (AuthorRole.CUSTOMER, AuthorRole.AGENT):
            roles[nameless[0]] = _opposite(other)
        return roles
    first, second = speakers
    lean = _lean(turns, first) - _lean(turns, second)
    if lean:
        roles[first] = AuthorRole.AGENT if lean > 0 else AuthorRole.CUSTOMER
        roles[second] = _opposite(roles[first])
    return roles


def _lean(turns: Sequence[tuple[str, str]], speaker: str) -> int:
    """Count agent phrases minus customer phrases in what `speaker` says."""
    said = " ".join(text.casefold() for who, text in turns if who == speaker)[:20_000]
    phrases = voice_words().phrases
    return sum(phrase in said for phrase in phrases[AuthorRole.AGENT]) - sum(
        phrase in said for phrase in phrases[AuthorRole.CUSTOMER]
    )


def _opposite(role: AuthorRole) -> AuthorRole:
    return AuthorRole.AGENT if role is AuthorRole.CUSTOMER else AuthorRole.CUSTOMER
