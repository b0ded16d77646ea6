"""Plain transcripts: `Klant: …`, `Agent (Sam): …`, `KLANT - …`, with headers and time stamps.

Also the text files of recognisers, which put the speaker with a time on a line of its own (Word,
Otter, Zoom) or a time before the turn (Amberscript), numbered turns, and single letters where a
legend or the pair itself tells whose they are. `turns` knows the forms of a line.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta, tzinfo

from klankbord.schema import AuthorRole
from klankbord.sources.batch import TOO_LONG
from klankbord.sources.conversation import Conversation, Turn
from klankbord.sources.dates import DateReader, zone
from klankbord.sources.limits import check_turns
from klankbord.sources.personal import is_personal_name, is_personal_text
from klankbord.sources.roles import language_code
from klankbord.sources.text_encoding import clean, undecodable
from klankbord.sources.turns import Opening, Style, openings, split_turn, stamp_of
from klankbord.sources.voices import is_name, is_notice, role_of, voice_words

_NO_SPEAKER = "tekst zonder spreker"
_UNDECODABLE = "regel bevat tekens die niet te lezen zijn"
_HEADED = re.compile(r"^(?P<name>[A-Za-zÀ-ÿ_/ -]{2,30}?)\s{0,9}[:#]\s*(?P<value>.*)$")
_DATED = re.compile(
    r"^(?P<name>[A-Za-zÀ-ÿ ]{2,20}?)\s{1,9}(?:van\s{1,9}|op\s{1,9})?(?P<value>\d.{5,40})$"
)
_ANNOUNCES = re.compile(r"[:#\d]")  # without one of these in its beginning no line is a header
_RULE = re.compile(r"^[-=_*#~]{3,}$")
_LEGEND = re.compile(r"\b([A-Za-z]{1,3})\s{0,3}(?:=|:|staat voor)\s{0,3}([\w-]{2,25})")
_LETTER = re.compile(r"^([A-Z])\s{0,3}[:–-]\s")
_NUMBER = re.compile(r"^#?[A-Za-z]{0,5}-?\d{1,20}$")
_SAMPLED = 400
_LEGEND_WITHIN = 15
_PERSONAL = "personal"
_BEGINS = ("date", "customer_id", "conversation")  # header lines that begin a conversation


def recognise(lines: Iterable[str]) -> Style | None:
    """Return the style when the first lines are a transcript, else None."""
    filled = [line.strip() for _, line in zip(range(_SAMPLED), lines, strict=False)]
    filled = [line.lstrip("\ufeff") for line in filled if line and not is_notice(line, "anywhere")]
    while filled and is_notice(filled[0], "above", "people"):
        del filled[0]
    if not filled:
        return None
    style = _letters(filled)
    style = replace(style, above=_roles_above(filled))
    by_role = [split_turn(line, style) is not None for line in filled]
    first = filled[0]
    starts = by_role[0] or header_line(first) or _RULE.match(first) or first in style.legend
    if any(by_role) and (starts or sum(by_role) >= 0.5 * len(filled)):
        others = frozenset(_names(filled).names) if style.letters else frozenset()
        return replace(style, names=others)
    return _by_name(filled, style)


def is_tabbed(lines: Iterable[str]) -> bool:
    """Tell whether roles and words stand in two columns without a header, as copied from Word."""
    filled = [line for _, line in zip(range(_SAMPLED), lines, strict=False) if line.strip()]
    told = [line.count("\t") == 1 and role_of(line.partition("\t")[0]) for line in filled]
    return bool(told) and bool(told[0]) and sum(map(bool, told)) >= max(2, 0.8 * len(told))


def _by_name(filled: list[str], style: Style) -> Style | None:
    """Return the style of a file whose speakers are only known by name.

    That is one in which several names come back before most lines, or, where turns have several
    lines, before the first line and regularly after it. A time with a name counts most.
    """
    seen = _names(filled)
    names = seen.names
    repeated = frozenset(name for name, count in names.items() if count >= 2 or seen.headed)
    if len(names) < 2 or not repeated:
        return None
    several = len(repeated) >= 2
    marked = sum(names[name] for name in repeated)
    most = several and marked >= 0.6 * seen.lines
    nearly_all = names.total() >= 3 and names.total() >= 0.7 * seen.lines
    regular = several and max(names.values()) >= 3 and marked >= 0.2 * seen.lines
    timed = seen.timed >= 3 and seen.timed >= 0.2 * seen.lines
    if most or nearly_all or (seen.opens and (regular or timed)):
        return replace(style, names=frozenset(names))
    return None


@dataclass
class _Seen:
    """The names before the lines of a file."""

    names: Counter[str] = field(default_factory=Counter)
    lines: int = 0  # that are no header and no notice
    headed: int = 0  # header lines
    timed: int = 0  # names with a time
    opens: bool = False  # the first line has a name


def _names(filled: list[str]) -> _Seen:
    seen = _Seen()
    people = False  # the line is a list of them
    for line, below in zip(filled, [*filled[1:], ""], strict=True):
        above = header_line(line)
        if above or _RULE.match(line) or stamp_of(line):
            seen.headed += above is None or above[0] != _PERSONAL
            continue
        if people or is_notice(line, "above", "people"):
            people = is_notice(line, "people")
            continue
        found = next((found for found in openings(line) if is_name(found.speaker)), None)
        if found and (found.text or not _stamped(below)):
            seen.opens = seen.opens or not seen.lines
            seen.names[found.speaker] += 1
            seen.timed += found.at is not None
        seen.lines += 1
    return seen


def _stamped(line: str) -> bool:
    return not line or any(found.at is not None for found in openings(line))


def more_names(lines: Iterable[str], style: Style) -> Style:
    """Return the style with the names that only begin turns further on in the file."""
    if not style.names:
        return style
    found: Counter[str] = Counter()
    for line in lines:
        bare = line[:200].strip()
        names = (each for each in openings(bare) if each.text and is_name(each.speaker))
        opening = next(names, None)
        if opening and not header_line(bare):
            found[opening.speaker] += 1
    often = frozenset(name for name, count in found.items() if count >= 2)
    return replace(style, names=style.names | often)


def _letters(filled: list[str]) -> Style:
    """Return the style of a file with single letters for speakers, where it tells who they are."""
    told: dict[str, AuthorRole] = {}
    legend = set()
    for line in filled[:_LEGEND_WITHIN]:
        pairs = [(letters, role_of(word)) for letters, word in _LEGEND.findall(line[:200])]
        known = {letters: role for letters, role in pairs if role is not None}
        rest = _LEGEND.sub("", line[:200])
        if known and len(known) == len(pairs) and sum(map(str.isalpha, rest)) <= 12:
            told |= known
            legend.add(line)
    if len(told) >= 2:
        return Style(letters=told, legend=frozenset(legend))
    counts: Counter[str] = Counter()
    asked: Counter[str] = Counter()
    for line in filled:
        if match := _LETTER.match(line):
            counts[match[1]] += 1
            asked[match[1]] += line.endswith("?")
    pair = "".join(sorted(counts))
    if len(counts) != 2 or min(counts.values()) < 2:
        return Style()
    for customer, agent in map(tuple, voice_words().pairs):
        if pair == "".join(sorted((customer, agent))):
            return Style(letters={customer: AuthorRole.CUSTOMER, agent: AuthorRole.AGENT})
    for agent, customer in map(tuple, voice_words().asking):
        asks = asked[agent] >= 0.6 * counts[agent] and asked[customer] <= 0.2 * counts[customer]
        if pair == "".join(sorted((customer, agent))) and asks:
            return Style(letters={customer: AuthorRole.CUSTOMER, agent: AuthorRole.AGENT})
    return Style()


def _roles_above(filled: list[str]) -> bool:
    """Tell whether roles stand alone on their lines, as "KLANT" above what the customer says."""
    alone = [line.rstrip(":") for line in filled if role_of(line.rstrip(":")) is not None]
    return len(alone) >= 3 and len(set(alone)) >= 2 and 2 * len(alone) <= len(filled) + 1


def header_line(line: str) -> tuple[str, str, str] | None:
    """Return (what it announces, its name, its value) when `line` stands above a conversation."""
    if not _ANNOUNCES.search(line, 0, 60):
        return None
    words = voice_words().headers
    for pattern in (_HEADED, _DATED):
        match = pattern.match(line)
        if match and pattern is _HEADED and _is_about_a_person(match["name"]):
            return _PERSONAL, match["name"].strip(), match["value"].strip()
        if match and match["name"].strip().casefold() in words:
            name = match["name"].strip()
            kind = words[name.casefold()]
            if pattern is _DATED and kind != "date":
                continue
            return kind, name, match["value"].strip()
    return None


def _is_about_a_person(name: str) -> bool:
    known = name.strip().casefold() in voice_words().headers or role_of(name) is not None
    return not known and is_personal_name(name.strip())


def left_out(lines: Iterable[str], style: Style) -> tuple[str, ...]:
    """Return the names of the header lines that are not kept, since they point at a person."""
    names: dict[str, None] = {}
    above = True
    for line in lines:
        headed = header_line(line.strip())
        if headed and headed[0] in _BEGINS:
            above = True
        elif headed and headed[0] == _PERSONAL and above:
            names[headed[1]] = None
        elif split_turn(line.strip(), style):
            above = False
    return tuple(names)


def conversations(lines: Iterable[str], style: Style, timezone: str) -> Iterator[Conversation]:
    """Yield the conversations in a transcript; a header after a turn begins the next one."""
    dates = DateReader(timezone)
    place = zone(timezone)
    current = Conversation()
    stamp: tuple[timedelta, bool] | None = None  # on a line of its own, for the turn under it
    names_below = False
    begins = 0  # line of the last turn
    for row, raw in enumerate(lines, start=1):
        check_turns(row - begins, row, "lines without a new turn")
        line = raw.replace("\x00", "").strip().lstrip("\ufeff\u200e").strip()
        if not line or _RULE.match(line):
            continue
        if undecodable(line):
            current.turns.append(Turn(row, "", [clean(line)], fault=_UNDECODABLE))
            continue
        begun = bool(current.turns) and not current.turns[-1].fault
        turn = split_turn(line, style)
        headed = None if not begun and is_notice(line, "above") else header_line(line)
        if line in style.legend:
            continue
        if headed and not (turn and role_of(turn.speaker)):
            if current.turns and headed[0] in _BEGINS:
                yield current
                current = Conversation()
            if not current.turns:
                apply_header(current, headed, dates, place)
                continue
        if turn:
            check_turns(len(current.turns), row)
            begins = row
            current.turns.append(_turn(row, turn, style, stamp))
            stamp, names_below = None, False
        elif alone := stamp_of(line):
            stamp = alone
        elif current.turns and current.turns[-1].fault == TOO_LONG:
            continue
        elif names_below or _is_notice(line, first=not begun):
            names_below = not names_below and is_notice(line, "people")
            current.ignored["notices"] += 1
        elif begun:
            current.turns[-1].go_on(line)
        else:
            current.turns.append(Turn(row, "", [line], fault=_NO_SPEAKER))
    if current.turns or current.ignored:
        yield current


def _turn(row: int, found: Opening, style: Style, stamp: tuple[timedelta, bool] | None) -> Turn:
    at, short = (found.at, found.short) if found.at is not None or stamp is None else stamp
    role = style.letters.get(found.speaker)
    return Turn(row, found.speaker, [found.text], at, short=short, role=role)


def _is_notice(line: str, *, first: bool) -> bool:
    return is_notice(line, "anywhere", *(("above", "people") if first else ()))


def apply_header(
    conversation: Conversation, headed: tuple[str, str, str], dates: DateReader, place: tzinfo
) -> None:
    """Store what a header line says in `conversation`."""
    kind, name, value = headed
    if kind == "customer_id":
        conversation.customer_id = value or None
    elif kind == "conversation":
        conversation.own_id = value[:100]
    elif kind == "channel":
        conversation.channel = value
    elif kind == "language":
        conversation.language = language_code(value)
    elif kind == "date":
        moment = dates.utc(value)
        if moment is None and _NUMBER.match(value):
            conversation.own_id = value
        elif moment is None and value:
            conversation.bad_date = name
        elif moment is not None:
            conversation.started_at = moment.astimezone(place)
            conversation.has_time = ":" in value
    elif kind == "time" and conversation.started_at is not None:
        stamp = stamp_of(value if value.count(":") > 1 else f"{value}:00")
        if stamp and not conversation.has_time and stamp[0] < timedelta(days=1):
            conversation.started_at += stamp[0]
            conversation.has_time = True
    elif kind != _PERSONAL and not is_personal_text(value):
        conversation.attributes[name.lower()] = value
