"""Turn cells into UTC times, and decide for a whole column how its dates are written.

A time without a zone that the clocks skip in spring is read as if they had not been put forward
yet; one that comes twice in autumn is the first of the two.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from klankbord.errors import SettingsError
from klankbord.sources.notations import LONGEST, notation, parse, serial, slashed

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_NAIVE = datetime(1970, 1, 1)  # noqa: DTZ001 - what a local time is counted from
_NO_OFFSET = timedelta()
_YEARS = range(1900, 2101)
_REMEMBERED = 100_000
_NOT_READ = object()
_PER_SECOND = {"epoch_s": 1, "epoch_ms": 10**3, "epoch_us": 10**6, "epoch_ns": 10**9}
_UNITS = {
    "epoch_s": "seconds", "epoch_ms": "milliseconds",
    "epoch_us": "microseconds", "epoch_ns": "nanoseconds",
}  # fmt: skip
_SECONDS_1990, _SECONDS_2100 = 631_152_000, 4_102_444_800
_SHAPES_KEPT = 1_000
_WORTH_SAYING = 0.01  # share of the dates that a second notation must have
_DIGITS = str.maketrans("123456789", "000000000")


def zone(name: str) -> tzinfo:
    """Return the time zone called `name`; raises SettingsError where there is none."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise SettingsError(
            "unknown time zone", hint="use a name such as Europe/Amsterdam or UTC"
        ) from error


@dataclass(frozen=True)
class DateColumn:
    """How the dates of one column are written, and on what grounds that was decided."""

    day_first: bool
    notation: str  # "dd-mm-jjjj uu:mm", "ISO 8601", "Excel-getal" …; "" without any date
    because: str
    ambiguous: int  # values that are another date with day and month swapped
    date_format: str = ""  # what DateReader is to be told: "epoch_s", "epoch_ms" … or ""
    decided: bool = True  # False where both orders are possible and the usual one is taken


def survey(values: Iterable[object]) -> DateColumn:
    """Decide from the values of one column how its dates are to be read.

    A value such as 13/02 decides the order of day and month for all. Where both orders have such
    values the majority is followed, and `DateReader` gives None for the others. Where none has,
    the day comes first, except with "/" and a.m., p.m. or an American time zone.
    """
    counts = _Counts()
    for value in values:
        counts.add(value)
    for unit, found in counts.epochs.items():
        if found == counts.filled:
            because = f"every value is a count of {_UNITS[unit]} since 1970"
            return DateColumn(True, "epoch", because, 0, unit)
    day_first, because = counts.order()
    return DateColumn(
        day_first, counts.notation(day_first), because, counts.ambiguous, "", counts.decided
    )


class _Counts:
    """What the values of a column tell about its notation."""

    def __init__(self) -> None:
        self.filled = 0
        self.epochs: Counter[str] = Counter()
        self.ambiguous = 0
        self._day_only = self._month_only = 0
        self._slashes = self._american = 0  # among the ambiguous ones
        self._cells: Counter[str] = Counter()  # what is no text
        self._shapes: Counter[str] = Counter()  # texts with every digit a 0
        self._examples: dict[str, str] = {}

    def add(self, value: object) -> None:
        if isinstance(value, date):
            self._cells["datumcel"] += 1
            self.filled += 1
        elif isinstance(value, int | float) and not isinstance(value, bool):
            self._add_number(float(value) if abs(value) < 1e300 else 0.0)
        elif isinstance(value, str) and len(value) <= LONGEST:
            self._add_text(value.strip())

    def _add_number(self, number: float) -> None:
        self.filled += 1
        if serial(number) is not None:
            self._cells["Excel-getal"] += 1
        elif unit := _epoch_unit(number):
            self.epochs[unit] += 1

    def _add_text(self, text: str) -> None:
        shape = text.translate(_DIGITS)
        if "0" not in shape:
            return
        self.filled += 1
        if text[:9].isdecimal() and len(text) > 8 and (unit := _epoch_unit(_number(text))):
            self.epochs[unit] += 1
            return
        if shape in self._examples or len(self._examples) < _SHAPES_KEPT:
            self._examples.setdefault(shape, text)
            self._shapes[shape] += 1
        found = slashed(text)
        if found is None:
            return
        if found.day_first and found.month_first:
            if found.one != found.two:
                self.ambiguous += 1
                self._slashes += found.mark == "/"
                self._american += found.mark == "/" and found.american
        else:
            self._day_only += found.day_first
            self._month_only += found.month_first

    @property
    def decided(self) -> bool:
        """Tell whether a value shows the order of day and month, or none needs it."""
        return bool(self._day_only or self._month_only or not self.ambiguous)

    def order(self) -> tuple[bool, str]:
        """Return whether the day comes first, and why."""
        day, month = self._day_only, self._month_only
        if day and month:
            return day >= month, (
                f"contradictory: {day} values exist only with the day first and {month} only with "
                "the month first; the majority is followed and the others are not read"
            )
        if day or month:
            which = "day" if day else "month"
            return bool(day), f"{day or month} values exist only with the {which} first"
        if not self.ambiguous:
            return True, "the order of day and month is plain"
        if 2 * self._american > self.ambiguous:
            return (
                False,
                "no value decides; a.m., p.m. or an American time zone point to month first",
            )
        if self._slashes:
            return True, "no value decides; the day comes first as in Dutch exports"
        return True, "no value decides; the day comes first with '-' and '.'"

    def notation(self, day_first: bool) -> str:
        """Return the commonest notation, and the next one where it is not rare."""
        found = Counter(self._cells)
        for shape, count in self._shapes.items():
            found[notation(self._examples[shape], day_first)] += count
        found.pop("", None)
        names = [
            name for name, count in found.most_common(2) if count >= _WORTH_SAYING * found.total()
        ]
        return f"{names[0]} (ook {names[1]})" if len(names) == 2 else "".join(names)


@dataclass
class DateReader:
    """Turns cells into UTC times.

    `date_format` is a strptime format or "epoch_s", "epoch_ms", "epoch_us" or "epoch_ns"; "" for
    the notations known.
    """

    timezone: str = "Europe/Amsterdam"  # of times without a zone
    day_first: bool = True
    date_format: str = ""
    _zone: tzinfo = field(init=False, repr=False)
    _known: dict[str, int | None] = field(init=False, repr=False, default_factory=dict)

    def __post_init__(self) -> None:
        self._zone = zone(self.timezone)

    def microseconds(self, value: object) -> int | None:
        """Return `value` as microseconds since 1970 UTC, or None where it is no possible date."""
        if not isinstance(value, str):
            return self._micros(self._from_object(value))
        found = self._known.get(value, _NOT_READ)
        if found is not _NOT_READ:
            return found  # type: ignore[return-value]
        text = value.strip()
        if len(text) > LONGEST:
            return None
        if len(self._known) > _REMEMBERED:
            self._known.clear()
        micros = self._known[value] = self._micros(self._parse(text))
        return micros

    def utc(self, value: object) -> datetime | None:
        """Return `value` as a UTC time, or None where it is no possible date."""
        micros = self.microseconds(value)
        return None if micros is None else _EPOCH + timedelta(microseconds=micros)

    def _micros(self, moment: datetime | None) -> int | None:
        if moment is None or moment.year not in _YEARS:
            return None
        if moment.tzinfo is None:
            passed = moment - _EPOCH_NAIVE - (self._zone.utcoffset(moment) or _NO_OFFSET)
        else:
            passed = moment - _EPOCH
        return (passed.days * 86_400 + passed.seconds) * 1_000_000 + passed.microseconds

    def _from_object(self, value: object) -> datetime | None:
        if isinstance(value, datetime):
            return value
        if isinstance(value, date):
            return datetime(value.year, value.month, value.day)  # noqa: DTZ001 - zone set later
        if isinstance(value, int | float) and not isinstance(value, bool):
            if self.date_format in _PER_SECOND:
                return _epoch(value, self.date_format)
            return serial(value)
        return None

    def _parse(self, text: str) -> datetime | None:
        try:
            if self.date_format in _PER_SECOND:
                return _epoch(float(text), self.date_format)
            if self.date_format:
                return datetime.strptime(text, self.date_format)  # noqa: DTZ007 - zone set later
            return parse(text, self.day_first)
        except (ValueError, OverflowError):
            return None


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0


def _epoch_unit(count: float) -> str:
    """Return the unit in which `count` since 1970 is a moment between 1990 and 2100, or ""."""
    for unit, per_second in _PER_SECOND.items():
        if _SECONDS_1990 <= count / per_second < _SECONDS_2100:
            return unit
    return ""


def _epoch(count: float, unit: str) -> datetime | None:
    if abs(count) > 1e300:  # too large an int for a float to hold
        return None
    seconds = count / _PER_SECOND[unit]
    if not -2e9 < seconds < 4.2e9:
        return None
    return _EPOCH + timedelta(seconds=seconds)
