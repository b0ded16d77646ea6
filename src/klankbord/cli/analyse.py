"""`klankbord analyse`: the main job."""

from __future__ import annotations

from pathlib import Path

import typer

from klankbord.cli.choices import WORKERS
from klankbord.cli.engines import (
    ENGINE,
    SCHEDULER,
    SHARDS,
    EngineKind,
    engine_for,
    shards_folder,
)
from klankbord.cli.output import note, path_for_people, progress_bars
from klankbord.cli.workspaces import workspace_option
from klankbord.errors import UnreadableInputError
from klankbord.location import Location
from klankbord.roles import Role

_WORKSPACE = workspace_option(
    "Database that remembers feedback and actions, so that next week's run continues "
    "(default: klankbord.db; with --demo: in the --out folder).",
    default=None,
)
DEMO_NOTICE = (
    "Dit is een demonstratie met een verzonnen bedrijf en verzonnen klanten; "
    "de uitkomsten zeggen niets over de kwaliteit van Klankbord."
)


def analyse(
    sources: list[str] = typer.Argument(
        None,
        help="Files, folders, patterns or zip archives: exports of surveys, reviews and service "
        "desks, mail, transcripts. What a file is, is read from its content.",
        show_default=False,
    ),
    *,
    out: Path = typer.Option(
        ..., "--out", "-o", help="Folder for the report and the exports.", show_default=False
    ),
    workspace: Location = _WORKSPACE,
    profile: str = typer.Option(
        None,
        "--profile",
        "-p",
        help="Name of a saved mapping (import --map), or a TOML file that says which column is "
        "what.",
        show_default=False,
    ),
    fdr: float = typer.Option(
        None, "--fdr", help="Tolerated share of false alarms among tone shifts (default: 0.10)."
    ),
    language: str = typer.Option(
        None, "--language", "-l", help="Language of the report: nl or en (default: nl)."
    ),
    tier: str = typer.Option(
        None,
        "--tier",
        help="How the tone is read: fast, cascade (the fast model, and the accurate one where that "
        "is unsure) or accurate (default: cascade).",
        show_default=False,
    ),
    tone_model: str = typer.Option(
        None,
        "--tone-model",
        help="Another tone model: a folder made by 'klankbord train', or a transformers text "
        "classifier with three classes, five levels or stars (a folder, or the id of a downloaded "
        "one).",
        show_default=False,
    ),
    encoder: str = typer.Option(
        None,
        "--encoder",
        help="Another sentence encoder for the themes: a sentence-transformers folder.",
        show_default=False,
    ),
    keep_ids: bool = typer.Option(
        None,
        "--keep-ids",
        help="Write the original customer and account ids, for those who may see them.",
        show_default=False,
    ),
    role: Role = typer.Option(
        Role.CX,
        "--role",
        help="Also write the page of this role: support, product or huddle; see report.",
    ),
    workers: int = WORKERS,
    engine: EngineKind = ENGINE,
    scheduler: str = SCHEDULER,
    shards: Path = SHARDS,
    demo: bool = typer.Option(
        False, "--demo", help="Analyse the bundled demonstration company instead of SOURCES."
    ),
    quiet: bool = typer.Option(False, "--quiet", "-q", help="No notes and no progress bars."),
) -> None:
    """Read feedback, find tone shifts, themes and drivers, and write the report and actions.

    Into --out go rapport.html (open it first), acties.xlsx (to edit and import) and .csv,
    themas.xlsx (with the tone shifts) and .csv, toonverschuivingen.csv, feedback.parquet,
    segmenten.parquet, afgekeurd.csv (rejected rows) and run.json. A run that was stopped goes on
    where it was when the same command is given again.

    Example: klankbord analyse enquete.csv reviews.jsonl gesprekken/ --out rapport

    Example: klankbord analyse chats.tsv --profile chats.toml --out rapport --fdr 0.05

    Example: klankbord analyse /data/2026/*.parquet --out /data/rapport --engine dask --scheduler tls://host:8786
    """
    from klankbord.spared import spare_pandas

    spare_pandas()
    from klankbord import pipeline
    from klankbord.resources import bundled
    from klankbord.settings import load_settings
    from klankbord.sources import find_profile

    if demo == bool(sources):
        raise UnreadableInputError(
            "give SOURCES or --demo, one of the two", hint="klankbord analyse --help"
        )
    settings = load_settings(
        fdr=fdr,
        language=language,
        keep_ids=keep_ids,
        tier=tier,
        tone_model=tone_model,
        encoder=encoder,
        company="Vlierdraad" if demo else None,
    )
    if demo:
        sources = [str(bundled("corpora/demo/exports"))]
    place = workspace or Location.of(str(out / "klankbord.db") if demo else "klankbord.db")
    worker = engine_for(engine, scheduler, workers)
    with progress_bars(quiet=quiet) as progress:
        summary = pipeline.analyse(
            [Path(source) for source in sources],
            out,
            workspace=place,
            settings=settings,
            profile=find_profile(profile, place) if profile else None,
            notice=DEMO_NOTICE if demo else "",
            role=role,
            engine=worker,
            shards=shards_folder(shards, engine, out),
            progress=progress,
        )
    for left_out in summary.notes:
        note(left_out, quiet=quiet)
    total = summary.totals
    note(
        f"{total.rows_in} rows in: {total.stored} stored, {total.duplicates} duplicate, "
        f"{total.rejected} rejected"
        + (f" (see {path_for_people(out / 'afgekeurd.csv')})" if total.rejected else ""),
        quiet=quiet,
    )
    note(
        f"{summary.shifts} tone shifts, about {summary.expected_false:.1f} expected false alarms; "
        f"{summary.themes} themes; {summary.actions} open actions",
        quiet=quiet,
    )
    note(f"report: {path_for_people(summary.report)}", quiet=quiet)
