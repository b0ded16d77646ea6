"""What `forget` and `purge` share: asking, the receipt, and what is shown of it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from klankbord.cli.output import ask, data, note, path_for_people, table
from klankbord.errors import KlankbordError

if TYPE_CHECKING:
    from klankbord.location import Location
    from klankbord.outputs.receipt import Receipt
    from klankbord.privacy import Pseudonymiser
    from klankbord.store import Workspace

DRY_RUN = typer.Option(False, "--dry-run", help="Show what would go; change nothing.")
YES = typer.Option(False, "--yes", "-y", help="Do not ask.")
FOLDERS = typer.Option(
    None,
    "--also",
    metavar="FOLDER",
    help="A folder with outputs that the workspace does not know: older ones, or copies. May be "
    "given more than once.",
    show_default=False,
)
KNOWN_AS = typer.Option(
    None,
    "--known-as",
    metavar="TEXT",
    help="A name or address by which notes and file names may call the customer. May be given "
    "more than once.",
    show_default=False,
)
RECEIPT = typer.Option(
    None,
    "--receipt",
    metavar="FILE",
    help="Where the receipt goes (default: beside the workspace).",
    show_default=False,
)


def remember(store: Workspace, *paths: Path) -> None:
    """Let the workspace know which files were written, so that erasing finds them."""
    store.remember_files(paths, at=datetime.now(UTC))


def the_key(key_file: str) -> Pseudonymiser:
    """Return the pseudonym key, which has to be there already."""
    from klankbord.privacy import Pseudonymiser, default_key_path

    path = Path(key_file) if key_file else default_key_path()
    if not path.is_file():
        raise KlankbordError(
            "there is no pseudonym key here, and without it nobody can be found",
            where=str(path),
            hint="put back the key file that belongs to the workspace",
        )
    return Pseudonymiser.from_key_file(path)


def check_folders(folders: list[Path] | None) -> tuple[Path, ...]:
    """Return folders that are there; raises BadParameter for another."""
    for folder in folders or ():
        if not folder.is_dir():
            raise typer.BadParameter(f"there is no folder {folder}", param_hint="--also")
    return tuple(folder.resolve() for folder in folders or ())


def confirm(question: str) -> bool:
    """Ask; raises KlankbordError where nobody can answer."""
    try:
        return ask(f"{question} This cannot be undone", "no").lower() in ("y", "yes", "j", "ja")
    except KlankbordError as error:
        raise KlankbordError("nobody said yes", hint="add --yes, or --dry-run to look") from error


def show(receipt: Receipt) -> None:
    """Print what went, or would go, without naming anybody."""
    table("", ("table", "rows"), [(name, str(count)) for name, count in receipt.rows.items()])
    found = [("file", *one) for one in receipt.files.items() if one[1] != "bevat niets"]
    found += [("backup", *one) for one in receipt.backups.items()]
    found += [("model", folder, "trained with a label of it") for folder in receipt.models]
    if found:
        data("")
        table("", ("", "where", "what"), found)


def keep(receipt: Receipt, path: Path | None, workspace: Location, *, quiet: bool) -> None:
    """Write the receipt and say where it is and what is left to do."""
    name = f"bewijs-{receipt.kind.replace(' ', '-')}-{receipt.at:%Y%m%d-%H%M%S}.json"
    place = path or workspace.folder / name
    receipt.write(place)
    for line in receipt.left_to_do():
        note(f"nog te doen: {line}", quiet=quiet)
    note(f"receipt: {path_for_people(place)}", quiet=quiet)
