"""What customers do, from columns of the customer table with a month in their name.

The last values of a monthly measure (see `metrics.monthly`) are compared with the earlier ones by
the test that hears answers shrink (`falls.py`), so that a fall in use spends from the same budget
of false alarms.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from klankbord.metrics.monthly import monthly_measures
from klankbord.shifts.falls import Change, fall, no_change


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
    for measure, (owner, at, value) in monthly_measures(table, customers, as_of).items():
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
