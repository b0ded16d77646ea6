"""`klankbord purge`: feedback that is older than it may be kept."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import typer

from klankbord.cli import erasing
from klankbord.cli.output import note
from klankbord.cli.workspaces import WORKSPACE, open_workspace
from klankbord.location import Location

_TERM = re.compile(r"([1-9]\d{0,3})([dwmy])")


def purge(
    *,
    older_than: str = typer.Option(
        ...,
        "--older-than",
        metavar="TERM",
        help="How long feedback is kept: 24m, or in days (d), weeks (w) or years (y).",
        show_default=False,
    ),
    workspace: Location = WORKSPACE,
    dry_run: bool = erasing.DRY_RUN,
    yes: bool = erasing.YES,
    also: list[Path] = erasing.FOLDERS,
    receipt: Path = erasing.RECEIPT,
    quiet: bool = typer.Option(False, "--quiet", "-q", help="No notes."),
) -> None:
    """Erase feedback that came in longer ago than it is kept, wherever the workspace knows it is.

    With it go the actions that were closed before that day, and customers of whom nothing is left:
    no later feedback, and no row in the customer table unless they left before it. Feedback
    without a date stays.

    Example: klankbord purge --older-than 24m --dry-run
    """
    from zoneinfo import ZoneInfo

    from klankbord.outputs.erasing import erase, purging, rehearsed
    from klankbord.settings import load_settings

    settings = load_settings()
    now = datetime.now(ZoneInfo(settings.timezone))
    before = _day_before(now, older_than).astimezone(UTC)
    key = erasing.the_key(settings.key_file)
    folders = erasing.check_folders(also)
    with open_workspace(workspace) as store:
        store.check_key(key)
        asked = purging(before, key, settings, at=now.astimezone(UTC), folders=folders)
        if not asked.find(store):
            store.clean_up()  # of an earlier purge that somebody kept from it
            note(f"nothing is older than {older_than}", quiet=quiet)
            return
        if dry_run or not yes:
            erasing.show(rehearsed(store, asked))
        if dry_run or not (yes or erasing.confirm(f"Erase what is older than {older_than}?")):
            note("nothing was changed", quiet=quiet)
            return
        done = erase(store, asked)
    erasing.show(done)
    erasing.keep(done, receipt, workspace, quiet=quiet)


def _day_before(now: datetime, term: str) -> datetime:
    """Return the local midnight so long ago; the end of the month for a day it does not have."""
    found = _TERM.fullmatch(term.strip().lower())
    if found is None:
        raise typer.BadParameter(
            f"'{term}' is no term such as 24m, 90d, 8w or 2y", param_hint="--older-than"
        )
    number, unit = int(found[1]), found[2]
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    if unit in "dw":
        return today - timedelta(days=number * (7 if unit == "w" else 1))
    months = today.year * 12 + today.month - 1 - number * (12 if unit == "y" else 1)
    if months < 12:
        raise typer.BadParameter("that is before the calendar begins", param_hint="--older-than")
    first = today.replace(year=months // 12, month=months % 12 + 1, day=1)
    following = (first + timedelta(days=31)).replace(day=1)
    return first.replace(day=min(today.day, (following - timedelta(days=1)).day))
