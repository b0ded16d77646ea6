"""The option --workspace of every command, and opening what it names."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from klankbord.cli.output import note, path_for_people
from klankbord.errors import WorkspaceError
from klankbord.location import Location

if TYPE_CHECKING:
    from collections.abc import Iterable

    from klankbord.settings import Settings
    from klankbord.store import Workspace


def workspace_option(text: str, default: str | None = "klankbord.db") -> Any:  # noqa: ANN401 - typer's own type
    """Return the option, which takes a file or the address of a PostgreSQL database."""
    return typer.Option(
        default,
        "--workspace",
        "-w",
        metavar="FILE|URL",
        parser=Location.of,
        show_default=default is not None,
        help=f"{text} A team can share postgresql+psycopg://user@host/database.",
    )


WORKSPACE = workspace_option("Database that `analyse` wrote to.")


def open_workspace(
    workspace: Location | Path, *, hint: str = "klankbord analyse --help"
) -> Workspace:
    """Open a workspace that is there; raises WorkspaceError where there is none, and makes none."""
    from klankbord.store import Workspace

    location = Location.of(workspace)
    if not location.exists():
        raise WorkspaceError("there is no workspace yet", where=str(location), hint=hint)
    store = Workspace.open(location)
    if store.kept_copy is not None:
        note(kept(store.kept_copy))
    return store


def kept(copy: Path) -> str:
    """Tell of the copy that was made before a workspace was brought up to date."""
    return f"the workspace was brought up to date; how it was is kept in {path_for_people(copy)}"


def original_ids(store: Workspace, pseudonyms: Iterable[str], settings: Settings) -> dict[str, str]:
    """Return pseudonym -> original id, nothing where the settings do not ask for them."""
    from klankbord.privacy import Pseudonymiser

    if not settings.keep_ids:
        return {}
    return store.original_ids(pseudonyms, Pseudonymiser.from_key_file(settings.key_file))
