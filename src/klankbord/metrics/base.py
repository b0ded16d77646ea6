"""The customer base: who was a customer on which day, and what they bring in."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

import numpy as np
import pyarrow as pa

from klankbord.arrays import to_numpy
from klankbord.moments import UNDATED, local_days
from klankbord.resources import toml_beside

_NAT = np.datetime64("NaT", "D")
_SIGNS = re.compile(r"[\W_]+")
_DAY_FIRST = re.compile(r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})\b")


@dataclass(frozen=True, eq=False)
class CustomerBase:
    """One entry per customer whose first day is known; days are local, datetime64[D]."""

    rows: np.ndarray  # place of each in the customer table
    started: np.ndarray
    cancelled: np.ndarray  # NaT for who never left
    returned: np.ndarray  # NaT for who never came back after that
    value: np.ndarray  # euros per year, nan where unknown
    without_start: int  # left out: no first day …
    contradictory: int  # … or a last day before the first
    tells_returns: bool  # there is a column that says who came back

    def active(self, day: date) -> np.ndarray:
        """Tell who was a customer when `day` began."""
        at = np.datetime64(day, "D")
        left = self.cancelled < at  # a comparison with NaT is false
        there: np.ndarray = (self.started < at) & (~left | (self.returned < at))
        return there

    def lost(self, day: date) -> np.ndarray:
        """Tell who had been a customer, and no longer was one when `day` began."""
        gone: np.ndarray = (self.cancelled < np.datetime64(day, "D")) & ~self.active(day)
        return gone

    def years(self, first: date, after: date) -> np.ndarray:
        """Return how many years each was a customer from `first` up to `after`."""
        once = _overlap(self.started, self.cancelled, first, after)
        again = _overlap(self.returned, np.full(len(self.rows), _NAT), first, after)
        days: np.ndarray = once + np.where(np.isnat(self.returned), 0, again)
        return days / 365.25

    def leavers(self, first: date, after: date) -> np.ndarray:
        """Tell who cancelled from `first` up to `after`."""
        low, high = np.datetime64(first, "D"), np.datetime64(after, "D")
        return (self.cancelled >= low) & (self.cancelled < high)


def customer_base(table: pa.Table, values: Mapping[str, float], timezone: str) -> CustomerBase:
    """Read a table of schema CUSTOMERS; `values` are euros per year by customer id.

    Who has a date of return had left before, and stays from then on: the table has room for one
    departure. A negative value is no value.
    """
    started, cancelled = (
        _days(table["started_at"], timezone),
        _days(table["cancelled_at"], timezone),
    )
    attributes = tuple(json.loads(text) for text in table["attributes"].to_pylist())
    column = returns_column(attributes)
    told = [_day(own.get(column)) if column else None for own in attributes]
    returned = np.array([day or _NAT for day in told], "datetime64[D]")
    returned = np.where(returned >= cancelled, returned, _NAT)
    known = ~np.isnat(started)
    impossible = known & (cancelled < started)
    kept = np.flatnonzero(known & ~impossible)
    value = np.array([values.get(one, np.nan) for one in table["customer_id"].to_pylist()], float)
    return CustomerBase(
        rows=kept,
        started=started[kept],
        cancelled=cancelled[kept],
        returned=returned[kept],
        value=np.where(value >= 0, value, np.nan)[kept],
        without_start=int((~known).sum()),
        contradictory=int(impossible.sum()),
        tells_returns=bool(column),
    )


def plain(header: str) -> str:
    """Return a header in lower case, its signs and spaces as single spaces."""
    return _SIGNS.sub(" ", header.casefold()).strip()


def returns_column(attributes: tuple[Mapping[str, object], ...]) -> str:
    """Return the attribute that says when a customer came back, "" without one."""
    names = {name for own in attributes for name in own}
    known = set(toml_beside(__package__, "columns.toml")["returned_at"])
    return min((name for name in names if plain(name) in known), default="")


def _days(column: pa.ChunkedArray, timezone: str) -> np.ndarray:
    at = to_numpy(column.cast(pa.int64()).fill_null(UNDATED)).astype(np.int64)
    return local_days(at, timezone).astype("datetime64[D]")


def _day(told: object) -> date | None:
    """Return a date written as 2026-03-01 or 1-3-2026; None for anything else."""
    text = str(told or "").strip()
    try:
        if match := _DAY_FIRST.match(text):
            return date(int(match[3]), int(match[2]), int(match[1]))
        return datetime.fromisoformat(text).date()
    except ValueError:
        return None


def _overlap(begin: np.ndarray, end: np.ndarray, first: date, after: date) -> np.ndarray:
    low, high = np.datetime64(first, "D"), np.datetime64(after, "D")
    latest = np.where(np.isnat(end), high, np.minimum(end, high))
    days: np.ndarray = np.maximum(0, (latest - np.maximum(begin, low)).astype(np.int64))
    return days
