"""Profiles that were saved under a name, beside the workspace they are used with."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from klankbord.errors import SettingsError
from klankbord.files import is_device
from klankbord.location import Location
from klankbord.sources.profile import Profile, load_profile
from klankbord.sources.seen import shape_of

FOLDER = "profiles"
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,59}")
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_NOT_IN_NAME = re.compile(r"[^a-z0-9_-]+")
_INTRODUCTION = """\
# How klankbord reads this export. [columns] says which column plays which role, "" leaves a role
# out; [constants] holds for every row; [values] translates cells.
"""


def profile_folder(workspace: Location | Path) -> Path:
    """Return the folder of the profiles that go with a workspace."""
    return Location.of(workspace).folder / FOLDER


def profile_name(text: str) -> str:
    """Return `text` as a name that is safe in a path: "Enquête winkels" is "enquete-winkels"."""
    import unicodedata

    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    name = _NOT_IN_NAME.sub("-", plain).strip("-_")[:60] or "profile"
    return f"profile-{name}" if is_device(name) else name


def find_profile(name: str, workspace: Location | Path) -> Path:
    """Return the file of a profile given by its path or by the name it was saved under.

    Raises SettingsError, naming the profiles there are, where it is neither.
    """
    path = Path(name)
    if path.is_file() or path.suffix == ".toml" or len(path.parts) > 1:
        return path
    folder = profile_folder(workspace)
    saved = folder / f"{name}.toml"
    if _NAME.fullmatch(name) and saved.exists():
        return saved
    known = ", ".join(sorted(each.stem for each in folder.glob("*.toml")))
    raise SettingsError(
        f"there is no profile '{name[:60]}'",
        hint=f"saved beside this workspace: {known}"
        if known
        else "make one with: klankbord import FILE --map",
    )


@dataclass(frozen=True)
class Profiles:
    """Which profile a file is read by: the one given, else the one saved for its columns."""

    given: Profile | None = None
    saved: Mapping[str, Profile] = field(default_factory=dict)  # `Grid.shape` -> profile

    @classmethod
    def of(cls, given: Path | None, workspace: Location | Path | None = None) -> Profiles:
        """Load the profile in file `given`, else those saved beside `workspace`."""
        if given is not None:
            return cls(load_profile(given))
        folder = profile_folder(workspace) if workspace else None
        loaded = [load_profile(path) for path in sorted(folder.glob("*.toml"))] if folder else []
        return cls(None, {profile.shape: profile for profile in loaded if profile.shape})

    def of_file(self, path: Path) -> Profile | None:
        """Return the profile that `path` is read by, None where its content decides."""
        if self.given is not None or not self.saved:
            return self.given
        return self.saved.get(shape_of(path))


def save_profile(profile: Profile, path: Path) -> None:
    """Write `profile` as TOML that `load_profile` reads back equal; makes the folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(_INTRODUCTION + _toml(profile), encoding="utf-8")


def _toml(profile: Profile) -> str:
    empty = Profile(name="")
    lines, tables = [], []
    for each in fields(Profile):
        value = getattr(profile, each.name)
        if value == getattr(empty, each.name):
            continue
        if isinstance(value, Mapping):
            tables += _tables(each.name, value)
        else:
            lines.append(f"{each.name} = {_scalar(value)}")
    return "\n".join([*lines, *tables]) + "\n"


def _tables(name: str, value: Mapping[str, Any]) -> list[str]:
    nested = {key: inner for key, inner in value.items() if isinstance(inner, Mapping)}
    flat = {key: inner for key, inner in value.items() if key not in nested}
    lines = [
        "", f"[{name}]", *(f"{_key(key)} = {_scalar(inner)}" for key, inner in flat.items())
    ] if flat else []  # fmt: skip
    for key, inner in nested.items():
        lines += _tables(f"{name}.{_key(key)}", inner)
    return lines


def _key(name: str) -> str:
    return name if _BARE_KEY.fullmatch(name) else _scalar(name)


def _scalar(value: object) -> str:
    """Return a TOML value; a JSON string is a TOML basic string once DEL is escaped too."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
