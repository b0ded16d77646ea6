import csv
import io
import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import openpyxl
import pyarrow as pa
import pytest

from klankbord.cli import run
from klankbord.records import KnownTheme, Quote, Theme
from klankbord.schema import FEEDBACK, SEGMENTS, Tone, conform
from klankbord.store import Workspace

DAY = date(2026, 3, 30)
MOMENT = datetime(2026, 3, 30, 9, tzinfo=UTC)
A, B, C = "levertijd-bezorger", "levertijd-pakket", "levertijd-weg"


def known(theme_id, label, parent="levertijd", **more):
    fields = {
        "theme_id": theme_id,
        "parent_id": parent,
        "label": label,
        "keywords": ("laat", "bezorger"),
        "encoder": "e1",
        "centre": (1.0, 0.0),
        "terms": (("laat", 1.0),),
        "found_at": date(2026, 1, 5),
        "seen_at": DAY,
    }
    return KnownTheme(**(fields | more))


def listed(theme_id, label, parent="levertijd", mentions=12, **more):
    fields = {
        "theme_id": theme_id,
        "parent_id": parent,
        "label": label,
        "keywords": ("laat", "=cmd"),
        "mentions": mentions,
        "share": mentions / 40,
        "trend": "stijgend",
        "trend_p": 0.01,
        "weekly": ((date(2026, 3, 2), 0, 10), (date(2026, 3, 9), 5, 10), (date(2026, 3, 23), 1, 4)),
        "value_eur": None,
        "owner": "Distributie",
        "quotes": (
            Quote("f1", "Veel \x1b[31mte laat\u202e", MOMENT, "survey", Tone.BOOS),
            Quote("f2", "Pakket weg", None, "chat", None),
        ),
        "evidence": ("f1",),
    }
    return Theme(**(fields | more))


def complaints(store, count):
    ids = [f"f{number}" for number in range(count)]
    same = {"source": "x", "channel": "survey", "author_role": "customer", "attributes": "{}"}
    columns = {name: [value] * count for name, value in same.items()}
    feedback = {"feedback_id": ids, **columns, "verbatim": ["te laat"] * count}
    store.add_feedback(conform(pa.table(feedback), FEEDBACK))
    segments = {
        "feedback_id": ids,
        "segment": [0] * count,
        "start": [0] * count,
        "end": [7] * count,
        "text": ["te laat"] * count,
        "theme_id": ["levertijd"] * count,
    }
    store.save_segments(conform(pa.table(segments), SEGMENTS))


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """Three themes under one head, one of them dormant, and one found by the latest run."""
    path = tmp_path / "w.db"
    with Workspace.open(path) as store:
        complaints(store, 40)
        store.save_themes(
            [
                listed("levertijd", "Te late levering", None, 30),
                listed(A, "bezorger, laat"),
                listed(B, "pakket, laat", mentions=10),
                listed("nieuw-fiets", "fiets", None, 8, owner="Operations"),
            ]
        )
        store.save_known_themes(
            [
                known(A, "bezorger, laat"),
                known(B, "pakket, laat"),
                known(C, "weg, laat"),
                known("nieuw-fiets", "fiets", None, found_at=DAY),
            ]
        )
        ended = datetime.now(UTC) - timedelta(minutes=5)
        store.record_run({"finished_at": ended.isoformat()}, as_of=MOMENT)
    return path


@pytest.fixture
def themes(workspace: Path, capsys: pytest.CaptureFixture[str]):
    def call(*arguments: str, code: int = 0):
        assert run(["themes", *arguments, "-w", str(workspace)]) == code, capsys.readouterr()
        return capsys.readouterr()

    return call


def records(themes, *arguments: str) -> dict[str, dict]:
    return {row["theme_id"]: row for row in json.loads(themes(*arguments, "-f", "json").out)}


def stored(workspace: Path, theme_id: str) -> KnownTheme:
    with Workspace.open(workspace) as store:
        return next(one for one in store.known_themes() if one.theme_id == theme_id)


def test_lists_heads_with_what_hangs_under_them(themes):
    shown = themes("list")
    rows = list(csv.reader(io.StringIO(shown.out), delimiter="\t"))
    assert rows[0] == ["theme_id", "theme", "mentions", "share", "trend", "owner", "marks"]
    assert [row[0] for row in rows[1:]] == ["levertijd", A, B, "nieuw-fiets"]
    assert rows[2] == [A, "  bezorger, laat", "12", "30.0%", "stijgend", "Distributie", ""]
    assert rows[4][5:] == ["Operations", "new"]
    assert "4 themes in 40" in shown.err
    assert "1 more with --all" in shown.err


def test_without_a_verb_it_lists(themes):
    assert themes().out == themes("list").out
    assert themes("--all", "--quiet") == themes("list", "-a", "-q")
    assert themes("-a", "-q").err == ""


def test_an_option_before_a_verb_is_not_ignored(tmp_path: Path, capsys):
    assert run(["themes", "-w", str(tmp_path / "w.db"), "undo"]) == 2


def test_all_shows_the_dormant_too(themes):
    rows = records(themes, "list", "--all")
    assert rows[C]["dormant"]
    assert rows[C]["mentions"] == 0
    assert not rows[A]["dormant"]
    assert C not in records(themes, "list")
    themes("pin", C)
    assert records(themes)[C]["pinned"]


def test_csv_has_the_columns_of_json_and_runs_no_formula(themes):
    themes("rename", A, "=HYPERLINK(1)")
    rows = list(csv.DictReader(io.StringIO(themes("list", "-f", "csv").out)))
    assert list(rows[0]) == list(records(themes)["levertijd"])
    assert rows[1]["label"] == "'=HYPERLINK(1)"
    assert rows[1]["pending"] == "false"


def test_a_new_name_and_owner_show_at_once(themes):
    said = themes("rename", A, "Bezorger te laat", "--by", "Anna", "--why", "zo heet het").err
    assert "name: – → Bezorger te laat" in said
    assert "next klankbord analyse" not in said
    themes("rename", "levertijd", "Wachten")
    themes("assign", "levertijd", "operations")
    rows = records(themes)
    assert rows[A]["label"] == "Bezorger te laat"
    assert rows["levertijd"]["label"] == "Wachten"
    assert {rows[one]["owner"] for one in ("levertijd", A, B)} == {"Operations"}
    assert not any(row["pending"] for row in rows.values())
    themes("rename", "levertijd", "--off")
    assert records(themes)["levertijd"]["label"] == "Te late levering"


def test_what_waits_for_the_next_analysis_says_so(themes, workspace: Path):
    assert "counts from the next klankbord analyse" in themes("merge", B, A).err
    themes("split", A)
    themes("forbid", "nieuw-fiets")
    rows = records(themes)
    assert [rows[one]["pending"] for one in (A, B, "nieuw-fiets", "levertijd")] == [
        True, True, True, False
    ]  # fmt: skip
    shown = themes()
    assert f"merged into {A} (pending)" in shown.out
    assert "to be split (pending)" in shown.out
    assert "forbidden (pending)" in shown.out
    assert "3 edits count from the next klankbord analyse on" in shown.err
    with Workspace.open(workspace) as store:  # as the next run leaves it
        store.save_themes([one for one in store.themes() if one.theme_id in ("levertijd", A)])
    after = themes("list", "--all").out
    assert f"merged into {A}\n" in after
    assert "forbidden\n" in after
    assert B not in records(themes)
    themes("merge", B, "--off")
    assert "listed again (pending)" in themes().out


def test_show_says_all_about_one_theme(themes):
    themes("rename", A, "Bezorger te laat", "--by", "Anna", "--why", "zo heet het")
    shown = themes("show", A).out
    for part in (
        f"Bezorger te laat ({A})",
        "found as  bezorger, laat",
        "Te late levering (levertijd)",
        "laat, =cmd",
        "▁█·▅",
        "at most 50.0%",
        "“Veel [31mte laat”",
        "30 mrt 2026, survey, boos",
        "rename by Anna: name: – → Bezorger te laat (zo heet het)",
    ):
        assert part in shown, part
    assert "\x1b" not in shown
    found = json.loads(themes("show", A, "-f", "json").out)
    assert found["edits"][0]["changes"] == {"name": ["", "Bezorger te laat"]}
    assert found["weekly"][1] == ["2026-03-09", 5, 10]
    weeks = themes("show", A, "-f", "csv").out.splitlines()
    assert weeks[:2] == ["week,mentions,feedback", "2026-03-02,0,10"]
    assert "none in the latest analysis" in themes("show", C).out
    assert f"perhaps {A}" in themes("show", A[:-1], code=1).err


def test_undo_takes_back_one_edit_after_another(themes, workspace: Path):
    themes("rename", "levertijd", "Wachten")
    themes("pin", B)
    themes("undo", "--by", "Bas")
    assert not stored(workspace, B).pinned
    themes("undo")
    with Workspace.open(workspace) as store:
        assert [edit.verb for edit in store.theme_edits()] == ["rename", "pin", "undo", "undo"]
        assert store.theme_edits()[2].by == "Bas"
        assert "levertijd" not in {one.theme_id for one in store.known_themes()}
    assert "no edit to undo" in themes("undo", code=1).err


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["pin", "levertijd-bezorgr"], 1, f"perhaps {A}"),
        (["rename", A, " "], 1, "letter or digit"),
        (["rename", A, "Pakket, laat"], 1, "has that name"),
        (["rename", A], 2, "--off"),
        (["rename", A, "x", "--off"], 2, "--off"),
        (["merge", A, A], 1, "into itself"),
        (["merge", "levertijd", A], 1, "head of the codeframe"),
        (["assign", A, "Inkoop"], 1, "Customer Service"),
    ],
)
def test_a_refused_edit_changes_nothing(themes, workspace: Path, arguments, code, message):
    assert message in themes(*arguments, code=code).err
    with Workspace.open(workspace) as store:
        assert store.theme_edits() == ()


@pytest.mark.parametrize("verb", [[], ["show", A], ["undo"], ["export", "x.csv"]])
def test_no_workspace_yet_makes_none(verb, tmp_path: Path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert run(["themes", *verb, "-w", "weg.db"]) == 1
    assert "weg.db" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_an_empty_workspace_says_that_nothing_was_analysed(tmp_path: Path, capsys):
    path = tmp_path / "leeg.db"
    Workspace.open(path).close()
    for verb in ([], ["pin", "prijs"], ["undo"], ["export", str(tmp_path / "x.xlsx")]):
        assert run(["themes", *verb, "-w", str(path)]) == 1
        assert "nothing has been analysed" in capsys.readouterr().err
    assert not (tmp_path / "x.xlsx").exists()


def test_few_complaints_say_so(tmp_path: Path, capsys):
    path = tmp_path / "klein.db"
    with Workspace.open(path) as store:
        complaints(store, 7)
        store.record_run({"finished_at": datetime.now(UTC).isoformat()}, as_of=MOMENT)
    assert run(["themes", "-w", str(path), "-f", "json"]) == 0
    shown = capsys.readouterr()
    assert json.loads(shown.out) == []
    assert "7 pieces of feedback with a complaint: too few" in shown.err


def test_themes_of_before_they_were_kept_can_be_seen_but_not_edited(themes, workspace: Path):
    with Workspace.open(workspace) as store:
        store.save_known_themes([])
    assert records(themes)[A]["label"] == "bezorger, laat"
    assert "analyse once more" in themes("pin", A, code=1).err


# --- the sheet ------------------------------------------------------------------------------------


def edit_workbook(path: Path, changes: dict[tuple[str, str], object]) -> None:
    book = openpyxl.load_workbook(path)
    page = book["themas"]
    columns = {cell.value: cell.column for cell in page[1]}
    rows = {page.cell(row, 1).value: row for row in range(2, page.max_row + 1)}
    for (theme_id, heading), value in changes.items():
        page.cell(rows[theme_id], columns[heading]).value = value
    book.save(path)


def test_the_workbook_is_made_to_be_edited(themes, workspace: Path, tmp_path: Path):
    with Workspace.open(workspace) as store:
        kept = store.known_themes()
        store.save_known_themes([*kept[:-1], known("nieuw-fiets", "=1+1", None)])
    path = tmp_path / "codeboek.xlsx"
    themes("export", str(path))
    first = path.read_bytes()
    themes("export", str(path))
    assert path.read_bytes() == first
    page = openpyxl.load_workbook(path)["themas"]
    head = [cell.value for cell in page[1]]
    assert [page.cell(row, 1).value for row in range(2, page.max_row + 1)] == [
        "levertijd", A, B, C, "nieuw-fiets"
    ]  # fmt: skip
    assert page.protection.sheet
    assert page.freeze_panes == "B2"
    row = {name: page.cell(3, at) for at, name in enumerate(head, start=1)}
    open_cells = [name for name, cell in row.items() if not cell.protection.locked]
    assert open_cells == [
        "naam", "afdeling", "samenvoegen met", "vastgezet", "verborgen", "splitsen"
    ]  # fmt: skip
    assert page.cell(2, head.index("samenvoegen met") + 1).protection.locked
    assert (row["vermeldingen"].value, row["aandeel"].value) == (12, 0.3)
    assert row["hoofdthema"].value == "Te late levering"
    assert not any(cell.data_type == "f" for line in page.iter_rows() for cell in line)
    lists = {rule.formula1 for rule in page.data_validations.dataValidation}
    assert "$A$2:$A$6" in lists
    assert any("Customer Service" in source for source in lists)


@pytest.mark.parametrize("name", ["codeboek.xlsx", "codeboek.csv"])
def test_an_unedited_sheet_changes_nothing(themes, workspace: Path, tmp_path: Path, name: str):
    for arguments in (
        ["rename", A, "=1;=2"],
        ["rename", B, "'s Avonds"],
        ["assign", A, "Finance"],
        ["pin", "prijs"],
        ["merge", C, A],
        ["forbid", "nieuw-fiets"],
    ):
        themes(*arguments)
    themes("export", str(tmp_path / name))
    with Workspace.open(workspace) as store:
        before = (store.known_themes(), store.theme_edits())
    shown = themes("import", str(tmp_path / name))
    assert "0 changes applied, 0 rows refused" in shown.err
    with Workspace.open(workspace) as store:
        assert (store.known_themes(), store.theme_edits()) == before


def test_an_edited_workbook_is_applied(themes, workspace: Path, tmp_path: Path):
    path = tmp_path / "codeboek.xlsx"
    themes("pin", B)
    themes("rename", C, "Verdwenen")
    themes("export", str(path))
    edit_workbook(
        path,
        {
            (A, "naam"): "Bezorger te laat",
            (A, "splitsen"): "JA",
            (B, "naam"): "bezorger, laat",  # free once A has another name
            (B, "vastgezet"): "nee",
            (B, "verborgen"): True,  # possible once it is not pinned
            (C, "naam"): None,
            (C, "samenvoegen met"): A,
            ("levertijd", "afdeling"): "Operations",
        },
    )
    preview = themes("import", str(path), "--preview", "-f", "json")
    assert len(json.loads(preview.out)) == 8
    assert stored(workspace, A).name == ""
    shown = themes("import", str(path), "--by", "Anna", "-f", "json")
    assert "8 changes applied, 0 rows refused" in shown.err
    assert "count from the next klankbord analyse on" in shown.err
    changes = json.loads(shown.out)
    assert {"row": 3, "theme_id": A, "change": "to be split: no → yes", "outcome": "applied"} in (
        changes
    )
    a, b, c = (stored(workspace, one) for one in (A, B, C))
    assert (a.name, a.divide) == ("Bezorger te laat", True)
    assert (b.name, b.pinned, b.forbidden) == ("bezorger, laat", False, True)
    assert (c.name, c.merged_into) == ("", A)
    assert stored(workspace, "levertijd").owner == "Operations"
    with Workspace.open(workspace) as store:
        assert {edit.by for edit in store.theme_edits()[2:]} == {"Anna"}
    again = themes("import", str(path), "-f", "json")  # every row is as the sheet wants it
    assert json.loads(again.out) == []


def test_a_cell_may_make_way_for_one_above_it(themes, workspace: Path, tmp_path: Path):
    path = tmp_path / "codeboek.xlsx"
    themes("forbid", B)
    themes("export", str(path))
    edit_workbook(
        path,
        {
            (A, "naam"): "pakket, laat",
            (B, "naam"): "iets anders",
            (B, "vastgezet"): "ja",
            (B, "verborgen"): None,
        },
    )
    themes("import", str(path))
    assert stored(workspace, A).name == "pakket, laat"
    assert (stored(workspace, B).pinned, stored(workspace, B).forbidden) == (True, False)


def test_a_row_that_changed_since_the_export_is_refused(themes, workspace: Path, tmp_path: Path):
    path = tmp_path / "codeboek.xlsx"
    themes("export", str(path))
    themes("rename", A, "Van een ander")
    themes("pin", C)
    edit_workbook(path, {(A, "afdeling"): "Finance", (B, "naam"): "Pakketje"})
    shown = themes("import", str(path), "-f", "csv")
    rows = list(csv.DictReader(io.StringIO(shown.out)))
    assert [(row["theme_id"], row["outcome"]) for row in rows] == [
        (A, "refused: changed since the export"),
        (B, "applied"),
        (C, "refused: changed since the export"),
    ]
    assert "1 changes applied, 2 rows refused" in shown.err
    assert (stored(workspace, A).name, stored(workspace, A).owner) == ("Van een ander", "")
    assert stored(workspace, B).name == "Pakketje"
    assert stored(workspace, C).pinned


def test_wrong_cells_are_all_named_and_nothing_is_applied(themes, workspace: Path, tmp_path: Path):
    path = tmp_path / "codeboek.xlsx"
    themes("export", str(path))
    edit_workbook(
        path,
        {
            (A, "naam"): "Goed",
            (A, "afdeling"): "Inkoop",
            (B, "vastgezet"): "misschien",
            (C, "samenvoegen met"): "bestaat-niet",
            ("levertijd", "splitsen"): "ja",
            ("nieuw-fiets", "naam"): "x" * 61,
        },
    )
    said = themes("import", str(path), code=2).err
    for where in (
        "row 2, column 'splitsen'",
        "row 3, column 'afdeling'",
        "row 4, column 'vastgezet'",
        "row 5, column 'samenvoegen met'",
        "row 6, column 'naam'",
    ):
        assert where in said, where
    assert "5 of its cells cannot be applied; nothing was changed" in said
    with Workspace.open(workspace) as store:
        assert store.theme_edits() == ()
        assert all(one.name == "" for one in store.known_themes())


def csv_rows(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.reader(stream))


def write_csv(path: Path, rows: list[list[str]], **options: str) -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream, **options).writerows(rows)


def test_a_csv_as_excel_saves_it_is_read_too(themes, workspace: Path, tmp_path: Path):
    path = tmp_path / "codeboek.csv"
    themes("export", str(path))
    rows = csv_rows(path)
    rows[2][rows[0].index("naam")] = "Crème; brûlée"
    rows = [[row[-1], *row[:-1]] for row in [rows[0], *reversed(rows[1:])]]
    write_csv(path, rows, delimiter=";")
    themes("import", str(path))
    assert stored(workspace, A).name == "Crème; brûlée"


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda rows: [[cell.replace("versie", "v") for cell in row] for row in rows], "'versie'"),
        (lambda rows: [*rows, rows[1]], "stands in row 2 too"),
        (lambda rows: [rows[0], ["weg", *rows[1][1:]]], "no theme with that id"),
        (lambda rows: [*rows, [*rows[1], "te", "breed"]], "row 7"),
        (lambda rows: [], "empty"),
    ],
)
def test_a_spoilt_sheet_is_refused_by_row_or_column(themes, tmp_path: Path, spoil, message):
    path = tmp_path / "codeboek.csv"
    themes("export", str(path))
    write_csv(path, spoil(csv_rows(path)))
    assert message in themes("import", str(path), code=2).err


def test_other_files_are_refused(themes, tmp_path: Path):
    assert ".xlsx or a .csv" in themes("export", str(tmp_path / "x.ods"), code=2).err
    assert "cannot be opened" in themes("import", str(tmp_path / "weg.xlsx"), code=2).err


@pytest.mark.parametrize("verb", ["", "list", "rename", "merge", "import", "export", "show"])
def test_help_teaches_with_an_example(verb: str, capsys):
    assert run([*filter(None, ["themes", verb]), "--help"]) == 0
    assert "Example: klankbord themes" in capsys.readouterr().out
