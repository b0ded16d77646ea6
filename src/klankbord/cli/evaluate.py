"""`klankbord evaluate`: how good is the tone model on labels that people gave."""

from __future__ import annotations

from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from klankbord.cli.erasing import remember
from klankbord.cli.output import Format, csv_table, data, note, table
from klankbord.cli.workspaces import open_workspace, workspace_option
from klankbord.errors import QualityError, UnreadableInputError
from klankbord.location import Location

if TYPE_CHECKING:
    from collections.abc import Iterator

    from klankbord.agreement import Estimate
    from klankbord.labelling import Evaluation, Quality

_WORKSPACE = workspace_option("Database; labels of feedback that it holds are kept in it.")
HEADINGS = ("measure", "value", "low", "high")


def evaluate(
    labels: Path = typer.Argument(
        None,
        help="Labelled sheet, .xlsx or .csv; without it the labels kept in the workspace.",
        show_default=False,
    ),
    *,
    workspace: Location = _WORKSPACE,
    tone_model: str = typer.Option(
        None,
        "--tone-model",
        help="Tone model to measure: a folder made by 'klankbord train', or any that 'analyse' "
        "takes.",
        show_default=False,
    ),
    tier: str = typer.Option(
        None, "--tier", help="Of the bundled model: fast, cascade or accurate.", show_default=False
    ),
    encoder: str = typer.Option(
        None,
        "--encoder",
        help="Sentence encoder that an adapted model was trained on.",
        show_default=False,
    ),
    text: str = typer.Option("", "--text", help="Column with the text, where not recognised."),
    label: str = typer.Option("", "--label", help="Column with the label, where not recognised."),
    classes: str = typer.Option(
        "", "--classes", help='Labels other than tones: "-1=ontevreden,0=neutraal,1=positief".'
    ),
    min_f1: float = typer.Option(
        None,
        "--min-f1",
        min=0,
        max=1,
        help="End with exit code 4 where macro-F1 is lower.",
        show_default=False,
    ),
    errors: Path = typer.Option(
        None,
        "--errors",
        help="Write the misread rows, customers' words included, to this .xlsx or .csv.",
        show_default=False,
    ),
    form: Format = typer.Option(Format.TABLE, "--format", "-f", help="table, csv or json."),
    quiet: bool = typer.Option(False, "--quiet", "-q", help="No notes."),
) -> None:
    """Measure the tone model on labelled texts, with 95 % intervals.

    Example: klankbord evaluate etiketten.xlsx --min-f1 0.7

    Example: klankbord evaluate etiketten.xlsx --tone-model eigen-model --format json
    """
    import json

    from klankbord import labelling
    from klankbord.models import load_encoder, load_tone_model
    from klankbord.settings import load_settings

    settings = load_settings(tone_model=tone_model, tier=tier, encoder=encoder)
    if errors is not None:
        labelling.check_name(errors)
    if not labels and not workspace.exists():
        raise UnreadableInputError(
            "give a labelled sheet, or a workspace with labels",
            where=str(workspace),
            hint="klankbord label draws a sheet to fill in",
        )
    scheme = labelling.parse_classes(classes) if classes else None
    sheet = labelling.read_sheet(labels, text=text, label=label, scheme=scheme) if labels else None
    model = load_tone_model(
        settings.tone_model, tier=settings.tier, encoder=load_encoder(settings.encoder)
    )
    if workspace.exists():
        with open_workspace(workspace) as store:
            found = labelling.evaluate(model, sheet=sheet, workspace=store)
    else:
        found = labelling.evaluate(model, sheet=sheet)
    if form is Format.JSON:
        data(json.dumps(_as_json(found), ensure_ascii=False, indent=2))
    elif form is Format.CSV:
        csv_table(HEADINGS, list(_figures(found)))
    else:
        table("", HEADINGS, list(_figures(found)))
        table("label (rows) and what the model found (columns)", *_confusion(found.quality))
    for line in _remarks(found):
        note(line, quiet=quiet)
    if errors is not None:
        labelling.write_misread(found, errors)
        if workspace.exists():
            with open_workspace(workspace) as store:
                remember(store, errors)
    value = found.quality.figures["macro_f1"].value
    if min_f1 is not None and not value >= min_f1:
        raise QualityError(f"macro-F1 {value:.3f} is below {min_f1:g}")


def _as_json(found: Evaluation) -> dict[str, object]:
    return {
        "model": found.model,
        **found.quality.as_json(),
        "skipped": found.skipped,
        "stored": found.stored,
        "corrections_left_out": found.corrections,
        "misread": len(found.misread),
        "misread_confidently": found.confident,
        "people": found.people.as_json() if found.people else None,
    }


def _figures(found: Evaluation) -> Iterator[tuple[str, ...]]:
    for name, estimate in found.quality.figures.items():
        yield name, *numbers(estimate)
    for name, estimate in zip(found.quality.classes, found.quality.f1, strict=True):
        yield f"f1 {name}", *numbers(estimate)
    for name, estimate in found.people.figures.items() if found.people else ():
        yield f"people: {name}", *numbers(estimate)


def numbers(estimate: Estimate) -> tuple[str, str, str]:
    """Return value, low and high as text, "" where not defined."""
    low, value, high = (
        f"{number:.3f}" if isfinite(number) else ""
        for number in (estimate.low, estimate.value, estimate.high)
    )
    return value, low, high


def _confusion(quality: Quality) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    rows = [
        (name, *(f"{cell.value:.0f} ({cell.low:.0f}-{cell.high:.0f})" for cell in cells))
        for name, cells in zip(quality.classes, quality.confusion, strict=True)
    ]
    return ("", *quality.classes), rows


def _remarks(found: Evaluation) -> Iterator[str]:
    quality = found.quality
    weighed = ", weighted by gewicht" if quality.weighted else ""
    yield f"{quality.rows} labelled rows{weighed}; {found.skipped} without a label or text skipped"
    if quality.verdict:
        yield f"{quality.verdict}: {quality.rows} labelled rows; read the figures as a hint at most"
    if found.corrections:
        yield (
            f"{found.corrections} corrections of the review page left out: they were given where "
            "somebody looked, so they are no sample of what the model reads"
        )
    if found.people:
        yield f"two people labelled {found.people.rows} rows"
    yield f"{len(found.misread)} rows misread, {found.confident} of them confidently"
    if found.stored:
        yield f"{found.stored} labels kept in the workspace"
