"""What points at a person: by the name of a column, or by what a cell looks like."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache

from klankbord.resources import toml_beside
from klankbord.sources.roles import normal, vocabulary

IDENTIFIERS = ("feedback_id", "customer_id", "account_id", "conversation_id")
_WORD = re.compile(r"[^\W\d_]+|\d+")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_EMAIL = re.compile(r"[^\s@<>\"'(),;:]{1,64}@[^\s@<>\"'(),;:]{1,190}\.\w\w")
_IBAN = re.compile(r"\b[A-Z]{2}\d\d ?[A-Z\d]{4} ?\d{4} ?\d{3}", re.IGNORECASE)
# Ten digits from a zero, or a country code; a date with a time also has ten digits.
_PHONE = re.compile(
    r"(?<![\w.,+-])(?!\d\d?[-/. ]\d\d?[-/. ]\d{4})"
    r"(?:\(?0[1-9](?:[ ().-]{0,2}\d){8}|(?:\+|00)[1-9](?:[ ().-]{0,3}\d){8,13})(?![\d:])"
)
_SHORTEST = 6


@dataclass(frozen=True)
class PersonalWords:
    """What `personal.toml` holds, with headers in their normal form."""

    headers: frozenset[str]
    words: frozenset[str]
    phrases: re.Pattern[str]
    nested_names: frozenset[str]
    things: frozenset[str]


@cache
def personal_words() -> PersonalWords:
    """Read `personal.toml`."""
    data = toml_beside(__package__, "personal.toml")
    return PersonalWords(
        headers=frozenset(normal(name) for names in data["headers"].values() for name in names),
        words=frozenset(data["words"]["whole"]),
        phrases=re.compile("|".join(data["phrases"]["patterns"])),
        nested_names=frozenset(data["nested"]["names"]),
        things=frozenset(data["nested"]["things"]),
    )


@lru_cache(maxsize=4096)
def is_personal_name(name: str) -> bool:
    """Tell whether a column, JSON field or header line of this name points at a person.

    That is a name of personal data, or one whose role is an identifier. Of a dotted name the last
    part counts, alone and with the part before it.
    """
    known, roles = personal_words(), vocabulary().headers
    path, _, last = name[:300].rpartition(".")
    forms = {normal(name), normal(path.rpartition(".")[2] + last)}
    if any(form in known.headers or _role(roles, form) in IDENTIFIERS for form in forms):
        return True
    bare = normal(last)
    if path and bare in known.nested_names:
        return normal(path.rpartition(".")[2]) not in known.things
    if path and (bare in known.headers or _role(roles, bare) in vocabulary().nested):
        return True
    words = [word.casefold() for word in _WORD.findall(_CAMEL.sub(" ", name[:300]))]
    return not known.words.isdisjoint(words) or bool(known.phrases.search(" ".join(words)))


def is_personal_text(text: str) -> bool:
    """Tell whether an e-mail address, a telephone number or an IBAN stands in `text`."""
    if len(text) < _SHORTEST:
        return False
    if "@" in text and _EMAIL.search(text):
        return True
    return _PHONE.search(text) is not None or _IBAN.search(text) is not None


def _role(roles: Mapping[str, tuple[str, int]], name: str) -> str:
    return roles.get(name, ("", 0))[0]
