"""The whole job, readable top to bottom: sources in, report and actions out."""

from __future__ import annotations

import json
import platform
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from klankbord import __version__
from klankbord.errors import ConflictError
from klankbord.files import remove_leftovers, replacing, replacing_all, sha256_of
from klankbord.finding import find
from klankbord.importing import Digests, digest_of, import_files, take_scores
from klankbord.location import Location
from klankbord.moments import day_of
from klankbord.outputs import (
    SAME,
    Findings,
    Heard,
    StoredRun,
    Told,
    hear,
    state_of,
    unchanged,
    write_outputs,
)
from klankbord.outputs.edited import set_aside
from klankbord.outputs.stored import rejected_by_reason
from klankbord.records import Action, Progress, SourceCount, Theme, in_turn, silent
from klankbord.roles import Role
from klankbord.settings import Settings

if TYPE_CHECKING:
    from klankbord.engines import Engine
    from klankbord.shards import Scoring
    from klankbord.store import Workspace

SHARD_ROWS = 10_000  # scored at a time and stored in one transaction, after which others may write
BESIDE = 250_000  # rows in memory; beside more, other processes would take it over 2 GB
# bytes for each byte of new feedback, at most
WORKSPACE_ON_DISK, OUTPUT_ON_DISK, SHARDS_ON_DISK = 20.0, 6.0, 3.0
LIBRARIES = ("numpy", "pyarrow", "scipy", "spacy", "tokenizers")  # that shape the numbers


@dataclass(frozen=True)
class Totals:
    """Rows over all sources of a run: `rows_in == stored + duplicates + rejected`."""

    rows_in: int
    stored: int
    duplicates: int
    rejected: int
    updated: int  # of `stored`: see SourceCount


@dataclass(frozen=True)
class Summary:
    """What one run did, and where its report is."""

    totals: Totals
    notes: tuple[str, ...]  # see Imported; and of a sheet of actions that was kept
    shifts: int
    expected_false: float
    themes: int
    actions: int
    report: Path


def analyse(
    sources: Sequence[Path],
    out: Path,
    *,
    workspace: Location | Path | str,
    settings: Settings,
    profile: Path | None = None,
    as_of: datetime | None = None,
    notice: str = "",
    role: Role | None = None,
    engine: Engine | None = None,
    shards: Path | None = None,
    progress: Progress = silent,
) -> Summary:
    """Import `sources` into `workspace`, analyse all it holds and write the outputs to `out`.

    `engine` does what is done row by row; without one this process does. With `shards`, a folder
    that all its workers can write to, they read the files themselves, one worker a file. A run
    that was stopped goes on where it was when it is called with the same arguments; where nothing
    changed since the last one, its outputs are left as they are.

    `as_of` (UTC) is the moment the lists are made for; by default that of the latest feedback, so
    that the same input gives the same output. With a `role` its page is written as well. Raises
    UnreadableInputError, before anything is stored, when a source is not recognised.
    """
    from klankbord.engines import LocalEngine
    from klankbord.models import load_encoder, load_tone_model
    from klankbord.privacy import Pseudonymiser
    from klankbord.shards import Preparing, Scoring, Sharding, content_digest
    from klankbord.sources import Profiles, gathered
    from klankbord.store import Workspace

    started = datetime.now(UTC)
    out.mkdir(parents=True, exist_ok=True)
    encoder = load_encoder(settings.encoder)
    tone_model = load_tone_model(settings.tone_model, tier=settings.tier, encoder=encoder)
    pseudonymiser = Pseudonymiser.from_key_file(settings.key_file or None)
    location = Location.of(workspace)
    location.make_folder()
    with Workspace.open(location) as store:
        versions = _versions(encoder.fingerprint, tone_model.fingerprint)
        shaping = asdict(settings) | {"key_file": ""}
        with closing(engine or LocalEngine(workers=1)) as busy:
            with gathered(sources) as files:
                digests = Digests()
                if shards is not None:
                    files.require_unpacked()
                    digests = Digests(partial(busy.map, content_digest))
                profiles = Profiles.of(profile, location)
                asked = {
                    **versions,
                    "sources": digest_of(files.files, profiles, digests),
                    "settings": shaping,
                    "as_of": as_of,
                    "notice": notice,
                    "role": role,
                }
                if last := unchanged(store, out, asked):
                    remove_leftovers(out)
                    return _as_before(last, out)
                scoring = Scoring(settings, tone_model)
                sharding = None
                if shards is not None:
                    preparing = Preparing(settings, pseudonymiser)
                    sharding = Sharding(preparing, scoring, shards.absolute())
                imported = import_files(
                    store,
                    files,
                    pseudonymiser,
                    settings=settings,
                    profiles=profiles,
                    engine=busy,
                    progress=progress,
                    on_disk=_on_disk(location, out, shards),
                    sharding=sharding,
                    digests=digests,
                )
            erasures = store.erasures()
            take_scores(store, imported.shards, tone_model.fingerprint, progress)
            _score(store, scoring, busy, progress)
        pa.default_memory_pool().release_unused()
        before = store.state()
        heard = hear(store, as_of, started)
        crowded = busy.here and heard.feedback.num_rows > BESIDE
        with closing(busy):
            mapped = in_turn if crowded else busy.map
            found = find(store, heard, encoder, tone_model, settings, progress, mapped)
        listed = found.findings
        with store.transaction():
            _refuse_erased(store, erasures)
            nobody_else_wrote = store.state() == before
            store.save_segments(moved(found.themes.segments, heard.segments))
            store.save_shifts(listed.shifts.shifts)
            store.save_themes(listed.themes)
            store.save_known_themes(found.lasting(store.known_themes()))
            _measure(store, heard, listed.themes, settings)
            store.merge_actions(found.planned, at=heard.moment)
            store.escalate(day_of(heard.moment, settings.timezone), at=heard.moment)
            actions = store.actions()
            provenance = {
                **versions,
                "settings": shaping,
                "as_of": heard.moment.isoformat(),
                "sources": [asdict(count) for count in imported.counts],
                "totals": asdict(_totals(imported.counts)),
                "workspace": heard.sizes(),
                "findings": {**listed.sizes(), "open_actions": _open(actions)},
                "rejected": rejected_by_reason(imported.rejected),
                "notice": notice,
                "started_at": started.isoformat(),
            }
            state = state_of(store, asked) if nobody_else_wrote else ""
            run_id = _record(store, provenance, heard, listed)
            store.remember_files([out / "run.json"], at=started)  # drafts are going to be there
        names = store.original_ids(heard.pseudonyms(), pseudonymiser) if settings.keep_ids else {}
        progress("report", 0, 1)
        counts = tuple(record.count for record in store.imports())
        told = Told(actions, counts, imported.rejected, settings, notice, names)
        with replacing_all(out) as drafts:
            outputs = write_outputs(drafts.folder, heard, listed, told, role=role)
            provenance["outputs"] = {path.name: sha256_of(path) for path in sorted(outputs)}
            finished = datetime.now(UTC)
            provenance["finished_at"] = finished.isoformat()
            _write_json(drafts.folder / "run.json", provenance)
            store.remember_files(drafts.places(), at=finished)  # before they are there
            with store.transaction():
                _refuse_erased(store, erasures)
                store.finish_run(run_id, provenance | {SAME: state})
                sheet = out / "acties.xlsx"
                edited = set_aside(sheet, actions, store.action_histories(), move=drafts.move)
                store.remember_files([edited.path] if edited else [], at=finished)
                drafts.place()
        progress("report", 1, 1)
    return Summary(
        totals=_totals(imported.counts),
        notes=(*imported.notes, *([str(edited)] if edited else [])),
        shifts=len(listed.shifts.shifts),
        expected_false=listed.shifts.expected_false,
        themes=len(listed.themes),
        actions=_open(actions),
        report=out / "rapport.html",
    )


def _as_before(last: StoredRun, out: Path) -> Summary:
    """Return what the last run found, now that every row it read is known."""
    told = last.provenance
    totals = {**told["totals"], "stored": 0, "updated": 0}
    totals["duplicates"] += told["totals"]["stored"]
    return Summary(
        totals=Totals(**totals),
        notes=(
            f"nothing changed since {told['finished_at'][:16]} UTC; the outputs are up to date",
        ),
        shifts=last.counted("tone_shifts"),
        expected_false=told["findings"]["expected_false"],
        themes=last.counted("themes"),
        actions=last.counted("open_actions"),
        report=out / "rapport.html",
    )


def _refuse_erased(store: Workspace, before: int) -> None:
    """Raise ConflictError where somebody was forgotten of whom this run may know yet."""
    if store.erasures() != before:
        raise ConflictError(
            "feedback was erased while this ran; nothing of this run was kept",
            hint="run the same command again",
        )


def _measure(store: Workspace, heard: Heard, themes: Sequence[Theme], settings: Settings) -> None:
    """Keep what was heard since of actions that were carried out."""
    from klankbord import loop

    measures = loop.follow_up(
        store.actions(),
        store.acted_at(),
        heard.feedback,
        heard.scores,
        themes,
        as_of=heard.moment,
        timezone=settings.timezone,
    )
    if measures:
        store.measure_actions(measures, at=heard.moment)


def _record(store: Workspace, provenance: Mapping[str, Any], heard: Heard, found: Findings) -> int:
    """Remember the run, with what it learned of tone over time for pictures drawn later."""
    run_id = store.record_run(provenance, as_of=heard.moment)
    if found.shifts.dynamics is not None:
        store.keep_dynamics(run_id, found.shifts.dynamics.values())
    return run_id


def _on_disk(location: Location, out: Path, shards: Path | None) -> dict[Path, float]:
    """Return how many bytes a folder needs for each byte that is analysed, its log included."""
    places: dict[Path, float] = {out.absolute(): OUTPUT_ON_DISK}
    if shards is not None:
        places[shards.absolute()] = SHARDS_ON_DISK
    if location.is_file:
        places[location.folder] = places.get(location.folder, 0) + WORKSPACE_ON_DISK
    return places


def _open(actions: Sequence[Action]) -> int:
    return sum(not action.closed for action in actions)


def _write_json(path: Path, values: Mapping[str, Any]) -> None:
    with replacing(path) as file:
        file.write_text(json.dumps(values, indent=2, ensure_ascii=False) + "\n", "utf-8")


def _score(store: Workspace, scoring: Scoring, engine: Engine, progress: Progress) -> None:
    """Score what this tone model has not scored yet, with its segments, a shard at a time."""
    waiting = store.unscored(scoring.model.fingerprint)
    done = 0
    shards = (
        store.pieces(waiting[first : first + SHARD_ROWS])
        for first in range(0, len(waiting), SHARD_ROWS)
    )
    for scored in engine.map(scoring, shards):
        progress("tone", done, len(waiting))
        with store.transaction():
            store.save_scores(scored.scores)
            store.save_segments(scored.segments)
        done += scored.scores.num_rows
    if waiting:
        progress("tone", len(waiting), len(waiting))


def moved(segments: pa.Table, before: pa.Table) -> pa.Table:
    """Keep the segments of feedback that got a theme, or another one: mostly few of many."""
    now, known = (pc.fill_null(table.column("theme_id"), "") for table in (segments, before))
    owners = pc.unique(segments.filter(pc.not_equal(now, known)).column("feedback_id"))
    return segments.filter(pc.is_in(segments.column("feedback_id"), owners))


def _versions(encoder: str, tone_model: str) -> dict[str, Any]:
    """Name everything that shapes the numbers: program, libraries and model weights."""
    from klankbord.models import dutch_card

    return {
        "klankbord": __version__,
        "python": platform.python_version(),
        "libraries": {name: version(name) for name in LIBRARIES},
        "encoder": encoder,
        "tone_model": tone_model,
        "label_pipeline": dutch_card().fingerprint,
    }


def _totals(counts: Sequence[SourceCount]) -> Totals:
    return Totals(
        rows_in=sum(count.rows_in for count in counts),
        stored=sum(count.stored for count in counts),
        duplicates=sum(count.duplicates for count in counts),
        rejected=sum(count.rejected for count in counts),
        updated=sum(count.updated for count in counts),
    )
