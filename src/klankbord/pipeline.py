"""The whole job, readable top to bottom: sources in, report and actions out."""

from __future__ import annotations

import json
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from klankbord import __version__
from klankbord.importing import import_files, sha256_of
from klankbord.location import Location
from klankbord.moments import day_of
from klankbord.records import (
    Action,
    Driver,
    KnownTheme,
    Progress,
    RejectedRow,
    SourceCount,
    Theme,
    silent,
)
from klankbord.schema import Channel
from klankbord.settings import Settings

if TYPE_CHECKING:
    from klankbord.models import Encoder, ToneModel
    from klankbord.report.satisfaction import Satisfaction
    from klankbord.shifts import AccountShift, ShiftFindings
    from klankbord.store import Workspace
    from klankbord.themes import Breakdown, ThemeFindings

STORED_ROWS = 20_000  # scores in one transaction, after which others may write
LIBRARIES = ("model2vec", "numpy", "pyarrow", "scipy", "spacy")  # that shape the numbers


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
    notes: tuple[str, ...]  # see Imported
    shifts: int
    expected_false: float
    themes: int
    actions: int
    report: Path


@dataclass(frozen=True)
class _Heard:
    """What the workspace holds, and the part of it that was there at `moment`."""

    moment: datetime
    feedback: pa.Table
    scores: pa.Table
    segments: pa.Table
    customers: pa.Table
    everything: pa.Table  # feedback dated later too
    scored: pa.Table  # scores of everything
    labelled: int  # pieces of feedback labelled by people

    def sizes(self) -> dict[str, int]:
        """Return what `run.json` tells of it."""
        return {
            "feedback": self.everything.num_rows,
            "dated_after_as_of": self.everything.num_rows - self.feedback.num_rows,
            "customers": self.customers.num_rows,
            "labelled_by_people": self.labelled,
        }


@dataclass(frozen=True)
class _Found:
    """What the stages made of it."""

    shifts: ShiftFindings
    accounts: tuple[AccountShift, ...]
    themes: ThemeFindings
    known: tuple[KnownTheme, ...]  # themes as they were when the run began
    drivers: tuple[Driver, ...]
    breakdown: Breakdown
    satisfied: tuple[Satisfaction, ...]
    planned: tuple[Action, ...]

    def lasting(self, now: Sequence[KnownTheme]) -> tuple[KnownTheme, ...]:
        """Return the themes to keep, with what people decided `now`, while the run was busy."""
        from klankbord import themes

        return themes.decided(themes.kept(self.themes.known, self.known, now))

    def sizes(self) -> dict[str, float]:
        """Return what `run.json` tells of it."""
        return {
            "tone_shifts": len(self.shifts.shifts),
            "expected_false": round(self.shifts.expected_false, 6),
            "customers_judged": self.shifts.customers_judged,
            "customers_too_few": self.shifts.customers_too_few,
            "conversations_recovered": self.shifts.conversations_recovered,
            "themes": len(self.themes.themes),
        }


def analyse(
    sources: Sequence[Path],
    out: Path,
    *,
    workspace: Location | Path | str,
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
    from klankbord.models import load_encoder, load_tone_model
    from klankbord.privacy import Pseudonymiser
    from klankbord.sources import Profiles
    from klankbord.store import Workspace

    started = datetime.now(UTC)
    out.mkdir(parents=True, exist_ok=True)
    encoder = load_encoder(settings.encoder)
    tone_model = load_tone_model(settings.tone_model, tier=settings.tier, encoder=encoder)
    pseudonymiser = Pseudonymiser.from_key_file(settings.key_file or None)
    location = Location.of(workspace)
    location.make_folder()
    with Workspace.open(location) as store:
        imported = import_files(
            store,
            sources,
            pseudonymiser,
            settings=settings,
            profiles=Profiles.of(profile, location),
            progress=progress,
        )
        _score(store, tone_model, progress)
        heard = _heard(store, as_of, started)
        found = _find(store, heard, encoder, tone_model, settings, progress)
        with store.transaction():
            store.save_segments(_moved(found.themes.segments, heard.segments))
            store.save_shifts(found.shifts.shifts)
            store.save_themes(found.themes.themes)
            store.save_known_themes(found.lasting(store.known_themes()))
            _measure(store, heard, found.themes.themes, settings)
            store.merge_actions(found.planned, at=heard.moment)
            store.escalate(day_of(heard.moment, settings.timezone), at=heard.moment)
            actions = store.actions(open_only=True)
        pseudonyms = _distinct(
            heard.feedback["customer_id"],
            heard.feedback["account_id"],
            heard.customers["account_id"],
        )
        names = store.original_ids(pseudonyms, pseudonymiser) if settings.keep_ids else {}
        progress("report", 0, 1)
        outputs = _write(
            out, heard, found, actions, imported.rejected,
            counts=[record.count for record in store.imports()],
            settings=settings, notice=notice, original_ids=names,
        )  # fmt: skip
        provenance = {
            **_versions(encoder.fingerprint, tone_model.fingerprint),
            "settings": asdict(settings) | {"key_file": ""},
            "as_of": heard.moment.isoformat(),
            "sources": [asdict(count) for count in imported.counts],
            "totals": asdict(_totals(imported.counts)),
            "workspace": heard.sizes(),
            "findings": {**found.sizes(), "open_actions": len(actions)},
            "outputs": {path.name: sha256_of(path) for path in sorted(outputs)},
            "started_at": started.isoformat(),
            "finished_at": datetime.now(UTC).isoformat(),
        }
        store.record_run(provenance, as_of=heard.moment)
        _write_json(out / "run.json", provenance)
        progress("report", 1, 1)
    return Summary(
        totals=_totals(imported.counts),
        notes=imported.notes,
        shifts=len(found.shifts.shifts),
        expected_false=found.shifts.expected_false,
        themes=len(found.themes.themes),
        actions=len(actions),
        report=out / "rapport.html",
    )


def _heard(store: Workspace, as_of: datetime | None, now: datetime) -> _Heard:
    """Read what the workspace holds up to `as_of`, by default the latest feedback."""
    from klankbord import tone

    everything, labels = store.feedback(), store.tone_labels()
    scored = tone.with_labels(store.scores(), labels)
    moment = as_of or _latest(everything, now)
    feedback = _until(everything, moment)
    return _Heard(
        moment=moment,
        feedback=feedback,
        scores=_of(scored, feedback),
        segments=_of(store.segments(), feedback),
        customers=store.customers(),
        everything=everything,
        scored=scored,
        labelled=labels.num_rows,
    )


def _measure(store: Workspace, heard: _Heard, themes: Sequence[Theme], settings: Settings) -> None:
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


def _effects(store: Workspace, heard: _Heard, settings: Settings) -> dict[str, float]:
    """Return how well each kind of action likely works, of those carried out so far."""
    from klankbord.loop.impact import effects, measure_impact

    moments = store.acted_at()
    if not moments:
        return {}
    return effects(
        measure_impact(
            store.actions(),
            moments,
            heard.feedback,
            heard.scores,
            heard.customers,
            as_of=heard.moment,
            timezone=settings.timezone,
        )
    )


def _find(
    store: Workspace,
    heard: _Heard,
    encoder: Encoder,
    tone_model: ToneModel,
    settings: Settings,
    progress: Progress,
) -> _Found:
    """Run the stages that look for something in what was heard."""
    from klankbord import drivers, language, loop, report, shifts, themes, tone
    from klankbord.language.dutch import NounPhrases
    from klankbord.models import load_dutch

    told: dict[str, Any] = {"language": settings.language, "timezone": settings.timezone}
    found_shifts = shifts.find_shifts(
        heard.feedback,
        heard.scores,
        heard.customers,
        fdr=settings.fdr,
        verdicts=store.verdicts(),
        as_of=heard.moment,
        progress=progress,
        **told,
    )
    known = store.known_themes()
    found_themes = themes.discover(
        heard.feedback,
        heard.scores,
        heard.segments,
        encoder,
        customers=heard.customers,
        known=known,
        as_of=heard.moment,
        phrases=NounPhrases(load_dutch),
        progress=progress,
        **told,
    )
    judged = (heard.feedback, heard.scores, found_themes.segments, found_themes.themes)
    score_drivers = drivers.associate(*judged)
    answers = heard.feedback.filter(
        pc.equal(heard.feedback["channel"], pa.scalar(str(Channel.AI_ANSWER)))
    )
    return _Found(
        shifts=found_shifts,
        accounts=shifts.roll_up(
            heard.feedback, heard.customers, found_shifts.shifts, as_of=heard.moment
        ),
        themes=found_themes,
        known=known,
        drivers=(*score_drivers, *drivers.associate_tone(*judged)),
        breakdown=themes.break_down(
            *judged, answers=tone.score_segments(language.segment(answers), tone_model)
        ),
        satisfied=report.satisfaction_by_theme(*judged),
        planned=loop.plan(
            found_shifts.shifts,
            found_themes.themes,
            drivers.of_main_metric(score_drivers),
            heard.feedback,
            heard.scores,
            heard.customers,
            as_of=heard.moment,
            effects=_effects(store, heard, settings),
            address=settings.address,
            **told,
        ),
    )


def _write(
    out: Path,
    heard: _Heard,
    found: _Found,
    actions: Sequence[Action],
    rejected: Sequence[RejectedRow],
    *,
    counts: Sequence[SourceCount],
    settings: Settings,
    notice: str,
    original_ids: Mapping[str, str],
) -> tuple[Path, ...]:
    """Write the report, the workbook and the exports; return where they are."""
    from klankbord import report
    from klankbord.models import installed_models

    shown: dict[str, Any] = {
        "segments": found.themes.segments,
        "themes": found.themes.themes,
        "breakdown": found.breakdown,
        "satisfied": found.satisfied,
        "drivers": found.drivers,
        "actions": actions,
        "rejected": rejected,
        "original_ids": original_ids,
    }
    pages = report.build(
        feedback=heard.feedback,
        scores=heard.scores,
        customers=heard.customers,
        findings=found.shifts,
        accounts=found.accounts,
        complaining=found.themes.complaining,
        counts=counts,
        models=installed_models(),
        settings=settings,
        as_of=heard.moment,
        notice=notice,
        **shown,
    )
    report.write_html(pages, out / "rapport.html")
    report.write_workbook(pages, out / "acties.xlsx")
    tables = report.write_tables(
        out,
        feedback=heard.everything,
        scores=heard.scored,
        shifts=found.shifts.shifts,
        timezone=settings.timezone,
        **shown,
    )
    return (out / "rapport.html", out / "acties.xlsx", *tables)


def _write_json(path: Path, values: Mapping[str, Any]) -> None:
    from klankbord.files import replacing

    with replacing(path) as file:
        file.write_text(json.dumps(values, indent=2, ensure_ascii=False) + "\n", "utf-8")


def _score(store: Workspace, model: ToneModel, progress: Progress) -> None:
    """Score what this tone model has not scored yet, with its segments."""
    from klankbord import language, tone

    unscored = store.unscored(model.fingerprint)
    if not unscored.num_rows:
        return
    scores = tone.score(unscored, model, progress)
    segments = tone.score_segments(language.segment(unscored), model, progress, feedback=unscored)
    for start in range(0, scores.num_rows, STORED_ROWS):
        part = scores.slice(start, STORED_ROWS)
        with store.transaction():
            store.save_scores(part)
            store.save_segments(_of(segments, part))


def _moved(segments: pa.Table, before: pa.Table) -> pa.Table:
    """Keep the segments of feedback that got a theme, or another one: mostly few of many."""
    now, known = (pc.fill_null(table.column("theme_id"), "") for table in (segments, before))
    owners = pc.unique(segments.filter(pc.not_equal(now, known)).column("feedback_id"))
    return segments.filter(pc.is_in(segments.column("feedback_id"), owners))


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
