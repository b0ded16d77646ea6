import csv
import io
import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pytest

from klankbord.cli import run
from klankbord.cli.metric_rows import COLUMNS, Words
from klankbord.metrics.overview import Remark
from klankbord.resources import toml_beside
from klankbord.schema import CUSTOMERS, FEEDBACK
from klankbord.store import Workspace

AS_OF = datetime(2026, 4, 15, 22, tzinfo=UTC)  # the end of 15 April in Amsterdam
SINCE = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A thousand customers in March: 50 leave, 200 join; 60 answers, half of them a 10."""
    path = tmp_path_factory.mktemp("metrics") / "klankbord.db"
    left, joined = datetime(2026, 3, 10, tzinfo=UTC), datetime(2026, 3, 20, tzinfo=UTC)
    customers = [
        {
            "customer_id": f"k{at:04}",
            "segment": "=Zzp" if at % 2 else "Gezin\tgroot",
            "value_eur": 120.0,
            "started_at": joined if at >= 1000 else SINCE,
            "cancelled_at": left if at < 50 else None,
            "attributes": json.dumps({"bestellingen 2026-03": at % 3}),
        }
        for at in range(1200)
    ]
    feedback = [
        {
            "feedback_id": f"f{at}",
            "source": "csv",
            "channel": "survey",
            "author_role": "customer",
            "verbatim": "",
            "attributes": "{}",
            "customer_id": f"k{at:04}",
            "received_at": datetime(2026, 3, 5, tzinfo=UTC),
            "score_metric": "nps",
            "score_value": 10.0 if at < 30 else 6.0,
        }
        for at in range(60)
    ]
    with Workspace.open(path) as store:
        store.add_customers(pa.Table.from_pylist(customers, schema=CUSTOMERS))
        store.add_feedback(pa.Table.from_pylist(feedback, schema=FEEDBACK))
        store.record_run({}, as_of=AS_OF)
    return path


def records(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[dict[str, object]]:
    assert run(["metrics", *arguments, "--format", "json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_the_golden_sum(workspace: Path, capsys: pytest.CaptureFixture[str]):
    found = records(capsys, "-w", str(workspace))
    march = {one["measure"]: one for one in found if one["period"] == "2026-03"}
    assert march["retention"]["value"] == 95
    assert march["churn"]["value"] == 5
    assert march["revenue_churn"]["value"] == 5
    assert march["mrr"]["value"] == 11_500
    assert march["nps"]["value"] == 0
    assert march["nps"]["low"] < 0 < march["nps"]["high"]
    assert march["repeat_purchase"]["value"] == 50
    assert march["reactivation"]["gap"] == "no_returns"
    assert march["retention"]["complete"] is True
    april = [one for one in found if one["period"] == "2026-04"]
    assert {one["complete"] for one in april} == {False}
    assert {one["last_day"] for one in april} == {"2026-04-15"}


def test_a_table_for_people(workspace: Path, capsys: pytest.CaptureFixture[str]):
    assert run(["metrics", "-w", str(workspace)]) == 0
    shown = capsys.readouterr()
    lines = [line.split("\t") for line in shown.out.splitlines()]
    assert lines[0] == ["maat", "mrt ’26", "apr ’26 t/m 15-4", "n"]
    rows = {line[0]: line[1:] for line in lines[1:]}
    assert rows["NPS"][0].startswith("0 (−")
    assert rows["NPS"][1:] == ["te weinig gegevens", "0"]
    assert rows["retentie"][0].startswith("95,0% (93,")
    assert rows["omzet per maand (MRR)"][0] == "€\u00a011.500"
    assert rows["reactivatie"] == ["–", "kolom nodig: terugkeerdatum", "0"]
    assert "geen antwoorden op: CSAT" in shown.err
    assert "15 april 2026" in shown.err


def test_quiet_has_no_notes(workspace: Path, capsys: pytest.CaptureFixture[str]):
    assert run(["metrics", "-w", str(workspace), "--quiet", "--sector", "all"]) == 0
    assert capsys.readouterr().err == ""


def test_a_terminal_of_80_columns_cuts_nothing(
    workspace: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    arguments = ["metrics", "-w", str(workspace), "--period", "week", "--last", "7"]
    assert run([*arguments, "--by", "segment", "--sector", "all"]) == 0
    lines = re.sub(r"\x1b\[[0-9;]*m", "", capsys.readouterr().out).splitlines()
    assert any("───" in line for line in lines)
    assert max(len(line) for line in lines) <= 80
    assert not any(re.search(r"\w…(\s|$)", line) for line in lines)


def test_groups_and_hostile_names(workspace: Path, capsys: pytest.CaptureFixture[str]):
    options = ["-w", str(workspace), "--by", "segment", "--period", "year"]
    assert run(["metrics", *options, "--format", "csv"]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert tuple(rows[0]) == COLUMNS
    assert {row["segment"] for row in rows} == {"", "'=Zzp", "Gezin\tgroot"}
    assert run(["metrics", *options]) == 0
    shown = capsys.readouterr()
    lines = [line.split("\t") for line in shown.out.splitlines()]
    assert {len(line) for line in lines} == {4}
    assert {line[1] for line in lines[1:]} == {"allen", "=Zzp", "Gezin groot"}
    assert "één keer in de tien" in shown.err


def test_the_own_figure_comes_before_what_others_say(
    workspace: Path, capsys: pytest.CaptureFixture[str]
):
    assert run(["metrics", "-w", str(workspace), "--sector", "horeca"]) == 0
    shown = capsys.readouterr()
    own, others = shown.out.index("uw eigen cijfer"), shown.out.index("horeca en reizen\t55%")
    assert own < others < shown.out.index("5–25×")
    assert "2023-12-05" in shown.out
    assert "niet door Klankbord nagemeten" in shown.err
    found = records(capsys, "-w", str(workspace), "--sector", "horeca")
    claims = [one for one in found if one["source"]]
    assert {one["segment"] for one in claims if one["measure"] == "retention"} == {"hospitality"}
    low_high = {(one["low"], one["high"]) for one in claims if one["measure"] == "acquisition_cost"}
    assert {(5, 25), (5, 7)} <= low_high


def test_value_per_month(workspace: Path, capsys: pytest.CaptureFixture[str]):
    found = records(capsys, "-w", str(workspace), "--value-per", "month", "--last", "2")
    assert {one["value"] for one in found if one["measure"] == "mrr"} == {138_000}


@pytest.mark.parametrize(
    ("option", "told"),
    [
        (["--period", "dag"], "quarter"),
        (["--by", "provincie"], "journey_stage"),
        (["--sector", "kapper"], "hospitality"),
        (["--value-per", "dag"], "month"),
    ],
)
def test_an_unknown_choice_names_the_known_ones(
    workspace: Path, capsys: pytest.CaptureFixture[str], option: list[str], told: str
):
    assert run(["metrics", "-w", str(workspace), *option]) == 2
    assert told in capsys.readouterr().err


def test_no_workspace_yet_makes_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert run(["metrics", "-w", str(tmp_path / "weg.db")]) == 1
    assert "weg.db" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_help_teaches_with_examples(capsys: pytest.CaptureFixture[str]):
    assert run(["metrics", "--help"]) == 0
    shown = capsys.readouterr().out
    assert "klankbord metrics --period quarter --by segment" in shown


def test_both_languages_hold_the_same_words():
    words = toml_beside("klankbord.metrics", "wording.toml")
    flat = {
        language: {
            (group, key): sorted(re.findall(r"\{(\w+)\}", str(text)))
            for group, texts in words[language].items()
            for key, text in texts.items()
        }
        for language in ("nl", "en")
    }
    assert flat["nl"] == flat["en"]
    remarks = {key for group, key in flat["nl"] if group == "remark"}
    assert set(Remark) <= remarks
    assert Words("en", "UTC").head("count") == "n"
