from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pyarrow as pa
import pytest

from klankbord.schema import CUSTOMERS, ShiftKind
from klankbord.shifts import find_shifts
from klankbord.shifts.accounts import roll_up

from .builders import AS_OF, Piece, crowd, history, tables

NOBODY = CUSTOMERS.empty_table()


def company(*people: tuple[str, str]) -> pa.Table:
    rows = [
        {"customer_id": name, "account_id": account, "value_eur": 100.0, "attributes": "{}"}
        for name, account in people
    ]
    return pa.Table.from_pylist(rows, schema=CUSTOMERS)


@pytest.fixture(scope="module")
def listed():
    pieces = [
        *crowd(),
        *history("inkoop", [4, 4, 4, 4, 2, 2, 2]),
        *history("directie", [4, 4, 4, 1, 1, 1]),
        *history("balie", [3, 3, 3, 3, 3]),
    ]
    feedback, scores = tables(pieces)
    customers = company(("inkoop", "bv"), ("directie", "bv"), ("balie", "bv"))
    return feedback, customers, find_shifts(feedback, scores, customers, fdr=0.1, as_of=AS_OF)


def test_the_drops_of_an_account_are_taken_together(listed):
    feedback, customers, found = listed
    (account,) = roll_up(feedback, customers, found.shifts, as_of=AS_OF)
    assert (account.account_id, account.people, account.value_eur) == ("bv", 3, 300.0)
    assert set(account.dropped) == {"inkoop", "directie"}
    own = {s.customer_id: s.probability for s in found.shifts if s.customer_id in account.dropped}
    assert account.probability == pytest.approx(
        1 - (1 - own["inkoop"]) * (1 - own["directie"]), abs=1e-9
    )
    assert account.new_people == ()


def test_the_value_of_who_has_cancelled_is_not_at_stake(listed):
    feedback, customers, found = listed
    gone = pa.array([AS_OF - timedelta(days=1), None, AS_OF + timedelta(days=1)])
    place = CUSTOMERS.get_field_index("cancelled_at")
    customers = customers.set_column(place, "cancelled_at", gone.cast(CUSTOMERS.field(place).type))
    (account,) = roll_up(feedback, customers, found.shifts, as_of=AS_OF)
    assert account.value_eur == 200.0
    assert set(account.dropped) == {"inkoop", "directie"}


def test_a_recovery_is_no_drop(listed):
    feedback, customers, found = listed
    better = [replace(shift, kind=ShiftKind.HERSTEL) for shift in found.shifts]
    assert roll_up(feedback, customers, better, as_of=AS_OF) == ()


@pytest.mark.parametrize(("last", "took_over"), [(150, True), (20, False)])
def test_a_new_contact_person_is_noticed(last, took_over):
    known = history("al jaren", [3, 3, 3, 3, 3], last=last)
    feedback, _ = tables([*known, Piece("nieuw", 12, 2), Piece("alleen", 5, 2)])
    customers = company(("al jaren", "bv"), ("nieuw", "bv"), ("alleen", "eenmanszaak"))
    (account,) = roll_up(feedback, customers, [], as_of=AS_OF)
    assert (account.account_id, account.new_people) == ("bv", ("nieuw",))
    assert account.took_over is took_over
    assert account.probability == 0


def test_an_account_named_by_the_feedback_alone():
    feedback, _ = tables([*history("a", [3, 3, 3, 3, 3]), Piece("b", 3, 2)])
    accounts = pa.array(["oud", *["bv"] * 5], pa.string())
    place = feedback.schema.get_field_index("account_id")
    (account,) = roll_up(
        feedback.set_column(place, "account_id", accounts), NOBODY, [], as_of=AS_OF
    )
    assert (account.account_id, account.people) == ("bv", 2)


def test_no_feedback_no_accounts():
    feedback, _ = tables([])
    assert roll_up(feedback, NOBODY, [], as_of=AS_OF) == ()
