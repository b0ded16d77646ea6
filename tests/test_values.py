import math
from datetime import UTC, datetime

import pyarrow as pa

from klankbord.schema import CUSTOMERS, FEEDBACK
from klankbord.values import customer_values, leavers, present_values


def table(schema: pa.Schema, *rows: tuple[str | None, float | None]) -> pa.Table:
    columns = {"customer_id": [who for who, _ in rows], "value_eur": [value for _, value in rows]}
    return pa.table({name: pa.array(columns[name], schema.field(name).type) for name in columns})


def test_the_customer_table_goes_first_else_the_highest_that_feedback_says() -> None:
    feedback = table(
        FEEDBACK, ("K-2", 5.0), ("K-1", 10.0), ("K-1", 30.0), ("K-3", None), (None, 9.0), ("K-4", 4)
    )
    customers = table(CUSTOMERS, ("K-2", 1.0), ("K-4", None), ("K-5", 7.0))
    assert customer_values(feedback, customers) == {"K-1": 30, "K-2": 1, "K-4": 4, "K-5": 7}
    assert list(customer_values(feedback, customers)) == ["K-1", "K-2", "K-4", "K-5"]


def test_what_is_no_number_is_no_value() -> None:
    feedback = table(FEEDBACK, ("K-1", math.nan), ("K-1", 2.0), ("K-2", math.inf), ("K-3", 3.0))
    customers = table(CUSTOMERS, ("K-3", math.nan))
    assert customer_values(feedback, customers) == {"K-1": 2.0, "K-3": 3.0}


def test_who_has_cancelled_counts_no_more_from_that_moment() -> None:
    feedback = table(FEEDBACK, ("K-1", 1.0), ("K-2", 2.0), ("K-3", 3.0))
    cancelled = [datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 3, tzinfo=UTC), None]
    customers = table(CUSTOMERS, ("K-1", None), ("K-2", None), ("K-3", None)).append_column(
        "cancelled_at", pa.array(cancelled, CUSTOMERS.field("cancelled_at").type)
    )
    assert leavers(customers, datetime(2026, 3, 2, tzinfo=UTC)) == {"K-1"}
    assert present_values(feedback, customers, datetime(2026, 3, 3, tzinfo=UTC)) == {"K-3": 3.0}
