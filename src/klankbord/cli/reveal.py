"""`klankbord reveal`: the original id behind a pseudonym, and who asked for it."""

from __future__ import annotations

from datetime import UTC, datetime

import typer

from klankbord.cli.action_verbs import BY, named
from klankbord.cli.output import note, table
from klankbord.cli.workspaces import WORKSPACE, open_workspace
from klankbord.errors import KlankbordError
from klankbord.location import Location

FORGOTTEN = "(forgotten since)"


def reveal(
    pseudonyms: list[str] = typer.Argument(
        None,
        metavar="[PSEUDONYM]...",
        help="Customers (K-…) and accounts (A-…) as the report names them.",
        show_default=False,
    ),
    *,
    reason: str = typer.Option(
        "", "--reason", metavar="TEXT", help="Why you need it; kept in the log."
    ),
    log: bool = typer.Option(
        False, "--log", help="Show who asked for which pseudonym, when and why."
    ),
    workspace: Location = WORKSPACE,
    by: str = BY,
    quiet: bool = typer.Option(False, "--quiet", "-q", help="No notes."),
) -> None:
    """Show the original id behind a pseudonym, for those who hold the key.

    Each one is logged in the workspace, with who, when and why and without the original id.

    Example: klankbord reveal K-7Q2MN4XK0C --reason "terugbellen over de klacht van 3 mei"

    Example: klankbord reveal --log
    """
    if log == bool(pseudonyms):
        raise typer.BadParameter("give pseudonyms or --log, one of the two")
    if log:
        _show_log(workspace)
        return
    if not reason.strip():
        raise typer.BadParameter("say why: it is kept in the log", param_hint="--reason")
    from klankbord.privacy import Pseudonymiser
    from klankbord.settings import load_settings

    with open_workspace(workspace) as store:
        wanted = list(dict.fromkeys(name.strip().upper() for name in pseudonyms))
        found = store.reveal(
            wanted,
            Pseudonymiser.from_key_file(load_settings().key_file or None),
            at=datetime.now(UTC),
            by=named(by),
            why=" ".join(reason.split()),
        )
    if found:
        rows = [(name, found[name]) for name in wanted if name in found]
        table("", ("pseudonym", "original"), rows, whole=("pseudonym",))
        note(f"{len(found)} logged: klankbord reveal --log", quiet=quiet)
    unknown = [name for name in wanted if name not in found]
    if unknown:
        raise KlankbordError(
            f"{len(unknown)} of these are no pseudonym of this workspace",
            where=str(workspace),
            hint="copy them from the report: K-… for a customer, A-… for an account",
        )


def _show_log(workspace: Location) -> None:
    from zoneinfo import ZoneInfo

    from klankbord.settings import load_settings

    zone = ZoneInfo(load_settings().timezone)
    with open_workspace(workspace) as store:
        rows = [
            (
                one.at.astimezone(zone).strftime("%Y-%m-%d %H:%M"),
                one.by,
                one.pseudonym or FORGOTTEN,
                one.why,
            )
            for one in store.reveals()
        ]
    table("", ("at", "by", "pseudonym", "why"), rows, whole=("at", "pseudonym"))
