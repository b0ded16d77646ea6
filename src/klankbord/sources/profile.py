"""Saved mappings: how the columns of a source that is not recognised by itself are to be read."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from klankbord.errors import SettingsError
from klankbord.files import small_text
from klankbord.schema import AuthorRole, Channel, ScoreMetric
from klankbord.sources.roles import ROLES, normal

_CONSTANT_ROLES = (
    "author_role",
    "channel",
    "question",
    "language",
    "journey_stage",
    "segment",
    "score_metric",
    "account_id",
)
_ALLOWED = {
    "author_role": tuple(AuthorRole),
    "channel": tuple(Channel),
    "score_metric": tuple(ScoreMetric),
}
_VALUE_ROLES = ("author_role", "channel", "language", "score", "score_metric")
_KINDS: Mapping[type, str] = {
    int: "a whole number",
    bool: "true or false",
    dict: "a table",
    list: "a list of texts",
}


@dataclass(frozen=True)
class Profile:
    """How to read one kind of export; what is left empty is decided from the content."""

    name: str  # becomes the `source` of its feedback
    shape: str = ""  # of the files it was made for, `Grid.shape`; "": those it is given for
    channel: str = ""
    encoding: str = ""
    delimiter: str = ""
    header_row: int = 0  # 1-based; 0 is found by itself
    skip_rows: int = 0  # rows between the header and the first record
    sheet: str = ""  # of a workbook
    records: str = ""  # dotted name of the list in a JSON object
    date_format: str = ""  # strptime notation, "epoch_s" or "epoch_ms"
    day_first: bool | None = None
    timezone: str = ""  # of times without a zone, where not that of the settings
    score_metric: str = ""
    score_reversed: bool | None = None  # an effort score (ces) of 7 is much effort, so bad
    decimal: str = ""  # "," or "."
    cut_after: str = ""  # the verbatim ends before this text, such as a machine translation …
    keep_after: str = ""  # … unless this text follows, after which the original comes
    columns: Mapping[str, str] = field(default_factory=dict)  # role -> header; "" leaves it out
    questions: tuple[str, ...] | None = None  # headers of further open questions; None: decided
    constants: Mapping[str, str] = field(default_factory=dict)  # role -> value for every row
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)  # role -> cell -> value


def load_profile(path: Path) -> Profile:
    """Read a profile from TOML; raises SettingsError naming what is unknown or out of range."""
    try:
        values = tomllib.loads(small_text(path, "utf-8-sig"))
    except OSError as error:
        raise SettingsError(
            "this profile cannot be read", where=str(path), hint="check the path of the profile"
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise SettingsError(f"not valid TOML: {error}", where=str(path)) from error
    return profile_from({"name": path.stem, **values}, str(path))


def profile_from(values: Mapping[str, Any], where: str) -> Profile:
    """Build a Profile from parsed TOML after checking every key, role and value."""
    known = {each.name: each for each in fields(Profile)}
    for key, value in values.items():
        if key not in known:
            raise SettingsError(
                f"unknown profile key '{key}'", where=where, hint=f"known: {', '.join(known)}"
            )
        _check_kind(key, value, where)
    constants = {role: str(value) for role, value in values.get("constants", {}).items()}
    for role, value in constants.items():
        _known_name(role, _CONSTANT_ROLES, "constants", where)
        _allowed(role, value, where)
    for role in values.get("columns", {}):
        _known_name(role, ROLES, "columns", where)
    mappings = values.get("values", {})
    for role, mapping in mappings.items():
        _known_name(role, _VALUE_ROLES, "values", where)
        if not isinstance(mapping, Mapping):
            raise SettingsError(f"profile key 'values.{role}' must be a table", where=where)
        for value in mapping.values():
            _allowed(role, str(value), where)
    for role in ("channel", "score_metric"):
        if values.get(role):
            _allowed(role, values[role], where)
    if len(values.get("delimiter", "")) > 1:
        raise SettingsError(
            "profile key 'delimiter' must be one character", where=where, hint=r'";", "," or "\t"'
        )
    if values.get("decimal", "") not in ("", ",", "."):
        raise SettingsError("profile key 'decimal' must be ',' or '.'", where=where)
    return Profile(
        **{
            **values,
            "questions": tuple(values["questions"]) if "questions" in values else None,
            "columns": {role: str(name) for role, name in values.get("columns", {}).items()},
            "constants": constants,
            "values": {
                role: {normal(str(cell)): str(value) for cell, value in mapping.items()}
                for role, mapping in mappings.items()
            },
        }
    )


def _check_kind(key: str, value: object, where: str) -> None:
    kinds: dict[str, type] = {
        "header_row": int,
        "skip_rows": int,
        "day_first": bool,
        "score_reversed": bool,
        "columns": dict,
        "constants": dict,
        "values": dict,
        "questions": list,
    }
    kind = kinds.get(key, str)
    fits = isinstance(value, kind)
    if isinstance(value, int) and kind is int:
        fits = not isinstance(value, bool) and value >= 0
    if isinstance(value, list):
        fits = fits and all(isinstance(each, str) for each in value)
    if not fits:
        word = _KINDS.get(kind, "a text")
        raise SettingsError(f"profile key '{key}' must be {word}", where=where)


def _known_name(name: str, known: tuple[str, ...], table: str, where: str) -> None:
    if name not in known:
        raise SettingsError(
            f"unknown role '{name}' in profile table [{table}]",
            where=where,
            hint=f"known: {', '.join(known)}",
        )


def _allowed(role: str, value: str, where: str) -> None:
    allowed = _ALLOWED.get(role)
    if allowed and value not in allowed:
        raise SettingsError(
            f"profile gives {role} a value that does not exist",
            where=where,
            hint=f"one of {', '.join(allowed)}",
        )
    if role == "score" and not value.replace(".", "", 1).isdigit():
        raise SettingsError("profile table [values.score] must map to numbers", where=where)
