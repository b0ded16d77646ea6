import csv
import io
import json
import shutil
from pathlib import Path

import pytest

from klankbord.cli import run
from klankbord.store import Workspace


def test_prints_what_the_export_holds(demo: Path, capsys: pytest.CaptureFixture[str]):
    assert run(["flags", "-w", str(demo / "klankbord.db"), "--format", "csv"]) == 0
    shown = capsys.readouterr()
    exported = (demo / "toonverschuivingen.csv").read_text("utf-8")
    assert list(csv.reader(io.StringIO(shown.out))) == list(csv.reader(io.StringIO(exported)))
    assert "expected false alarms" in shown.err


def test_one_kind_as_json(demo: Path, capsys: pytest.CaptureFixture[str]):
    arguments = ["flags", "-w", str(demo / "klankbord.db"), "--kind", "verkoeling", "-f", "json"]
    assert run(arguments) == 0
    records = json.loads(capsys.readouterr().out)
    assert records
    assert {record["kind"] for record in records} == {"verkoeling"}
    assert all(0.5 <= record["probability"] <= 1 for record in records)


def test_a_table_for_people(demo: Path, capsys: pytest.CaptureFixture[str]):
    assert run(["flags", "-w", str(demo / "klankbord.db"), "--quiet"]) == 0
    shown = capsys.readouterr()
    assert shown.out.startswith("rank\tcustomer_id\tkind")
    assert shown.err == ""


def test_no_workspace_yet_makes_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert run(["flags", "-w", str(tmp_path / "weg.db")]) == 1
    assert "weg.db" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_kind_names_the_known_ones(capsys: pytest.CaptureFixture[str]):
    assert run(["flags", "--kind", "boosheid"]) == 2
    assert "verkoeling" in capsys.readouterr().err


def first_listed(demo: Path) -> dict[str, str]:
    with (demo / "toonverschuivingen.csv").open(encoding="utf-8", newline="") as stream:
        return next(csv.DictReader(stream))


def test_one_customer_as_a_picture_with_the_reasons(demo: Path, capsys: pytest.CaptureFixture[str]):
    listed = first_listed(demo)
    assert run(["flags", "-w", str(demo / "klankbord.db"), "-c", listed["customer_id"]]) == 0
    shown = capsys.readouterr().out
    assert "enthousiast ┤ ●" in shown
    assert "date\tchannel\ttone\tquote" in shown
    assert listed["explanation"] in shown


def test_one_customer_as_json_ends_at_the_tone_the_list_claims(
    demo: Path, capsys: pytest.CaptureFixture[str]
):
    listed = first_listed(demo)
    arguments = ["flags", "-w", str(demo / "klankbord.db"), "-c", listed["customer_id"]]
    assert run([*arguments, "-f", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    line = found["timeline"]
    assert [point["date"] for point in line] == sorted(point["date"] for point in line)
    assert all(point["low"] <= point["mean_rank"] <= point["high"] for point in line)
    assert line[-1]["mean_rank"] < max(point["mean_rank"] for point in line) - 1
    assert found["tone_shifts"][0]["explanation"] == listed["explanation"]


def test_a_customer_with_one_answer_has_too_little(
    demo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    del demo
    source, workspace = tmp_path / "een.csv", tmp_path / "een.db"
    source.write_text("klant,datum,opmerking\n7,2026-03-01,Heel fijn geholpen\n", "utf-8")
    assert run(["analyse", str(source), "-o", str(tmp_path / "uit"), "-w", str(workspace)]) == 0
    capsys.readouterr()
    assert run(["flags", "-w", str(workspace), "-c", "7"]) == 0
    shown = capsys.readouterr()
    assert "Te weinig gegevens" in shown.err
    assert "Heel fijn geholpen" in shown.out


def test_who_could_be_judged_is_told_as_the_report_counts_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    source, workspace = tmp_path / "chats.csv", tmp_path / "chats.db"
    talks = [("7", "g1", "2026-03-01", 2), ("7", "", "2026-03-09", 1), ("8", "g2", "2026-03-02", 3)]
    lines = [
        f"{customer},{talk},{turn},{day},klant,chat,Fijn geholpen hoor {turn}"
        for customer, talk, day, turns in talks
        for turn in range(1, turns + 1)
    ]
    header = "klant,gesprek,beurt,datum,rol,kanaal,tekst"
    source.write_text("\n".join([header, *lines, ""]), "utf-8")
    assert run(["analyse", str(source), "-o", str(tmp_path / "uit"), "-w", str(workspace)]) == 0
    capsys.readouterr()
    assert run(["flags", "-w", str(workspace), "-c", "7"]) == 0
    shown = capsys.readouterr()
    assert shown.out.count("Fijn geholpen") == 3
    assert "Te weinig gegevens" in shown.err
    assert run(["flags", "-w", str(workspace), "-c", "8"]) == 0
    assert "Geen toonverschuiving op de lijst" in capsys.readouterr().err


def test_an_unknown_customer_is_not_repeated_in_the_error(
    demo: Path, capsys: pytest.CaptureFixture[str]
):
    assert run(["flags", "-w", str(demo / "klankbord.db"), "-c", "0612345678"]) == 1
    shown = capsys.readouterr()
    assert "no customer" in shown.err
    assert "0612345678" not in shown.err + shown.out


@pytest.fixture
def own_workspace(demo: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(demo / "klankbord.db", tmp_path / "klankbord.db"))


def test_verdicts_are_kept_by_the_rank_in_the_whole_list(
    own_workspace: Path, capsys: pytest.CaptureFixture[str]
):
    with Workspace.open(own_workspace) as store:
        shifts = store.shifts()
    rank = next(i for i, s in enumerate(shifts, start=1) if s.kind != shifts[0].kind)
    kind = shifts[rank - 1].kind.value
    assert run(["flags", "-w", str(own_workspace), "--kind", kind, "-f", "json", "-q"]) == 0
    assert json.loads(capsys.readouterr().out)[0]["rank"] == rank
    arguments = ["--confirm", "1", "--false-alarm", str(rank)]
    assert run(["flags", "-w", str(own_workspace), *arguments]) == 0
    assert "2 verdicts kept, 2 in all" in capsys.readouterr().err
    assert run(["flags", "-w", str(own_workspace), "--false-alarm", "1", "-q"]) == 0
    with Workspace.open(own_workspace) as store:
        said = {verdict.shift_id: verdict.real for verdict in store.verdicts()}
    assert said == {shifts[0].shift_id: False, shifts[rank - 1].shift_id: False}


@pytest.mark.parametrize(
    "arguments",
    [["--confirm", "100000"], ["--false-alarm", "0"], ["--confirm", "1", "--false-alarm", "1"]],
)
def test_an_impossible_verdict_keeps_none(
    own_workspace: Path, arguments: list[str], capsys: pytest.CaptureFixture[str]
):
    assert run(["flags", "-w", str(own_workspace), "--confirm", "2", *arguments]) == 2
    assert "rank" in capsys.readouterr().err
    with Workspace.open(own_workspace) as store:
        assert store.verdicts() == ()


def test_accounts_with_a_new_contact_person(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    source, workspace = tmp_path / "b2b.csv", tmp_path / "b2b.db"
    lines = [f"1,Bakker BV,2025-{month:02}-03,Fijn geholpen" for month in (1, 3, 5)]
    lines.append("2,Bakker BV,2025-12-01,Wie kan mij de factuur sturen?")
    source.write_text("\n".join(["klant,bedrijf,datum,opmerking", *lines, ""]), "utf-8")
    assert run(["analyse", str(source), "-o", str(tmp_path / "uit"), "-w", str(workspace)]) == 0
    capsys.readouterr()
    assert run(["flags", "-w", str(workspace), "--accounts", "-f", "json"]) == 0
    shown = capsys.readouterr()
    (account,) = json.loads(shown.out)
    assert (account["people"], account["took_over"]) == (2, True)
    assert len(account["new_people"]) == 1
    assert "1 with a new contact person" in shown.err
    assert run(["flags", "-w", str(workspace), "--accounts", "-f", "csv", "-q"]) == 0
    assert capsys.readouterr().out.startswith("account_id,people,dropped")
    assert account["account_id"] in (tmp_path / "uit" / "rapport.html").read_text("utf-8")


def test_accounts_keep_their_names_in_the_report_for_who_may_see_them(tmp_path: Path):
    source, out = tmp_path / "b2b.csv", tmp_path / "uit"
    lines = ["1,Bakker BV,2025-01-03,Fijn geholpen", "2,Bakker BV,2025-12-01,Wie kan mij helpen?"]
    source.write_text("\n".join(["klant,bedrijf,datum,opmerking", *lines, ""]), "utf-8")
    arguments = ["analyse", str(source), "-o", str(out), "-w", str(tmp_path / "b2b.db")]
    assert run([*arguments, "--keep-ids", "-q"]) == 0
    assert "<bdi>Bakker BV</bdi>" in (out / "rapport.html").read_text("utf-8")


def test_how_sure_needs_no_workspace(capsys: pytest.CaptureFixture[str]):
    assert run(["flags", "-w", "nergens.db", "--how-sure"]) == 0
    assert capsys.readouterr().out.startswith("# Hoe zeker zijn we?")
