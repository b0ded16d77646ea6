"""`klankbord impact` on a workspace in which people acted on simulated customers."""

from __future__ import annotations

import csv
import io
import json
import sys
from pathlib import Path

import pytest

from klankbord.cli import run
from klankbord.loop.impact import measure_impact
from klankbord.loop.lifecycle import ActionState
from klankbord.store import Workspace


@pytest.fixture(scope="module")
def simulated(checkout: Path):
    sys.path.insert(0, str(checkout / "scripts"))
    import simulated_actions

    yield simulated_actions
    sys.path.remove(str(checkout / "scripts"))


@pytest.fixture(scope="module")
def case(simulated):
    return simulated.simulate(simulated.World("test", effect=0.9, flagged=110, gap_days=45), 4)


@pytest.fixture(scope="module")
def acted(simulated, case, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace in which the actions of the case were opened and carried out in time."""
    path = tmp_path_factory.mktemp("impact") / "klankbord.db"
    with Workspace.open(path) as store, store.transaction():
        store.add_feedback(case.feedback)
        store.save_scores(case.scores)
        store.add_customers(case.customers)
        for action in case.actions:
            store.merge_actions([action], at=action.opened_at)
        for action_id, at in case.acted_at.items():
            store.update_action(action_id, at=at, by="Sanne", status=ActionState.GECOMMUNICEERD)
        store.record_run({}, as_of=simulated.AS_OF)
    return path


def test_what_it_prints_is_what_was_measured(
    acted: Path, simulated, case, capsys: pytest.CaptureFixture[str]
):
    assert run(["impact", "-w", str(acted), "-f", "json"]) == 0
    shown = capsys.readouterr()
    records = json.loads(shown.out)
    wanted = measure_impact(
        case.actions, case.acted_at, case.feedback, case.scores, case.customers,
        as_of=simulated.AS_OF,
    )  # fmt: skip
    assert [(r["by"], r["measure"], r["verdict"]) for r in records] == [
        (one.by, one.measure, one.verdict) for one in wanted
    ]
    assert records[0]["effect"] == pytest.approx(wanted[0].effect)
    assert records[0]["verdict"] == "beter"
    assert records[0]["balance"].keys() >= {"last", "mean", "value"}
    assert "terugkeer naar het gemiddelde" in shown.err


@pytest.mark.parametrize("by", ["kind", "owner", "theme"])
def test_csv_per_group(acted: Path, by: str, capsys: pytest.CaptureFixture[str]):
    assert run(["impact", "-w", str(acted), "--by", by, "-f", "csv", "-q"]) == 0
    shown = capsys.readouterr()
    rows = list(csv.DictReader(io.StringIO(shown.out)))
    assert {row["by"] for row in rows} == {"all", by}
    assert {row["verdict"] == "te weinig gegevens" for row in rows if not row["effect"]} <= {True}
    assert shown.err == ""


@pytest.mark.parametrize("by", ["kind", "owner", "theme"])
def test_it_fits_a_terminal(acted: Path, by: str, terminal, capsys: pytest.CaptureFixture[str]):
    lines = terminal(["impact", "-w", str(acted), "--by", by, "-q"])
    assert lines[0].split() == ["group", "measure", "acted", "others", "change", "by", "itself",
                                "effect", "90", "%", "verdict"]  # fmt: skip
    assert max(map(len, lines)) <= 80
    assert run(["impact", "-w", str(acted), "--by", by, "-q", "-f", "csv"]) == 0
    told = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    measured = [row for row in told if row["effect"]]
    shown = "\n".join(lines)
    assert measured
    for row in measured:
        assert f"{float(row['low']):.2f}".rstrip("0") in shown
        assert row["acted"] in shown


def test_a_table_for_people(acted: Path, capsys: pytest.CaptureFixture[str]):
    assert run(["impact", "-w", str(acted), "--window", "60"]) == 0
    shown = capsys.readouterr()
    assert shown.out.startswith("group\tmeasure\tverdict")
    assert shown.out.splitlines()[1].startswith("all\ttone\t")


def test_nothing_carried_out_tells_what_it_takes(
    simulated, case, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    path = tmp_path / "klankbord.db"
    with Workspace.open(path) as store:
        store.add_feedback(case.feedback)
        store.merge_actions(case.actions[:5], at=case.actions[0].opened_at)
        store.record_run({}, as_of=simulated.AS_OF)
    assert run(["impact", "-w", str(path)]) == 0
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "minstens 15" in shown.err
    assert "klankbord actions" in shown.err
    assert run(["impact", "-w", str(path), "-f", "json", "-q"]) == 0
    assert json.loads(capsys.readouterr().out) == []


def test_no_workspace_yet_makes_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert run(["impact", "-w", str(tmp_path / "weg.db")]) == 1
    assert "weg.db" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
