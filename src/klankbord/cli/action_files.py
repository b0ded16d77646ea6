"""`klankbord actions export` and `import`: the list as a file that people edit and hand back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from klankbord.cli.action_verbs import BY, QUIET, WHY
from klankbord.cli.choices import check_choice, check_department
from klankbord.cli.erasing import remember
from klankbord.cli.output import Format, csv_table, data, note, table
from klankbord.cli.workspaces import WORKSPACE, open_workspace, original_ids
from klankbord.errors import EXIT_KNOWN_ERROR, KlankbordError
from klankbord.location import Location

if TYPE_CHECKING:
    from klankbord.roundtrip import Change, Form, Refusal
    from klankbord.roundtrip.basis import Value
    from klankbord.settings import Settings
    from klankbord.store import Workspace

COLUMNS = ("row", "action_id", "column", "old", "new", "result", "reason", "next_step")
_SHOWN = 60  # characters of a text in the table
_JIRA = "in Jira's importer, take commas and the date format yyyy-MM-dd"


def export(
    file: Path = typer.Argument(
        Path("acties.xlsx"), metavar="FILE", help="File to write: .xlsx, .csv, .json or .ics."
    ),
    *,
    form: str = typer.Option(
        None, "--format", "-f", help="xlsx, csv, json, ics or jira; by the extension otherwise.",
        show_default=False,
    ),
    owner: str = typer.Option(None, "--owner", help="Only of this department.", show_default=False),
    everything: bool = typer.Option(
        False, "--all/--open", "-a", help="Also closed actions.", show_default=False
    ),
    quotes: bool = typer.Option(
        None, "--quotes/--no-quotes", show_default=False,
        help="Customers' words; by default in xlsx, csv and json, not in a calendar or Jira.",
    ),
    keep_ids: bool = typer.Option(
        None, "--keep-ids", help="Write the original customer ids.", show_default=False
    ),
    overwrite: bool = typer.Option(
        False, "--overwrite", help="Also where the file holds edits that were not imported."
    ),
    workspace: Location = WORKSPACE,
    quiet: bool = QUIET,
) -> None:  # fmt: skip
    """Write the actions to a sheet to edit, a calendar, or a file that Jira imports.

    Example: klankbord actions export acties.xlsx --owner Sales

    Edit the white columns in a spreadsheet program, then: klankbord actions import acties.xlsx
    """
    from datetime import date

    from klankbord.roundtrip import Form, form_of, quotes_of, write
    from klankbord.settings import load_settings

    check_choice(form, tuple(Form))
    check_department(owner)
    chosen = Form(form) if form else form_of(file)
    settings = load_settings(keep_ids=keep_ids or None)
    with open_workspace(workspace) as store:
        if not overwrite:
            _spare_edits(store, file, chosen)
        actions = [
            action
            for action in store.actions(open_only=not everything)
            if owner in (None, action.owner)
        ]
        words = chosen.readable if quotes is None else quotes
        customers = {action.customer_id for action in actions if action.customer_id}
        evidence = tuple({item for action in actions for item in action.evidence})
        write(
            actions,
            file,
            chosen,
            today=date.today(),  # noqa: DTZ011 - the day where people work
            quotes=quotes_of(actions, store.pieces(evidence)) if words else {},
            themes=store.theme_names(),
            language=settings.language,
            timezone=settings.timezone,
            original_ids=original_ids(store, customers, settings),
        )
        remember(store, file)
    told = f"{len(actions)} actions in {file.name}"
    if chosen is Form.JIRA:
        told += f"; {_JIRA}"
    elif chosen.readable:
        told += f"; edit it, then: klankbord actions import {file.name}"
    note(told, quiet=quiet)


def import_actions(
    file: Path = typer.Argument(..., metavar="FILE", help="Sheet that `export` wrote."),
    *,
    dry_run: bool = typer.Option(False, "--dry-run", help="Show what would change; keep nothing."),
    workspace: Location = WORKSPACE,
    form: Format = typer.Option(Format.TABLE, "--format", "-f", help="table, csv or json."),
    by: str = BY,
    why: str = WHY,
    quiet: bool = QUIET,
) -> None:
    """Read an edited sheet back: every row whole, or refused with the reason.

    Exit code 1 says that some rows were refused; the others are applied. A row that is not there
    changes nothing, and neither does importing the same sheet once more.

    Example: klankbord actions import acties.xlsx --by Anna --dry-run
    """
    from klankbord.roundtrip import compare, read
    from klankbord.settings import load_settings

    settings = load_settings()
    sheet = read(file)
    with open_workspace(workspace) as store:
        found = compare(
            sheet,
            store.actions(),
            store.action_histories(),
            language=settings.language,
            timezone=settings.timezone,
        )
        late: list[Refusal] = []
        if dry_run:
            applied = list(found.changes)
        else:
            applied, late = _apply(store, found.changes, by=by, why=why, settings=settings)
    refused = sorted((*found.refused, *late), key=lambda refusal: refusal.row)
    result = "would be applied" if dry_run else "applied"
    headings = {name: sheet.heading(name) for change in applied for name in change.values}
    _print(_lines(applied, refused, headings, result), form)
    rows = len({refusal.row for refusal in refused})
    note(
        f"{len(applied)} rows {result}, {rows} refused, {found.unchanged} without a change",
        quiet=quiet,
    )
    if rows:
        raise typer.Exit(EXIT_KNOWN_ERROR)


def _spare_edits(store: Workspace, file: Path, form: Form) -> None:
    """Raise KlankbordError where `file` is a sheet with edits that would be overwritten."""
    from klankbord.roundtrip import waiting_edits

    waiting = waiting_edits(file, store.actions(), store.action_histories()) if form.readable else 0
    if waiting:
        raise KlankbordError(
            f"{waiting} rows of this sheet hold edits that were not imported",
            where=str(file),
            hint=f"klankbord actions import {file.name}, or add --overwrite to lose them",
        )


def _apply(
    store: Workspace, changes: Iterable[Change], *, by: str, why: str, settings: Settings
) -> tuple[list[Change], list[Refusal]]:
    """Apply each row whole or not at all; returns those applied and those that came too late."""
    from klankbord.cli.action_verbs import named
    from klankbord.errors import ConflictError
    from klankbord.loop.lifecycle import IllegalStepError
    from klankbord.roundtrip import Refusal
    from klankbord.roundtrip.texts import Texts

    texts = Texts(settings.language)
    applied: list[Change] = []
    late: list[Refusal] = []
    for change in changes:
        try:
            with store.transaction():
                _apply_one(store, change, by=named(change.by or by), why=change.note or why)
        except (ConflictError, IllegalStepError):
            reason, hint = texts("refused.meanwhile"), texts("refused.meanwhile_next")
            late.append(Refusal(change.row, change.action.action_id, "", reason, hint))
        else:
            applied.append(change)
    return applied, late


def _apply_one(store: Workspace, change: Change, *, by: str, why: str) -> None:
    from datetime import UTC, date, datetime

    from klankbord.loop import ActionState, Outcome

    now, values, action = datetime.now(UTC), change.values, change.action

    def text(field: str) -> str | None:
        return str(values[field]) if field in values else None

    due, status, outcome = values.get("due"), text("status"), text("outcome")
    if set(values) - {"outcome"}:
        action = store.update_action(
            action.action_id,
            at=now,
            by=by,
            why=why,
            owner=text("owner"),
            due=due if isinstance(due, date) else None,
            status=ActionState(status) if status else None,
            wel_niet_later=text("wel_niet_later"),
            draft=text("draft"),
            version=action.version,
        )
    if outcome:
        store.close_action(
            action.action_id, Outcome(outcome), at=now, by=by, why=why, version=action.version
        )


Line = tuple[int, str, str, str, str, str, str, str]


def _lines(
    applied: Iterable[Change],
    refused: Iterable[Refusal],
    headings: dict[str, str],
    result: str,
) -> list[Line]:
    """Return a line for every cell that was changed or refused, in the order of the file."""
    lines: list[Line] = [
        (
            change.row,
            change.action.action_id,
            headings[field],
            _said(getattr(change.action, field)),
            _said(new),
            result,
            "",
            "",
        )
        for change in applied
        for field, new in change.values.items()
    ]
    lines += [
        (one.row, one.action_id, one.column, "", "", "refused", one.reason, one.hint)
        for one in refused
    ]
    return sorted(lines, key=lambda line: line[0])


def _said(value: Value) -> str:
    return "" if value is None else str(value)


def _print(lines: Sequence[Line], form: Format) -> None:
    import json

    from klankbord.report.tables import cell
    from klankbord.report.wording import shorten

    if form is Format.JSON:
        records = [dict(zip(COLUMNS, line, strict=True)) for line in lines]
        data(json.dumps(records, ensure_ascii=False, indent=2))
    elif form is Format.CSV:
        csv_table(COLUMNS, [[cell(value) for value in line] for line in lines])
    elif lines:
        shown = [[shorten(str(value), _SHOWN) for value in line[:6]] for line in lines]
        reasons = [[shorten(value, 4 * _SHOWN) for value in line[6:]] for line in lines]
        table("", COLUMNS, [one + two for one, two in zip(shown, reasons, strict=True)])
