"""Draft messages to customers, in their language and form of address; a person approves them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from datetime import date

from klankbord.excerpt import shorten
from klankbord.loop.rules import Rules, rules
from klankbord.moments import in_words

NAME = "{naam}"
ADDRESS = ("u", "jij")  # what the setting `address` may ask for, besides "auto"
_PLACEHOLDER = re.compile(r"\{[^{}]*\}")
_FORMS = re.compile(r"<([^<>|]*)\|([^<>|]*)>")
_WORD = re.compile(r"[^\W\d_]+")
_SENTENCE_END = re.compile(r"(?<=[.!?…])\s+")
_LINK = re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE)
_QUOTE_MARKS = str.maketrans(
    {"{": "(", "}": ")", "[": "(", "]": ")", **dict.fromkeys('"“”„«»‹›', "'")}
)
_UNKNOWN_REASON = "onbekend"
_LONGEST_OPENING = 8  # words after the greeting; more is a sentence, not a name


def draft_languages() -> tuple[str, ...]:
    """Return the languages that drafts can be written in."""
    return tuple(rules("drafts")["languages"])


def forms(language: str) -> tuple[str, ...]:
    """Return the forms of address of a language, the formal one first, which is the default."""
    return tuple(rules("drafts")[language]["forms"])


def form_of_address(language: str, verbatims: Iterable[str], wish: str = "auto") -> str:
    """Choose the form in which a customer addresses us most; the default on a tie.

    A `wish` of "u" or "jij" decides by itself: for the formal or the informal form of a language.
    """
    if wish != "auto":
        return forms(language)[0 if ADDRESS.index(wish) == 0 else -1]
    config = rules("drafts")[language]
    counts = dict.fromkeys(config["forms"], 0)
    words = {word: form for form, known in config["address"].items() for word in known}
    for verbatim in verbatims:
        text = verbatim if config["match_case"] else verbatim.casefold()
        for word in _WORD.findall(text):
            if word in words:
                counts[words[word]] += 1
    return str(max(counts, key=lambda form: counts[form]))


def short_quote(verbatim: str, cues: Iterable[str] = ()) -> str:
    """Return the telling sentence of a verbatim: one line, harmless in a message, not long.

    The first sentence that holds a cue, else the first one. Control characters, links, braces
    and quotation marks are taken out or replaced.
    """
    text = _LINK.sub("…", verbatim)
    text = "".join(" " if unicodedata.category(c)[0] in "CZ" else c for c in text)
    text = " ".join(text.translate(_QUOTE_MARKS).split())
    sentences = [part for part in _SENTENCE_END.split(text) if _WORD.search(part)]
    if not sentences:
        return ""
    wanted = [cue.casefold() for cue in cues if cue]
    telling = (part for part in sentences if any(cue in part.casefold() for cue in wanted))
    return shorten(next(telling, sentences[0]), rules("drafts")["longest_quote"])


def write_draft(
    step: str,
    language: str,
    form: str,
    *,
    due: date,
    said: tuple[str, date | None] | None = None,
    earlier: tuple[str, date] | None = None,
    theme: str = "",
    variant: str = "",
    why: str = "",
) -> str:
    """Write the draft for `step`, quoting what was `said` (and `earlier`) with its date.

    `variant` names another text for the same step, where the cause asks for one. `why` is the
    reason behind a complaint, a key of [why] in reasons.toml, or "" where nothing tells. It
    decides which limits to what we can do are proposed, between square brackets.
    Quotes go in as they are: pass them through `short_quote` first.
    """
    texts = rules("drafts")[language][form]
    lead, doing, *own_limits = texts["steps"][variant or step]
    happened = []
    if earlier is not None and said is not None and earlier[1] != said[1]:
        happened.append(_said(texts["earlier"], language, *earlier))
    if said is not None:
        template = texts["said"] if said[1] is not None else texts["said_undated"]
        happened.append(_said(template, language, *said))
    happened.append(lead)
    blocks = [texts["opening"], " ".join(happened), doing]
    if not rules("reasons")["steps"][step]["thanks"]:
        blocks.append(own_limits[0] if own_limits else _limits(language, form, why))
    blocks.append(texts["closing"])
    facts = {"termijn": in_words(due, language), "thema": within_sentence(theme)}
    return "\n\n".join(_fill(block, facts) for block in blocks)


def within_sentence(theme: str) -> str:
    """Return a theme's label as it stands within a sentence; "AI-antwoorden" keeps its capital."""
    name = " ".join(theme.translate(_QUOTE_MARKS).split())
    return name if name[1:2].isupper() else name[:1].lower() + name[1:]


def check_draft(text: str, language: str = "nl") -> tuple[str, ...]:
    """Return what is wrong with a message, in `language`; nothing when it may go to a person.

    Refuses a message without an opening that names the customer (or holds the place for the
    name), a generic opening such as "Beste klant", and placeholders nobody will fill.
    """
    lint = rules("drafts")["lint"]
    says = lint["en"] if language == "en" else lint
    lines = [line.strip() for line in _visible(text).splitlines() if line.strip()]
    if not lines:
        return (says["empty"],)
    problems = []
    if not _addressed(lines[0], lint):
        problems.append(says["no_opening"])
    if any(_greets_generically(line, lint) for line in lines):
        problems.append(says["generic_opening"])
    if any(found != NAME for found in _PLACEHOLDER.findall(text)):
        problems.append(says["placeholder"])
    return tuple(problems)


def _limits(language: str, form: str, why: str) -> str:
    """Propose what can be done, what cannot and what comes later."""
    known = rules("limits")[why or _UNKNOWN_REASON][language]
    place = 1 + (form != forms(language)[0])
    can, cannot, later = (_FORMS.sub(lambda found: found[place], text) for text in known)
    proposal = rules("drafts")[language][form]["proposal"]
    return _fill(proposal, {"kan": can, "niet": cannot, "later": later})


def _said(template: str, language: str, quote: str, day: date | None) -> str:
    left, right = rules("drafts")[language]["quotes"]
    written = "" if day is None else in_words(day, language)
    text = quote.rstrip(".") if quote.endswith(".") and not quote.endswith("..") else quote
    return _fill(template, {"datum": written, "citaat": f"{left}{text}{right}"})


def _fill(template: str, facts: Mapping[str, str]) -> str:
    """Put facts in their places in one pass, so that a fact never becomes a place itself."""
    return _PLACEHOLDER.sub(lambda found: facts.get(found[0][1:-1], found[0]), template)


def _visible(text: str) -> str:
    normal = unicodedata.normalize("NFKC", text)
    return "".join(c for c in normal if c == "\n" or unicodedata.category(c) not in ("Cf", "Cc"))


def _words(line: str) -> list[str]:
    return [word.casefold() for word in _WORD.findall(line)]


def _addressed(line: str, lint: Rules) -> list[str] | None:
    """Return the words after the greeting, None where the line opens with no greeting."""
    words = _words(line)
    for greeting in sorted(lint["greetings"], key=len, reverse=True):
        start = greeting.split()
        if words[: len(start)] == start:
            rest = words[len(start) :]
            return rest if len(rest) <= _LONGEST_OPENING else None
    return None


def _greets_generically(line: str, lint: Rules) -> bool:
    """Find "Beste klant" and the like at the start of a line, whatever follows the comma."""
    addressed = _addressed(re.split(r"[,!:;]", line, maxsplit=1)[0], lint)
    if not addressed:
        return False
    named = [word for word in addressed if word not in lint["fillers"]]
    if not named or named[0] in lint["generic"]:
        return True
    return all(word in lint["titles"] or word in lint["generic"] for word in named)
