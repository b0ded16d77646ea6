"""`klankbord backup`: a checked copy of the workspace, and putting one back."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from klankbord.cli.output import data, note, path_for_people, table
from klankbord.cli.workspaces import WORKSPACE, open_workspace
from klankbord.location import Location

if TYPE_CHECKING:
    from klankbord.store import Manifest

_KEY = (
    "the pseudonym key is not in it: keep a copy of {key} in another safe place, without which no"
    " original customer id can be shown and no further export added"
)


def backup(
    *,
    workspace: Location = WORKSPACE,
    to: Path = typer.Option(
        None,
        "--to",
        help="File to write; by default klankbord-backup-DATE-TIME.db beside the workspace.",
        show_default=False,
    ),
    restore: Path = typer.Option(
        None,
        "--restore",
        metavar="BACKUP",
        help="Put this backup back as the workspace; refused where it is damaged.",
        show_default=False,
    ),
    force: bool = typer.Option(
        False, "--force", help="Write over a file, or over a workspace, that is there already."
    ),
    listed: bool = typer.Option(
        False, "--list", help="Name the backups that this workspace remembers."
    ),
    quiet: bool = typer.Option(False, "--quiet", "-q", help="No notes."),
) -> None:
    """Write a copy of the whole workspace to one file, checked; or put one back.

    Others may work on meanwhile. Beside the copy comes a manifest, by which damage is seen before
    anything is put back. A backup of a file can be put back into a database, and the reverse.

    Example: klankbord backup --to /mnt/veilig/klankbord.db

    Example: klankbord backup --restore /mnt/veilig/klankbord.db --workspace klankbord.db
    """
    if sum(map(bool, (to, restore, listed))) > 1:
        raise typer.BadParameter("give one of --to, --restore and --list")
    if restore:
        _restore(restore, workspace, force=force, quiet=quiet)
    elif listed:
        _list(workspace)
    else:
        _make(to, workspace, force=force, quiet=quiet)


def _make(to: Path | None, workspace: Location, *, force: bool, quiet: bool) -> None:
    from datetime import UTC, datetime

    from klankbord.privacy import default_key_path
    from klankbord.settings import load_settings

    now = datetime.now(UTC)
    path = to or workspace.folder / f"klankbord-backup-{now.astimezone():%Y%m%d-%H%M%S}.db"
    with open_workspace(workspace) as store:
        manifest = store.back_up(path, at=now, force=force)
    data(path_for_people(path))
    note(_told(manifest), quiet=quiet)
    key = load_settings().key_file or default_key_path()
    note(_KEY.format(key=path_for_people(Path(key))), quiet=quiet)


def _restore(path: Path, workspace: Location, *, force: bool, quiet: bool) -> None:
    from klankbord.store import restore_backup

    restored = restore_backup(path, workspace, force=force)
    note(f"restored {workspace}: {_told(restored.manifest)}", quiet=quiet)
    if restored.set_aside is not None:
        note(f"the damaged workspace is kept: {path_for_people(restored.set_aside)}", quiet=quiet)
    note(
        "who was forgotten after the backup was made is in it again: forget them once more",
        quiet=quiet,
    )


def _list(workspace: Location) -> None:
    with open_workspace(workspace) as store:
        made = store.backups()
    rows = [
        (f"{at.astimezone():%Y-%m-%d %H:%M}", str(path), "yes" if path.is_file() else "no")
        for path, at in sorted(made.items(), key=lambda each: each[1])
    ]
    table("", ("made", "file", "there"), rows)


def _told(manifest: Manifest) -> str:
    from klankbord.room import size

    rows = manifest.rows
    return (
        f"{rows.get('feedback', 0)} pieces of feedback, {rows.get('action', 0)} actions,"
        f" {size(manifest.bytes)}, read back and found whole"
    )
