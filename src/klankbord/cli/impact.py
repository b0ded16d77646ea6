"""`klankbord impact`: what the actions did."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING

import typer

from klankbord.cli.output import Format, csv_table, data, note, on_terminal, table
from klankbord.cli.workspaces import WORKSPACE, open_workspace
from klankbord.location import Location

if TYPE_CHECKING:
    from klankbord.loop.impact import Impact

COLUMNS = (
    "by",
    "group",
    "measure",
    "verdict",
    "acted",
    "compared",
    "acted_before",
    "acted_after",
    "compared_before",
    "compared_after",
    "change",
    "regression_to_mean",
    "effect",
    "low",
    "high",
    "p",
    "silent",
    "unmatched",
    "imbalance",
)
SHOWN = (
    "group",
    "measure",
    "verdict",
    "acted",
    "compared",
    "change",
    "regression_to_mean",
    "effect",
    "low",
    "high",
)


class Grouping(StrEnum):
    """What impact is told apart by."""

    KIND = "kind"
    OWNER = "owner"
    THEME = "theme"


def impact(
    *,
    workspace: Location = WORKSPACE,
    by: Grouping = typer.Option(
        Grouping.KIND, "--by", help="Kind of action, owner (department) or theme of the complaint."
    ),
    window: int = typer.Option(
        90, "--window", min=1, max=3650, help="Days after the action that count as after."
    ),
    form: Format = typer.Option(Format.TABLE, "--format", "-f", help="table, csv or json."),
    quiet: bool = typer.Option(False, "--quiet", "-q", help="No explanation."),
) -> None:
    """Tell what the actions did to tone and score, against comparable customers.

    Examples: klankbord impact --by owner

    klankbord impact --window 180 --format csv > effect.csv

    Customers are flagged at a low, so most get milder by themselves. What others
    who were not (yet) acted on gained in the same time, regression_to_mean, is
    therefore taken off the change; effect is what remains, with its 90 % interval.
    Tone is in levels (0 boos to 4 enthousiast), score in points of 0 to 10.
    """
    import json

    from klankbord.cli.timeline import analysed_at
    from klankbord.loop.impact import measure_impact
    from klankbord.loop.impact_words import sentences
    from klankbord.report.tables import cell
    from klankbord.settings import load_settings

    settings = load_settings()
    with open_workspace(workspace) as store:
        found = measure_impact(
            store.actions(),
            store.acted_at(),
            store.feedback(),
            store.scores(),
            store.customers(),
            as_of=analysed_at(store),
            by=by.value,
            window_days=window,
            timezone=settings.timezone,
        )
    if form is Format.JSON:
        records = [_record(one) | {"balance": dict(one.balance)} for one in found]
        data(json.dumps(records, ensure_ascii=False, indent=2))
    elif form is Format.CSV:
        csv_table(COLUMNS, [[cell(value) for value in _record(one).values()] for one in found])
    elif found:
        from klankbord.themes.codeframe import codeframe

        codes = codeframe() if by is Grouping.THEME else {}
        rows = [{name: cell(_short(v)) for name, v in _record(one).items()} for one in found]
        for row in rows:
            if code := codes.get(row["group"]):
                row["group"] = code.label(settings.language)
        if on_terminal():
            _draw(rows)
        else:
            table("", SHOWN, [[row[name] for name in SHOWN] for row in rows])
    for sentence in sentences(found, settings.language):
        note(sentence, quiet=quiet)


def _draw(rows: Sequence[Mapping[str, str]]) -> None:
    """Draw groups within the width of a terminal, an interval in one column."""
    headings = ("group", "measure", "acted", "others", "change", "by itself", "effect", "90 %",
                "verdict")  # fmt: skip
    names = ("group", "measure", "acted", "compared", "change", "regression_to_mean", "effect")
    drawn = [
        (
            *(row[name] for name in names),
            f"{row['low']} to {row['high']}" if row["low"] else "",
            row["verdict"],
        )
        for row in rows
    ]
    numbers = headings[2:8]
    table("", headings, drawn, whole=("measure", *numbers), right=numbers)


def _record(one: Impact) -> dict[str, str | float | int | None]:
    record = {name: getattr(one, name) for name in COLUMNS}
    return record | {"group": one.group or one.by}


def _short(value: str | float | int | None) -> str | float | int | None:
    return round(value, 2) if isinstance(value, float) else value
