"""`klankbord actions`: the closed loop, from plan to measured effect."""

from __future__ import annotations

import typer

from klankbord.cli import action_files, action_texts, action_verbs
from klankbord.cli.action_verbs import ACTION, QUIET
from klankbord.cli.choices import check_choice, check_department
from klankbord.cli.groups import ListUnlessNamed
from klankbord.cli.output import Format, csv_table, data, note, table
from klankbord.cli.workspaces import WORKSPACE, open_workspace
from klankbord.location import Location

HEADINGS = ("id", "due", "owner", "kind", "for", "status")

_FORM = typer.Option(Format.TABLE, "--format", "-f", help="table, csv or json.")

actions = typer.Typer(
    cls=ListUnlessNamed,
    help="List the actions of both loops, and follow them until their effect is measured.\n\n"
    "verzameld → geanalyseerd → actieplan → gecommuniceerd → uitgevoerd → gemeten\n\n"
    "Example: klankbord actions --owner Sales --overdue\n\n"
    "Example: klankbord actions update 3fa2c1 --status uitgevoerd --by Anna --why 'gebeld'\n\n"
    "Example: klankbord actions close 3fa2c1 geslaagd --by Anna\n\n"
    "Example: klankbord actions export acties.xlsx writes a sheet to edit, and klankbord actions "
    "import acties.xlsx reads it back.",
)


@actions.command("list")
def list_actions(
    *,
    owner: str = typer.Option(None, "--owner", help="Only of this department.", show_default=False),
    loop: str = typer.Option(None, "--loop", help="Only inner or outer.", show_default=False),
    overdue: bool = typer.Option(False, "--overdue", help="Only what is past its due date."),
    everything: bool = typer.Option(False, "--all", "-a", help="Also closed actions."),
    workspace: Location = WORKSPACE,
    form: Format = _FORM,
    quiet: bool = QUIET,
) -> None:
    """List actions, inner loop first, those with the highest expected value on top.

    Example: klankbord actions list --owner "Customer Service" --format csv > acties.csv
    """
    import json

    from klankbord.cli.action_page import COLUMNS, Listed, record
    from klankbord.report.tables import cell

    check_department(owner)
    check_choice(loop, ("inner", "outer"))
    with open_workspace(workspace) as store:
        listed = Listed.of(store)
    shown = [
        action
        for action in listed.actions
        if (everything or not action.closed)
        and owner in (None, action.owner)
        and loop in (None, action.loop)
        and (not overdue or listed.is_overdue(action))
    ]
    if form is Format.JSON:
        records = [record(action) for action in shown]
        data(json.dumps(records, default=str, ensure_ascii=False, indent=2))
    elif form is Format.CSV:
        csv_table(COLUMNS, [[cell(each) for each in record(one).values()] for one in shown])
    else:
        table("", HEADINGS, [listed.row(action) for action in shown], whole=("id", "due"))
    late = sum(listed.is_overdue(action) for action in shown)
    told = sum(action.escalation > 0 for action in shown if not action.closed)
    note(f"{len(shown)} actions, {late} overdue, {told} escalated", quiet=quiet)


@actions.command("show")
def show(action_id: str = ACTION, *, workspace: Location = WORKSPACE, form: Format = _FORM) -> None:
    """Show one action: why, quotes, draft, history, and what can be done next.

    Example: klankbord actions show 3fa2c1
    """
    import json

    from klankbord.cli.action_page import full_record, in_full

    with open_workspace(workspace) as store:
        action = action_verbs.find(store, action_id)
        found = full_record(store, action)
    if form is Format.JSON:
        data(json.dumps(found, default=str, ensure_ascii=False, indent=2))
    elif form is Format.CSV:
        history = found["history"]
        columns = ("at", "by", "event", "changes", "why")
        csv_table(columns, [[str(event[name]) for name in columns] for event in history])
    else:
        data(in_full(found))


actions.command("assign")(action_verbs.assign)
actions.command("update")(action_verbs.update)
actions.command("close")(action_verbs.close)
actions.command("reopen")(action_verbs.reopen)
actions.command("undo")(action_verbs.undo)
actions.command("escalate")(action_verbs.escalate)
actions.command("export")(action_files.export)
actions.command("import")(action_files.import_actions)
actions.command("huddle")(action_texts.huddle)
actions.command("said-done")(action_texts.said_done)
