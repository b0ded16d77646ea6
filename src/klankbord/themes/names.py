"""Names of themes: which ones can be given, and which are the same."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from difflib import get_close_matches

from klankbord.themes.refusals import Refusal, ThemeEditError

LONGEST_NAME = 60  # characters
_HIDDEN = ("Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp")  # Unicode categories nobody can see
_JOINER = "\u200d"  # builds emoji
_CLOSE = 0.6  # difflib ratio from which an id is worth suggesting
_SUGGESTED = 3


def alike(name: str) -> str:
    """Return what names have in common that readers take for the same."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def clean(name: str) -> str:
    """Return a name as it is kept; raises where it is no name."""
    name = unicodedata.normalize("NFC", name.strip())
    if any(unicodedata.category(sign) in _HIDDEN and sign != _JOINER for sign in name):
        raise ThemeEditError(
            "a name cannot hold control characters or line ends",
            Refusal.HIDDEN_SIGNS,
            hint="type the name again",
        )
    if not any(sign.isalnum() for sign in name):
        raise ThemeEditError(
            "a name needs at least one letter or digit",
            Refusal.NO_LETTER,
            hint="--off takes a name away, so that the theme is called as it was found",
        )
    if len(name) > LONGEST_NAME:
        raise ThemeEditError(
            f"a name of {len(name)} characters is too long",
            Refusal.TOO_LONG,
            hint=f"use at most {LONGEST_NAME} characters",
        )
    return name


def no_such_theme(named: Iterable[tuple[str, str]], theme_id: str) -> ThemeEditError:
    """Return the error for an unknown id, with the ids near it; `named` are (id, name)."""
    pairs = list(named)
    wanted = theme_id.strip().casefold()
    ids = list(dict.fromkeys(own for own, _ in pairs))
    near = [own for own, name in pairs if name and alike(name) == alike(wanted)]
    near += get_close_matches(wanted, ids, _SUGGESTED, _CLOSE)
    near += [own for own in ids if len(wanted) > 2 and wanted in own]
    suggested = ", ".join(list(dict.fromkeys(near))[:_SUGGESTED])
    return ThemeEditError(
        "there is no theme with that id",
        Refusal.UNKNOWN,
        hint=f"perhaps {suggested}" if suggested else "klankbord themes list --all shows the ids",
    )
