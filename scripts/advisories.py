"""Known vulnerabilities of installed packages, from an export in the OSV format on disk.

https://ossf.github.io/osv-schema/ describes the format: one JSON file per advisory.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

_ECOSYSTEM = "PyPI"


def known_vulnerabilities(
    folder: Path, versions: Mapping[str, str], ignored: Collection[str] = ()
) -> Iterator[str]:
    """Yield what is known about the packages in `versions`, name -> version; withdrawn is left out.

    Raises SystemExit where the folder holds no advisories: nothing found must mean something.
    """
    files = sorted(folder.rglob("*.json"))
    if not files:
        raise SystemExit(f"{folder} holds no advisories (*.json)")
    for path in files:
        advisory = json.loads(path.read_text("utf-8"))
        names = {str(advisory.get("id", path.stem)), *advisory.get("aliases", ())}
        if advisory.get("withdrawn") or not names.isdisjoint(ignored):
            continue
        for affected in advisory.get("affected", ()):
            package = affected.get("package", {})
            name = canonicalize_name(str(package.get("name", "")))
            version = versions.get(name)
            if (
                package.get("ecosystem") == _ECOSYSTEM
                and version
                and is_affected(affected, version)
            ):
                mended = ", ".join(_mended(affected)) or "no version"
                yield f"{name} {version}: {advisory.get('id', path.stem)}, mended in {mended}"


def is_affected(affected: Mapping[str, Any], version: str) -> bool:
    """Tell whether a version is listed, or lies in one of the ranges."""
    own = Version(version)
    public = Version(own.public)
    if any(_version(listed) in (own, public) for listed in affected.get("versions", ())):
        return True
    return any(
        _within(one.get("events", ()), public)
        for one in affected.get("ranges", ())
        if one.get("type") == "ECOSYSTEM"
    )


def _within(events: Collection[Mapping[str, str]], version: Version) -> bool:
    """Go through the events of a range from old to new, as the format describes."""
    inside = False
    for kind, at in sorted(
        ((kind, told) for event in events for kind, told in event.items()),
        key=lambda one: (_version(one[1]) or Version("0"), one[0] != "introduced"),
    ):
        mark = Version("0") if at == "0" else _version(at)
        if mark is None:
            continue
        if kind == "introduced" and version >= mark:
            inside = True
        elif (kind == "fixed" and version >= mark) or (kind == "last_affected" and version > mark):
            inside = False
    return inside


def _mended(affected: Mapping[str, Any]) -> list[str]:
    return [
        event["fixed"]
        for one in affected.get("ranges", ())
        if one.get("type") == "ECOSYSTEM"
        for event in one.get("events", ())
        if "fixed" in event
    ]


def _version(text: str) -> Version | None:
    try:
        return Version(text)
    except InvalidVersion:
        return None
