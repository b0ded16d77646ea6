"""Stretches of the list of actions, and how many there are."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from klankbord.loop import ActionState, Outcome
from klankbord.records import Action
from klankbord.store import ActionCount, ActionFilter

NOW = datetime(2026, 3, 12, 11, tzinfo=UTC)
TODAY = NOW.date()


def action(number: int, **more):
    fields = {
        "action_id": f"A-{number:02}", "loop": "inner", "kind": "terugbellen",
        "customer_id": f"K-{number}", "theme_id": None, "owner": "Sales",
        "due": TODAY + timedelta(days=number - 3), "priority": number % 4 / 4,
        "status": "actieplan", "reason": "", "evidence": (f"f{number}", "f0"),
        "wel_niet_later": "", "draft": "",
    }  # fmt: skip
    return Action(**(fields | more))


@pytest.fixture
def stored(workspace):
    """Twelve open actions, three late; two are carried out; three of their kind are closed."""
    planned = [action(number) for number in range(12)]
    planned[4] = replace(planned[4], owner="Finance")
    planned[5] = replace(planned[5], loop="outer", customer_id=None, theme_id="T-1")
    workspace.merge_actions([*planned, *(action(n, due=TODAY) for n in (20, 21, 22))], at=NOW)
    for number in (1, 6):
        workspace.update_action(f"A-{number:02}", at=NOW, by="Anna", status=ActionState.UITGEVOERD)
    for days, number in enumerate((21, 20, 22)):
        moment = NOW + timedelta(days=days)
        workspace.close_action(f"A-{number}", Outcome.VALS_ALARM, at=moment, by="Anna")
    return workspace


def ids(workspace, **asked):
    return [int(one.action_id[2:]) for one in workspace.listed_actions(ActionFilter(**asked))]


def test_open_ones_come_by_due_date_or_by_priority_and_closed_ones_last_first(stored):
    assert ids(stored) == list(range(12))
    assert ids(stored, by_priority=True) == [3, 7, 11, 2, 6, 10, 1, 5, 9, 0, 4, 8]
    assert ids(stored, closed=True) == [22, 20, 21]


def test_equal_days_come_by_priority_and_then_by_id(workspace):
    same = [action(n, due=TODAY, priority=p) for n, p in ((1, 0.1), (2, 0.9), (3, 0.9), (4, 0.5))]
    workspace.merge_actions(same, at=NOW)
    assert ids(workspace) == [2, 3, 4, 1]


def test_each_filter_keeps_what_it_asks_for(stored):
    assert ids(stored, overdue_on=TODAY) == [0, 2]  # 1 was carried out
    assert ids(stored, owner="Finance") == [4]
    assert ids(stored, loop="outer") == [5]
    assert ids(stored, status="uitgevoerd") == [1, 6]
    assert ids(stored, owner="Finance", loop="outer") == []


def test_a_stretch_holds_whole_actions(stored):
    found = stored.listed_actions(ActionFilter(), offset=5, limit=2)
    assert found == (stored.action("A-05"), stored.action("A-06"))
    assert found[0].evidence == ("f5", "f0")


@pytest.mark.parametrize(
    "asked",
    [
        ActionFilter(),
        ActionFilter(by_priority=True),
        ActionFilter(closed=True),
        ActionFilter(owner="Sales"),
    ],
)
def test_neighbours_are_those_of_the_list(stored, asked):
    listed = [one.action_id for one in stored.listed_actions(asked)]
    around = zip([None, *listed], [*listed[1:], None], strict=False)
    for own, expected in zip(listed, around, strict=True):
        assert stored.action_neighbours(stored.action(own), asked) == expected


def test_what_is_not_in_a_list_still_has_a_place_where_it_would_be(stored):
    carried_out = stored.action("A-06")
    assert stored.action_neighbours(carried_out, ActionFilter(status="actieplan")) == (
        "A-05", "A-07",
    )  # fmt: skip
    assert stored.action_neighbours(carried_out, ActionFilter(closed=True)) == (None, None)


def test_everything_is_counted_once(stored):
    counts = stored.action_counts(TODAY)
    assert sum(one.number for one in counts) == len(stored.actions()) == 15
    assert ActionCount("inner", "Finance", "actieplan", False, False, 1) in counts
    assert sum(one.number for one in counts if one.overdue) == 2
    assert sum(one.number for one in counts if one.closed) == 3
    assert stored.action_counts(date(2030, 1, 1)) != counts
