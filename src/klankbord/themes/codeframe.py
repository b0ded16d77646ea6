"""The fixed, named set of head themes and who owns each: data in `codeframe.toml`."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources

OVERIG = "overig"  # a complaint that carries no code: counted, never named


@dataclass(frozen=True)
class Code:
    """One head theme of the codeframe."""

    code: str
    nl: str
    en: str
    definition: str  # one Dutch line
    owner: str  # department

    def label(self, language: str) -> str:
        """Return the label in `language`, Dutch unless "en"."""
        return self.en if language == "en" else self.nl


@cache
def codeframe() -> dict[str, Code]:
    """Return the default codeframe by code, in the order of the file."""
    text = resources.files(__package__).joinpath("codeframe.toml").read_text("utf-8")
    return {code: Code(code, **entry) for code, entry in tomllib.loads(text).items()}
