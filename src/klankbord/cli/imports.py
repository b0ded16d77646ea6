"""`klankbord import`: read sources into the workspace, or only show what they are."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from klankbord.cli.choices import WORKERS
from klankbord.cli.output import note, progress_bars, table
from klankbord.cli.preview import show_preview
from klankbord.cli.workspaces import workspace_option
from klankbord.location import Location

if TYPE_CHECKING:
    from klankbord.importing import Imported

_REJECTED_SHOWN = 20
_WORKSPACE = workspace_option("Database to add the feedback to.")


def import_sources(
    sources: list[str] = typer.Argument(
        ..., help="Files, folders, patterns or zip archives to read."
    ),
    *,
    preview: bool = typer.Option(
        False,
        "--preview",
        help="Show the source, how sure that is, the columns and five rows; store nothing.",
    ),
    map_columns: bool = typer.Option(
        False,
        "--map",
        help="Ask which column is what and save the answers as a profile beside the workspace; "
        "files with the same columns are read by it from then on.",
    ),
    workspace: Location = _WORKSPACE,
    profile: str = typer.Option(
        None,
        "--profile",
        "-p",
        help="Name of a saved mapping, or a TOML file that says which column is what.",
        show_default=False,
    ),
    workers: int = WORKERS,
    quiet: bool = typer.Option(False, "--quiet", "-q", help="No notes and no progress bars."),
) -> None:
    """Read feedback into the workspace without analysing it.

    A row that is there already is a duplicate; a review or answer that was edited since replaces
    the earlier one, which stays in its history.

    Example: klankbord import uitvoer.csv --preview

    Example: klankbord import uitvoer.csv --map
    """
    from klankbord import importing
    from klankbord.cli.mapping import map_columns as ask_columns
    from klankbord.engines import LocalEngine
    from klankbord.settings import load_settings
    from klankbord.sources import find_profile

    settings = load_settings()
    paths = [Path(source) for source in sources]
    mapping = find_profile(profile, workspace) if profile else None
    if map_columns:
        mapping = ask_columns(paths, workspace=workspace, timezone=settings.timezone)
        preview = True
    if preview:
        for shown in importing.preview(
            paths, settings=settings, profile=mapping, workspace=workspace
        ):
            show_preview(shown, settings.timezone)
        note("nothing is stored yet; the same command without --preview or --map does", quiet=quiet)
        return
    with progress_bars(quiet=quiet) as progress, closing(LocalEngine(workers)) as engine:
        imported = importing.import_sources(
            paths,
            workspace=workspace,
            settings=settings,
            profile=mapping,
            engine=engine,
            progress=progress,
        )
    _show(imported, quiet=quiet)


def _show(imported: Imported, *, quiet: bool) -> None:
    from klankbord.sources import known_header

    table(
        "",
        ("file", "source", "rows", "stored", "updated", "duplicate", "rejected"),
        [
            (
                count.file,
                count.source,
                str(count.rows_in),
                str(count.stored),
                str(count.updated),
                str(count.duplicates),
                str(count.rejected),
            )
            for count in imported.counts
        ],
    )
    for left_out in imported.notes:
        note(left_out, quiet=quiet)
    for row in imported.rejected[:_REJECTED_SHOWN]:
        column = f" {known_header(row.column)}".rstrip()
        note(f"{row.file}, row {row.row}{column}: {row.reason}", quiet=quiet)
    if (more := len(imported.rejected) - _REJECTED_SHOWN) > 0:
        note(f"... and {more} more rejected rows (analyse writes them all)", quiet=quiet)
