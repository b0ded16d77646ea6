"""`klankbord flags`: who turned, ranked."""

from __future__ import annotations

from pathlib import Path

import typer

from klankbord.cli.output import Format, csv_table, data, note, table
from klankbord.errors import WorkspaceError


def flags(
    *,
    workspace: Path = typer.Option(
        Path("klankbord.db"), "--workspace", "-w", help="Database that `analyse` wrote to."
    ),
    kind: str = typer.Option(
        None, "--kind", help="Only this kind, such as verkoeling.", show_default=False
    ),
    customer: str = typer.Option(
        None,
        "--customer",
        "-c",
        help="One customer's timeline, by the name in the list or by the original id.",
        show_default=False,
    ),
    form: Format = typer.Option(Format.TABLE, "--format", "-f", help="table, csv or json."),
    quiet: bool = typer.Option(False, "--quiet", "-q", help="No notes."),
) -> None:
    """List the tone shifts of the latest analysis, most urgent first.

    Examples: klankbord flags --kind verkoeling --format csv > afgekoeld.csv

    klankbord flags --customer 10023 draws how the tone of one customer went, and says why.
    """
    import json

    from klankbord.report.tables import SHIFT_COLUMNS, cell, shift_rows
    from klankbord.report.wording import Wording
    from klankbord.schema import ShiftKind
    from klankbord.settings import load_settings
    from klankbord.store import Workspace

    if kind and kind not in set(ShiftKind):
        raise typer.BadParameter(f"'{kind}' is not one of {', '.join(ShiftKind)}")
    if not workspace.is_file():
        raise WorkspaceError(
            "there is no workspace yet", where=str(workspace), hint="klankbord analyse --help"
        )
    settings = load_settings()
    if customer:
        from klankbord.cli.timeline import show

        show(workspace, customer, settings, form)
        return
    with Workspace.open(workspace) as store:
        shifts = [shift for shift in store.shifts() if not kind or shift.kind == kind]
    rows = list(shift_rows(shifts, Wording(settings.language, settings.timezone, {})))
    if form is Format.JSON:
        records = [dict(zip(SHIFT_COLUMNS, row, strict=True)) for row in rows]
        data(json.dumps(records, default=str, ensure_ascii=False, indent=2))
    elif form is Format.CSV:
        csv_table(SHIFT_COLUMNS, [[cell(value) for value in row] for row in rows])
    else:
        shown = ("rank", "customer_id", "kind", "probability", "value_eur", "explanation")
        places = [SHIFT_COLUMNS.index(name) for name in shown]
        table("", shown, [[cell(row[place]) for place in places] for row in rows])
    false = sum(1 - shift.probability for shift in shifts)
    note(f"{len(shifts)} tone shifts, about {false:.1f} expected false alarms", quiet=quiet)
