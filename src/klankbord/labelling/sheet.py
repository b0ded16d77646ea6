"""The sheet that a person fills in: XLSX with drop-downs and a guide, or plain CSV."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from klankbord.cells import Cell, write_cell
from klankbord.errors import UnreadableInputError
from klankbord.files import writing
from klankbord.labelling.sample import Sample
from klankbord.report.tables import write_csv
from klankbord.schema import TONES
from klankbord.themes.codeframe import codeframe, tone_codes

if TYPE_CHECKING:
    from xlsxwriter.format import Format
    from xlsxwriter.workbook import Workbook
    from xlsxwriter.worksheet import Worksheet

_CREATED = datetime(2000, 1, 1, tzinfo=UTC)  # so that the same sample gives the same bytes
_PREDICTION = "voorspelling"
_WIDTHS = {  # heading -> width
    "feedback_id": 24,
    "kanaal": 12,
    "vraag": 32,
    "tekst": 80,
    _PREDICTION: 14,
    "toon": 14,
    "gemengd": 11,
    "klachtthema": 18,
    "kenmerken": 13,
    "gewicht": 10,
}
_WRAPPED = ("vraag", "tekst")
_FILLED_IN = ("toon", "gemengd", "klachtthema", "kenmerken")


def write_sheet(sample: Sample, path: Path, *, with_prediction: bool = False) -> None:
    """Write the sample to `path`, .xlsx or .csv, with the columns for the person left empty.

    The model's tone is shown only `with_prediction`: who sees it agrees with it too easily.
    """
    widths = {
        name: width for name, width in _WIDTHS.items() if with_prediction or name != _PREDICTION
    }
    rows = [
        tuple(
            {
                "feedback_id": row["feedback_id"],
                "kanaal": row["channel"],
                "vraag": row["question"] or "",
                "tekst": row["verbatim"],
                _PREDICTION: row["tone"],
                "gewicht": round(row["weight"], 4),
            }.get(name)
            for name in widths
        )
        for row in sample.rows.to_pylist()
    ]
    write_rows(path, "etiketten", widths, rows, for_people=True)


def check_name(path: Path) -> None:
    """Raise UnreadableInputError unless `path` names a sheet that can be written."""
    if path.suffix.lower() not in (".xlsx", ".csv"):
        raise UnreadableInputError(
            "the sheet must be an .xlsx or a .csv", where=str(path), hint=f"{path.stem}.xlsx"
        )


def write_rows(
    path: Path,
    title: str,
    widths: Mapping[str, float],
    rows: Sequence[Sequence[Cell]],
    *,
    for_people: bool = False,
) -> None:
    """Write a table as .xlsx or .csv; `for_people` adds drop-downs and the guide.

    No cell can run as a formula: a workbook holds strings only, a CSV gets an apostrophe.
    """
    check_name(path)
    if path.suffix.lower() == ".csv":
        write_csv(path, tuple(widths), rows)
        return
    import xlsxwriter

    with writing(path) as stream:
        book = xlsxwriter.Workbook(
            stream, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
        )
        book.set_properties({"author": "Klankbord", "created": _CREATED})
        page = book.add_worksheet(title)
        base = {"font_name": "Calibri", "font_size": 11, "valign": "top", "num_format": "@"}
        plain, wrapped = book.add_format(base), book.add_format({**base, "text_wrap": True})
        number = book.add_format({**base, "num_format": "0.00"})
        heading = book.add_format(
            {**base, "bold": True, "font_color": "#FFFFFF", "bg_color": "#164F7B"}
        )
        for column, (name, width) in enumerate(widths.items()):
            page.set_column(column, column, width)
            page.write_string(0, column, name, heading)
            style = wrapped if name in _WRAPPED else plain
            for line, row in enumerate(rows, start=1):
                write_cell(page, line, column, row[column], style, number)
        page.freeze_panes(1, 0)
        if for_people:
            if rows:
                _restrict(page, tuple(widths), len(rows))
            _explain(book, plain)
        book.close()


def _restrict(page: Worksheet, names: Sequence[str], rows: int) -> None:
    """Give the columns to fill in a list to choose from, or a hint."""
    choices: dict[str, dict[str, Any]] = {
        "toon": {"validate": "list", "source": [str(tone) for tone in TONES]},
        "gemengd": {"validate": "list", "source": ["ja", "nee"]},
        "klachtthema": {"validate": "list", "source": [*tone_codes(), "-"]},
        "kenmerken": {
            "validate": "length",
            "criteria": "<=",
            "value": 12,
            "input_title": "kenmerken",
            "input_message": "C gaat weg, A beveelt aan, U wacht op antwoord, S spot; - geen",
        },
    }
    for name in _FILLED_IN:
        column = names.index(name)
        page.data_validation(
            1,
            column,
            rows,
            column,
            {
                **choices[name],
                "error_title": name,
                "error_message": "Kies een van de mogelijkheden, of laat de cel leeg.",
            },
        )


def _explain(book: Workbook, plain: Format) -> None:
    """Add the annotation guide as a second sheet."""
    text = resources.files(__package__).joinpath("guide.toml").read_text("utf-8")
    wrapped = book.add_format({"font_name": "Calibri", "text_wrap": True, "valign": "top"})
    bold = book.add_format({"font_name": "Calibri", "bold": True, "font_size": 13})
    page = book.add_worksheet("uitleg")
    page.set_column(0, 0, 110, plain)
    page.hide_gridlines(2)
    line = 0
    for part in tomllib.loads(text)["part"]:
        page.write_string(line, 0, part["heading"], bold)
        for sentence in part["lines"]:
            line += 1
            page.write_string(line, 0, sentence, wrapped)
        line += 2
    page.write_string(line, 0, "Klachtthema's", bold)
    for name in tone_codes():
        code = codeframe()[name]
        line += 1
        page.write_string(line, 0, f"{code.code}: {code.definition}", wrapped)
