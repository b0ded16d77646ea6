"""The fixed, named set of head themes and who owns each: `codeframe.toml`, or a file like it.

A code without examples is one that the tone model gives. A code with examples is recognised by
what it resembles (`coding.py`), so an organisation can bring codes of its own:

    extends = "default"        # or leave it out: only the codes below

    [laadpaal]
    nl = "Laadpalen"
    en = "Charging points"
    definition = "Laden lukt niet, of de paal is bezet."
    owner = "Operations"
    examples = ["de laadpaal was kapot", "alle palen bezet"]
    words = ["laadpa*"]        # may be left out: with a `*` for the rest of a word
    hints = ["laden", "bezet"] # may be left out: two of them say as much as one of the words
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from klankbord.errors import SettingsError
from klankbord.files import small_text

OVERIG = "overig"  # a complaint that carries no code: counted, never named
REST = "anders"  # the tone model's code for a complaint that is of no other code
MOST_CODES = 60
FEWEST_EXAMPLES = 2
MOST_EXAMPLES = 200  # of one code
MOST_WORDS = 500
LONGEST = 200  # letters in any one value
_ID = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_LONGEST_ID = 40
_TEXTS = ("nl", "en", "definition", "owner")
_LISTS = {"examples": MOST_EXAMPLES, "words": MOST_WORDS, "hints": MOST_WORDS}
_EXTENDS = "extends"
_DEFAULT = "default"


@dataclass(frozen=True)
class Code:
    """One head theme of the codeframe."""

    code: str
    nl: str
    en: str
    definition: str  # one Dutch line
    owner: str  # department
    examples: tuple[str, ...] = ()  # complaints it is recognised by; none: the tone model gives it
    words: tuple[str, ...] = ()  # words and phrases that hardly mean anything else
    hints: tuple[str, ...] = ()  # words and phrases of which two together say as much

    def label(self, language: str) -> str:
        """Return the label in `language`, Dutch unless "en"."""
        return self.en if language == "en" else self.nl


def codeframe(path: Path | None = None) -> dict[str, Code]:
    """Return the codeframe in `path` by code, in the order of the file; the default without one.

    Raises SettingsError that names file and key. A file that extends the default may also change
    codes of it: what it leaves out of an entry stays as it is.
    """
    if path is None:
        return dict(_default())
    where = path.name
    try:
        values = tomllib.loads(small_text(path, "utf-8-sig"))
    except OSError as error:
        raise SettingsError("codeframe cannot be read", where=where) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise SettingsError(f"codeframe is not valid TOML: {error}", where=where) from error
    extends = values.pop(_EXTENDS, None)
    if extends not in (None, _DEFAULT):
        raise _wrong(where, _EXTENDS, "must be left out or be 'default'")
    base = _default() if extends else {}
    found = dict(base)
    for name, entry in values.items():
        found[name] = _read(name, entry, base.get(name), where)
    if not found:
        raise SettingsError("codeframe holds no codes", where=where, hint="see the README")
    if len(found) > MOST_CODES:
        raise SettingsError(
            f"codeframe holds {len(found)} codes, more than {MOST_CODES}",
            where=where,
            hint="sub-themes are found under a code, they need no code of their own",
        )
    return found


def tone_codes() -> tuple[str, ...]:
    """Return the codes that the bundled tone model gives."""
    return tuple(code for code, entry in _default().items() if not entry.examples)


def departments() -> tuple[str, ...]:
    """Return the departments that can own a code, sorted."""
    return tuple(sorted({entry.owner for entry in _default().values()}))


def rest_of(frame: Mapping[str, Code]) -> str:
    """Return where a complaint goes whose code `frame` leaves out."""
    return REST if REST in frame else OVERIG


@cache
def _default() -> dict[str, Code]:
    text = resources.files(__package__).joinpath("codeframe.toml").read_text("utf-8")
    return {
        code: Code(code, **{key: _frozen(value) for key, value in entry.items()})
        for code, entry in tomllib.loads(text).items()
    }


def _frozen(value: Any) -> Any:  # noqa: ANN401 - a TOML value
    return tuple(value) if isinstance(value, list) else value


def _read(name: str, entry: object, base: Code | None, where: str) -> Code:
    """Return the code of one entry, what it lacks taken from `base`."""
    if len(name) > _LONGEST_ID or not _ID.fullmatch(name) or name == OVERIG:
        hint = f"lower-case letters, digits and single hyphens, at most {_LONGEST_ID}"
        raise _wrong(where, name, "is no fit id for a code", f"{hint}; not '{OVERIG}'")
    if not isinstance(entry, dict):
        raise _wrong(where, name, "is no code", f"write [{name}] with {', '.join(_TEXTS)}")
    for key in entry:
        if key not in _TEXTS and key not in _LISTS:
            known = ", ".join((*_TEXTS, *_LISTS))
            raise _wrong(where, f"{name}.{key}", "is unknown", f"known: {known}")
    given: dict[str, Any] = vars(base).copy() if base else {"code": name}
    given |= {key: _text(entry[key], f"{name}.{key}", where) for key in _TEXTS if key in entry}
    given |= {
        key: _texts(entry[key], f"{name}.{key}", most, where)
        for key, most in _LISTS.items()
        if key in entry
    }
    for key in _TEXTS:
        if key not in given:
            raise _wrong(where, f"{name}.{key}", "is missing")
    code = Code(**given)
    _check(code, where)
    return code


def _check(code: Code, where: str) -> None:
    if code.owner not in departments():
        key = f"{code.code}.owner"
        raise _wrong(where, key, "is no department", f"one of {', '.join(departments())}")
    if not code.examples and code.code not in tone_codes():
        hint = "8 to 15 short complaints, or an id the tone model knows"
        raise _wrong(where, f"{code.code}.examples", "is missing", hint)
    if (code.words or code.hints) and not code.examples:
        raise _wrong(where, f"{code.code}.examples", "is needed beside words and hints")
    if code.examples and len(set(code.examples)) < FEWEST_EXAMPLES:
        key = f"{code.code}.examples"
        raise _wrong(where, key, "is too short", f"at least {FEWEST_EXAMPLES} different ones")
    for phrase in (*code.examples, *code.words, *code.hints):
        if not any(map(str.isalnum, phrase)):
            raise _wrong(where, code.code, "has an example or word without letters")


def _text(value: object, key: str, where: str) -> str:
    text = value.strip() if isinstance(value, str) else ""
    if not text or len(text) > LONGEST or not text.isprintable():
        raise _wrong(where, key, f"must be one line of text of at most {LONGEST} letters")
    return text


def _texts(value: object, key: str, most: int, where: str) -> tuple[str, ...]:
    if not isinstance(value, list) or len(value) > most:
        raise _wrong(where, key, f"must be a list of at most {most} texts")
    return tuple(_text(part, key, where) for part in value)


def _wrong(where: str, key: str, what: str, hint: str = "") -> SettingsError:
    shown = (
        key
        if key.isprintable() and len(key) <= LONGEST
        else key[:20].encode("unicode_escape").decode()
    )
    return SettingsError(f"codeframe: '{shown}' {what}", where=where, hint=hint)
