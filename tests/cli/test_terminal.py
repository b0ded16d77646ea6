"""What people see of the lists in a terminal of 80 columns, and what a pipe gets."""

import csv
import io
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.cells import cell_len

from klankbord.cli import output, run

Shown = Callable[..., list[str]]
LISTS = ("flags", "flags --accounts", "themes", "themes list --all", "actions", "metrics",
         "metrics --by segment --sector software", "impact", "models")  # fmt: skip


def words(command: str, demo: Path) -> list[str]:
    place = [] if command == "models" else ["-w", str(demo / "klankbord.db")]
    return [*command.split(), *place]


def as_csv(command: str, demo: Path, capsys: pytest.CaptureFixture[str]) -> list[dict[str, str]]:
    capsys.readouterr()
    assert run([*words(command, demo), "--format", "csv"]) == 0
    return list(csv.DictReader(io.StringIO(capsys.readouterr().out)))


@pytest.mark.parametrize("command", LISTS)
def test_no_line_is_wider_than_the_terminal(command: str, demo: Path, terminal: Shown):
    lines = terminal(words(command, demo))
    assert max(map(cell_len, lines), default=0) <= 80
    assert not any("…" in line for line in lines[:3])  # no heading is cut


@pytest.mark.parametrize("command", [each for each in LISTS if each != "models"])
def test_a_pipe_gets_as_many_cells_in_every_line_and_no_colour(
    command: str, demo: Path, capsys: pytest.CaptureFixture[str]
):
    capsys.readouterr()
    assert run([*words(command, demo), "--quiet"]) == 0
    shown = capsys.readouterr().out
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f]|[━│─]", shown)
    for block in shown.split("\n\n"):
        cells = [line.count("\t") for line in block.splitlines() if "\t" in line]
        assert len(set(cells)) <= 1


def test_a_drop_is_one_line_with_rank_name_and_day(
    demo: Path, terminal: Shown, capsys: pytest.CaptureFixture[str]
):
    drops = as_csv("flags", demo, capsys)
    lines = terminal([*words("flags", demo), "--quiet"])[2:]
    assert len(lines) == len(drops)
    for line, drop in zip(lines, drops, strict=True):
        year, month, day = drop["after_date"].split("-")
        assert line.split()[:2] == [drop["rank"], drop["customer_id"]]
        assert f" {day}-{month}-{year[2:]} " in line
        assert drop["before_tone"] in line


def test_every_action_shows_its_id_and_due_date_whole(
    demo: Path, terminal: Shown, capsys: pytest.CaptureFixture[str]
):
    lines = "\n".join(terminal([*words("actions", demo), "--quiet"]))
    for action in as_csv("actions", demo, capsys):
        year, month, day = action["due"].split("-")
        start = action["action_id"].rpartition("-")[2][:6]
        assert re.search(rf"^{start}\w* +{day}-{month}-{year[2:]}\b", lines, flags=re.MULTILINE)
        assert action["customer_id"] in lines


def test_every_theme_shows_its_id_whole(
    demo: Path, terminal: Shown, capsys: pytest.CaptureFixture[str]
):
    first = {
        line.split()[0]
        for line in terminal([*words("themes", demo), "--quiet"])
        if line[:1].strip()
    }
    assert {theme["theme_id"] for theme in as_csv("themes", demo, capsys)} <= first


def test_what_a_file_is_called_cannot_draw_on_the_screen(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    hostile = "\x1b[31mrood\x1b]0;titel\x07 [bold]vet[/bold] [/dicht]\tTAB\nregel\u202e"
    output.table("", ("naam", hostile), [("een", hostile)])
    piped = capsys.readouterr().out
    assert [line.count("\t") for line in piped.splitlines()] == [1, 1]
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    output.table("", ("naam", hostile), [("een", hostile)])
    drawn = capsys.readouterr().out
    for shown in (piped, drawn):
        assert "[bold]vet[/bold]" in shown
        assert not re.search("\x1b\\[31m|\x1b\\]|\x07|\u202e", shown)


def test_a_name_wider_than_the_terminal_wraps_and_loses_nothing(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    monkeypatch.setenv("COLUMNS", "40")
    name = "a1b2-" * 12
    output.table("", ("id", "why"), [(name, "koelde af")], whole=("id",))
    lines = re.sub(r"\x1b\[[0-9;]*m", "", capsys.readouterr().out).splitlines()
    assert max(map(cell_len, lines)) <= 40
    assert "".join(line.split(" ")[0] for line in lines[2:]) == name
    assert "koelde" in "".join(lines)


def test_words_stay_whole_where_there_is_room_for_them(terminal: Shown, demo: Path):
    lines = terminal([*words("themes", demo), "--quiet"])
    parts = {part for line in lines[2:] for part in line.split()}
    assert "termijnbedrag," in parts or "terugleverkosten" in parts
    assert {"Operations", "Distributie"} <= parts
    assert all(cell_len(line) <= 80 for line in lines)


@pytest.mark.parametrize(
    ("room", "widths"),
    [(100, [4, 19, 15]), (31, [4, 19, 8]), (22, [4, 11, 7]), (20, [None, None, None])],
)
def test_room_goes_first_to_words_and_then_to_fewest_lines(room: int, widths: list[int | None]):
    kinds = ["persoonlijk contact", "persoonlijk contact", "persoonlijk contact", "terug"]
    columns = [["id01"], kinds, ["prijs kosten af", "korting"]]
    assert output._widths(columns, [4, 0, 0], room) == widths
