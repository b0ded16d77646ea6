"""Small feedback and customer tables for the tests of figures."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import Any

import pyarrow as pa

from klankbord.schema import CUSTOMERS, FEEDBACK

AS_OF = datetime(2026, 12, 31, 23, 0, tzinfo=UTC)  # the end of 2026 in Amsterdam
ZONE = "Europe/Amsterdam"


def feedback(rows: list[dict[str, Any]]) -> pa.Table:
    """Answers to an NPS question in March 2026, but for what `rows` say."""
    standard = {
        "source": "csv",
        "channel": "survey",
        "author_role": "customer",
        "verbatim": "",
        "attributes": "{}",
        "score_metric": "nps",
        "received_at": datetime(2026, 3, 10, 12, tzinfo=UTC),
    }
    full = [{"feedback_id": f"f{at}", **standard, **row} for at, row in enumerate(rows)]
    return pa.Table.from_pylist(full, schema=FEEDBACK)


def customers(rows: list[dict[str, Any]]) -> pa.Table:
    """Customers since 2020; days may be given as dates, attributes as a dict."""
    full = []
    for at, row in enumerate(rows):
        own = {"customer_id": f"k{at:05}", "started_at": date(2020, 1, 1), **row}
        own["attributes"] = json.dumps(own.get("attributes", {}))
        for name in ("started_at", "cancelled_at"):
            if isinstance(own.get(name), date) and not isinstance(own[name], datetime):
                own[name] = datetime(own[name].year, own[name].month, own[name].day, 12, tzinfo=UTC)
        full.append(own)
    return pa.Table.from_pylist(full, schema=CUSTOMERS)
