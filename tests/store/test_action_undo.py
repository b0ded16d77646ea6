"""Taking back the last thing a person did with an action."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from klankbord.errors import ConflictError
from klankbord.loop import ActionState, Outcome
from klankbord.loop.lifecycle import IllegalStepError
from klankbord.records import Action, ToneShift
from klankbord.schema import ShiftKind, Tone
from klankbord.store import undoable

START = datetime(2026, 3, 2, 12, tzinfo=UTC)
LATER = START + timedelta(days=7)
PLANNED = Action(
    action_id="A-1", loop="inner", kind="herstelgesprek", customer_id="K-1", theme_id=None,
    owner="Customer Service", due=date(2026, 3, 4), priority=0.5, status="actieplan",
    reason="Klant zakte.", evidence=("f1",), wel_niet_later="wel: bellen", draft="Dag {naam},",
    cause="verkoeling",
)  # fmt: skip


@pytest.fixture
def opened(workspace):
    """The action as it was opened, with the tone shift that it came from."""
    workspace.save_shifts([shift()])
    (action,) = workspace.merge_actions([PLANNED], at=START)
    return action


def shift():
    return ToneShift(
        shift_id="V-1", customer_id="K-1", kind=ShiftKind.VERKOELING, before=Tone.ENTHOUSIAST,
        after=Tone.NEUTRAAL, before_at=START, after_at=START, probability=0.8, expected_fdr=0.1,
        value_eur=None, channels=("survey",), before_quote=None, after_quote=None,
        explanation="Koelde af.", priority=1.0, evidence=("f1",),
    )  # fmt: skip


def edit(workspace, at=START, by="Anna", **changes):
    return workspace.update_action("A-1", at=at, by=by, **changes)


def undo(workspace, at=LATER, by="Bram", **more):
    return workspace.undo_action("A-1", at=at, by=by, **more)


def happened(workspace):
    return [event.event for event in workspace.action_history("A-1")]


@pytest.mark.parametrize(
    "changes",
    [
        {"owner": "Sales"},
        {"due": date(2026, 4, 1)},
        {"status": ActionState.UITGEVOERD},
        {"wel_niet_later": "wel: mailen", "draft": "Dag {naam}, anders"},
    ],
)
def test_an_edit_is_taken_back_and_both_stay_in_the_history(workspace, opened, changes):
    edited = edit(workspace, **changes)
    restored = undo(workspace, version=edited.version)
    assert restored == replace(opened, version=opened.version + 2)
    assert workspace.action("A-1") == restored
    *_, done, undone = workspace.action_history("A-1")
    assert (undone.event, undone.by, undone.at) == ("ongedaan gemaakt", "Bram", LATER)
    assert undone.changes == {name: [new, old] for name, (old, new) in done.changes.items()}


def test_steps_are_taken_back_one_by_one_the_last_first(workspace, opened):
    edit(workspace, owner="Sales")
    edit(workspace, by="Bram", owner="Finance")
    assert undo(workspace).owner == "Sales"
    edit(workspace, due=date(2026, 4, 1))
    assert undo(workspace).due == opened.due
    assert undo(workspace).owner == "Customer Service"
    with pytest.raises(IllegalStepError, match="no step"):
        undo(workspace)
    assert happened(workspace).count("ongedaan gemaakt") == 3


def test_closing_and_reopening_are_taken_back_with_their_moments(workspace, opened):
    carried_out = edit(workspace, status=ActionState.UITGEVOERD)
    closed = workspace.close_action("A-1", Outcome.GESLAAGD, at=LATER, by="Anna")
    workspace.reopen_action("A-1", at=LATER + timedelta(days=1), by="Anna", why="belde weer")
    assert undo(workspace) == replace(closed, version=closed.version + 2)
    assert undo(workspace) == replace(carried_out, version=closed.version + 3)
    assert undo(workspace) == replace(opened, version=closed.version + 4)


def test_a_false_alarm_that_is_taken_back_judges_no_shift_any_more(workspace, opened):
    workspace.close_action("A-1", Outcome.VALS_ALARM, at=START, by="Anna")
    assert [one.real for one in workspace.verdicts()] == [False]
    assert not undo(workspace).closed
    assert workspace.verdicts() == ()
    assert [event.by for event in workspace.shift_history("V-1")] == ["Anna", "Bram"]


def test_a_judgement_from_before_the_false_alarm_stands_again(workspace, opened):
    workspace.judge_shift(shift(), real=True, at=START, by="Chris")
    workspace.close_action("A-1", Outcome.VALS_ALARM, at=START, by="Anna")
    undo(workspace)
    assert [one.real for one in workspace.verdicts()] == [True]


def test_a_judgement_that_somebody_gave_since_is_left_alone(workspace, opened):
    workspace.close_action("A-1", Outcome.VALS_ALARM, at=START, by="Anna")
    workspace.judge_shift(shift(), real=True, at=START, by="Chris")
    undo(workspace)
    assert [one.real for one in workspace.verdicts()] == [True]


def test_a_shift_that_left_the_list_is_judged_no_more_either(workspace, opened):
    workspace.close_action("A-1", Outcome.VALS_ALARM, at=START, by="Anna")
    workspace.save_shifts([])
    undo(workspace)
    assert workspace.verdicts() == ()


def test_another_day_brings_its_escalation_back(workspace, opened):
    workspace.escalate(date(2026, 5, 29), at=START)
    assert edit(workspace, due=date(2026, 6, 15)).escalation == 0
    assert undo(workspace).escalation == 2


def test_what_an_analysis_did_in_between_stays(workspace, opened):
    edit(workspace, owner="Sales")
    workspace.merge_actions([replace(PLANNED, evidence=("f1", "f2"))], at=LATER)
    workspace.escalate(date(2026, 5, 29), at=LATER)
    restored = undo(workspace)
    assert restored.owner == "Customer Service"
    assert (restored.evidence, restored.escalation) == (("f1", "f2"), 2)


def test_what_was_measured_is_not_taken_back(workspace, opened):
    edit(workspace, status=ActionState.UITGEVOERD)
    workspace.measure_actions({"A-1": {"before": 1.0, "after": 3.0}}, at=LATER)
    with pytest.raises(IllegalStepError):
        undo(workspace)
    workspace.close_action("A-1", Outcome.GESLAAGD, at=LATER, by="Anna")
    assert undo(workspace).status == "gemeten"
    with pytest.raises(IllegalStepError):
        undo(workspace)


def test_what_an_analysis_opened_again_is_not_closed_by_undoing(workspace, opened):
    edit(workspace, owner="Sales")
    workspace.close_action("A-1", Outcome.VALS_ALARM, at=START, by="Anna")
    workspace.merge_actions([replace(PLANNED, evidence=("f9",))], at=LATER)
    with pytest.raises(IllegalStepError):
        undo(workspace)
    assert happened(workspace)[-1] == "heropend"


def test_an_undo_of_what_somebody_changed_since_is_refused(workspace, opened):
    seen = edit(workspace, owner="Sales")
    edit(workspace, by="Chris", owner="Finance")
    with pytest.raises(ConflictError):
        undo(workspace, version=seen.version)
    assert workspace.action("A-1").owner == "Finance"


def test_a_step_that_was_taken_back_did_not_reach_the_customer(workspace, opened):
    edit(workspace, status=ActionState.UITGEVOERD)
    undo(workspace)
    assert workspace.acted_at() == {}
    edit(workspace, at=LATER, status=ActionState.GECOMMUNICEERD)
    workspace.close_action("A-1", Outcome.BEWUST_AFSCHEID, at=LATER, by="Anna")
    workspace.reopen_action("A-1", at=LATER, by="Anna", why="toch niet")
    undo(workspace)
    assert workspace.acted_at() == {"A-1": LATER}


def test_a_note_changes_nothing_and_is_not_taken_back(workspace, opened):
    edited = edit(workspace, owner="Sales")
    workspace.note_action("A-1", "klant is op vakantie", at=LATER, by="Chris")
    assert workspace.action("A-1") == edited
    last = workspace.action_history("A-1")[-1]
    assert (last.event, last.by, last.why) == ("notitie", "Chris", "klant is op vakantie")
    assert undo(workspace, version=edited.version).owner == "Customer Service"


def test_it_is_known_beforehand_what_can_be_taken_back(workspace, opened):
    assert undoable(opened, workspace.action_history("A-1")) is None
    edited = edit(workspace, owner="Sales")
    step = undoable(edited, workspace.action_history("A-1"))
    assert step.changes == {"owner": ["Customer Service", "Sales"]}
    assert undoable(replace(edited, owner="Finance"), workspace.action_history("A-1")) is None
