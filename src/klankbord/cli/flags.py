"""`klankbord flags`: who turned, ranked."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from klankbord.cli.choices import check_choice
from klankbord.cli.output import Format, csv_table, data, note, on_terminal, table
from klankbord.cli.workspaces import WORKSPACE, open_workspace
from klankbord.location import Location

if TYPE_CHECKING:
    from klankbord.settings import Settings
    from klankbord.store import Workspace


def flags(
    *,
    workspace: Location = WORKSPACE,
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
    accounts: bool = typer.Option(
        False, "--accounts", help="Companies instead of people, with new contact persons."
    ),
    false_alarm: list[int] = typer.Option(
        [],
        "--false-alarm",
        metavar="RANK",
        help="Dismiss the shift of this rank as a false alarm (vals alarm); may be given often.",
        show_default=False,
    ),
    confirm: list[int] = typer.Option(
        [],
        "--confirm",
        metavar="RANK",
        help="Confirm that the shift of this rank is real; may be given often.",
        show_default=False,
    ),
    how_sure: bool = typer.Option(
        False, "--how-sure", help="Print a page, in Dutch, on what the list promises and what not."
    ),
    form: Format = typer.Option(Format.TABLE, "--format", "-f", help="table, csv or json."),
    quiet: bool = typer.Option(False, "--quiet", "-q", help="No notes."),
) -> None:
    """List the tone shifts of the latest analysis, most urgent first.

    Examples: klankbord flags --kind verkoeling --format csv > afgekoeld.csv

    klankbord flags --customer 10023 draws how the tone of one customer went, and says why.

    klankbord flags --confirm 1 --false-alarm 4 keeps what you found them to be: the next analyse
    leaves the false alarm out and calibrates its probabilities on all such verdicts.
    """
    import json

    from klankbord.report.tables import SHIFT_COLUMNS, cell, shift_rows
    from klankbord.report.wording import Wording
    from klankbord.schema import ShiftKind
    from klankbord.settings import load_settings

    if how_sure:
        from klankbord import shifts as package

        data(Path(package.__file__).with_name("hoe_zeker.md").read_text("utf-8").rstrip())
        return
    check_choice(kind, tuple(ShiftKind))
    settings = load_settings()
    if customer:
        from klankbord.cli.timeline import show

        with open_workspace(workspace) as store:
            show(store, customer, settings, form)
        return
    with open_workspace(workspace) as store:
        if accounts:
            _accounts(store, settings, form, quiet=quiet)
            return
        if false_alarm or confirm:
            _judge(store, false_alarm, confirm, quiet=quiet)
            return
        everything = store.shifts()
    ranked = shift_rows(everything, Wording(settings.language, settings.timezone, {}))
    listed = [
        (shift, row)
        for shift, row in zip(everything, ranked, strict=True)
        if not kind or shift.kind == kind
    ]
    shifts, rows = [shift for shift, _ in listed], [row for _, row in listed]
    if form is Format.JSON:
        records = [dict(zip(SHIFT_COLUMNS, row, strict=True)) for row in rows]
        data(json.dumps(records, default=str, ensure_ascii=False, indent=2))
    elif form is Format.CSV:
        csv_table(SHIFT_COLUMNS, [[cell(value) for value in row] for row in rows])
    elif on_terminal():
        from klankbord.cli.flag_rows import drawn_shifts

        drawn_shifts(dict(zip((row[0] for row in rows), shifts, strict=True)), settings)
    else:
        shown = ("rank", "customer_id", "kind", "probability", "value_eur", "explanation")
        places = [SHIFT_COLUMNS.index(name) for name in shown]
        table("", shown, [[cell(row[place]) for place in places] for row in rows])
    false = sum(1 - shift.probability for shift in shifts)
    told = f"{len(shifts)} tone shifts, about {false:.1f} expected false alarms"
    why = "; --customer NAME shows why" if shifts and on_terminal() else ""
    note(told + why, quiet=quiet)


def _accounts(store: Workspace, settings: Settings, form: Format, *, quiet: bool) -> None:
    """Print the accounts with a drop or a new contact person."""
    import json
    from dataclasses import asdict, fields

    from klankbord.cli.timeline import analysed_at
    from klankbord.report.tables import cell
    from klankbord.shifts import AccountShift, roll_up

    moment = analysed_at(store)
    found = roll_up(store.feedback(), store.customers(), store.shifts(), as_of=moment)
    records = [asdict(one) for one in found]
    if form is Format.JSON:
        data(json.dumps(records, ensure_ascii=False, indent=2))
    else:
        headings = [field.name for field in fields(AccountShift)]
        rows = [[cell(_joined(record[name])) for name in headings] for record in records]
        if form is Format.CSV:
            csv_table(headings, rows)
        elif on_terminal():
            from klankbord.cli.flag_rows import drawn_accounts

            drawn_accounts(found, settings)
        else:
            table("", headings, rows)
    dropped = sum(bool(one.dropped) for one in found)
    renewed = sum(bool(one.new_people) for one in found)
    told = f"{dropped} accounts with a drop in tone, {renewed} with a new contact person"
    note(told, quiet=quiet)


def _joined(value: str | float | tuple[str, ...] | None) -> str | float | None:
    return ";".join(value) if isinstance(value, tuple) else value


def _judge(
    store: Workspace, false_alarm: Sequence[int], confirm: Sequence[int], *, quiet: bool
) -> None:
    """Keep the verdicts on the shifts of these ranks: all of them or, with a wrong rank, none."""
    from datetime import UTC, datetime

    shifts = store.shifts()
    verdicts = [(rank, False) for rank in false_alarm] + [(rank, True) for rank in confirm]
    for rank, _ in verdicts:
        if not 1 <= rank <= len(shifts):
            raise typer.BadParameter(f"there is no rank {rank}: the list has {len(shifts)}")
        if rank in false_alarm and rank in confirm:
            raise typer.BadParameter(f"rank {rank} is called both real and a false alarm")
    with store.transaction():
        for rank, real in verdicts:
            store.judge_shift(shifts[rank - 1], real=real, at=datetime.now(UTC))
    kept = len(store.verdicts())
    note(f"{len(verdicts)} verdicts kept, {kept} in all; they count from the next analyse",
         quiet=quiet)  # fmt: skip
