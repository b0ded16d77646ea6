"""Tone shifts rolled up to accounts: the people of one company, and who is new among them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import prod

import pyarrow as pa
import pyarrow.compute as pc

from klankbord.records import ToneShift
from klankbord.schema import SPEAKING, ShiftKind
from klankbord.values import customer_values

NEW_DAYS = 90  # whoever was first heard since then is new, and took over if no one else was heard


@dataclass(frozen=True)
class AccountShift:
    """An account with a drop in tone, or with a new contact person."""

    account_id: str
    people: int  # customers of the account who ever said something
    dropped: tuple[str, ...]  # of them on the list with a drop, likeliest first
    probability: float  # that at least one of these drops is real, 1 - prod(1 - p)
    value_eur: float | None  # of all its people together
    new_people: tuple[str, ...]  # first heard in the last 90 days, beside people known for longer
    took_over: bool  # nobody known for longer was heard in those days


def roll_up(
    feedback: pa.Table, customers: pa.Table, shifts: Sequence[ToneShift], *, as_of: datetime
) -> tuple[AccountShift, ...]:
    """Return the accounts with something to tell, the surest drop first, then new contacts.

    A customer belongs to the account of the customer table, else to that of their feedback. The
    drops of one account are taken as independent, so the probability is a lower bound where they
    have a cause in common.
    """
    as_of = as_of if as_of.tzinfo else as_of.replace(tzinfo=UTC)
    heard = _heard(feedback, as_of)
    belongs = _accounts(customers)
    people: dict[str, list[tuple[str, datetime, datetime]]] = {}
    for customer, account, first, last in heard:
        people.setdefault(belongs.get(customer, account) or "", []).append((customer, first, last))
    people.pop("", None)
    drops: dict[str, float] = {}
    for shift in shifts:
        if shift.kind is not ShiftKind.HERSTEL:
            known = drops.get(shift.customer_id, 0.0)
            drops[shift.customer_id] = max(known, shift.probability)
    worth = customer_values(feedback, customers)
    found = [_one(account, own, drops, worth, as_of) for account, own in people.items()]
    told = [one for one in found if one.dropped or one.new_people]
    return tuple(sorted(told, key=lambda one: (-one.probability, one.account_id)))


def _one(
    account: str,
    people: list[tuple[str, datetime, datetime]],
    drops: dict[str, float],
    worth: dict[str, float],
    as_of: datetime,
) -> AccountShift:
    since = as_of - timedelta(days=NEW_DAYS)
    newcomers = tuple(sorted(name for name, first, _ in people if first >= since))
    known = [(name, last) for name, first, last in people if first < since]
    dropped = sorted((name for name, _, _ in people if name in drops), key=lambda n: (-drops[n], n))
    values = [worth[name] for name, _, _ in people if name in worth]
    return AccountShift(
        account_id=account,
        people=len(people),
        dropped=tuple(dropped),
        probability=1.0 - prod(1.0 - drops[name] for name in dropped),
        value_eur=sum(values) if values else None,
        new_people=newcomers if known else (),
        took_over=bool(known and newcomers) and all(last < since for _, last in known),
    )


def _heard(feedback: pa.Table, as_of: datetime) -> list[tuple[str, str | None, datetime, datetime]]:
    """Return of each customer the latest account named, and when they were heard first and last."""
    moment = pa.scalar(as_of, feedback["received_at"].type)
    theirs = pc.and_kleene(
        pc.and_kleene(
            pc.is_valid(feedback["customer_id"]),
            pc.is_in(feedback["author_role"], pa.array(SPEAKING, pa.string())),
        ),
        pc.less_equal(feedback["received_at"], moment),
    )
    columns = ["customer_id", "account_id", "received_at"]
    rows = feedback.select(columns).filter(theirs)
    first_last = rows.group_by("customer_id").aggregate(
        [("received_at", "min"), ("received_at", "max")]
    )
    named = rows.filter(pc.is_valid(rows["account_id"])).sort_by("received_at")
    account = dict(
        zip(named["customer_id"].to_pylist(), named["account_id"].to_pylist(), strict=True)
    )
    return [
        (row["customer_id"], account.get(row["customer_id"]),
         row["received_at_min"], row["received_at_max"])
        for row in first_last.to_pylist()
    ]  # fmt: skip


def _accounts(customers: pa.Table) -> dict[str, str]:
    rows = customers.select(["customer_id", "account_id"]).filter(
        pc.is_valid(customers["account_id"])
    )
    return dict(zip(rows["customer_id"].to_pylist(), rows["account_id"].to_pylist(), strict=True))
