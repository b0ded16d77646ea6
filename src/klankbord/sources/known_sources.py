"""Exports recognised by the names of their columns, and how they are read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache

from klankbord.resources import toml_beside
from klankbord.sources.profile import Profile, profile_from

_FILE = "known_sources.toml"


@dataclass(frozen=True)
class KnownSource:
    """The names an export must have, with the profile it is read by."""

    title: str
    needs: frozenset[str]
    profile: Profile
    json_only: bool
    reshape: str = ""  # name in `reshape.RESHAPES` of what is done to its rows first
    signature: str = ""  # name in `surveys.SIGNATURES` of what must hold besides the names


@cache
def known_sources() -> tuple[KnownSource, ...]:
    """Read `known_sources.toml`; the entries with most names come first."""
    data = toml_beside(__package__, _FILE)
    entries = [
        KnownSource(
            entry["title"],
            frozenset(map(_bare, needs)),
            profile_from(entry["profile"], _FILE),
            entry.get("json", False),
            entry.get("reshape", ""),
            entry.get("signature", ""),
        )
        for entry in data["source"]
        for needs in entry.get("either", [entry.get("needs")])
    ]
    return tuple(sorted(entries, key=lambda entry: -len(entry.needs)))


def find_known(names: Iterable[str], *, is_json: bool) -> KnownSource | None:
    """Return the known export whose names are all among `names`, if there is one."""
    present = {_bare(name) for name in names}
    for source in known_sources():
        fits = source.needs <= present and (is_json or not source.json_only)
        if fits and not source.signature:
            return source
    return None


def signed_sources(names: Iterable[str]) -> Iterator[KnownSource]:
    """Yield the exports that have these names and are told from others by their content."""
    present = {_bare(name) for name in names}
    for source in known_sources():
        if source.signature and source.needs <= present:
            yield source


def _bare(name: str) -> str:
    return name.strip().casefold()
