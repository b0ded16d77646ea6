"""Frozen settings from `klankbord.toml` and the environment; an unknown key is an error."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from klankbord.errors import SettingsError
from klankbord.files import small_text

SETTINGS_FILE = "klankbord.toml"
_PREFIX = "KLANKBORD_"
_LANGUAGE = re.compile("[a-z]{2}")


@dataclass(frozen=True)
class Settings:
    """What a run may be told; every field can stand in `klankbord.toml` or as KLANKBORD_<FIELD>."""

    language: str = "nl"  # of reports: nl or en
    languages: tuple[str, ...] = ("nl", "en", "de", "fr")  # of feedback, ISO 639-1
    timezone: str = "Europe/Amsterdam"  # of times without a zone
    fdr: float = 0.10  # tolerated expected share of false alarms among the tone shifts listed
    keep_ids: bool = False  # write the original customer and account ids in exports
    keep_personal_data: bool = False  # store names, numbers and addresses in texts as written
    encoder: str = ""  # sentence encoder: "" is the bundled one, else a folder
    tone_model: str = ""  # "" is the bundled one, else a folder or the id of a downloaded model
    tier: str = "cascade"  # of the bundled tone model: fast, cascade or accurate
    key_file: str = ""  # pseudonym key: "" is the user's configuration folder
    company: str = ""  # name shown on the report
    address: str = "auto"  # of customers in drafts: u, jij, or auto for how they address us

    def __post_init__(self) -> None:
        if self.language not in ("nl", "en"):
            raise SettingsError(f"language '{self.language}' is not one of nl, en")
        if not 0 < self.fdr < 1:
            raise SettingsError(f"fdr {self.fdr} must lie between 0 and 1", hint="try 0.10")
        if self.tier not in ("fast", "cascade", "accurate"):
            raise SettingsError(
                f"tier '{self.tier}' is not one of fast, cascade, accurate",
                hint="cascade is nearly as good as accurate and several times as fast",
            )
        if self.address not in ("auto", "u", "jij"):
            raise SettingsError(
                f"address '{self.address}' is not one of auto, u, jij",
                hint="auto follows how a customer addresses us",
            )
        if not self.languages:
            raise SettingsError("languages is empty", hint='try ["nl", "en", "de", "fr"]')
        for code in self.languages:
            if not _LANGUAGE.fullmatch(code):
                raise SettingsError(
                    f"languages holds '{code}', which is no code of two lower-case letters",
                    hint="write 'es' for Spanish, also where the feedback says 'es-ES'",
                )
        try:
            ZoneInfo(self.timezone)
        except (KeyError, ValueError, OSError) as error:  # a zone not found is a KeyError
            raise SettingsError(
                f"timezone '{self.timezone}' does not exist",
                hint="use a name such as Europe/Amsterdam or UTC",
            ) from error


def load_settings(
    folder: Path | None = None, environment: Mapping[str, str] | None = None, **overrides: object
) -> Settings:
    """Merge defaults, `klankbord.toml` in `folder`, the environment and `overrides`, in that order.

    An override of None means "not given". Raises SettingsError on an unknown key or a bad value.
    """
    settings = Settings()
    path = (folder or Path()) / SETTINGS_FILE
    if path.is_file():
        try:
            values = tomllib.loads(small_text(path))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
            raise SettingsError(f"not valid TOML: {error}", where=str(path)) from error
        settings = _merge(settings, values, str(path))
    source = os.environ if environment is None else environment
    from_environment = {
        key.removeprefix(_PREFIX).lower(): value
        for key, value in source.items()
        if key.startswith(_PREFIX)
    }
    settings = _merge(settings, from_environment, "environment")
    given = {key: value for key, value in overrides.items() if value is not None}
    return _merge(settings, given, "options")


def _merge(settings: Settings, values: Mapping[str, Any], where: str) -> Settings:
    known = {field.name: type(getattr(settings, field.name)) for field in fields(settings)}
    changes: dict[str, Any] = {}
    for key, value in values.items():
        if key not in known:
            raise SettingsError(
                f"unknown setting '{key}'", where=where, hint=f"known: {', '.join(sorted(known))}"
            )
        try:
            changes[key] = _convert(value, known[key])
        except (TypeError, ValueError) as error:
            raise SettingsError(f"setting '{key}' has a bad value", where=where) from error
    return replace(settings, **changes)


def _convert(value: Any, kind: type) -> Any:  # noqa: ANN401 - a TOML value
    if kind is tuple:
        parts = value.split(",") if isinstance(value, str) else value
        return tuple(str(part).strip() for part in parts)
    if kind is bool and isinstance(value, str):
        if value.lower() in ("1", "true", "yes", "ja"):
            return True
        if value.lower() in ("0", "false", "no", "nee", ""):
            return False
        raise ValueError(value)
    return kind(value)
