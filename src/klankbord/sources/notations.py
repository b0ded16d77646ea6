"""The notations of dates: a fixed table of patterns, with the words of `dates.toml`.

dateparser reads more of them, and invents dates where there are none; nothing is guessed here.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from functools import cache

from klankbord.resources import toml_beside

LONGEST = 64  # characters of a date with its time
_EXCEL_DAY_ZERO = datetime(1899, 12, 30)  # noqa: DTZ001 - a spreadsheet serial has no zone
_WIDEST_OFFSET = timedelta(hours=15)
_DRESSED = re.compile(r"""(?:="(?P<formula>[^"]*)"|'(?P<text>.*))""")  # how Excel keeps text
_OFFSET = re.compile(r"(?:utc|gmt)?([+-])(\d{1,2}):?(\d{2})?")
_ISO_MARKS = ("", " ", "T")
_SHOWN = {
    "day named": "1 maart 2024", "month named": "March 1, 2024", "unix": "Mar 1 uu:mm:ss 2024",
    "compact": "jjjjmmdd", "serial": "Excel-getal",
}  # fmt: skip
_NAME = r"(?P<name>[^\W\d_]{3,9})"
_YEAR = r"['’]?(?P<year>\d{4}|\d{2})"


@dataclass(frozen=True)
class _Table:
    """The patterns by kind of notation, with what the words in them mean."""

    patterns: Mapping[str, re.Pattern[str]]
    months: Mapping[str, int]
    zones: Mapping[str, int]
    slashed: re.Pattern[str]
    american: re.Pattern[str]


@dataclass(frozen=True)
class Slashed:
    """Two numbers that are day and month in either order, from a date with its year last."""

    one: int
    mark: str
    two: int
    american: bool  # with a.m., p.m. or a zone of North America

    @property
    def day_first(self) -> bool:
        """Tell whether the date exists when its day comes first."""
        return 1 <= self.one <= 31 and 1 <= self.two <= 12

    @property
    def month_first(self) -> bool:
        """Tell whether the date exists when its month comes first."""
        return 1 <= self.two <= 31 and 1 <= self.one <= 12


def parse(text: str, day_first: bool) -> datetime | None:
    """Return the moment `text` writes, without a zone where it names none, or None.

    Raises ValueError or OverflowError for a date that does not exist.
    """
    return _by_position(text, day_first) or _by_table(text, day_first)


def slashed(text: str) -> Slashed | None:
    """Return the two numbers before the year of dates such as 03/04/2024, or None."""
    table = _table()
    match = table.slashed.match(text)
    if match is None:
        return None
    american = table.american.search(text, match.end()) is not None
    return Slashed(int(match[1]), match[2], int(match[3]), american)


def notation(text: str, day_first: bool) -> str:
    """Name how `text` is written, as it is shown to people: "dd-mm-jjjj uu:mm"; "" if unknown."""
    kind, match = _match(_tidy(text))
    if match is None:
        return ""
    part = match.groupdict()
    if "name" in part and part["name"].casefold() not in _table().months:
        return ""
    time = (" uu:mm" if part.get("hour") else "") + (":ss" if part.get("second") else "")
    rest = time + (" AM/PM" if part.get("half") else "") + (" tijdzone" if part.get("zone") else "")
    if kind == "year first":
        mark = part["mark"]
        iso = mark == "-" and time and (part["zone"] or "T" in text.upper())
        return "ISO 8601" if iso else f"jjjj{mark}mm{mark}dd{rest}"
    if kind == "year last":
        order = ("dd", "mm") if day_first else ("mm", "dd")
        return part["mark"].join((*order, "j" * len(part["year"]))) + rest
    if kind in ("serial", "unix"):
        return _SHOWN[kind]
    return _SHOWN[kind] + rest


def serial(days: float) -> datetime | None:
    """Return the moment of a spreadsheet's day number; None outside 1927 … 2100."""
    if not 10_000 <= days < 73_415:
        return None
    return _EXCEL_DAY_ZERO + timedelta(seconds=round(days * 86_400))


def _by_position(text: str, day_first: bool) -> datetime | None:
    """Read the commonest notations, which have their digits at fixed places, by C code."""
    if text[10:11] not in _ISO_MARKS:
        return None
    mark = text[2:3]
    if text[4:5] == "-" and text[7:8] == "-":
        iso = text
    elif mark in ("-", "/", ".") and text[5:6] == mark:
        one, two = (text[3:5], text[:2]) if day_first else (text[:2], text[3:5])
        iso = f"{text[6:10]}-{one}-{two}{text[10:]}"
    else:
        return None
    try:
        moment = datetime.fromisoformat(iso)
    except ValueError:
        return None
    if moment.tzinfo is None or moment.tzinfo is UTC or _possible(moment.utcoffset()):
        return moment
    return None


def _by_table(text: str, day_first: bool) -> datetime | None:
    text = _tidy(text)
    kind, match = _match(text)
    if match is None:
        return None
    if kind == "serial":
        return serial(float(text.replace(",", ".")))
    if kind == "year last":
        one, two = int(match["one"]), int(match["two"])
        return _moment(match, two, one) if day_first else _moment(match, one, two)
    if kind in ("day named", "month named", "unix"):
        month = _table().months.get(match["name"].casefold())
        return _moment(match, month, int(match["day"])) if month else None
    return _moment(match, int(match["month"]), int(match["day"]))


def _tidy(text: str) -> str:
    """Return `text` with plain spaces, composed letters and without a spreadsheet's dressing."""
    if text.isascii() and text[:1] not in ("=", "'"):
        return text
    if match := _DRESSED.fullmatch(text):
        text = (match["text"] if match["formula"] is None else match["formula"]).strip()
    text = unicodedata.normalize("NFC", text)
    return text.replace("\u202f", " ").replace("\u00a0", " ").replace("\u200e", "")


def _match(text: str) -> tuple[str, re.Match[str] | None]:
    patterns = _table().patterns
    for kind in _kinds(text):
        if match := patterns[kind].match(text):
            return kind, match
    return "", None


def _kinds(text: str) -> tuple[str, ...]:
    """Return the kinds of notation that begin as `text` does."""
    if not text[:1].isdecimal():
        return ("year last", "day named", "month named", "unix")
    if text[:4].isdecimal():
        if text[4:5].isdecimal():
            return ("serial",) if text[5:6] in ("", ".", ",") else ("compact",)
        return ("year first",)
    return ("year last", "day named")


def _moment(match: re.Match[str], month: int, day: int) -> datetime | None:
    part = match.groupdict()
    year = int(part["year"])
    if len(part["year"]) == 2:
        year += 2000 if year < 70 else 1900
    hour, minute, second = (int(part.get(name) or 0) for name in ("hour", "minute", "second"))
    half = (part.get("half") or "").lower()
    if half:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if half == "p" else 0)
    days = 1 if (hour, minute, second) == (24, 0, 0) else 0  # the end of the day
    micros = int(((part.get("fraction") or "") + "000000")[:6])
    moment = datetime(year, month, day, 0 if days else hour, minute, second, micros)  # noqa: DTZ001
    moment += timedelta(days=days)
    name = (part.get("zone") or "").lower()
    if not name:
        return moment
    offset = _offset(name)
    return None if offset is None else moment.replace(tzinfo=offset)


def _offset(name: str) -> timezone | None:
    hours = _table().zones.get(name)
    if hours is not None:
        return timezone(timedelta(hours=hours))
    match = _OFFSET.fullmatch(name)
    if match is None:
        return None
    size = timedelta(hours=int(match[2]), minutes=int(match[3] or 0))
    size = -size if match[1] == "-" else size
    return timezone(size) if _possible(size) else None


def _possible(offset: timedelta | None) -> bool:
    return offset is not None and -_WIDEST_OFFSET < offset < _WIDEST_OFFSET


@cache
def _table() -> _Table:
    """Read `dates.toml` and build the patterns."""
    data = toml_beside(__package__, "dates.toml")
    words = {name: "|".join(sorted(words, key=len, reverse=True))
             for name, words in data["words"].items()}  # fmt: skip
    zone = r"(?P<zone>z|[a-z]{3,4}(?![a-z+-])|(?:utc|gmt)?[+-]\d{1,2}(?::?\d{2})?)"
    time = (
        rf"(?:(?:[T ]|,\s*|\s+-\s+|,?\s+(?:{words['at']})\s+)\s*"
        rf"(?P<hour>\d{{1,2}})(?:[:.]|\s?[hu]\s?)(?P<minute>\d{{2}})"
        r"(?:[:.](?P<second>\d{2})(?:[.,](?P<fraction>\d{1,9}))?)?"
        rf"(?:\s*(?:{words['hour']})\b\.?)?)?"
        r"(?:\s*(?P<half>[ap])\.?\s?m\.?)?"
        rf"(?:\s*\(?{zone}\)?)?(?:\s+utc)?(?:\s*[\[(][^\[\]()]{{1,40}}[\])])?$"
    )
    weekday = rf"(?:(?=[^\W\d])(?:{words['weekdays']})\.?,?\s+)?"
    patterns = {
        "year first": rf"(?P<year>\d{{4}})(?P<mark>[-/.])(?P<month>\d{{1,2}})(?P=mark)"
        rf"(?P<day>\d{{1,2}}){time}",
        "compact": r"(?P<year>\d{4})(?P<month>\d{2})(?P<day>\d{2})(?:[T ]?(?P<hour>\d{2}):?"
        r"(?P<minute>\d{2})(?::?(?P<second>\d{2})(?:\.(?P<fraction>\d{1,9}))?)?"
        r"(?P<zone>z|[+-]\d{2}:?\d{2})?)?$",
        "year last": rf"{weekday}(?P<one>\d{{1,2}})(?P<mark>[-/.])(?P<two>\d{{1,2}})(?P=mark)"
        rf"(?P<year>\d{{4}}|\d{{2}}){time}",
        "day named": rf"{weekday}(?P<day>\d{{1,2}})(?:{words['ordinal']})?[ ./-]{{1,3}}{_NAME}"
        rf"[ .,/-]{{1,3}}{_YEAR}{time}",
        "month named": rf"{weekday}{_NAME}\.? (?P<day>\d{{1,2}})(?:{words['ordinal']})?,? "
        rf"(?P<year>\d{{4}}){time}",
        "unix": rf"{weekday}{_NAME} +(?P<day>\d{{1,2}}) (?P<hour>\d{{1,2}}):(?P<minute>\d{{2}}):"
        r"(?P<second>\d{2}) (?:(?P<zone>[a-z]{3,4}) )?(?P<year>\d{4})$",
        "serial": r"\d{5}(?:[.,]\d{1,15})?$",
    }
    american = "|".join(data["zones"]["american"])
    return _Table(
        patterns={kind: re.compile(pattern, re.IGNORECASE) for kind, pattern in patterns.items()},
        months={name: int(month) for month, names in data["months"].items() for name in names},
        zones=data["zones"]["hours"],
        slashed=re.compile(
            rf"\s*{weekday}(\d{{1,2}})([-/.])(\d{{1,2}})\2(?:\d{{4}}|\d{{2}})(?!\d)", re.IGNORECASE
        ),
        american=re.compile(rf"[ap]\.?\s?m\b|\b(?:{american})\b", re.IGNORECASE),
    )
