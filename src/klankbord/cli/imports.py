"""`klankbord import`: read sources into the workspace, or only show what they are."""

from __future__ import annotations

from pathlib import Path

import typer

from klankbord.cli.output import data, note, progress_bars, table


def import_sources(
    sources: list[str] = typer.Argument(..., help="Files, folders or patterns to read."),
    *,
    preview: bool = typer.Option(
        False, "--preview", help="Show source, column roles and five rows; store nothing."
    ),
    workspace: Path = typer.Option(
        Path("klankbord.db"), "--workspace", "-w", help="Database to add the feedback to."
    ),
    profile: Path = typer.Option(
        None, "--profile", "-p", help="TOML file that says which column is what."
    ),
    quiet: bool = typer.Option(False, "--quiet", "-q", help="No notes and no progress bars."),
) -> None:
    """Read feedback into the workspace without analysing it."""
    from klankbord import importing
    from klankbord.settings import load_settings

    settings = load_settings()
    paths = [Path(source) for source in sources]
    if preview:
        for shown in importing.preview(paths, settings=settings, profile=profile):
            data(f"{shown.detection.path}: {shown.detection.source}, {shown.detection.reason}")
            for key, value in sorted(shown.detection.details.items()):
                data(f"  {key}: {value}")
            rows = [[str(value) for value in row.values()] for row in shown.rows.to_pylist()]
            table("", shown.rows.column_names, rows)
            for bad in shown.rejected:
                data(f"  row {bad.row} {bad.column}: {bad.reason}")
        return
    with progress_bars(quiet=quiet) as progress:
        imported = importing.import_sources(
            paths, workspace=workspace, settings=settings, profile=profile, progress=progress
        )
    table(
        "",
        ("file", "source", "rows", "stored", "duplicate", "rejected"),
        [
            (
                count.file,
                count.source,
                str(count.rows_in),
                str(count.stored),
                str(count.duplicates),
                str(count.rejected),
            )
            for count in imported.counts
        ],
    )
    for left_out in imported.notes:
        note(left_out, quiet=quiet)
    for row in imported.rejected:
        note(f"{row.file}, row {row.row} {row.column}: {row.reason}", quiet=quiet)
