"""Who judged which tone shift, and taking that back."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta

import pytest

from klankbord.errors import ConflictError, WorkspaceError
from klankbord.loop import Outcome
from klankbord.records import Action, ToneShift
from klankbord.schema import ShiftKind, Tone
from klankbord.store import NotListedError, ReviewState, ReviewVerb, ShiftFilter, Workspace

AT = datetime(2026, 3, 2, 12, tzinfo=UTC)


def shift(number, **more):
    fields = {
        "shift_id": f"s{number}", "customer_id": f"K-{number}", "kind": ShiftKind.VERKOELING,
        "before": Tone.ENTHOUSIAST, "after": Tone.NEUTRAAL, "before_at": AT, "after_at": AT,
        "probability": 0.8, "expected_fdr": 0.1, "value_eur": None, "channels": ("survey",),
        "before_quote": None, "after_quote": None, "explanation": "Koelde af.", "priority": 1.0,
        "evidence": ("f1",),
    }  # fmt: skip
    return ToneShift(**(fields | more))


def action(number, cause):
    return Action(
        action_id=f"inner-{number}", loop="inner", kind="herstelgesprek",
        customer_id=f"K-{number}", theme_id=None, owner="Sales", due=date(2026, 3, 4),
        priority=0.5, status="actieplan", reason="Klant zakte.", evidence=("f1",),
        wel_niet_later="", draft="", cause=cause,
    )  # fmt: skip


def verbs(workspace, shift_id="s1"):
    return [event.verb for event in workspace.shift_history(shift_id)]


def test_a_judgement_knows_who_when_and_why(workspace):
    workspace.save_shifts([shift(1)])
    version = workspace.judge_shift(shift(1), real=False, at=AT, by="Anna", note="klopt niet")
    listed = workspace.listed_shift("s1")
    assert (listed.real, listed.version) == (False, version)
    assert listed.judgement == listed.events[0]
    event = listed.events[0]
    assert (event.by, event.at, event.note) == ("Anna", AT, "klopt niet")


def test_undo_restores_the_judgement_before_it_as_it_was(workspace):
    workspace.save_shifts([shift(1, believed=0.4)])
    workspace.judge_shift(shift(1, believed=0.4), real=True, at=AT, by="Anna")
    first = workspace.verdicts()
    workspace.judge_shift(shift(1, believed=0.4), real=False, at=AT + timedelta(1), by="Bram")
    workspace.undo_judgement("s1", at=AT + timedelta(2), by="Bram")
    assert workspace.verdicts() == first
    workspace.undo_judgement("s1", at=AT + timedelta(3), by="Bram")
    assert workspace.verdicts() == ()
    with pytest.raises(WorkspaceError, match="nothing to undo"):
        workspace.undo_judgement("s1", at=AT, by="Bram")
    assert verbs(workspace)[2:] == [ReviewVerb.ONGEDAAN, ReviewVerb.ONGEDAAN]
    workspace.judge_shift(shift(1), real=True, at=AT, by="Anna")
    assert workspace.listed_shift("s1").judgement.by == "Anna"


def test_a_note_is_no_judgement(workspace):
    workspace.save_shifts([shift(1)])
    workspace.note_shift("s1", "gebeld", at=AT, by="Anna")
    listed = workspace.listed_shift("s1")
    assert (listed.real, listed.version, listed.judgement) == (None, 0, None)
    workspace.judge_shift(shift(1), real=True, at=AT, version=0)
    with pytest.raises(NotListedError):
        workspace.note_shift("s2", "x", at=AT, by="Anna")


def test_closing_an_action_as_false_alarm_stands_in_the_history(workspace):
    workspace.save_shifts([shift(1)])
    workspace.merge_actions([action(1, cause="verkoeling")], at=AT)
    workspace.close_action("inner-1", Outcome.VALS_ALARM, at=AT, by="Anna", why="testbestelling")
    (event,) = workspace.shift_history("s1")
    assert (event.by, event.verb, event.note) == ("Anna", ReviewVerb.VALS_ALARM, "testbestelling")


def test_one_of_eight_people_judges_first(address):
    with Workspace.open(address) as workspace:
        workspace.save_shifts([shift(1)])
    start = threading.Barrier(8)

    def judge(number):
        with Workspace.open(address) as workspace:
            start.wait()
            try:
                workspace.judge_shift(shift(1), real=True, at=AT, by=str(number), version=0)
            except ConflictError:
                return None
            return str(number)

    with ThreadPoolExecutor(8) as people:
        first = [who for who in people.map(judge, range(8)) if who is not None]
    with Workspace.open(address) as workspace:
        assert [event.by for event in workspace.shift_history("s1")] == first
        assert len(first) == len(workspace.verdicts()) == 1


def test_stretches_counts_and_neighbours_follow_the_filters(workspace):
    kinds = (ShiftKind.VERKOELING, ShiftKind.ESCALATIE)
    shifts = [shift(n, kind=kinds[n % 2]) for n in range(10)]
    workspace.save_shifts(shifts)
    workspace.judge_shift(shifts[4], real=True, at=AT)

    def ids(offset=0, limit=25, **asked):
        part = ShiftFilter(AT.date(), **asked)
        return [
            one.shift.shift_id for one in workspace.listed_shifts(part, offset=offset, limit=limit)
        ]

    everything = ShiftFilter(AT.date())
    assert ids(offset=3, limit=2) == ["s3", "s4"]
    assert ids(state=ReviewState.OPEN, kind=kinds[0]) == ["s0", "s2", "s6", "s8"]
    assert ids(state=ReviewState.JUDGED) == ["s4"]
    assert [one.rank for one in workspace.listed_shifts(everything, limit=2)] == [1, 2]
    counts = workspace.shift_counts(AT.date())
    assert [(one.kind, one.listed, one.judged) for one in counts] == [
        (kinds[0], 5, 1), (kinds[1], 5, 0),
    ]  # fmt: skip
    part = ShiftFilter(AT.date(), kinds[0], ReviewState.OPEN)
    assert workspace.shift_neighbours(5, part) == ("s2", "s6")
    assert workspace.shift_neighbours(1, everything) == (None, "s1")
    assert workspace.shift_neighbours(10, everything) == ("s8", None)


def test_what_is_learned_is_kept_for_one_run(workspace):
    assert workspace.kept_dynamics(1) is None
    workspace.keep_dynamics(1, {"prior": [0.1, 0.9]})
    workspace.keep_dynamics(2, {"prior": [0.1, 1 / 3]})
    assert workspace.kept_dynamics(1) is None
    assert workspace.kept_dynamics(2) == {"prior": [0.1, 1 / 3]}
