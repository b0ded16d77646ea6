"""Tone shifts and accounts as `klankbord flags` draws them on a terminal: a line each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from klankbord.cli.output import table
from klankbord.report.wording import Wording

if TYPE_CHECKING:
    from klankbord.records import ToneShift
    from klankbord.settings import Settings
    from klankbord.shifts import AccountShift


def drawn_shifts(ranked: Mapping[object, ToneShift], settings: Settings) -> None:
    """Draw tone shifts, given by their rank; why each is there takes a page of its own."""
    wording = Wording(settings.language, settings.timezone, {})
    rows = [
        (
            str(rank),
            shift.customer_id,
            wording.label("kind", shift.kind).lower(),
            wording.label("tone", shift.before),
            wording.label("tone", shift.after),
            f"{wording.local_day(shift.after_at):%d-%m-%y}",
            _sure(shift.probability),
            _euro(shift.value_eur, wording),
        )
        for rank, shift in ranked.items()
    ]
    headings = ("#", "customer", "kind", "from", "to", "since", "sure", "value")
    whole = ("#", "customer", "from", "to", "since", "sure", "value")
    table("", headings, rows, whole=whole, right=("#", "sure", "value"))


def drawn_accounts(found: Sequence[AccountShift], settings: Settings) -> None:
    """Draw accounts with the people who turned and those who are new."""
    wording = Wording(settings.language, settings.timezone, {})
    rows = [
        (
            one.account_id,
            str(one.people),
            " ".join(one.dropped),
            _sure(one.probability) if one.dropped else "",
            _euro(one.value_eur, wording),
            " ".join(one.new_people) + (" (took over)" if one.took_over else ""),
        )
        for one in found
    ]
    headings = ("account", "people", "cooled", "sure", "value", "new people")
    whole = ("account", "people", "sure", "value")
    table("", headings, rows, whole=whole, right=("people", "sure", "value"))


def _sure(probability: float) -> str:
    return f"{min(round(100 * probability), 99)}%"


def _euro(value: float | None, wording: Wording) -> str:
    return "" if value is None else wording.euro(value)
