"""`klankbord train`: adapt the tone model to the customer's own labels."""

from __future__ import annotations

from pathlib import Path

import typer

from klankbord.cli.evaluate import HEADINGS, numbers
from klankbord.cli.output import note, path_for_people, progress_bars, table
from klankbord.cli.workspaces import open_workspace, workspace_option
from klankbord.location import Location

_WORKSPACE = workspace_option("Database with labels.")
_CHOSEN = {
    "base": "the bundled model as it is: nothing did clearly better on these labels",
    "recalibrated": "the bundled model, recalibrated",
    "head": "a head of your own on top of the bundled model",
}


def train(
    labels: list[Path] = typer.Argument(
        None,
        help="Labelled sheets, .xlsx or .csv; labels kept in the workspace are always used.",
        show_default=False,
    ),
    *,
    out: Path = typer.Option(
        ..., "--out", "-o", help="Folder for the adapted model.", show_default=False
    ),
    workspace: Location = _WORKSPACE,
    text: str = typer.Option("", "--text", help="Column with the text, where not recognised."),
    label: str = typer.Option("", "--label", help="Column with the label, where not recognised."),
    classes: str = typer.Option(
        "",
        "--classes",
        help='Labels other than tones, three classes or stars: "-1=ontevreden,0=neutraal,'
        '1=positief".',
    ),
    tier: str = typer.Option(
        None,
        "--tier",
        help="Bundled model to build on: fast, cascade or accurate.",
        show_default=False,
    ),
    encoder: str = typer.Option(
        None,
        "--encoder",
        help="Sentence encoder to build on: a folder; give it again when the model is used.",
        show_default=False,
    ),
    quiet: bool = typer.Option(False, "--quiet", "-q", help="No notes and no progress bars."),
) -> None:
    """Adapt the tone model to labels: five tones, three classes (-1, 0, 1) or stars.

    Cross-validation chooses between the bundled model, recalibrated or not, and a head of its
    own. Use the result with --tone-model in 'analyse' and 'evaluate'.

    Example: klankbord train etiketten.xlsx --out eigen-model

    Example: klankbord train koppen.csv --text headline --label value --out eigen-model
    """
    from contextlib import nullcontext
    from datetime import UTC, datetime

    from klankbord import labelling
    from klankbord.errors import UnreadableInputError
    from klankbord.models import load_encoder, load_tone_model
    from klankbord.settings import load_settings

    settings = load_settings(tier=tier, encoder=encoder)
    if not labels and not workspace.exists():
        raise UnreadableInputError(
            "give a labelled sheet, or a workspace with labels",
            where=str(workspace),
            hint="klankbord label draws a sheet to fill in",
        )
    scheme = labelling.parse_classes(classes) if classes else None
    sheets = [
        labelling.read_sheet(path, text=text, label=label, scheme=scheme) for path in labels or ()
    ]
    chosen_encoder = load_encoder(settings.encoder)
    base = load_tone_model(tier=settings.tier, encoder=chosen_encoder)
    opened = open_workspace(workspace) if workspace.exists() else nullcontext()
    with opened as store, progress_bars(quiet=quiet) as progress:
        trained = labelling.train(
            sheets,
            out,
            base=base,
            encoder=chosen_encoder,
            tier=settings.tier,
            workspace=store,
            progress=progress,
        )
        if store is not None:
            store.remember_model(out, at=datetime.now(UTC))
    table(
        "cross-validated on the labels",
        ("model", *HEADINGS),
        [
            (which, name, *numbers(estimate))
            for which, quality in (("before", trained.before), ("after", trained.after))
            for name, estimate in quality.figures.items()
        ],
    )
    note(f"classes: {', '.join(trained.classes)}", quiet=quiet)
    note(f"chosen by cross-validation: {_CHOSEN[trained.method]}", quiet=quiet)
    left = trained.left_out
    note(
        f"{trained.labels} labels used, {trained.skipped} rows without label or text skipped"
        + (f", {left} left out: too few of their class" if left else "")
        + (f", {trained.stored} kept in the workspace" if trained.stored else ""),
        quiet=quiet,
    )
    if trained.corrections:
        note(
            f"{trained.corrections} of them are corrections of the review page: trained on, and "
            f"left out of the figures, which rest on {trained.after.rows} other labels",
            quiet=quiet,
        )
    if trained.chosen_on_corrections:
        note(
            "too few other labels to choose on: the choice rests on corrections too, which speak "
            "against the bundled model; klankbord label draws a sample that does not",
            quiet=quiet,
        )
    if trained.after.verdict:
        note(f"{trained.after.verdict}: read the figures as a hint at most", quiet=quiet)
    note(
        f"model {trained.fingerprint}: {path_for_people(out)}; use it with --tone-model",
        quiet=quiet,
    )
