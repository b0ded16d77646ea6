"""`klankbord label`: draw a sample of texts for people to label."""

from __future__ import annotations

from pathlib import Path

import typer

from klankbord.cli.erasing import remember
from klankbord.cli.output import note, path_for_people, progress_bars
from klankbord.cli.workspaces import WORKSPACE, open_workspace
from klankbord.location import Location


def label(
    sources: list[str] = typer.Argument(
        None,
        help="Files, folders or patterns to draw from instead of the workspace; they are read as "
        "by 'analyse' and nothing of them is stored.",
        show_default=False,
    ),
    *,
    out: Path = typer.Option(
        ..., "--out", "-o", help="Sheet to write, .xlsx or .csv.", show_default=False
    ),
    workspace: Location = WORKSPACE,
    size: int = typer.Option(200, "--size", min=1, help="Number of texts."),
    seed: int = typer.Option(0, "--seed", help="Another seed draws another sample."),
    with_prediction: bool = typer.Option(
        False,
        "--with-prediction",
        help="Show the model's tone. People then agree with it more than they would have.",
    ),
    profile: str = typer.Option(
        None,
        "--profile",
        "-p",
        help="Saved mapping or TOML file that says which column of SOURCES is what.",
        show_default=False,
    ),
    quiet: bool = typer.Option(False, "--quiet", "-q", help="No notes and no progress bars."),
) -> None:
    """Draw texts to label, spread over tone and channel, into a sheet with a guide.

    The column gewicht says how many rows each text stands for; 'evaluate' weighs with it.

    Example: klankbord label --out etiketten.xlsx --size 200
    """
    from klankbord import labelling
    from klankbord.models import load_tone_model
    from klankbord.settings import load_settings
    from klankbord.sources import find_profile

    settings = load_settings()
    labelling.check_name(out)
    if not sources:
        open_workspace(workspace, hint="name SOURCES, or run klankbord analyse first").close()
    model = load_tone_model(settings.tone_model, tier=settings.tier)
    with progress_bars(quiet=quiet) as progress:
        if sources:
            paths = [Path(source) for source in sources]
            mapping = find_profile(profile, workspace) if profile else None
            feedback, scores = labelling.from_sources(
                paths, model, settings=settings, profile=mapping, progress=progress
            )
            labels = None
        if workspace.exists():
            with open_workspace(workspace) as store:
                if sources:
                    labels = store.tone_labels(sample_only=True)
                else:
                    feedback, scores, labels = labelling.from_workspace(store, model, progress)
    sample = labelling.draw(feedback, scores, labels, size=size, seed=seed)
    labelling.write_sheet(sample, out, with_prediction=with_prediction)
    if workspace.exists():
        with open_workspace(workspace) as store:
            remember(store, out)
    note(
        f"{sample.rows.num_rows} of {sample.texts} different texts ({sample.population} rows); "
        f"fill in: {path_for_people(out)}",
        quiet=quiet,
    )
    if sample.rows.num_rows < size:
        note("there are no more texts without a label", quiet=quiet)
