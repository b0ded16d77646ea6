"""What each customer is worth, and who has left, for every stage alike."""

from __future__ import annotations

from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc


def customer_values(feedback: pa.Table, customers: pa.Table) -> dict[str, float]:
    """Return the value in euros of each customer of whom one is known.

    The customer table goes before what feedback says, of which the highest counts; a value that
    is no finite number is no value.
    """
    return dict(sorted((_highest(feedback) | _highest(customers)).items()))


def present_values(feedback: pa.Table, customers: pa.Table, moment: datetime) -> dict[str, float]:
    """Return the value in euros of each customer who had not cancelled at `moment`."""
    gone = leavers(customers, moment)
    known = customer_values(feedback, customers)
    return {customer: value for customer, value in known.items() if customer not in gone}


def leavers(customers: pa.Table, moment: datetime) -> frozenset[str]:
    """Return the customers who had cancelled at `moment`."""
    cancelled = customers.column("cancelled_at")
    gone = customers.filter(pc.less_equal(cancelled, pa.scalar(moment, cancelled.type)))
    return frozenset(gone.column("customer_id").to_pylist())


def _highest(table: pa.Table) -> dict[str, float]:
    rows = table.select(["customer_id", "value_eur"])
    rows = rows.filter(
        pc.and_(
            pc.is_valid(rows["customer_id"]), pc.fill_null(pc.is_finite(rows["value_eur"]), False)
        )
    )
    highest = rows.group_by("customer_id").aggregate([("value_eur", "max")])
    ids, values = highest["customer_id"].to_pylist(), highest["value_eur_max"].to_pylist()
    return dict(zip(ids, values, strict=True))
