"""Tone drops and new contact persons per account."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from klankbord.report.model import AccountRow, AccountSection, People
from klankbord.report.wording import Wording
from klankbord.shifts.accounts import NEW_DAYS

if TYPE_CHECKING:
    from klankbord.shifts import AccountShift

MOST_ACCOUNTS = 30
_NAMES = 3


def account_section(accounts: Sequence[AccountShift], wording: Wording) -> AccountSection:
    """Word the accounts in the order the roll-up ranked them; the page shows the first thirty."""
    dropped = sum(bool(account.dropped) for account in accounts)
    renewed = sum(bool(account.new_people) for account in accounts)
    counts = (("dropped", dropped), ("renewed", renewed))
    told = tuple(wording.count(f"shifts.accounts.{key}", n) for key, n in counts if n)
    rest = len(accounts) - MOST_ACCOUNTS
    return AccountSection(
        summary=wording.listed(told),
        note=wording("shifts.accounts.note", days=NEW_DAYS),
        rows=tuple(_row(account, wording) for account in accounts[:MOST_ACCOUNTS]),
        rest=wording.count("shifts.accounts.rest", rest) if rest > 0 else "",
    )


def _row(account: AccountShift, wording: Wording) -> AccountRow:
    took_over, value = account.took_over, account.value_eur
    return AccountRow(
        account=wording.customer(account.account_id),
        people_text=wording.number(account.people),
        dropped=_people(account.dropped, wording),
        probability_text=wording.probability(account.probability) if account.dropped else "–",
        value_text=wording.euro(value) if value is not None else wording("format.unknown"),
        newcomers=_people(account.new_people, wording),
        took_over=wording.count("shifts.accounts.took_over", len(account.new_people))
        if took_over
        else "",
    )


def _people(customers: Sequence[str], wording: Wording) -> People:
    rest = len(customers) - _NAMES
    return People(
        count_text=wording.number(len(customers)) if customers else "–",
        names=tuple(wording.customer(customer) for customer in customers[:_NAMES]),
        rest=wording("shifts.accounts.more_people", n=wording.number(rest)) if rest > 0 else "",
    )
