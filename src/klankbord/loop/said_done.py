"""You said, we did: what customers hear of structural improvements that worked.

Written from what people typed: the parts of `wel_niet_later`, and the reason given on closing.
What nobody typed is asked for between square brackets, for the person who approves the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Protocol

from klankbord.excerpt import shorten
from klankbord.loop.drafts import forms, within_sentence
from klankbord.loop.lifecycle import Happening, Outcome
from klankbord.loop.markdown import escape, shown
from klankbord.loop.masking import mask, masked_places, points_at_someone
from klankbord.loop.rules import Rules, rules
from klankbord.loop.undoing import standing
from klankbord.records import Action, Theme
from klankbord.themes.codeframe import codeframe

_PLACEHOLDER = re.compile(r"\{[^{}]*\}")
_BRACKETED = re.compile(r"\[[^\[\]]+\]")
_BRACES = str.maketrans("{}[]", "()()")


class Event(Protocol):
    """One change of an action, as its history holds them."""

    @property
    def event(self) -> str:
        """What happened, a Happening."""

    @property
    def changes(self) -> Mapping[str, Any]:
        """Field -> [old, new], or the evidence added."""

    @property
    def why(self) -> str:
        """The reason a person typed; "" where none was given."""


@dataclass(frozen=True)
class SaidDone:
    """One closed loop, told to customers; square brackets hold what a person must still decide."""

    action_id: str
    theme: str
    language: str
    form: str  # of address
    said: str
    did: str
    not_done: str
    why: str
    later: str


@dataclass(frozen=True)
class _Typed:
    """Something a person typed, with the language where it can be told."""

    text: str
    language: str | None = None


def said_done(
    actions: Iterable[Action],
    themes: Iterable[Theme],
    histories: Mapping[str, Sequence[Event]],
    *,
    language: str = "nl",
    form: str = "",
) -> tuple[SaidDone, ...]:
    """Return a text per structural improvement that was closed as a success, latest first.

    `histories` holds the events of each action, oldest first. `form` is "u" (the default) or
    "jij" in Dutch; English has one. No customer is quoted. An improvement whose theme is not
    known any more is left out.
    """
    language = "en" if language == "en" else "nl"
    form = form if form in forms(language) else forms(language)[0]
    known = {theme.theme_id: theme for theme in themes}
    done = [
        action
        for action in actions
        if action.loop == "outer"
        and action.outcome == Outcome.GESLAAGD
        and action.theme_id in known
    ]
    done.sort(key=lambda action: action.action_id)
    done.sort(key=lambda action: str(action.closed_at or ""), reverse=True)
    return tuple(
        _written(action, known[action.theme_id or ""], histories, language, form) for action in done
    )


def as_markdown(texts: Sequence[SaidDone]) -> str:
    """Write texts of one language and form as one page in Markdown; "" where there are none."""
    if not texts:
        return ""
    words = rules("said_done")[texts[0].language][texts[0].form]
    blocks = [f"# {words['page']}"]
    for text in texts:
        blocks += [f"## {escape(text.theme)}", text_of(text)]
    return "\n\n".join(blocks) + "\n"


def text_of(text: SaidDone) -> str:
    """Write one text in Markdown, without its heading."""
    words = rules("said_done")[text.language][text.form]
    parts = {"did": text.did, "not": text.not_done, "why": text.why, "later": text.later}
    lines = [words[name].format(text=escape(part)) for name, part in parts.items()]
    return "\n\n".join((text.said, *lines))


def check_said_done(text: str, language: str = "nl") -> tuple[str, ...]:
    """Return what is wrong with a text that is to go to customers; nothing when it may go."""
    lint = rules("said_done")["lint"]["en" if language == "en" else "nl"]
    problems = []
    text = shown(text)
    if points_at_someone(text, capitals=False):
        problems.append(lint["personal"])
    if _PLACEHOLDER.search(text):
        problems.append(lint["placeholder"])
    if _BRACKETED.search(text) or masked_places(text):
        problems.append(lint["to_check"])
    return tuple(problems)


def _written(
    action: Action,
    theme: Theme,
    histories: Mapping[str, Sequence[Event]],
    language: str,
    form: str,
) -> SaidDone:
    words = rules("said_done")[language]
    parts = _parts(action.wel_niet_later)
    closing = _reason_of_closing(histories.get(action.action_id, ()))
    label = _label(theme, language)
    return SaidDone(
        action_id=action.action_id,
        theme=label,
        language=language,
        form=form,
        said=words[form]["said"].format(
            theme=escape(within_sentence(label)), mentions=_mentions(theme.mentions, words)
        ),
        did=_approved(parts.get("wel") or closing, language, words["did_missing"]),
        not_done=_approved(parts.get("niet"), language, words["not_missing"]),
        why=_approved(parts.get("waarom"), language, words["why_missing"]),
        later=_approved(parts.get("later"), language, _proposed(action, words)),
    )


def _approved(typed: _Typed | None, language: str, missing: str) -> str:
    """Return what a person typed without what points at anybody; `missing` where nobody did."""
    if typed is None:
        return missing
    words = rules("said_done")[language]
    line = shorten(typed.text.translate(_BRACES), rules("said_done")["longest"])
    text = mask(line, language, capitals=False)
    removed = text != line
    if typed.language not in (None, language):
        text = words["foreign"].format(text=text)
    return f"{text} {words['removed']}" if removed else text


def _proposed(action: Action, words: Rules) -> str:
    """Return the proposal for later, to be checked; a question where there is none."""
    text = _all_parts(action.wel_niet_later)[1].get("later", "")
    marks = _marks()
    if not text.casefold().startswith(marks) or _BRACKETED.search(text):
        return str(words["later_missing"])
    text = next(text[len(mark) :] for mark in marks if text.casefold().startswith(mark))
    return str(words["later_proposed"].format(text=text.translate(_BRACES).strip()))


def _parts(wel_niet_later: str) -> dict[str, _Typed]:
    """Return the parts of the field that a person typed: no proposals, nothing left to fill in."""
    language, parts = _all_parts(wel_niet_later)
    return {
        name: _Typed(text, language)
        for name, text in parts.items()
        if text and not text.casefold().startswith(_marks()) and not _BRACKETED.search(text)
    }


def _all_parts(wel_niet_later: str) -> tuple[str | None, dict[str, str]]:
    """Split the field at its labels; without any, all of it says what is done."""
    best: tuple[str | None, dict[str, str]] = (None, {})
    for language, pattern in _labels().items():
        names = {label: name for name, label in rules("said_done")["parts"][language].items()}
        pieces = pattern.split(wel_niet_later)
        found = {
            names[label.casefold()]: " ".join(text.split()).rstrip(";").rstrip()
            for label, text in zip(pieces[1::2], pieces[2::2], strict=True)
        }
        if len(found) > len(best[1]):
            best = (language, found)
    if not best[1]:
        return None, {"wel": " ".join(wel_niet_later.split())}
    return best


def _reason_of_closing(history: Sequence[Event]) -> _Typed | None:
    closings = [event for event in standing(history) if event.event == Happening.CLOSED]
    typed = " ".join(closings[-1].why.split()) if closings else ""
    return _Typed(typed) if typed else None


def _mentions(count: int, words: Rules) -> str:
    """Round a number of mentions to what a reader takes in, and so that it points at nobody."""
    if count < rules("said_done")["small_group"]:
        return str(words["some"])
    step = 10 if count < 100 else 50 if count < 1000 else 10 ** (len(str(count)) - 2)
    return str(words["about"].format(n=round(count / step) * step))


def _label(theme: Theme, language: str) -> str:
    code = codeframe().get(theme.theme_id)
    return code.label(language) if code and theme.label in (code.nl, code.en) else theme.label


@cache
def _labels() -> dict[str, re.Pattern[str]]:
    """Return per language what finds the labels of the parts, at the start or after a ";"."""
    return {
        language: re.compile(rf"(?:^|[;\n])\s*({'|'.join(labels.values())})\s*:", re.IGNORECASE)
        for language, labels in rules("said_done")["parts"].items()
    }


@cache
def _marks() -> tuple[str, ...]:
    return tuple(mark.casefold() for mark in rules("said_done")["proposed"]["marks"])
