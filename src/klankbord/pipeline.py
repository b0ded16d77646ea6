"""The whole job, readable top to bottom: sources in, report and actions out."""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from klankbord import __version__
from klankbord.records import Detection, Progress, RejectedRow, SourceCount, silent
from klankbord.settings import Settings

if TYPE_CHECKING:
    from klankbord.models import ToneModel
    from klankbord.privacy import Pseudonymiser
    from klankbord.sources import Profile
    from klankbord.store import Workspace

PREVIEW_ROWS = 5
LIBRARIES = ("model2vec", "numpy", "pyarrow", "scipy", "spacy")  # that shape the numbers


@dataclass(frozen=True)
class Totals:
    """Rows over all sources of a run: `rows_in == stored + duplicates + rejected`."""

    rows_in: int
    stored: int
    duplicates: int
    rejected: int


@dataclass(frozen=True)
class Summary:
    """What one run did, and where its report is."""

    totals: Totals
    notes: tuple[str, ...]  # see Imported
    shifts: int
    expected_false: float
    themes: int
    actions: int
    report: Path


@dataclass(frozen=True)
class Imported:
    """What became of the rows of each file, and what of a file was not read at all."""

    counts: tuple[SourceCount, ...]
    rejected: tuple[RejectedRow, ...]
    notes: tuple[str, ...]  # for the person who runs it


@dataclass(frozen=True)
class Preview:
    """How a source would be read, with its first rows."""

    detection: Detection
    rows: pa.Table  # the columns that hold something, of at most five rows
    rejected: tuple[RejectedRow, ...]


def analyse(
    sources: Sequence[Path],
    out: Path,
    *,
    workspace: Path,
    settings: Settings,
    profile: Path | None = None,
    as_of: datetime | None = None,
    notice: str = "",
    progress: Progress = silent,
) -> Summary:
    """Import `sources` into `workspace`, analyse all it holds and write the outputs to `out`.

    `as_of` (UTC) is the moment the lists are made for; by default that of the latest feedback, so
    that the same input gives the same output. Raises UnreadableInputError, before anything is
    stored, when a source is not recognised.
    """
    from klankbord import drivers, loop, report, shifts, themes, tone
    from klankbord.language.dutch import NounPhrases
    from klankbord.models import (
        dutch_card,
        installed_models,
        load_dutch,
        load_encoder,
        load_tone_model,
    )
    from klankbord.privacy import Pseudonymiser
    from klankbord.report.files import replacing
    from klankbord.store import Workspace

    started = datetime.now(UTC)
    out.mkdir(parents=True, exist_ok=True)
    encoder = load_encoder(settings.encoder)
    tone_model = load_tone_model(settings.tone_model, tier=settings.tier, encoder=encoder)
    pseudonymiser = Pseudonymiser.from_key_file(settings.key_file or None)
    workspace.parent.mkdir(parents=True, exist_ok=True)
    with Workspace.open(workspace) as store:
        imported = _import(
            store, sources, pseudonymiser, settings=settings, profile=profile, progress=progress
        )
        counts, rejected = imported.counts, imported.rejected
        _score(store, tone_model, progress)
        everything, customers, labels = store.feedback(), store.customers(), store.tone_labels()
        scored = tone.with_labels(store.scores(), labels)
        moment = as_of or _latest(everything, started)
        feedback = _until(everything, moment)
        scores, segments = _of(scored, feedback), _of(store.segments(), feedback)
        found_shifts = shifts.find_shifts(
            feedback,
            scores,
            customers,
            fdr=settings.fdr,
            verdicts=store.verdicts(),
            as_of=moment,
            language=settings.language,
            timezone=settings.timezone,
            progress=progress,
        )
        found_themes = themes.discover(
            feedback,
            scores,
            segments,
            encoder,
            customers=customers,
            as_of=moment,
            language=settings.language,
            timezone=settings.timezone,
            phrases=NounPhrases(load_dutch),
            progress=progress,
        )
        found_drivers = drivers.associate(
            feedback, scores, found_themes.segments, found_themes.themes
        )
        planned = loop.plan(
            found_shifts.shifts,
            found_themes.themes,
            found_drivers,
            feedback,
            scores,
            customers,
            as_of=moment,
            language=settings.language,
            timezone=settings.timezone,
        )
        with store.transaction():
            store.save_segments(found_themes.segments)
            store.save_shifts(found_shifts.shifts)
            store.save_themes(found_themes.themes)
            actions = store.merge_actions(planned, at=moment)
        pseudonyms = _distinct(
            feedback["customer_id"], feedback["account_id"], customers["account_id"]
        )
        names = store.original_ids(pseudonyms, pseudonymiser) if settings.keep_ids else {}

        progress("report", 0, 1)
        pages = report.build(
            feedback=feedback,
            scores=scores,
            segments=found_themes.segments,
            customers=customers,
            findings=found_shifts,
            accounts=shifts.roll_up(feedback, customers, found_shifts.shifts, as_of=moment),
            themes=found_themes.themes,
            drivers=found_drivers,
            actions=actions,
            counts=[record.count for record in store.imports()],
            rejected=rejected,
            models=installed_models(),
            settings=settings,
            as_of=moment,
            notice=notice,
            original_ids=names,
        )
        report.write_html(pages, out / "rapport.html")
        report.write_workbook(pages, out / "acties.xlsx")
        tables = report.write_tables(
            out,
            feedback=everything,
            scores=scored,
            segments=found_themes.segments,
            shifts=found_shifts.shifts,
            themes=found_themes.themes,
            drivers=found_drivers,
            actions=actions,
            rejected=rejected,
            timezone=settings.timezone,
            original_ids=names,
        )
        totals = _totals(counts)
        provenance = {
            **_versions(encoder.fingerprint, tone_model.fingerprint),
            "label_pipeline": dutch_card().fingerprint,
            "settings": asdict(settings) | {"key_file": ""},
            "as_of": moment.isoformat(),
            "sources": [asdict(count) for count in counts],
            "totals": asdict(totals),
            "workspace": {
                "feedback": everything.num_rows,
                "dated_after_as_of": everything.num_rows - feedback.num_rows,
                "customers": customers.num_rows,
                "labelled_by_people": labels.num_rows,
            },
            "findings": {
                "tone_shifts": len(found_shifts.shifts),
                "expected_false": round(found_shifts.expected_false, 6),
                "customers_judged": found_shifts.customers_judged,
                "customers_too_few": found_shifts.customers_too_few,
                "conversations_recovered": found_shifts.conversations_recovered,
                "themes": len(found_themes.themes),
                "open_actions": len(actions),
            },
            "outputs": {
                path.name: _sha256(path)
                for path in sorted((out / "rapport.html", out / "acties.xlsx", *tables))
            },
            "started_at": started.isoformat(),
            "finished_at": datetime.now(UTC).isoformat(),
        }
        store.record_run(provenance, as_of=moment)
        with replacing(out / "run.json") as file:
            file.write_text(json.dumps(provenance, indent=2, ensure_ascii=False) + "\n", "utf-8")
        progress("report", 1, 1)
    return Summary(
        totals=totals,
        notes=imported.notes,
        shifts=len(found_shifts.shifts),
        expected_false=found_shifts.expected_false,
        themes=len(found_themes.themes),
        actions=len(actions),
        report=out / "rapport.html",
    )


def import_sources(
    sources: Sequence[Path],
    *,
    workspace: Path,
    settings: Settings,
    profile: Path | None = None,
    progress: Progress = silent,
) -> Imported:
    """Read `sources` into `workspace` and return what became of their rows, per file."""
    from klankbord.privacy import Pseudonymiser
    from klankbord.store import Workspace

    pseudonymiser = Pseudonymiser.from_key_file(settings.key_file or None)
    workspace.parent.mkdir(parents=True, exist_ok=True)
    with Workspace.open(workspace) as store:
        return _import(
            store, sources, pseudonymiser, settings=settings, profile=profile, progress=progress
        )


def preview(
    sources: Sequence[Path], *, settings: Settings, profile: Path | None = None
) -> tuple[Preview, ...]:
    """Show how each source would be read, storing nothing."""
    from klankbord.sources import expand, read

    shown = []
    mapping = _profile(profile)
    for path in expand(sources):
        for batch in read(path, mapping, timezone=settings.timezone):
            table = batch.feedback if batch.feedback.num_rows else batch.customers
            filled = [name for name in table.column_names if _says_something(table.column(name))]
            rows = table.select(filled).slice(0, PREVIEW_ROWS)
            shown.append(Preview(batch.detection, rows, batch.rejected[:PREVIEW_ROWS]))
            break
    return tuple(shown)


def _import(
    store: Workspace,
    sources: Sequence[Path],
    pseudonymiser: Pseudonymiser,
    *,
    settings: Settings,
    profile: Path | None,
    progress: Progress,
) -> Imported:
    """Recognise every file before storing any; then each file is stored whole or not at all."""
    from klankbord.sources import detect, expand

    mapping = _profile(profile)
    store.check_key(pseudonymiser)
    paths = expand(sources)
    notes = [note for path in paths for note in _left_out(detect(path, mapping))]
    counts: list[SourceCount] = []
    rejected: list[RejectedRow] = []
    for done, path in enumerate(paths):
        progress("read", done, len(paths))
        with store.transaction():
            count, bad = _import_file(store, path, mapping, pseudonymiser, settings)
            digest = _sha256(path)
            if not store.was_imported(digest):
                store.record_import(count, sha256=digest, at=datetime.now(UTC))
        counts.append(count)
        rejected.extend(bad if settings.keep_ids else (replace(row, raw="") for row in bad))
    progress("read", len(paths), len(paths))
    return Imported(tuple(counts), tuple(rejected), tuple(notes))


def _left_out(found: Detection) -> Iterator[str]:
    """Tell which sheets and which columns with text of a file are not analysed."""
    hint = "a profile can name another"
    if sheets := found.details.get("sheets_not_read"):
        sheet = found.details["sheet"]
        yield f"{found.path.name}: read sheet '{sheet}' and not: {sheets} ({hint})"
    if texts := found.details.get("text_in_attributes"):
        yield f"{found.path.name}: read one column with text and not: {texts} ({hint})"


def _import_file(
    store: Workspace,
    path: Path,
    profile: Profile | None,
    pseudonymiser: Pseudonymiser,
    settings: Settings,
) -> tuple[SourceCount, list[RejectedRow]]:
    from klankbord import language
    from klankbord.sources import FeedbackIds, read

    ids = FeedbackIds()
    rejected: list[RejectedRow] = []
    source, kind, rows_in, stored, duplicates = "", "feedback", 0, 0, 0
    for batch in read(path, profile, timezone=settings.timezone):
        source = batch.detection.source
        for table in (batch.feedback, batch.customers):
            store.remember_identities(pseudonymiser.identities(table), pseudonymiser)
        feedback = ids.assign(pseudonymiser.feedback(batch.feedback))
        feedback = language.identify(feedback, settings.languages)
        new, known = store.add_feedback(feedback)
        if batch.customers.num_rows:
            kind = "customers"
            new_customers, known_customers = store.add_customers(
                pseudonymiser.customers(batch.customers)
            )
            new, known = new + new_customers, known + known_customers
        stored, duplicates, rows_in = stored + new, duplicates + known, rows_in + batch.rows_in
        rejected.extend(batch.rejected)
    count = SourceCount(path.name, source, kind, rows_in, stored, duplicates, len(rejected))
    return count, rejected


def _score(store: Workspace, model: ToneModel, progress: Progress) -> None:
    """Score what this tone model has not scored yet, with its segments."""
    from klankbord import language, tone

    unscored = store.unscored(model.fingerprint)
    if not unscored.num_rows:
        return
    scores = tone.score(unscored, model, progress)
    segments = tone.score_segments(language.segment(unscored), model, progress)
    with store.transaction():
        store.save_scores(scores)
        store.save_segments(segments)


def _until(feedback: pa.Table, moment: datetime) -> pa.Table:
    """Leave out what is dated after `moment`: a typing error in a year must not steer a list."""
    received = feedback.column("received_at")
    later = pc.greater(received, pa.scalar(moment, received.type))
    return feedback.filter(pc.invert(pc.fill_null(later, False)))


def _of(table: pa.Table, feedback: pa.Table) -> pa.Table:
    """Keep the rows of `table` that belong to `feedback`."""
    return table.filter(pc.is_in(table.column("feedback_id"), feedback.column("feedback_id")))


def _distinct(*columns: pa.ChunkedArray) -> list[str]:
    chunks = [chunk for column in columns for chunk in column.chunks]
    return list(pc.drop_null(pc.unique(pa.chunked_array(chunks, pa.string()))).to_pylist())


def _latest(feedback: pa.Table, now: datetime) -> datetime:
    """Return when the latest feedback came in, leaving out dates still to come."""
    moments = pc.drop_null(feedback.column("received_at"))
    past = pc.filter(moments, pc.less_equal(moments, pa.scalar(now, moments.type)))
    latest: datetime | None = pc.max(past).as_py()
    return latest or now.replace(hour=0, minute=0, second=0, microsecond=0)


def _versions(encoder: str, tone_model: str) -> dict[str, Any]:
    """Name everything that shapes the numbers: program, libraries and model weights."""
    return {
        "klankbord": __version__,
        "python": platform.python_version(),
        "libraries": {name: version(name) for name in LIBRARIES},
        "encoder": encoder,
        "tone_model": tone_model,
    }


def _totals(counts: Sequence[SourceCount]) -> Totals:
    return Totals(
        rows_in=sum(count.rows_in for count in counts),
        stored=sum(count.stored for count in counts),
        duplicates=sum(count.duplicates for count in counts),
        rejected=sum(count.rejected for count in counts),
    )


def _profile(path: Path | None) -> Profile | None:
    from klankbord.sources import load_profile

    return load_profile(path) if path else None


def _says_something(column: pa.ChunkedArray) -> bool:
    return any(value not in (None, "", "{}") for value in pc.unique(column).to_pylist())


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
