"""What single lines of a mail look like, by the phrases in `quoted.toml`.

The tests take a `key`: a line in lower case without quote marks, emphasis and blanks around it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache

from klankbord.resources import toml_beside

_CONTACT = re.compile(
    r"https?://|www\.|[^\s<>]@[^\s<>]|(?<!\d)(?:\+|00?)[1-9](?:[ ().-]{0,2}\d){7,12}(?!\d)"
    r"|(?<!\w)[1-9]\d{3} ?[a-z]{2}(?!\w)|(?<!\w)nl\d\d ?[a-z]{4} ?\d"
    r"|(?<![\w-])[\w-]{3,40}\.(?:nl|be|com|de|fr|eu)\b"
)
_LINK = re.compile(r"<(?:https?:|mailto:|#)[^<>]{0,350}>?")
_LABELLED = re.compile(r"(?P<label>[^\s:.][^:]{0,24}?) ?[:.](?: |$)")
_FINAL = ".,!;:-– \t"
_DATE = re.compile(r"\b(?:19|20)\d{2}\b")
_EMOJI = re.compile("[\u2600-\u27bf\ufe0f\U0001f000-\U0001faff]|[:;]-?[)(]")
_NAME_WORD = re.compile(r"[(\"']?(?:[^\W\d_]|\d)[\w.'’()/\"-]*,?")
_ENDS_A_SENTENCE = re.compile(r"[!?…]$|[^\W\d_]{4,}\.$")
_MOST_NAME_WORDS = 7
_MOST_CONTACT_WORDS = 9
_MOST_JOB_WORDS = 6
_LOUD_WORDS = 3


@dataclass(frozen=True)
class QuotedWords:
    """What `quoted.toml` holds, patterns compiled."""

    openers: frozenset[str]
    verbs: re.Pattern[str]
    told: re.Pattern[str]  # the verb is followed by a pronoun: no mail program writes that
    headers: Mapping[str, str]  # name of a header line -> from, sent, date, to, cc or subject
    header: re.Pattern[str]
    separators: frozenset[str]
    above: tuple[str, ...]
    closings: frozenset[str]
    closing_starts: frozenset[str]  # their first words
    sentences: re.Pattern[str]
    thanks: frozenset[str]
    particles: frozenset[str]
    signature: frozenset[str]
    postscripts: frozenset[str]
    footers: re.Pattern[str]
    notices: re.Pattern[str]
    denials: re.Pattern[str]
    disclaimers: re.Pattern[str]
    more: re.Pattern[str]
    quote_elements: frozenset[str]
    history_elements: frozenset[str]


@cache
def quoted_words() -> QuotedWords:
    """Read `quoted.toml`."""
    data = toml_beside(__package__, "quoted.toml")
    headers = {name: kind for kind, names in data["headers"].items() for name in names}
    names = _any_of(re.escape(name) for name in sorted(headers, key=len, reverse=True))
    verbs = _any_of(data["attribution"]["verbs"])
    pronouns = _any_of(data["attribution"]["pronouns"])
    return QuotedWords(
        openers=frozenset(data["attribution"]["openers"]),
        verbs=re.compile(rf"(?<!\w){verbs}"),
        told=re.compile(rf"\b(?:{verbs}|heeft|hebt|hat) {pronouns}\b|\b{pronouns} (?:{verbs})"),
        headers=headers,
        header=re.compile(rf"(?<!\w)(?P<name>{names})[ *_\u00a0]{{0,4}}:(?=[\s*_]|$|[^\s/\d])"),
        separators=frozenset(data["separators"]["phrases"]),
        above=tuple(data["separators"]["above"]),
        closings=frozenset(data["closings"]["phrases"]),
        closing_starts=frozenset(
            phrase.partition(" ")[0].strip(_FINAL) for phrase in data["closings"]["phrases"]
        ),
        sentences=re.compile(_any_of(data["closings"]["sentences"])),
        thanks=frozenset(data["closings"]["thanks"]),
        particles=frozenset(data["signature"]["particles"]),
        signature=frozenset(data["signature"]["words"]),
        postscripts=frozenset(data["signature"]["postscripts"]),
        footers=re.compile(_any_of(data["footers"]["patterns"])),
        notices=re.compile(_any_of(data["footers"]["notices"])),
        denials=re.compile(rf"\b(?:{data['footers']['denials']})\b"),
        disclaimers=re.compile(_any_of(data["disclaimers"]["patterns"])),
        more=re.compile(rf"\b(?:{data['disclaimers']['more']})\b"),
        quote_elements=frozenset(data["html"]["quotes"]),
        history_elements=frozenset(data["html"]["history"]),
    )


def _any_of(patterns: Iterable[str]) -> str:
    return "(?:" + "|".join(patterns) + ")"


def header_kind(key: str) -> str:
    """Return what kind of header line `key` is ("from", "sent" …), "" where it is none."""
    if ":" not in key[:40]:
        return ""
    match = quoted_words().header.match(key)
    return quoted_words().headers[match["name"]] if match else ""


def is_separator(key: str) -> bool:
    """Tell whether a line says that an older mail follows: "-----Oorspronkelijk bericht-----"."""
    bare = key.strip("-=_*#~<> \t:…")
    if key.startswith("--") and key.endswith("--"):
        return bare in quoted_words().separators or (
            _DATE.search(bare) is not None and quoted_words().verbs.search(bare) is not None
        )
    return (
        bare in quoted_words().separators
        and key != bare
        and (key[0] in "-=_*#~<" or key.endswith(":"))
    )


def is_reply_above(key: str) -> bool:
    """Tell whether a service desk asks here to reply above this line."""
    return "r" in key and any(phrase in key for phrase in quoted_words().above)


def is_footer(key: str) -> bool:
    """Tell whether a telephone, mail program or virus scanner has added this line."""
    words = quoted_words()
    bare = " ".join(_LINK.sub(" ", key).split()) if "<" in key else key
    if not bare or words.notices.fullmatch(bare):
        return True
    match = words.footers.match(bare)
    return bool(match and not bare[match.end() :].strip(_FINAL) and not words.denials.search(bare))


def is_disclaimer(paragraph: str) -> bool:
    """Tell whether a paragraph (in lower case) begins as a disclaimer."""
    return quoted_words().disclaimers.match(paragraph) is not None


def closes(key: str, line: str) -> bool:
    """Tell whether `line` closes a mail: "Met vriendelijke groet", "Groetjes, Karin"."""
    words = quoted_words()
    bare = (key if key.isascii() else _EMOJI.sub("", key)).strip(_FINAL)
    if bare in words.closings or words.sentences.fullmatch(bare):
        return True
    if bare.partition(" ")[0].strip(_FINAL) not in words.closing_starts:
        return False
    parts = re.split(r" ?[/|] ?", bare, maxsplit=4)
    if len(parts) > 1 and all(part.strip(_FINAL) in words.closings for part in parts):
        return True
    tokens = bare.split(maxsplit=5)
    for count in range(min(len(tokens) - 1, 5), 0, -1):
        phrase = " ".join(tokens[:count]).strip(_FINAL)
        if phrase in words.closings:
            rest = line.split()[count:]
            return (len(phrase) > 2 or phrase == "gr") and is_name(rest)
    return False


def is_name(words: list[str]) -> bool:
    """Tell whether words are those of a person or firm: capitals and particles, or one word."""
    particles = quoted_words().particles
    if not 0 < len(words) <= _MOST_NAME_WORDS:
        return False
    named = [word for word in words if word.lower().strip(".,") not in particles]
    if len(words) == 1:
        return bool(_NAME_WORD.fullmatch(words[0].rstrip(".")))
    loud = [word for word in named if word.isupper() and len(word) > 1]
    if len(loud) > _LOUD_WORDS or not named:
        return False
    return all(_NAME_WORD.fullmatch(word.rstrip(".,")) and not word[0].islower() for word in named)


def signs(key: str, line: str, *, first: bool) -> bool:
    """Tell whether a line below a closing is part of the signature; `first` is right below it."""
    words = quoted_words()
    tokens = line.split()
    start = tokens[0].lower().strip(":,")
    if start in words.postscripts or f"{start}." in words.postscripts:
        return False
    if len(tokens) == 1 and not first and tokens[0].islower():
        return bool(_CONTACT.search(key)) or start in words.signature
    labelled = _LABELLED.match(key)
    if labelled and labelled["label"].rsplit(maxsplit=1)[-1] in words.signature:
        return True
    if _CONTACT.search(key):
        return len(tokens) <= _MOST_CONTACT_WORDS and not _ENDS_A_SENTENCE.search(key)
    if _ENDS_A_SENTENCE.search(key) and len(tokens) > 1:
        return False
    if is_name(tokens):
        return True
    ends = {start, tokens[-1].lower().strip(".,")}
    return len(tokens) <= _MOST_JOB_WORDS and any(
        len(end) > 2 and end in words.signature for end in ends
    )
