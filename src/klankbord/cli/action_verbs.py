"""The verbs of `klankbord actions`: what people do with one action."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from klankbord.cli.choices import check_choice, check_department
from klankbord.cli.output import note
from klankbord.cli.workspaces import WORKSPACE, open_workspace
from klankbord.location import Location

if TYPE_CHECKING:
    from klankbord.records import Action
    from klankbord.store import Workspace

QUIET = typer.Option(False, "--quiet", "-q", help="No notes.")
BY = typer.Option(
    "", "--by", metavar="NAME", help="Who does this; your login name by default.",
    show_default=False,
)  # fmt: skip
WHY = typer.Option("", "--why", metavar="TEXT", help="The reason, kept with it.")
ON = typer.Option(
    None, "--on", formats=["%Y-%m-%d", "%d-%m-%Y"], help="The day it happened; now by default.",
    show_default=False,
)  # fmt: skip
ACTION = typer.Argument(..., metavar="ID", help="The action, by its id or the start of it.")


def assign(
    action_id: str = ACTION,
    owner: str = typer.Argument(..., metavar="DEPARTMENT", help="Who is to do it from now on."),
    *,
    workspace: Location = WORKSPACE,
    by: str = BY,
    why: str = WHY,
    quiet: bool = QUIET,
) -> None:
    """Give an action to another department.

    Example: klankbord actions assign 3fa2c1 Finance --why "gaat over de rekening"
    """
    check_department(owner)
    with open_workspace(workspace) as store:
        action = find(store, action_id)
        store.update_action(
            action.action_id, at=_now(), by=named(by), why=why, owner=owner, version=action.version
        )
    note(f"{action.action_id}: {action.owner} → {owner}", quiet=quiet)


def update(
    action_id: str = ACTION,
    *,
    status: str = typer.Option(
        None, "--status", help="Where it is now, such as uitgevoerd.", show_default=False
    ),
    due: datetime = typer.Option(
        None, "--due", formats=["%Y-%m-%d", "%d-%m-%Y"], help="Another day.", show_default=False
    ),
    can: str = typer.Option(
        None, "--wel-niet-later", metavar="TEXT", show_default=False,
        help="What can be done, what cannot, what later, and why.",
    ),
    draft: Path = typer.Option(
        None, "--draft", exists=True, dir_okay=False, show_default=False,
        help="File with the message to the customer, in place of the draft.",
    ),
    on: datetime = ON,
    workspace: Location = WORKSPACE,
    by: str = BY,
    why: str = WHY,
    quiet: bool = QUIET,
) -> None:  # fmt: skip
    """Take an action a step further, or change its day or texts; the history keeps the old ones.

    Example: klankbord actions update 3fa2c1 --status gecommuniceerd --by Anna

    Example: klankbord actions update 3fa2c1 --due 2026-12-18 --why "klant is op vakantie"
    """
    from klankbord.loop import ActionState, check_draft

    check_choice(status, tuple(ActionState))
    text = _text(draft) if draft else None
    if text is not None and (problems := check_draft(text)):
        raise typer.BadParameter(f"this message is not ready: {'; '.join(problems)}")
    if not any((status, due, can, text)):
        raise typer.BadParameter("give --status, --due, --wel-niet-later or --draft")
    with open_workspace(workspace) as store:
        action = find(store, action_id)
        changed = store.update_action(
            action.action_id,
            at=_moment(on),
            by=named(by),
            why=why,
            status=ActionState(status) if status else None,
            due=due.date() if due else None,
            wel_niet_later=can,
            draft=text,
            version=action.version,
        )
    if changed.version == action.version:
        note(f"{action.action_id}: nothing changed", quiet=quiet)
        return
    told = [f"{action.status} → {changed.status}"] if changed.status != action.status else []
    told += [f"due {changed.due}"] if changed.due != action.due else []
    note(f"{action.action_id}: {', '.join(told) or 'texts changed'}", quiet=quiet)


def close(
    action_id: str = ACTION,
    outcome: str = typer.Argument(
        ..., help='geslaagd, "niet geslaagd", "vals alarm" or "bewust afscheid".'
    ),
    *,
    on: datetime = ON,
    workspace: Location = WORKSPACE,
    by: str = BY,
    why: str = WHY,
    quiet: bool = QUIET,
) -> None:
    """Close an action with what came of it; a false alarm calibrates the next analysis.

    Example: klankbord actions close 3fa2c1 "vals alarm" --why "was een andere klant"
    """
    from klankbord.loop import Outcome

    check_choice(outcome, tuple(Outcome))
    with open_workspace(workspace) as store:
        action = find(store, action_id)
        store.close_action(
            action.action_id,
            Outcome(outcome),
            at=_moment(on),
            by=named(by),
            why=why,
            version=action.version,
        )
    note(f"{action.action_id}: closed, {outcome}", quiet=quiet)


def reopen(
    action_id: str = ACTION,
    *,
    workspace: Location = WORKSPACE,
    by: str = BY,
    why: str = WHY,
    quiet: bool = QUIET,
) -> None:
    """Open a closed action again, back at the plan.

    Example: klankbord actions reopen 3fa2c1 --why "klant belde opnieuw"
    """
    with open_workspace(workspace) as store:
        action = find(store, action_id)
        store.reopen_action(
            action.action_id, at=_now(), by=named(by), why=why, version=action.version
        )
    note(f"{action.action_id}: open again", quiet=quiet)


def undo(
    action_id: str = ACTION,
    *,
    workspace: Location = WORKSPACE,
    by: str = BY,
    why: str = WHY,
    quiet: bool = QUIET,
) -> None:
    """Take back the last thing a person did with an action; its history keeps both.

    Example: klankbord actions undo 3fa2c1 --why "verkeerde klant"
    """
    with open_workspace(workspace) as store:
        action = find(store, action_id)
        store.undo_action(
            action.action_id, at=_now(), by=named(by), why=why, version=action.version
        )
    note(f"{action.action_id}: the last step is taken back", quiet=quiet)


def escalate(
    *,
    on: datetime = typer.Option(
        None, "--on", formats=["%Y-%m-%d"], help="The day to count from; today by default.",
        show_default=False,
    ),
    workspace: Location = WORKSPACE,
    quiet: bool = QUIET,
) -> None:  # fmt: skip
    """Mark overdue actions for the level above their owner; analyse does so too.

    Example: klankbord actions escalate && klankbord actions --overdue
    """
    day = on.date() if on else date.today()  # noqa: DTZ011 - the day where people work
    with open_workspace(workspace) as store:
        raised = store.escalate(day, at=_now())
    note(f"{len(raised)} actions escalated", quiet=quiet)


def find(store: Workspace, given: str) -> Action:
    """Return the action with this id, or whose id or number starts so.

    Raises WorkspaceError where there is none, or more than one.
    """
    from klankbord.errors import WorkspaceError

    fits = [
        action
        for action in store.actions()
        if action.action_id.startswith(given) or _number(action.action_id).startswith(given)
    ]
    exact = [action for action in fits if action.action_id == given]
    if len(exact or fits) == 1:
        return (exact or fits)[0]
    if fits:
        raise WorkspaceError(
            f"{len(fits)} actions start with '{given}'", hint="give more of the id"
        )
    raise WorkspaceError("no such action", hint="klankbord actions list --all names them")


def named(by: str) -> str:
    """Return who does this: the name given, else the login name."""
    import getpass

    from klankbord.outputs.theme_edits import LONGEST_REMARK

    if by.strip():
        return by.strip()[:LONGEST_REMARK]
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return ""


def _number(action_id: str) -> str:
    return action_id.rpartition("-")[2]


def _text(path: Path) -> str:
    from klankbord.errors import UnreadableInputError
    from klankbord.files import small_text

    try:
        return small_text(path).strip()
    except UnicodeDecodeError as error:
        raise UnreadableInputError(
            "this message is no UTF-8 text", where=str(path), hint="save it as UTF-8"
        ) from error


def _now() -> datetime:
    return datetime.now(UTC)


def _moment(on: datetime | None) -> datetime:
    """Return noon of the day given, where people work, or now."""
    from zoneinfo import ZoneInfo

    from klankbord.settings import load_settings

    if on is None:
        return _now()
    zone = ZoneInfo(load_settings().timezone)
    moment = min(on.replace(hour=12, tzinfo=zone).astimezone(UTC), _now())
    if moment.astimezone(zone).date() != on.date():
        raise typer.BadParameter(f"{on:%Y-%m-%d} is still to come")
    return moment
