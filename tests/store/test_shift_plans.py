"""Who looks at a shift, until when it waits, and taking either back."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta

import pytest

from klankbord.errors import ConflictError, WorkspaceError
from klankbord.records import ToneShift
from klankbord.schema import ShiftKind, Tone
from klankbord.store import Matter, NotListedError, ReviewState, ReviewVerb, ShiftFilter, Workspace

AT = datetime(2026, 3, 12, 12, tzinfo=UTC)
TODAY = date(2026, 3, 12)
MONDAY = date(2026, 3, 16)


def shift(number, **more):
    fields = {
        "shift_id": f"p{number}", "customer_id": f"K-{number}", "kind": ShiftKind.VERKOELING,
        "before": Tone.ENTHOUSIAST, "after": Tone.NEUTRAAL, "before_at": AT, "after_at": AT,
        "probability": 0.8, "expected_fdr": 0.1, "value_eur": None, "channels": ("survey",),
        "before_quote": None, "after_quote": None, "explanation": "Koelde af.", "priority": 1.0,
        "evidence": ("f1",),
    }  # fmt: skip
    return ToneShift(**(fields | more))


def ids(workspace, today=TODAY, **asked):
    return [one.shift.shift_id for one in workspace.listed_shifts(ShiftFilter(today, **asked))]


@pytest.fixture
def planned(workspace):
    kinds = (ShiftKind.VERKOELING, ShiftKind.ESCALATIE)
    workspace.save_shifts([shift(number, kind=kinds[number % 2]) for number in range(6)])
    return workspace


def test_a_snoozed_shift_is_away_until_its_day_and_comes_back_by_itself(planned):
    planned.snooze_shift("p1", MONDAY, at=AT, by="Anna", note="wacht op levering")
    assert ids(planned, state=ReviewState.OPEN) == ["p0", "p2", "p3", "p4", "p5"]
    assert ids(planned, state=ReviewState.SNOOZED) == ["p1"]
    sunday = MONDAY - timedelta(days=1)
    assert "p1" not in ids(planned, sunday, state=ReviewState.OPEN)
    assert "p1" in ids(planned, MONDAY, state=ReviewState.OPEN)
    assert ids(planned, MONDAY, state=ReviewState.SNOOZED) == []
    counts = {one.kind: one for one in planned.shift_counts(TODAY)}
    escalation = counts[ShiftKind.ESCALATIE]
    assert (escalation.listed, escalation.snoozed, escalation.of(ReviewState.OPEN)) == (3, 1, 2)
    assert sum(one.snoozed for one in planned.shift_counts(MONDAY)) == 0
    listed = planned.listed_shift("p1")
    assert (listed.snoozed_until, listed.decision(Matter.UITSTEL).by) == (MONDAY, "Anna")
    assert listed.events[-1].note == "wacht op levering"


def test_a_judged_shift_waits_no_more(planned):
    planned.snooze_shift("p1", MONDAY, at=AT, by="Anna")
    planned.judge_shift(shift(1), real=True, at=AT, by="Anna")
    assert ids(planned, state=ReviewState.SNOOZED) == []
    assert ids(planned, state=ReviewState.JUDGED) == ["p1"]
    planned.undo_judgement("p1", at=AT, by="Anna")
    assert ids(planned, state=ReviewState.SNOOZED) == ["p1"]


def test_a_plan_survives_a_new_list_and_its_absence(planned):
    planned.snooze_shift("p1", MONDAY, at=AT, by="Anna")
    planned.assign_shift("p1", "Bram", at=AT, by="Anna")
    planned.save_shifts([shift(9)])
    assert planned.shifts_by_assignee() == ()
    with pytest.raises(NotListedError):
        planned.assign_shift("p1", "Carla", at=AT, by="Anna")
    planned.save_shifts([shift(9), shift(1, probability=0.7)])
    listed = planned.listed_shift("p1")
    assert (listed.assignee, listed.snoozed_until) == ("Bram", MONDAY)
    assert ids(planned, state=ReviewState.OPEN) == ["p9"]


def test_whose_shifts_however_the_name_is_written(planned):
    planned.assign_shift("p1", "Zoë de Vries", at=AT, by="Anna")
    planned.assign_shift("p2", "zoe\u0308 De  vries", at=AT, by="Anna")
    planned.assign_shift("p4", "Sales", at=AT, by="Anna")
    planned.judge_shift(shift(2), real=True, at=AT)
    assert ids(planned, assignee="ZOË DE VRIES") == ["p1", "p2"]
    assert ids(planned, assignee="Zoë de Vries", state=ReviewState.OPEN) == ["p1"]
    assert ids(planned, assignee="") == ["p0", "p3", "p5"]
    assert ids(planned, assignee="niemand van die naam") == []
    named = dict(planned.shifts_by_assignee())
    assert named.pop("Sales") == 1
    assert list(named.values()) == [1]
    counts = planned.shift_counts(TODAY, "Zoë de Vries")
    assert [(one.kind, one.listed, one.judged) for one in counts] == [
        (ShiftKind.VERKOELING, 1, 1), (ShiftKind.ESCALATIE, 1, 0),
    ]  # fmt: skip
    assert [name.casefold() for name in planned.people()] == ["anna", "sales", "zoë de vries"]


def test_each_matter_is_undone_by_itself(planned):
    version = planned.assign_shift("p1", "Bram", at=AT, by="Anna")
    planned.assign_shift("p1", "Carla", at=AT, by="Anna", version=version)
    planned.snooze_shift("p1", MONDAY, at=AT, by="Anna")
    planned.judge_shift(shift(1), real=True, at=AT, by="Dirk")
    planned.undo_plan("p1", Matter.TOEWIJZING, at=AT, by="Anna")
    listed = planned.listed_shift("p1")
    assert (listed.assignee, listed.snoozed_until, listed.real) == ("Bram", MONDAY, True)
    planned.undo_plan("p1", Matter.UITSTEL, at=AT, by="Anna")
    planned.undo_plan("p1", Matter.TOEWIJZING, at=AT, by="Anna")
    listed = planned.listed_shift("p1")
    assert (listed.assignee, listed.snoozed_until, listed.real) == ("", None, True)
    assert listed.judgement.by == "Dirk"
    for matter in (Matter.TOEWIJZING, Matter.UITSTEL):
        with pytest.raises(WorkspaceError, match="nothing to undo"):
            planned.undo_plan("p1", matter, at=AT, by="Anna")
    assert [event.verb for event in listed.events][:4] == [
        ReviewVerb.TOEGEWEZEN, ReviewVerb.TOEGEWEZEN, ReviewVerb.UITGESTELD, ReviewVerb.BEVESTIGD,
    ]  # fmt: skip


def test_ending_a_snooze_can_be_undone(planned):
    planned.snooze_shift("p1", MONDAY, at=AT, by="Anna")
    planned.snooze_shift("p1", None, at=AT, by="Bram")
    assert "p1" in ids(planned, state=ReviewState.OPEN)
    planned.undo_plan("p1", Matter.UITSTEL, at=AT, by="Bram")
    assert ids(planned, state=ReviewState.SNOOZED) == ["p1"]


def test_a_plan_made_meanwhile_is_a_conflict(planned):
    version = planned.assign_shift("p1", "Bram", at=AT, by="Anna", version=0)
    with pytest.raises(ConflictError):
        planned.snooze_shift("p1", MONDAY, at=AT, by="Carla", version=0)
    with pytest.raises(ConflictError):
        planned.judge_shift(shift(1), real=True, at=AT, by="Carla", version=0)
    with pytest.raises(ConflictError):
        planned.undo_plan("p1", Matter.TOEWIJZING, at=AT, by="Carla", version=version - 1)
    planned.note_shift("p1", "gezien", at=AT, by="Carla")
    planned.snooze_shift("p1", MONDAY, at=AT, by="Carla", version=version)


def test_one_of_six_people_takes_it_first(address):
    with Workspace.open(address) as workspace:
        workspace.save_shifts([shift(1)])
    start = threading.Barrier(6)

    def take(number):
        with Workspace.open(address) as workspace:
            start.wait()
            try:
                workspace.assign_shift("p1", str(number), at=AT, by=str(number), version=0)
            except ConflictError:
                return None
            return str(number)

    with ThreadPoolExecutor(6) as people:
        first = [who for who in people.map(take, range(6)) if who is not None]
    with Workspace.open(address) as workspace:
        assert [workspace.listed_shift("p1").assignee] == first
