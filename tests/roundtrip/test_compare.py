import dataclasses
import tempfile
from datetime import date, datetime
from itertools import product
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from klankbord.loop import ActionState
from klankbord.loop.lifecycle import next_states
from klankbord.roundtrip import Form, compare, read

from .builders import (
    CAN,
    DRAFT,
    HOSTILE,
    Happened,
    action,
    cell,
    csv_rows,
    export,
    put,
    resave,
    save_csv,
    structural,
)

READABLE = [Form.XLSX, Form.CSV, Form.JSON]
OPENED = Happened({"status": [None, "actieplan"]}, "geopend", "")
TROUBLE = st.text(
    st.sampled_from("=+-@＝'\"\t\n\r;,_x005F_x0041_ \u00a0ë€😀👩‍🔧\u202eab1\x00\x0b\u2028")
    | st.characters(codec="utf-8"),
    max_size=40,
)


def only(found):
    """Return the one change of a comparison without refusals."""
    assert found.refused == (), found.refused
    (change,) = found.changes
    return change


def reasons(found):
    assert found.changes == ()
    return [(refusal.row, refusal.column, refusal.reason) for refusal in found.refused]


@pytest.mark.parametrize("form", READABLE)
@pytest.mark.parametrize("language", ["nl", "en"])
def test_a_sheet_that_nobody_edited_changes_nothing(form: Form, language: str, tmp_path: Path):
    made = [action(), structural(), action("c", status="gemeten", outcome="geslaagd", draft="")]
    path = export(tmp_path / f"a.{form}", made, form, language=language)
    found = compare(read(path), made, language=language)
    assert (found.changes, found.refused, found.unchanged) == ((), (), 3)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(TROUBLE, TROUBLE, TROUBLE, st.sampled_from(READABLE))
def test_hostile_texts_come_back_unchanged(draft, can, owner, form):
    made = [action(draft=draft, wel_niet_later=can, owner=owner, reason=draft, kind=can)]
    with tempfile.TemporaryDirectory() as folder:
        path = export(Path(folder) / f"a.{form}", made, form)
        found = compare(read(path), made)
        assert (found.changes, found.refused, found.unchanged) == ((), (), 1)
        if form is Form.XLSX:
            found = compare(read(resave(path)), made)
            assert (found.changes, found.refused, found.unchanged) == ((), (), 1)


@settings(max_examples=25, deadline=None)
@given(TROUBLE, st.sampled_from([Form.XLSX, Form.CSV]))
def test_one_edit_gives_exactly_that_change(can, form):
    made = [action("a", draft=DRAFT + can), action("b", wel_niet_later=can), structural()]
    with tempfile.TemporaryDirectory() as folder:
        path = export(Path(folder) / f"a.{form}", made, form)
        if form is Form.XLSX:
            put(path, {"Wel, niet, later": "wel: =1+1 'nu'"}, line=3)
        else:
            rows = csv_rows(path)
            rows[2][7] = "wel: =1+1 'nu'"
            save_csv(path, rows, "utf-8-sig")
        change = only(compare(read(path), made))
    assert change.action.action_id == "b"
    assert change.row == 3
    assert change.values == {"wel_niet_later": "wel: =1+1 'nu'"}


def test_everything_that_may_be_edited(tmp_path: Path) -> None:
    made = [action()]
    edits = {
        "Afdeling": "finance ",
        "Uiterlijk": datetime(2026, 4, 9),  # noqa: DTZ001 - Excel has no zones
        "Status": "Uitgevoerd",
        "Uitkomst": "geslaagd",
        "Toelichting": " gebeld ",
        "Door": "Anna",
        "Wel, niet, later": "-",
        "Conceptbericht": "Beste {naam},\nTot snel.",
    }
    change = only(compare(read(put(export(tmp_path / "a.xlsx", made), edits)), made))
    assert change.values == {
        "owner": "Finance",
        "due": date(2026, 4, 9),
        "status": "uitgevoerd",
        "outcome": "geslaagd",
        "wel_niet_later": "",
        "draft": "Beste {naam},\nTot snel.",
    }
    assert (change.note, change.by, change.row) == ("gebeld", "Anna", 2)


def test_values_in_english_and_headings_in_either_language(tmp_path: Path) -> None:
    made = [structural()]
    path = export(tmp_path / "a.xlsx", made, language="en")
    put(path, {"Department": "Culture", "Status": "communicated"})
    assert only(compare(read(path), made)).values == {
        "owner": "Cultuur",
        "status": "gecommuniceerd",
    }


def test_sorted_filtered_and_rearranged(tmp_path: Path) -> None:
    made = [action("a"), action("b"), action("c"), structural("d")]
    path = export(tmp_path / "a.xlsx", made)

    def edit(page):
        rows = [[one.value for one in row] for row in page.iter_rows()]
        header, body = rows[0], [rows[4], rows[2], rows[1]]  # "c" is thrown away
        body[1][header.index("Status")] = "uitgevoerd"
        order = list(reversed(range(len(header))))
        order.remove(header.index("Lus"))
        page.delete_rows(1, 10)
        page.append(["eigen kolom", *(header[at] for at in order)])
        page.append([None] * len(order))
        for row in body:
            page.append(["mijn aantekening", *(row[at] for at in order)])
        page.append(["", "  "])

    change = only(compare(read(resave(path, edit)), made))
    assert change.action.action_id == "b"
    assert change.values == {"status": "uitgevoerd"}


def test_blank_cells_change_nothing(tmp_path: Path) -> None:
    made = [action()]
    empty = dict.fromkeys(("Afdeling", "Uiterlijk", "Status", "Conceptbericht", "Wel, niet, later"))
    path = put(export(tmp_path / "a.xlsx", made), empty)
    assert compare(read(path), made).unchanged == 1


@pytest.mark.parametrize(
    "written",
    ["9-4-2026", "09-04-2026", "9-4-26", "2026-04-09", "9 apr 2026", "9 april 2026", "09/04/2026",
     46121, "46121", "do 9 april 2026"],
)  # fmt: skip
@pytest.mark.parametrize("form", [Form.XLSX, Form.CSV])
def test_dates_however_they_are_written(written: object, form: Form, tmp_path: Path) -> None:
    made = [action("a"), action("b")]
    path = export(tmp_path / f"a.{form}", made, form)
    if form is Form.XLSX:
        put(path, {"Uiterlijk": written})
    else:
        rows = csv_rows(path)
        rows[1][2] = str(written)
        save_csv(path, rows)
    assert only(compare(read(path), made)).values == {"due": date(2026, 4, 9)}


def test_excel_in_american_rewrites_dates(tmp_path: Path) -> None:
    made = [action(str(at), due=date(2026, 4, at)) for at in range(1, 9)]
    path = export(tmp_path / "a.csv", made, Form.CSV)
    rows = csv_rows(path)
    for row in rows[1:]:
        _, month, day = row[2].split("-")
        row[2] = f"{int(month)}/{int(day)}/2026"
    rows[3][2] = "4/10/2026"
    save_csv(path, rows, delimiter=",")
    assert only(compare(read(path), made)).values == {"due": date(2026, 4, 10)}


def test_a_csv_that_excel_saved_in_its_own_way(tmp_path: Path) -> None:
    made = [action("a", draft="Beste Zoë 😀,\ntot zo"), action("b", draft="Beste Zoë,\n€ 5")]
    path = export(tmp_path / "a.csv", made, Form.CSV)
    rows = csv_rows(path)
    rows[0].append("")
    for row in rows[1:]:
        row[2] = f"{int(row[2][8:])}-{int(row[2][5:7])}-2026"
    rows[2][3] = "uitgevoerd"
    save_csv(path, rows)
    assert b"Zo\xeb" in path.read_bytes()
    change = only(compare(read(path), made))
    assert change.action.action_id == "b"
    assert change.values == {"status": "uitgevoerd"}


def test_characters_that_would_be_lost_are_refused(tmp_path: Path) -> None:
    made = [action(draft="Beste Zoë 😀,\ntot zo")]
    path = export(tmp_path / "a.csv", made, Form.CSV)
    rows = csv_rows(path)
    rows[1][8] = "Beste Zoë 😀,\ntot morgen"
    save_csv(path, rows)
    ((_, column, reason),) = reasons(compare(read(path), made))
    assert column == "Conceptbericht"
    assert "tekenset" in reason
    save_csv(path, rows, "utf-8-sig")
    assert only(compare(read(path), made)).values == {"draft": "Beste Zoë 😀,\ntot morgen"}


@pytest.mark.parametrize(
    ("heading", "value", "said"),
    [
        ("Afdeling", "Logistiek", "‘Logistiek’ is geen afdeling."),
        ("Afdeling", "-", "kan niet leeg"),
        ("Status", "klaar", "‘klaar’ is geen status."),
        ("Status", "gemeten", "Van ‘actieplan’ kan een actie niet naar ‘gemeten’."),
        ("Status", "verzameld", "Van ‘actieplan’ kan"),
        ("Uitkomst", "gelukt", "‘gelukt’ is geen uitkomst."),
        ("Uitkomst", "geslaagd", "kan niet worden gesloten als ‘geslaagd’"),
        ("Uiterlijk", "volgende week", "‘volgende week’ is geen datum."),
        ("Uiterlijk", "31-2-2026", "is geen datum"),
        ("Conceptbericht", "Beste klant,\nhoi", "Dit conceptbericht kan zo niet"),
        ("Conceptbericht", "-", "kan niet leeg"),
    ],
)
def test_a_cell_that_cannot_be_is_refused_with_the_next_step(heading, value, said, tmp_path):
    made = [action(), action("b")]
    path = put(export(tmp_path / "a.xlsx", made), {heading: value, "Toelichting": "x"})
    put(path, {"Status": "uitgevoerd"}, line=3)
    found = compare(read(path), made)
    (refusal,) = found.refused
    assert (refusal.row, refusal.action_id, refusal.column) == (2, "inner-1", heading)
    assert said in refusal.reason
    assert refusal.hint
    assert [change.action.action_id for change in found.changes] == ["b"]


def test_the_legal_steps_are_named(tmp_path: Path) -> None:
    made = [structural(), structural("o2", status="gemeten")]
    path = put(export(tmp_path / "a.xlsx", made), {"Status": "uitgevoerd"})
    put(path, {"Status": "verzameld"}, line=3)
    one, two = compare(read(path), made).refused
    assert one.hint == "Nu kan: gecommuniceerd."
    assert two.hint == "Nu kan: actieplan."


def test_a_row_is_refused_whole_and_says_everything_that_is_wrong(tmp_path: Path) -> None:
    made = [action()]
    path = export(tmp_path / "a.xlsx", made)
    put(path, {"Afdeling": "X", "Uiterlijk": "ooit", "Wel, niet, later": "wel: alles"})
    found = compare(read(path), made)
    assert [refusal.column for refusal in found.refused] == ["Afdeling", "Uiterlijk"]
    assert found.refused_rows == 1
    assert found.changes == ()


def test_closing_after_a_step_in_the_same_row(tmp_path: Path) -> None:
    made = [structural(status="gecommuniceerd")]
    path = export(tmp_path / "a.xlsx", made)
    put(path, {"Status": "uitgevoerd", "Uitkomst": "niet geslaagd"})
    assert only(compare(read(path), made)).values == {
        "status": "uitgevoerd",
        "outcome": "niet geslaagd",
    }


def test_a_closed_action_stays_as_it_is(tmp_path: Path) -> None:
    made = [action(outcome="vals alarm"), action("b", outcome="vals alarm")]
    path = put(export(tmp_path / "a.xlsx", made), {"Afdeling": "Finance"})
    put(path, {"Uitkomst": "-"}, line=3)
    one, two = compare(read(path), made).refused
    assert one.reason == "Deze actie is gesloten (vals alarm)."
    assert "reopen" in one.hint
    assert "haalt u niet weg" in two.reason


def test_rows_that_belong_to_no_action(tmp_path: Path) -> None:
    made = [action("a"), action("b")]
    path = export(tmp_path / "a.xlsx", made)

    def edit(page):
        cell(page, "Actienummer", 2).value = "z"
        cell(page, "Actienummer", 3).value = None
        cell(page, "Controle", 3).value = None
        cell(page, "Status", 3).value = "uitgevoerd"
        page.append(["nieuw-1", "Sales"])

    found = compare(read(resave(path, edit)), made)
    assert [(row, reason) for row, _, reason in reasons(found)] == [
        (2, "Het actienummer hoort niet bij de rest van de rij."),
        (3, "Deze rij heeft geen actienummer."),
        (4, "Deze actie staat niet in deze werkruimte."),
    ]


def test_the_hidden_column_finds_a_row_without_its_number(tmp_path: Path) -> None:
    made = [action("a"), action("b")]
    path = put(export(tmp_path / "a.xlsx", made), {"Actienummer": None, "Status": "uitgevoerd"})
    assert only(compare(read(path), made)).action.action_id == "a"


def test_only_some_columns_sorted_is_noticed(tmp_path: Path) -> None:
    made = [action("a"), action("b", owner="Sales")]
    path = export(tmp_path / "a.xlsx", made)
    put(put(path, {"Actienummer": "b"}, 2), {"Actienummer": "a"}, 3)
    assert [row for row, _, _ in reasons(compare(read(path), made))] == [2, 3]


def test_two_rows_of_one_action(tmp_path: Path) -> None:
    made = [action("a"), action("b")]
    path = export(tmp_path / "a.xlsx", made)

    def copy(page):
        page.append([one.value for one in page[2]])

    assert compare(read(resave(path, copy)), made).unchanged == 2
    put(path, {"Status": "uitgevoerd"}, line=4)
    found = reasons(compare(read(path), made))
    assert [(row, reason) for row, _, reason in found] == [
        (2, "Deze actie staat ook in rij 4, met andere waarden."),
        (4, "Deze actie staat ook in rij 2, met andere waarden."),
    ]
    put(path, {"Status": "uitgevoerd"}, line=2)
    assert only(compare(read(path), made)).values == {"status": "uitgevoerd"}


# --- somebody else was at work meanwhile -----------------------------------------------------


def test_an_edit_beside_somebody_elses_is_applied(tmp_path: Path) -> None:
    path = put(export(tmp_path / "a.xlsx", [action()]), {"Afdeling": "Finance"})
    now = action(status="uitgevoerd", due=date(2026, 5, 1), version=3)
    assert only(compare(read(path), [now])).values == {"owner": "Finance"}


def test_an_edit_of_what_somebody_else_changed_is_refused_with_both_values(tmp_path: Path):
    path = put(export(tmp_path / "a.xlsx", [action()]), {"Afdeling": "Finance", "Uitkomst": ""})
    now = action(owner="Sales", version=2)
    history = {"inner-1": (OPENED, Happened({"owner": ["Customer Service", "Sales"]}))}
    ((row, column, reason),) = reasons(compare(read(path), [now], history))
    assert (row, column) == (2, "Afdeling")
    assert reason == (
        "Intussen staat hier ‘Sales’ (door Anna op 30 maart 2026); in het blad staat ‘Finance’."
    )
    english = compare(read(path), [now], history, language="en").refused[0]
    assert english.reason == (
        "In the meantime this became ‘Sales’ (by Anna on 30 March 2026); the sheet says ‘Finance’."
    )


def test_a_text_that_somebody_else_emptied_is_a_conflict(tmp_path: Path) -> None:
    path = put(export(tmp_path / "a.xlsx", [action()]), {"Wel, niet, later": "wel: dit"})
    now = action(wel_niet_later="", version=2)
    ((_, _, reason),) = reasons(compare(read(path), [now]))
    assert "‘leeg’" in reason
    assert "‘wel: dit’" in reason


def test_an_old_sheet_brings_no_old_values_back(tmp_path: Path) -> None:
    path = export(tmp_path / "a.xlsx", [action()])
    now = action(owner="Sales", draft="Beste Jan,\nnieuw", status="uitgevoerd", version=5)
    assert compare(read(path), [now]).unchanged == 1


def test_closed_meanwhile(tmp_path: Path) -> None:
    path = put(export(tmp_path / "a.xlsx", [action()]), {"Afdeling": "Finance"})
    now = action(status="uitgevoerd", outcome="geslaagd", version=3)
    ((_, _, reason),) = reasons(compare(read(path), [now]))
    assert reason == "Deze actie is gesloten (geslaagd)."


def test_what_was_taken_over_and_went_further_is_no_conflict(tmp_path: Path) -> None:
    path = put(export(tmp_path / "a.xlsx", [action()]), {"Status": "uitgevoerd"})
    now = action(status="gemeten", version=3)
    steps = [
        OPENED,
        Happened({"status": ["actieplan", "uitgevoerd"]}),
        Happened({"status": ["uitgevoerd", "gemeten"]}, "gemeten", ""),
    ]
    assert compare(read(path), [now], {"inner-1": steps}).unchanged == 1
    assert compare(read(path), [now], {"inner-1": [OPENED, steps[2]]}).refused_rows == 1


def test_a_value_that_was_there_before_the_export_is_a_conflict(tmp_path: Path) -> None:
    path = put(export(tmp_path / "a.xlsx", [action(owner="Sales")]), {"Afdeling": "Finance"})
    now = action(owner="Online", version=4)
    owners = ["Finance", "Sales", "Online"]
    steps = [OPENED, *(Happened({"owner": ["", owner]}) for owner in owners)]
    assert compare(read(path), [now], {"inner-1": steps}).refused_rows == 1


def test_importing_twice_changes_nothing(tmp_path: Path) -> None:
    path = export(tmp_path / "a.xlsx", [action()])
    put(path, {"Status": "uitgevoerd", "Uitkomst": "geslaagd", "Toelichting": "gebeld"})
    change = only(compare(read(path), [action()]))
    now = dataclasses.replace(change.action, **change.values, version=3)
    history = {"inner-1": (OPENED, Happened({"status": ["actieplan", "uitgevoerd"]}, why="gebeld"))}
    found = compare(read(path), [now], history)
    assert (found.changes, found.refused, found.unchanged) == ((), (), 1)


def test_a_remark_without_a_change_is_not_lost_silently(tmp_path: Path) -> None:
    path = put(export(tmp_path / "a.xlsx", [action()]), {"Toelichting": "klant is op vakantie"})
    found = compare(read(path), [action()], {"inner-1": (OPENED,)})
    ((_, column, reason),) = reasons(found)
    assert column == "Toelichting"
    assert "verloren" in reason


def test_without_the_hidden_column_only_untouched_fields_are_taken(tmp_path: Path) -> None:
    path = put(export(tmp_path / "a.xlsx", [action()]), {"Controle": None, "Afdeling": "Finance"})
    now = action(status="uitgevoerd", version=2)
    owner = Happened({"owner": ["Finance", "Customer Service"]})
    status = Happened({"status": ["actieplan", "uitgevoerd"]})
    put(path, {"Status": "uitgevoerd"})
    assert only(compare(read(path), [now], {"inner-1": (OPENED, status)})).values == {
        "owner": "Finance"
    }
    for history in ({"inner-1": (OPENED, owner)}, {}, {"inner-1": (OPENED, Happened({}, "heropend"))}):  # fmt: skip  # noqa: E501
        ((_, _, reason),) = reasons(compare(read(path), [now], history))
        assert "zonder de kolom Controle" in reason


def test_the_sheets_that_analyse_writes_can_be_edited_too(tmp_path: Path) -> None:
    path = tmp_path / "acties.csv"
    path.write_text(
        "action_id,loop,kind,owner,due,status,wel_niet_later,draft\r\n"
        f'inner-1,inner,herstelgesprek,Finance,2026-04-02,actieplan,{CAN},"{DRAFT}"\r\n',
        "utf-8",
        newline="",
    )
    found = compare(read(path), [action()], {"inner-1": (OPENED,)})
    assert only(found).values == {"owner": "Finance"}


def test_a_very_long_text_is_not_cut_by_an_edit(tmp_path: Path) -> None:
    made = [action(draft="Beste {naam}, " + "x" * 40_000)]
    path = export(tmp_path / "a.xlsx", made)
    assert compare(read(path), made).unchanged == 1
    put(path, {"Conceptbericht": "Beste {naam}, korter"})
    ((_, _, reason),) = reasons(compare(read(path), made))
    assert "langer dan een cel" in reason


def test_a_step_is_taken_exactly_when_the_life_cycle_has_it(tmp_path: Path) -> None:
    wanted = list(product(ActionState, ActionState, ("inner", "outer")))
    made = [
        action(f"a{at}", status=str(state), loop=loop) for at, (state, _, loop) in enumerate(wanted)
    ]

    def edit(page):
        for line, (_, to, _) in enumerate(wanted, start=2):
            cell(page, "Status", line).value = str(to)

    found = compare(read(resave(export(tmp_path / "a.xlsx", made), edit)), made)
    legal = {at for at, (state, to, loop) in enumerate(wanted) if to in next_states(state, loop)}
    assert {change.row - 2 for change in found.changes} == legal
    assert found.unchanged == 2 * len(ActionState)
    assert found.refused_rows == len(wanted) - len(legal) - found.unchanged


def test_what_formula_guards_hide_is_restored(tmp_path: Path) -> None:
    made = [action(wel_niet_later=HOSTILE, draft="Beste {naam},\n=1")]
    path = export(tmp_path / "a.csv", made, Form.CSV)
    rows = csv_rows(path)
    assert rows[1][7].startswith("'=")
    rows[1][7] += " en meer"
    save_csv(path, rows, "utf-8-sig")
    change = only(compare(read(path), made))
    assert change.values == {"wel_niet_later": f"{HOSTILE} en meer"}
