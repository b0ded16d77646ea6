"""Tone shifts rolled up to accounts: the people of one company, and who is new among them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from math import prod

import pyarrow as pa
import pyarrow.compute as pc

from klankbord.moments import DAY_US, microseconds
from klankbord.records import ToneShift
from klankbord.schema import SPEAKING
from klankbord.values import present_values

_Person = tuple[str, int, int]  # who, and when first and last heard, in microseconds

NEW_DAYS = 90  # whoever was first heard since then is new, and took over if no one else was heard


@dataclass(frozen=True)
class AccountShift:
    """An account with a drop in tone, or with a new contact person."""

    account_id: str
    people: int  # customers of the account who ever said something
    dropped: tuple[str, ...]  # of them on the list with a drop, likeliest first
    probability: float  # that at least one of these drops is real, 1 - prod(1 - p)
    value_eur: float | None  # of all its people who have not cancelled together
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
    people: dict[str, list[_Person]] = {}
    for account, person in _heard(feedback, customers, as_of):
        people.setdefault(account, []).append(person)
    drops: dict[str, float] = {}
    for shift in shifts if people else ():
        if shift.kind.is_drop:
            known = drops.get(shift.customer_id, 0.0)
            drops[shift.customer_id] = max(known, shift.probability)
    worth = present_values(feedback, customers, as_of) if people else {}
    since = microseconds(as_of) - NEW_DAYS * DAY_US
    found = [_one(account, own, drops, worth, since) for account, own in people.items()]
    told = [one for one in found if one.dropped or one.new_people]
    return tuple(sorted(told, key=lambda one: (-one.probability, one.account_id)))


def _one(
    account: str,
    people: list[_Person],
    drops: dict[str, float],
    worth: dict[str, float],
    since: int,
) -> AccountShift:
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


def _heard(
    feedback: pa.Table, customers: pa.Table, as_of: datetime
) -> Iterator[tuple[str, _Person]]:
    """Yield everybody of an account who said something, with that account."""
    at = feedback["received_at"]
    theirs = pc.and_kleene(
        pc.and_kleene(
            pc.is_valid(feedback["customer_id"]),
            pc.is_in(feedback["author_role"], pa.array(SPEAKING, pa.string())),
        ),
        pc.less_equal(at, pa.scalar(as_of, at.type)),
    )
    rows = feedback.select(["customer_id", "account_id"])
    rows = rows.append_column("at", at.cast(pa.int64())).filter(theirs)
    belongs = _named(rows.sort_by("at")) | _named(customers)
    of_account = pc.is_in(rows["customer_id"], pa.array(belongs, pa.string()))
    heard = rows.filter(of_account).group_by("customer_id")
    for row in heard.aggregate([("at", "min"), ("at", "max")]).to_pylist():
        person = row["customer_id"], row["at_min"], row["at_max"]
        yield belongs[row["customer_id"]], person


def _named(rows: pa.Table) -> dict[str, str]:
    """Return the last account that `rows` name of each customer."""
    known = rows.filter(pc.greater(pc.utf8_length(rows["account_id"]), 0))
    last = known.group_by("customer_id", use_threads=False).aggregate([("account_id", "last")])
    names, accounts = last["customer_id"].to_pylist(), last["account_id_last"].to_pylist()
    return dict(zip(names, accounts, strict=True))
