from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pyarrow as pa
import pytest

from klankbord.errors import ConflictError, WorkspaceError
from klankbord.loop import ActionState, Outcome
from klankbord.loop.lifecycle import IllegalStepError
from klankbord.records import Action, ToneShift
from klankbord.schema import FEEDBACK, ShiftKind, Tone, conform

WEEK_1 = datetime(2026, 3, 2, 12, tzinfo=UTC)
WEEK_2 = WEEK_1 + timedelta(days=7)
WEEK_3 = WEEK_1 + timedelta(days=14)


def action(customer="K-1", kind="herstelgesprek", **more):
    fields = {
        "action_id": f"inner-{customer}-{kind}",
        "loop": "inner",
        "kind": kind,
        "customer_id": customer,
        "theme_id": None,
        "owner": "Customer Service",
        "due": date(2026, 3, 4),
        "priority": 0.5,
        "status": "actieplan",
        "reason": "Klant zakte.",
        "evidence": ("f1", "f2"),
        "wel_niet_later": "wel: bellen",
        "draft": "Dag {naam},",
    }
    return Action(**(fields | more))


def stored(planned, opened=WEEK_1, **more):
    """Return a planned action as the workspace gives it back."""
    return replace(planned, **({"opened_at": opened} | more))


def carried_out(workspace, action_id, at=WEEK_1):
    return workspace.update_action(action_id, at=at, by="Anna", status=ActionState.UITGEVOERD)


def found(kind):
    return ToneShift(
        shift_id=f"K-1-{kind}", customer_id="K-1", kind=kind, before=Tone.ENTHOUSIAST,
        after=Tone.NEUTRAAL, before_at=WEEK_1, after_at=WEEK_2, probability=0.8, expected_fdr=0.1,
        value_eur=None, channels=("survey",), before_quote=None, after_quote=None,
        explanation="Koelde af.", priority=1.0, evidence=("f1",),
    )  # fmt: skip


def received(workspace, **moments):
    rows = [
        {
            "feedback_id": feedback_id,
            "source": "s",
            "channel": "survey",
            "author_role": "customer",
            "verbatim": "v",
            "received_at": moment,
            "attributes": "{}",
        }
        for feedback_id, moment in moments.items()
    ]
    workspace.add_feedback(conform(pa.Table.from_pylist(rows, FEEDBACK), FEEDBACK))


def events(workspace, action_id):
    return [event.event for event in workspace.action_history(action_id)]


def test_a_new_plan_is_opened_with_its_history(workspace):
    planned = (action(), action("K-2", priority=0.9), action(None, "structureel verbeteren",
               loop="outer", theme_id="T-1", action_id="outer-1"))  # fmt: skip
    merged = workspace.merge_actions(planned, at=WEEK_1)
    assert merged == (stored(planned[1]), stored(planned[0]), stored(planned[2]))
    assert workspace.actions() == merged
    (event,) = workspace.action_history(planned[0].action_id)
    assert (event.event, event.at, event.by) == ("geopend", WEEK_1, "")
    assert event.changes["evidence"] == ["f1", "f2"]


def test_the_same_plan_again_changes_nothing(workspace):
    first = workspace.merge_actions([action()], at=WEEK_1)
    assert workspace.merge_actions([action()], at=WEEK_2) == first
    assert events(workspace, first[0].action_id) == ["geopend"]


def test_an_open_action_keeps_what_people_work_with_and_gains_evidence(workspace):
    workspace.merge_actions([action()], at=WEEK_1)
    again = action(
        owner="Sales",
        due=date(2026, 3, 11),
        draft="Dag {naam}, opnieuw",
        reason="Klant zakte verder.",
        priority=0.8,
        evidence=("f3", "f2"),
    )
    (merged,) = workspace.merge_actions([again], at=WEEK_2)
    assert merged == stored(
        action(),
        evidence=("f1", "f2", "f3"),
        reason="Klant zakte verder.",
        priority=0.8,
        version=2,
    )
    history = workspace.action_history(merged.action_id)
    assert [(event.event, event.at) for event in history] == [
        ("geopend", WEEK_1),
        ("nieuw bewijs", WEEK_2),
    ]
    assert history[1].changes == {"evidence": ["f3"]}


def test_an_open_action_is_found_by_its_subject_not_by_its_id(workspace):
    workspace.merge_actions([action(action_id="met-de-hand")], at=WEEK_1)
    (merged,) = workspace.merge_actions([action(evidence=("f9",))], at=WEEK_2)
    assert merged.action_id == "met-de-hand"
    assert merged.evidence == ("f1", "f2", "f9")


def test_another_kind_or_customer_is_another_action(workspace):
    workspace.merge_actions([action()], at=WEEK_1)
    merged = workspace.merge_actions([action(kind="terugbellen"), action("K-2")], at=WEEK_2)
    assert len(merged) == 3


def test_an_action_that_is_planned_no_more_stays_open_at_the_end_of_the_list(workspace):
    other = action("K-2", priority=0.1)
    workspace.merge_actions([action(), other], at=WEEK_1)
    gone = stored(action(), priority=0.0)
    for week in (WEEK_2, WEEK_3):
        assert workspace.merge_actions([other], at=week) == (stored(other), gone)
    history = workspace.action_history(gone.action_id)
    assert [(event.event, event.at) for event in history] == [
        ("geopend", WEEK_1),
        ("niet meer in de lijst", WEEK_2),
    ]
    assert history[1].changes == {"priority": [0.5, 0.0]}
    both = (stored(action()), stored(other))
    assert workspace.merge_actions([action(), other], at=WEEK_3) == both
    assert events(workspace, gone.action_id)[2:] == ["weer in de lijst"]


def test_a_closed_action_that_is_planned_no_more_is_left_alone(workspace):
    (opened,) = workspace.merge_actions([action()], at=WEEK_1)
    closed = workspace.close_action(opened.action_id, Outcome.VALS_ALARM, at=WEEK_1, by="Anna")
    workspace.merge_actions([], at=WEEK_2)
    assert workspace.actions() == (closed,)


def test_two_planned_actions_on_one_subject_become_one(workspace):
    twice = [action(), action(action_id="ander", evidence=("f2", "f3"), owner="Sales")]
    (merged,) = workspace.merge_actions(twice, at=WEEK_1)
    assert merged == stored(action(), evidence=("f1", "f2", "f3"))


def test_edits_survive_the_next_plan_and_keep_the_old_values(workspace):
    (opened,) = workspace.merge_actions([action()], at=WEEK_1)
    edited = workspace.update_action(
        opened.action_id,
        at=WEEK_1,
        by="Anna",
        why="nieuwe collega",
        owner="Sales",
        due=date(2026, 3, 20),
        status=ActionState.GECOMMUNICEERD,
    )
    assert (edited.owner, edited.due, edited.status) == (
        "Sales",
        date(2026, 3, 20),
        "gecommuniceerd",
    )
    assert workspace.merge_actions([action()], at=WEEK_2) == (edited,)
    event = workspace.action_history(opened.action_id)[-1]
    assert (event.event, event.by, event.why) == ("bijgewerkt", "Anna", "nieuwe collega")
    assert event.changes == {
        "owner": ["Customer Service", "Sales"],
        "due": ["2026-03-04", "2026-03-20"],
        "status": ["actieplan", "gecommuniceerd"],
    }


def test_an_edit_that_changes_nothing_leaves_no_trace(workspace):
    (opened,) = workspace.merge_actions([action()], at=WEEK_1)
    assert (
        workspace.update_action(opened.action_id, at=WEEK_2, by="A", owner=opened.owner) == opened
    )
    assert events(workspace, opened.action_id) == ["geopend"]


def test_a_closed_action_stays_closed_without_new_evidence(workspace):
    received(workspace, f1=WEEK_1, f2=WEEK_1, f3=WEEK_1, f4=WEEK_2)
    (opened,) = workspace.merge_actions([action()], at=WEEK_1)
    carried_out(workspace, opened.action_id)
    closed = workspace.close_action(
        opened.action_id, Outcome.GESLAAGD, at=WEEK_2, by="Anna", why="blij"
    )
    assert workspace.merge_actions([action()], at=WEEK_3) == ()
    late_import_of_old_words = action(evidence=("f3", "f4"))
    assert workspace.merge_actions([late_import_of_old_words], at=WEEK_3) == ()
    assert workspace.actions() == (closed,)
    assert workspace.actions(open_only=True) == ()
    assert events(workspace, opened.action_id) == ["geopend", "bijgewerkt", "gesloten"]


@pytest.mark.parametrize("moment", [WEEK_3, None])
def test_new_words_after_closing_open_it_again(workspace, moment):
    received(workspace, f1=WEEK_1, f2=WEEK_1, f3=WEEK_1, f4=moment)
    (opened,) = workspace.merge_actions([action()], at=WEEK_1)
    carried_out(workspace, opened.action_id)
    workspace.close_action(opened.action_id, Outcome.NIET_GESLAAGD, at=WEEK_2, by="Anna")
    again = action(action_id="nieuw", due=date(2026, 3, 18), evidence=("f2", "f3", "f4"))
    (merged,) = workspace.merge_actions([again], at=WEEK_3)
    assert merged == replace(
        opened, due=date(2026, 3, 18), evidence=("f1", "f2", "f4"), opened_at=WEEK_3, version=4
    )
    last = workspace.action_history(opened.action_id)[-1]
    assert last.event == "heropend"
    assert last.changes["outcome"] == ["niet geslaagd", None]
    workspace.close_action(opened.action_id, Outcome.VALS_ALARM, at=WEEK_3, by="Anna")
    assert workspace.actions(open_only=True) == ()


def test_who_was_knowingly_let_go_gets_no_new_actions(workspace):
    (opened,) = workspace.merge_actions([action()], at=WEEK_1)
    workspace.close_action(opened.action_id, Outcome.BEWUST_AFSCHEID, at=WEEK_1, by="Anna")
    again = [action(evidence=("f9",)), action(kind="terugbellen"), action("K-2")]
    assert [one.customer_id for one in workspace.merge_actions(again, at=WEEK_2)] == ["K-2"]


def test_a_false_alarm_is_a_verdict_on_its_tone_shift(workspace):
    shifts = [found(kind=kind) for kind in (ShiftKind.VERKOELING, ShiftKind.STILTE)]
    workspace.save_shifts(shifts)
    (opened,) = workspace.merge_actions([action(cause="verkoeling")], at=WEEK_1)
    workspace.close_action(opened.action_id, Outcome.VALS_ALARM, at=WEEK_2, by="Anna")
    (verdict,) = workspace.verdicts()
    assert (verdict.shift_id, verdict.real, verdict.judged_at) == ("K-1-verkoeling", False, WEEK_2)


def test_a_closed_action_is_reopened_with_a_reason_only(workspace):
    (opened,) = workspace.merge_actions([action()], at=WEEK_1)
    with pytest.raises(IllegalStepError, match="is open"):
        workspace.reopen_action(opened.action_id, at=WEEK_1, by="Anna", why="toch niet klaar")
    carried_out(workspace, opened.action_id)
    workspace.close_action(opened.action_id, Outcome.GESLAAGD, at=WEEK_1, by="Anna")
    with pytest.raises(WorkspaceError, match="say why"):
        workspace.reopen_action(opened.action_id, at=WEEK_2, by="Anna", why=" ")
    again = workspace.reopen_action(opened.action_id, at=WEEK_2, by="Bo", why="belde weer")
    assert workspace.actions(open_only=True) == (again,)
    assert (again.status, again.outcome, again.closed_at) == ("actieplan", None, None)
    last = workspace.action_history(opened.action_id)[-1]
    assert (last.event, last.by, last.why) == ("heropend", "Bo", "belde weer")


def test_steps_that_the_life_cycle_lacks_are_refused_with_those_it_has(workspace):
    (opened,) = workspace.merge_actions([action()], at=WEEK_1)
    with pytest.raises(IllegalStepError) as caught:
        workspace.update_action(opened.action_id, at=WEEK_1, by="A", status=ActionState.GEMETEN)
    assert caught.value.hint == "it can: gecommuniceerd, uitgevoerd"
    with pytest.raises(IllegalStepError) as caught:
        workspace.close_action(opened.action_id, Outcome.GESLAAGD, at=WEEK_1, by="A")
    assert caught.value.hint == "it can: vals alarm, bewust afscheid"
    assert workspace.actions() == (opened,)


def test_an_edit_of_what_was_seen_before_somebody_elses_is_refused(workspace):
    (opened,) = workspace.merge_actions([action()], at=WEEK_1)
    workspace.update_action(opened.action_id, at=WEEK_1, by="A", owner="Sales", version=1)
    with pytest.raises(ConflictError):
        workspace.update_action(opened.action_id, at=WEEK_1, by="B", owner="Online", version=1)
    with pytest.raises(ConflictError):
        workspace.close_action(opened.action_id, Outcome.VALS_ALARM, at=WEEK_1, by="B", version=1)
    assert workspace.action(opened.action_id).owner == "Sales"


def test_overdue_actions_are_told_once_a_level_until_they_get_another_day(workspace):
    (opened,) = workspace.merge_actions([action()], at=WEEK_1)
    assert workspace.escalate(opened.due, at=WEEK_1) == ()
    (raised,) = workspace.escalate(date(2026, 5, 29), at=WEEK_2)
    assert raised.escalation == 2
    assert workspace.escalate(date(2026, 5, 29), at=WEEK_3) == ()
    event = workspace.action_history(opened.action_id)[-1]
    assert (event.event, event.changes["escalation"]) == ("geëscaleerd", [0, 2])
    assert event.changes["told"]
    later = workspace.update_action(opened.action_id, at=WEEK_3, by="Anna", due=date(2026, 6, 15))
    assert later.escalation == 0


def test_what_was_carried_out_is_measured_once(workspace):
    (opened,) = workspace.merge_actions([action()], at=WEEK_1)
    measures = {opened.action_id: {"before": 1.0, "after": 3.0}}
    assert workspace.measure_actions(measures, at=WEEK_2) == 0
    carried_out(workspace, opened.action_id)
    workspace.close_action(opened.action_id, Outcome.GESLAAGD, at=WEEK_2, by="Anna")
    assert workspace.measure_actions(measures, at=WEEK_3) == 1
    assert workspace.measure_actions(measures, at=WEEK_3) == 0
    assert workspace.action(opened.action_id).status == "gemeten"
    assert workspace.action_history(opened.action_id)[-1].changes["measure"]["after"] == 3.0


def test_when_an_action_reached_the_customer(workspace):
    planned = [action(), action("K-2"), action("K-3"), action("K-4")]
    first, second, third, _ = workspace.merge_actions(planned, at=WEEK_1)
    carried_out(workspace, first.action_id, WEEK_2)
    workspace.close_action(first.action_id, Outcome.GESLAAGD, at=WEEK_3, by="Anna")
    carried_out(workspace, second.action_id, WEEK_2)
    workspace.close_action(second.action_id, Outcome.NIET_GESLAAGD, at=WEEK_2, by="Anna")
    workspace.reopen_action(second.action_id, at=WEEK_3, by="Anna", why="opnieuw")
    workspace.close_action(third.action_id, Outcome.VALS_ALARM, at=WEEK_3, by="Anna")
    assert workspace.acted_at() == {first.action_id: WEEK_2}


def test_closing_twice_and_unknown_actions_are_known_errors(workspace):
    (opened,) = workspace.merge_actions([action()], at=WEEK_1)
    workspace.close_action(opened.action_id, Outcome.VALS_ALARM, at=WEEK_1, by="Anna")
    with pytest.raises(IllegalStepError, match="a closed action cannot"):
        workspace.close_action(opened.action_id, Outcome.GESLAAGD, at=WEEK_1, by="Anna")
    with pytest.raises(WorkspaceError, match="no such action"):
        workspace.update_action("bestaat-niet", at=WEEK_1, by="Anna", owner="Sales")
    with pytest.raises(ValueError, match="onzin"):
        workspace.update_action(opened.action_id, at=WEEK_1, by="Anna", status="onzin")


def test_two_subjects_with_one_id_store_nothing(workspace):
    with pytest.raises(WorkspaceError, match="same action id"):
        workspace.merge_actions([action(), action("K-2", action_id=action().action_id)], at=WEEK_1)
    assert workspace.actions() == ()


def test_a_change_by_somebody_else_in_between_is_not_overwritten(workspace, monkeypatch):
    from klankbord.store import action_steps as module

    (opened,) = workspace.merge_actions([action()], at=WEEK_1)
    read = module.one

    def read_then_somebody_edits(connection, action_id):
        known = read(connection, action_id)
        connection.exec_driver_sql("UPDATE action SET version = version + 1")
        return known

    monkeypatch.setattr(module, "one", read_then_somebody_edits)
    with pytest.raises(ConflictError, match="somebody else"):
        workspace.update_action(opened.action_id, at=WEEK_1, by="Anna", owner="Sales")
    monkeypatch.undo()
    assert workspace.actions() == (opened,)


def test_history_goes_with_its_action(workspace):
    (opened,) = workspace.merge_actions([action()], at=WEEK_1)
    with workspace._writing() as connection:
        connection.exec_driver_sql("DELETE FROM action")
        left = connection.exec_driver_sql(
            "SELECT (SELECT count(*) FROM action_event) + (SELECT count(*) FROM action_evidence)"
        ).scalar_one()
    assert left == 0
    assert workspace.action_history(opened.action_id) == ()
