"""Read dates by a fixed table of notations; nothing is guessed, an impossible date is None."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from klankbord.errors import SettingsError

_MONTH_NAMES = {
    1: "januari jan january",
    2: "februari feb february febr",
    3: "maart mrt march mar",
    4: "april apr",
    5: "mei may",
    6: "juni jun june",
    7: "juli jul july",
    8: "augustus aug august",
    9: "september sep sept",
    10: "oktober okt october oct",
    11: "november nov",
    12: "december dec",
}
_MONTHS = {name: number for number, names in _MONTH_NAMES.items() for name in names.split()}
_ZONES = {
    "z": 0, "utc": 0, "gmt": 0, "wet": 0, "bst": 1, "west": 1,
    "cet": 1, "met": 1, "mez": 1, "cest": 2, "mest": 2, "mesz": 2, "eet": 2, "eest": 3,
}  # fmt: skip
_EXCEL_DAY_ZERO = datetime(1899, 12, 30)  # noqa: DTZ001 - a spreadsheet serial has no zone
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_YEARS = range(1900, 2101)
_LONGEST = 64
_MICROSECOND = timedelta(microseconds=1)

_TIME = (
    r"(?:(?:[T ]|,\s*|\s+om\s+|\s+at\s+)\s*(?P<hour>\d{1,2})[:.](?P<minute>\d{2})"
    r"(?:[:.](?P<second>\d{2})(?:[.,](?P<fraction>\d{1,9}))?)?(?:\s*(?:uur|u)\b\.?)?)?"
    r"(?:\s*(?P<half>[ap])\.?m\.?)?"
    r"(?:\s*\(?(?P<zone>z|[a-z]{3,4}(?=\)?$)|(?:utc|gmt)?[+-]\d{1,2}(?::?\d{2})?)\)?)?$"
)
_WEEKDAY = (
    r"^(?:(?:maandag|dinsdag|woensdag|donderdag|vrijdag|zaterdag|zondag|ma|di|wo|do|vr|za|zo"
    r"|monday|tuesday|wednesday|thursday|friday|saturday|sunday|mon|tue|wed|thu|fri|sat|sun)"
    r"\.?,?\s+)?"
)
_YEAR_FIRST = re.compile(
    r"^(?P<year>\d{4})(?P<mark>[-/.])(?P<month>\d{1,2})(?P=mark)(?P<day>\d{1,2})" + _TIME,
    re.IGNORECASE,
)
_YEAR_LAST = re.compile(
    _WEEKDAY + r"(?P<one>\d{1,2})(?P<mark>[-/.])(?P<two>\d{1,2})(?P=mark)(?P<year>\d{4}|\d{2})"
    + _TIME,
    re.IGNORECASE,
)  # fmt: skip
_DAY_NAMED = re.compile(
    _WEEKDAY + r"(?P<day>\d{1,2})(?:e|ste|de)?[ .-]{1,3}(?P<name>[a-z]{3,9})[ .-]{1,3}"
    r"(?P<year>\d{4}|\d{2})" + _TIME,
    re.IGNORECASE,
)
_MONTH_NAMED = re.compile(
    _WEEKDAY + r"(?P<name>[a-z]{3,9})\.? (?P<day>\d{1,2})(?:st|nd|rd|th)?,? (?P<year>\d{4})"
    + _TIME,
    re.IGNORECASE,
)  # fmt: skip
_COMPACT = re.compile(
    r"^(?P<year>\d{4})(?P<month>\d{2})(?P<day>\d{2})"
    r"(?:T(?P<hour>\d{2})(?P<minute>\d{2})(?P<second>\d{2})?(?P<zone>Z)?)?$"
)
_SERIAL = re.compile(r"^\d{5}(?:[.,]\d{1,12})?$")
_SLASHED = re.compile(r"^\s*(\d{1,2})([-/.])(\d{1,2})\2(?:\d{4}|\d{2})\b")


def zone(name: str) -> tzinfo:
    """Return the time zone called `name`; raises SettingsError where there is none."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise SettingsError(
            f"unknown time zone '{name}'", hint="use a name such as Europe/Amsterdam or UTC"
        ) from error


def day_comes_first(values: Iterable[object]) -> bool:
    """Tell the order of day and month over a column; day first where it could be either."""
    month_first = False
    for value in values:
        match = _SLASHED.match(value) if isinstance(value, str) else None
        if match is None:
            continue
        if int(match[1]) > 12:
            return True
        if int(match[3]) > 12 and match[2] == "/":
            month_first = True
    return not month_first


@dataclass
class DateReader:
    """Turns cells into UTC times; `date_format` is a strptime format, "epoch_s" or "epoch_ms"."""

    timezone: str = "Europe/Amsterdam"  # of times without a zone
    day_first: bool = True
    date_format: str = ""
    _zone: tzinfo = field(init=False, repr=False)
    _known: dict[str, int | None] = field(init=False, repr=False, default_factory=dict)

    def __post_init__(self) -> None:
        self._zone = zone(self.timezone)

    def microseconds(self, value: object) -> int | None:
        """Return `value` as microseconds since 1970 UTC, or None where it is no possible date."""
        if isinstance(value, str):
            text = value.strip()
            if len(text) > _LONGEST:
                return None
            if text not in self._known:
                if len(self._known) > 100_000:
                    self._known.clear()
                self._known[text] = self._micros(self._parse(text))
            return self._known[text]
        return self._micros(self._from_object(value))

    def utc(self, value: object) -> datetime | None:
        """Return `value` as a UTC time, or None where it is no possible date."""
        micros = self.microseconds(value)
        return None if micros is None else _EPOCH + timedelta(microseconds=micros)

    def _micros(self, moment: datetime | None) -> int | None:
        if moment is None or moment.year not in _YEARS:
            return None
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=self._zone)
        return (moment.astimezone(UTC) - _EPOCH) // _MICROSECOND

    def _from_object(self, value: object) -> datetime | None:
        if isinstance(value, datetime):
            return value
        if isinstance(value, date):
            return datetime(value.year, value.month, value.day)  # noqa: DTZ001 - zone set later
        if isinstance(value, int | float) and not isinstance(value, bool):
            if self.date_format.startswith("epoch"):
                return _epoch(float(value), self.date_format)
            return _serial(float(value))
        return None

    def _parse(self, text: str) -> datetime | None:
        try:
            if self.date_format.startswith("epoch"):
                return _epoch(float(text), self.date_format)
            if self.date_format:
                return datetime.strptime(text, self.date_format)  # noqa: DTZ007 - zone set later
            return self._by_table(text)
        except (ValueError, OverflowError):
            return None

    def _by_table(self, text: str) -> datetime | None:
        text = text.replace("\u202f", " ").replace("\u00a0", " ")
        if match := _YEAR_FIRST.match(text) or _COMPACT.match(text):
            return _moment(match, int(match["month"]), int(match["day"]))
        if match := _YEAR_LAST.match(text):
            one, two = int(match["one"]), int(match["two"])
            day, month = (one, two) if self.day_first else (two, one)
            return _moment(match, month, day)
        if match := _DAY_NAMED.match(text) or _MONTH_NAMED.match(text):
            month_named = _MONTHS.get(match["name"].lower())
            return _moment(match, month_named, int(match["day"])) if month_named else None
        if _SERIAL.match(text):
            return _serial(float(text.replace(",", ".")))
        return None


def _moment(match: re.Match[str], month: int, day: int) -> datetime | None:
    part = match.groupdict()
    year = int(part["year"])
    if len(part["year"]) == 2:
        year += 2000 if year < 70 else 1900
    hour = int(part.get("hour") or 0)
    half = (part.get("half") or "").lower()
    if half:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if half == "p" else 0)
    fraction = ((part.get("fraction") or "") + "000000")[:6]
    moment = datetime(  # noqa: DTZ001 - the zone follows
        year, month, day, hour, int(part.get("minute") or 0), int(part.get("second") or 0),
        int(fraction),
    )  # fmt: skip
    name = (part.get("zone") or "").lower()
    if not name:
        return moment
    offset = _offset(name)
    return None if offset is None else moment.replace(tzinfo=offset)


def _offset(name: str) -> timezone | None:
    if name in _ZONES:
        return timezone(timedelta(hours=_ZONES[name]))
    match = re.fullmatch(r"(?:utc|gmt)?([+-])(\d{1,2}):?(\d{2})?", name)
    if match is None:
        return None
    size = timedelta(hours=int(match[2]), minutes=int(match[3] or 0))
    if size >= timedelta(hours=15):
        return None
    return timezone(-size if match[1] == "-" else size)


def _serial(days: float) -> datetime | None:
    if not 10_000 <= days < 73_415:  # 1927 … 2100; smaller numbers are no dates
        return None
    return _EXCEL_DAY_ZERO + timedelta(seconds=round(days * 86_400))


def _epoch(count: float, unit: str) -> datetime | None:
    seconds = count / 1000 if unit == "epoch_ms" else count
    if not -2e9 < seconds < 4.2e9:
        return None
    return _EPOCH + timedelta(seconds=seconds)
