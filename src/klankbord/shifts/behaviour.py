"""What customers do, from columns of the customer table with a month in their name.

"logins 2026-01", "logins 2026-02", … is one measure, "logins", with a value per month. Its last
values are compared with the earlier ones by the test that hears answers shrink (`falls.py`), so
that a fall in use spends from the same budget of false alarms.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from klankbord.moments import microseconds
from klankbord.shifts.falls import Change, fall, no_change
from klankbord.shifts.histories import Ints

_MONTHLY = re.compile(r"^(?P<measure>.*?)[ _-]+(?P<year>\d{4})[ _-]?(?P<month>0[1-9]|1[0-2])$")


@dataclass(frozen=True, eq=False)
class Behaviour:
    """The measure of each customer that most probably fell, one entry a customer code."""

    change: Change
    measure: NDArray[np.object_]  # name of the measure; "" where there is none


def behave(table: pa.Table, customers: pa.Array, as_of: datetime) -> Behaviour:
    """Return what fell, of every one of `customers`, in months that are over at `as_of`."""
    n = len(customers)
    names = np.full(n, "", dtype=object)
    best = no_change(n)
    for measure, (owner, at, value) in _measures(table, customers, as_of).items():
        order = np.lexsort((at, owner))
        own, moments, values = owner[order], at[order], value[order]
        found = fall(values, np.log1p(values), own, moments, n)
        better = found.probability > best.probability
        names[better] = measure
        for known, new in (
            (best.probability, found.probability), (best.before, found.before),
            (best.after, found.after), (best.since, found.since),
        ):  # fmt: skip
            known[better] = new[better]
    return Behaviour(best, names)


def _measures(
    table: pa.Table, customers: pa.Array, as_of: datetime
) -> dict[str, tuple[Ints, Ints, NDArray[np.float64]]]:
    """Return the customer code, moment (microseconds) and value of every month, by measure."""
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


def _month(column: str, as_of: datetime) -> tuple[str, int] | None:
    """Return the measure and the moment its month began; None for another column."""
    match = _MONTHLY.match(column.strip())
    if match is None or not match["measure"]:
        return None
    year, month = int(match["year"]), int(match["month"])
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
