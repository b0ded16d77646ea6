"""The value of customers whose tone dropped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from klankbord.records import ToneShift
from klankbord.report.wording import Wording


@dataclass(frozen=True)
class Risk:
    """Value at stake: of customers with a drop who have not left."""

    amount: float | None  # None where no value is known
    customers: int  # with a drop
    amount_text: str
    detail: str


def value_at_risk(
    shifts: Sequence[ToneShift], values: Mapping[str, float], wording: Wording
) -> Risk:
    """Add up the value of the customers with a drop, each customer once."""
    dropped = sorted({shift.customer_id for shift in shifts if shift.kind.is_drop})
    known = [values[customer] for customer in dropped if customer in values]
    if not dropped:
        return Risk(None, 0, "–", wording("figure.value.no_drops"))
    if not known:
        return Risk(None, len(dropped), "–", wording.count("figure.value.unknown", len(dropped)))
    amount, total = sum(known), sum(values.values())
    of_total = ""
    if total > 0:
        of_total = wording("figure.value.of_total", share=wording.percent(amount / total, 1))
    detail = wording.count("figure.value.detail", len(dropped), with_value=len(known))
    return Risk(amount, len(dropped), wording.euro(amount), f"{detail}{of_total}")
