"""What customers do, from columns of the customer table with a month in their name.

"logins 2026-01", "logins 2026-02", … is one measure, "logins", with a value per month.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from klankbord.metrics import intervals
from klankbord.metrics.base import plain
from klankbord.metrics.figures import Figure, Gap, Span, Unit, figure, missing
from klankbord.metrics.intervals import Estimate
from klankbord.metrics.periods import Period
from klankbord.moments import DAY_US, microseconds
from klankbord.resources import toml_beside

Ints = NDArray[np.int64]

# Customer code, moment the month began (microseconds since 1970) and value of every month.
Monthly = tuple[Ints, Ints, NDArray[np.float64]]

_MONTHLY = re.compile(r"^(?P<measure>.*?)[ _-]+(?P<year>\d{4})[ _-]?(?P<month>0[1-9]|1[0-2])$")


def monthly_measures(table: pa.Table, customers: pa.Array, as_of: datetime) -> dict[str, Monthly]:
    """Return what `customers` did in each month that is over at `as_of`, by measure.

    `table` is a customer table; a code is a place in `customers`.
    """
    rows = table.select(["customer_id", "attributes"]).filter(
        pc.not_equal(table["attributes"], "{}")
    )
    code = pc.fill_null(pc.index_in(rows["customer_id"], value_set=customers), -1).to_pylist()
    found: dict[str, list[tuple[int, int, float]]] = {}
    months: dict[str, tuple[str, int] | None] = {}
    for owner, text in zip(code, rows["attributes"].to_pylist(), strict=True):
        for column, told in json.loads(text).items() if owner >= 0 else ():
            if column not in months:
                months[column] = _month(column, as_of)
            month, value = months[column], _number(told)
            if month is not None and value is not None:
                found.setdefault(month[0], []).append((owner, month[1], value))
    return {
        measure: (
            np.array([owner for owner, _, _ in rows], dtype=np.int64),
            np.array([at for _, at, _ in rows], dtype=np.int64),
            np.array([value for _, _, value in rows], dtype=np.float64),
        )
        for measure, rows in sorted(found.items())
    }


def is_orders(measure: str) -> bool:
    """Tell whether a measure counts what customers bought."""
    return plain(measure) in toml_beside(__package__, "columns.toml")["orders"]


def behaviour(
    measures: Mapping[str, Monthly], span: Span, chosen: np.ndarray, segment: str
) -> Iterator[Figure]:
    """Yield repeat purchase, and the mean per customer and month of every measure.

    `chosen` is a mask over the customer codes. Repeat purchase is the share of buyers who bought
    at least twice in the period. Months that are not over are left out.
    """
    orders = sorted(measure for measure in measures if is_orders(measure))
    if span.period is Period.WEEK:
        yield missing("repeat_purchase", span, segment, Unit.PERCENT, Gap.MONTHS_ONLY)
        return
    if not orders:
        yield missing("repeat_purchase", span, segment, Unit.PERCENT, Gap.NO_ORDERS)
    else:
        owner, _, value = _within(measures[orders[0]], span, chosen)
        found = repeat_purchase(owner, value)
        yield figure("repeat_purchase", span, segment, Unit.PERCENT, found)
    for measure in measures:
        owner, _, value = _within(measures[measure], span, chosen)
        mean = intervals.mean(value, owner)
        if mean is not None and mean.low is not None:
            mean = Estimate(mean.value, max(0.0, mean.low), mean.high, len(np.unique(owner)))
        yield figure(f"monthly:{measure}", span, segment, Unit.MEAN, mean)


def repeat_purchase(owner: Ints, orders: NDArray[np.float64]) -> Estimate | None:
    """Return the share of those with at least one order who have two or more; None without."""
    bought = np.bincount(owner, weights=orders) if owner.size else np.zeros(0)
    again = bought[bought >= 1] >= 2
    return intervals.proportion(again, np.full(len(again), -1))


def _within(monthly: Monthly, span: Span, chosen: np.ndarray) -> Monthly:
    owner, at, value = monthly
    first, after = (np.datetime64(day, "D").astype(np.int64) for day in (span.start, span.ends))
    days = at // DAY_US
    inside = (days >= first) & (days < after) & chosen[owner]
    return owner[inside], at[inside], value[inside]


def _month(column: str, as_of: datetime) -> tuple[str, int] | None:
    """Return the measure and the moment its month began; None for another column."""
    match = _MONTHLY.match(column.strip())
    if match is None or not match["measure"]:
        return None
    year, month = int(match["year"]), int(match["month"])
    if not 0 < year < 9999:
        return None
    ends = datetime(year + month // 12, month % 12 + 1, 1, tzinfo=UTC)
    if ends > as_of:
        return None
    return match["measure"], microseconds(datetime(year, month, 1, tzinfo=UTC))


def _number(told: object) -> float | None:
    """Return a value of zero or more, written with a decimal comma or point; else None."""
    try:
        value = float(str(told).strip().replace(",", "."))
    except ValueError:
        return None
    return value if 0 <= value < float("inf") else None
