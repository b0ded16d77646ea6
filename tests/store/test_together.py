"""People and runs that use one workspace at once lose nothing and are never told it is locked."""

import subprocess
import sys
import threading
import time
from datetime import UTC, date, datetime
from itertools import pairwise

import pytest

from klankbord.errors import ConflictError, WorkspaceError
from klankbord.importing import import_sources
from klankbord.loop import ActionState, Outcome
from klankbord.loop.lifecycle import IllegalStepError
from klankbord.records import Action, ToneShift
from klankbord.schema import ShiftKind, Tone
from klankbord.settings import Settings
from klankbord.store import Workspace
from together import at_once

WEEK_1 = datetime(2026, 3, 2, 12, tzinfo=UTC)
WRITERS = 8
PROCESSES = 3  # each takes seconds to start
ROUNDS = 6


def action(number, **more):
    fields = {
        "action_id": f"inner-{number}", "loop": "inner", "kind": "herstelgesprek",
        "customer_id": f"K-{number}", "theme_id": None, "owner": "Sales",
        "due": date(2026, 3, 4), "priority": 0.5, "status": "actieplan", "reason": "Klant zakte.",
        "evidence": (f"f{number}",), "wel_niet_later": "", "draft": "",
    }  # fmt: skip
    return Action(**(fields | more))


def test_eight_people_edit_one_action_and_no_edit_is_lost(address):
    with Workspace.open(address) as workspace:
        workspace.merge_actions([action(0)], at=WEEK_1)

    def edit(number):
        made, refused = [], 0
        with Workspace.open(address) as workspace:
            for turn in range(ROUNDS):
                seen = workspace.action("inner-0")
                text = f"{seen.draft} {number}.{turn}".strip()
                try:
                    workspace.update_action(
                        "inner-0", at=WEEK_1, by=str(number), draft=text, version=seen.version
                    )
                except ConflictError:
                    refused += 1
                else:
                    made.append(f"{number}.{turn}")
        return made, refused

    done = at_once(WRITERS, edit)
    made = [edit for edits, _ in done for edit in edits]
    assert len(made) + sum(refused for _, refused in done) == WRITERS * ROUNDS
    with Workspace.open(address) as workspace:
        left = workspace.action("inner-0")
        events = workspace.action_history("inner-0")[1:]
    assert sorted(left.draft.split()) == sorted(made)
    assert left.version == 1 + len(made)
    assert [event.changes["draft"][1].split()[-1] for event in events] == left.draft.split()
    assert all(
        later.changes["draft"][0] == earlier.changes["draft"][1]
        for earlier, later in pairwise(events)
    )


def test_without_a_version_every_edit_of_one_action_counts(address):
    with Workspace.open(address) as workspace:
        workspace.merge_actions([action(0)], at=WEEK_1)

    def edit(number):
        with Workspace.open(address) as workspace:
            for turn in range(ROUNDS):
                workspace.update_action("inner-0", at=WEEK_1, by="", draft=f"{number}.{turn}")

    at_once(WRITERS, edit)
    with Workspace.open(address) as workspace:
        assert workspace.action("inner-0").version == 1 + WRITERS * ROUNDS
        assert len(workspace.action_history("inner-0")) == 1 + WRITERS * ROUNDS


def test_one_of_eight_people_closes_an_action(address):
    with Workspace.open(address) as workspace:
        workspace.merge_actions([action(number) for number in range(4)], at=WEEK_1)

    def close(number):
        closed = []
        with Workspace.open(address) as workspace:
            for own in range(4):
                try:
                    workspace.update_action(
                        f"inner-{own}", at=WEEK_1, by=str(number), status=ActionState.UITGEVOERD
                    )
                    workspace.close_action(
                        f"inner-{own}", Outcome.GESLAAGD, at=WEEK_1, by=str(number)
                    )
                except IllegalStepError:  # somebody else was first
                    continue
                else:
                    closed.append(own)
        return closed

    closed = [own for each in at_once(WRITERS, close) for own in each]
    assert sorted(closed) == [0, 1, 2, 3]
    with Workspace.open(address) as workspace:
        assert workspace.actions(open_only=True) == ()
        for own in range(4):
            events = [event.event for event in workspace.action_history(f"inner-{own}")]
            assert events.count("gesloten") == 1


def test_processes_edit_their_own_actions(address):
    script = """
import sys
from datetime import UTC, datetime
from klankbord.store import Workspace

with Workspace.open(sys.argv[1]) as workspace:
    for turn in range(5):
        workspace.update_action(
            f"inner-{sys.argv[2]}", at=datetime(2026, 3, 2, tzinfo=UTC), by="", draft=str(turn))
"""
    with Workspace.open(address) as workspace:
        workspace.merge_actions([action(number) for number in range(PROCESSES)], at=WEEK_1)
    people = [
        subprocess.Popen([sys.executable, "-c", script, str(address), str(number)])
        for number in range(PROCESSES)
    ]
    assert [each.wait(120) for each in people] == [0] * PROCESSES
    with Workspace.open(address) as workspace:
        assert {one.version for one in workspace.actions()} == {6}
        assert {one.draft for one in workspace.actions()} == {"4"}


def test_two_analyses_at_once_open_each_action_once(address):
    def merge(number):
        with Workspace.open(address) as workspace:
            planned = [action(own, action_id=f"{number}-{own}") for own in range(20)]
            workspace.merge_actions(planned, at=WEEK_1)

    at_once(WRITERS, merge)
    with Workspace.open(address) as workspace:
        assert len(workspace.actions()) == 20
        histories = workspace.action_histories()
    assert all([event.event for event in events] == ["geopend"] for events in histories.values())


def shift():
    return ToneShift(
        shift_id="K-1-verkoeling", customer_id="K-1", kind=ShiftKind.VERKOELING,
        before=Tone.ENTHOUSIAST, after=Tone.NEUTRAAL, before_at=WEEK_1, after_at=WEEK_1,
        probability=0.8, expected_fdr=0.1, value_eur=None, channels=("survey",), before_quote=None,
        after_quote=None, explanation="Koelde af.", priority=1.0, evidence=("f1",),
    )  # fmt: skip


@pytest.mark.slow
def test_people_write_while_a_file_is_imported(address, tmp_path, capsys):
    rows = 50_000
    source = tmp_path / "reviews.csv"
    with source.open("w") as file:
        file.write("review_id,klant,datum,sterren,review\n")
        for number in range(rows):
            file.write(f"r{number},{number % 9000},01-03-2026,4,De monteur kwam netjes {number}\n")
    with Workspace.open(address) as workspace:
        workspace.save_shifts([shift()])
        workspace.merge_actions([action(0)], at=WEEK_1)
    waits, failures, done = [], [], threading.Event()

    def review():
        with Workspace.open(address) as workspace:
            while not done.is_set():
                began = time.monotonic()
                try:
                    workspace.judge_shift(shift(), real=len(waits) % 2 == 0, at=WEEK_1)
                    workspace.update_action("inner-0", at=WEEK_1, by="", draft=str(len(waits)))
                except WorkspaceError as error:
                    failures.append(error)
                waits.append(time.monotonic() - began)
                time.sleep(0.02)

    reviewer = threading.Thread(target=review)
    reviewer.start()
    try:
        settings = Settings(key_file=str(tmp_path / "sleutel"))
        imported = import_sources([source], workspace=address, settings=settings)
    finally:
        done.set()
        reviewer.join()
    with capsys.disabled():
        print(f"\n{len(waits)} reviews during an import, longest wait {max(waits):.2f} s")
    assert failures == []
    assert max(waits) < 15
    assert [(count.rows_in, count.stored) for count in imported.counts] == [(rows, rows)]
    with Workspace.open(address) as workspace:
        assert workspace.feedback().num_rows == rows
        assert workspace.action("inner-0").version == 1 + len(waits)
