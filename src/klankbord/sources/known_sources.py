"""Exports recognised by the names of their columns: how to read them, or that we cannot yet."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from klankbord.errors import UnsupportedSourceError
from klankbord.sources.profile import Profile, profile_from

_FILE = "known_sources.toml"
NOT_READ_YET = "export it as CSV or XLSX with one answer per row, or map its columns with --profile"


@dataclass(frozen=True)
class KnownSource:
    """The names an export must have, with the profile it is read by or None when it is refused."""

    title: str
    needs: frozenset[str]
    profile: Profile | None
    json_only: bool
    reshape: str = ""  # name in `reshape.RESHAPES` of what is done to its rows first


@cache
def known_sources() -> tuple[KnownSource, ...]:
    """Read `known_sources.toml`; the entries with most names come first."""
    data: dict[str, Any] = tomllib.loads(files(__package__).joinpath(_FILE).read_text("utf-8"))
    entries = [
        KnownSource(
            entry["title"],
            frozenset(map(_bare, entry["needs"])),
            profile_from(entry["profile"], _FILE) if "profile" in entry else None,
            entry.get("json", False),
            entry.get("reshape", ""),
        )
        for entry in (*data["source"], *data["refused"])
    ]
    return tuple(sorted(entries, key=lambda entry: -len(entry.needs)))


def find_known(names: Iterable[str], *, is_json: bool) -> KnownSource | None:
    """Return the known export whose names are all among `names`, if there is one."""
    present = {_bare(name) for name in names}
    for source in known_sources():
        if source.needs <= present and (is_json or not source.json_only):
            return source
    return None


def refuse(title: str, where: str) -> UnsupportedSourceError:
    """Build the error for a source that is recognised but not read."""
    return UnsupportedSourceError(
        f"recognised {title}; this source is not read yet", where=where, hint=NOT_READ_YET
    )


def _bare(name: str) -> str:
    return name.strip().casefold()
