"""`klankbord forget`: a customer who asks to be forgotten."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import typer

from klankbord.cli import erasing
from klankbord.cli.output import note
from klankbord.cli.workspaces import WORKSPACE, open_workspace
from klankbord.errors import KlankbordError
from klankbord.location import Location


def forget(
    customer: str = typer.Argument(
        ..., help="The customer's own number, or the pseudonym (K-…) of the report."
    ),
    *,
    workspace: Location = WORKSPACE,
    dry_run: bool = erasing.DRY_RUN,
    yes: bool = erasing.YES,
    allow_again: bool = typer.Option(
        False, "--allow-again", help="Let a customer who was forgotten come back with an import."
    ),
    known_as: list[str] = erasing.KNOWN_AS,
    also: list[Path] = erasing.FOLDERS,
    receipt: Path = erasing.RECEIPT,
    quiet: bool = typer.Option(False, "--quiet", "-q", help="No notes."),
) -> None:
    """Erase a customer from the workspace, its backups and the files that were written from it.

    Pages and tables are written anew without the customer or removed; the bytes are overwritten.
    A later import leaves the customer out. A receipt says what went, and not of whom.

    Example: klankbord forget 10023 --dry-run

    Example: klankbord forget K-7Q2MN4XK0C --yes --known-as "Jansen" --also oude-rapporten
    """
    from klankbord.outputs.erasing import erase, forgetting, rehearsed
    from klankbord.settings import load_settings

    settings = load_settings()
    key = erasing.the_key(settings.key_file)
    folders = erasing.check_folders(also)
    with open_workspace(workspace) as store:
        store.check_key(key)
        asked = forgetting(
            customer,
            key,
            settings,
            at=datetime.now(UTC),
            folders=folders,
            known_as=tuple(known_as or ()),
        )
        known = store.is_barred(asked.hash)
        if allow_again:
            if not store.allow_again(asked.hash):
                raise KlankbordError("this customer was not forgotten here", where=str(workspace))
            note("a later import may bring this customer back", quiet=quiet)
            return
        if not (known or asked.find(store)):
            raise KlankbordError(
                "nothing is held of this customer",
                where=str(workspace),
                hint="give the number as it stands in the export, or the pseudonym (K-…)",
            )
        if dry_run or not yes:
            erasing.show(rehearsed(store, asked))
        if dry_run or not (yes or erasing.confirm("Forget this customer?")):
            note("nothing was changed", quiet=quiet)
            return
        done = erase(store, asked)
    erasing.show(done)
    erasing.keep(done, receipt, workspace, quiet=quiet)
