"""The files themselves, each written whole or not at all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from klankbord.moments import local_day
from klankbord.outputs.findings import Findings
from klankbord.outputs.heard import Heard
from klankbord.outputs.quality import measured_quality
from klankbord.records import Action, RejectedRow, SourceCount, Theme
from klankbord.roles import Role, page_name
from klankbord.settings import Settings

if TYPE_CHECKING:
    import pyarrow as pa

    from klankbord.loop.huddle import Huddle
    from klankbord.report import Report

DAYS = 7  # between two huddles


@dataclass(frozen=True)
class Told:
    """What a report tells beside feedback and findings."""

    actions: tuple[Action, ...]  # closed ones too
    counts: tuple[SourceCount, ...]  # of every file the workspace ever read
    rejected: Sequence[RejectedRow]  # of this run
    settings: Settings
    notice: str = ""
    original_ids: Mapping[str, str] = field(default_factory=dict)

    @property
    def open_actions(self) -> tuple[Action, ...]:
        """The actions that nobody closed."""
        return tuple(action for action in self.actions if not action.closed)

    def day(self, heard: Heard) -> date:
        """Return the local day of the moment the outputs are made for."""
        return local_day(heard.moment, self.settings.timezone)


def report_of(heard: Heard, found: Findings, told: Told, role: Role | None = None) -> Report:
    """Return the report as data, for one role or for all who work with customers' feedback."""
    from klankbord import report
    from klankbord.models import installed_models

    return report.build(
        feedback=heard.feedback,
        scores=heard.scores,
        segments=found.segments,
        customers=heard.customers,
        findings=found.shifts,
        accounts=found.accounts,
        themes=found.themes,
        complaining=found.complaining,
        breakdown=found.breakdown,
        satisfied=found.satisfied,
        drivers=found.drivers,
        actions=told.actions,
        counts=told.counts,
        rejected=told.rejected,
        models=installed_models(),
        measured=measured_quality(heard, adapted=bool(told.settings.tone_model)),
        settings=told.settings,
        as_of=heard.moment,
        notice=told.notice,
        original_ids=told.original_ids,
        role=role or Role.CX,
    )


def write_outputs(
    out: Path, heard: Heard, found: Findings, told: Told, *, role: Role | None = None
) -> tuple[Path, ...]:
    """Write the report, the workbooks and the exports; return where they are.

    With another `role` than CX its page is written beside the whole report.
    """
    from klankbord import report

    pages = report_of(heard, found, told)
    paths = [out / "rapport.html", out / "acties.xlsx", out / "themas.xlsx"]
    report.write_html(pages, paths[0])
    _write_actions(paths[1], heard, found, told)
    report.write_workbook(pages, paths[2])
    if role is not None and role is not Role.CX:
        paths.append(write_page(out, heard, found, told, role))
    tables = report.write_tables(
        out,
        feedback=heard.everything,
        scores=heard.scored,
        segments=found.segments,
        shifts=found.shifts.shifts,
        themes=found.themes,
        drivers=found.drivers,
        actions=told.open_actions,
        rejected=told.rejected,
        breakdown=found.breakdown,
        satisfied=found.satisfied,
        timezone=told.settings.timezone,
        original_ids=told.original_ids,
    )
    return (*paths, *tables)


def write_page(
    out: Path, heard: Heard, found: Findings, told: Told, role: Role, *, pdf: bool = False
) -> Path:
    """Write the page of one role into `out`, with `pdf` for paper too; return where it is."""
    from klankbord import report

    if role is Role.HUDDLE:
        return write_huddles(out, heard, found.themes, told, pdf=pdf)
    path = out / page_name(role)
    page = report_of(heard, found, told, role)
    report.write_html(page, path)
    if pdf:
        report.write_pdf(page, path.with_suffix(".pdf"))
    return path


def huddle_sheets(
    feedback: pa.Table,
    themes: Sequence[Theme],
    actions: Sequence[Action],
    settings: Settings,
    *,
    today: date,
    since: date | None = None,
    department: str | None = None,
) -> list[Huddle]:
    """Return the huddle sheets of all departments, or of one; `since` is a week ago by default."""
    from klankbord.loop import departments
    from klankbord.loop.huddle import huddle

    return [
        huddle(
            name,
            actions,
            themes,
            feedback,
            since=since or today - timedelta(days=DAYS),
            today=today,
            language=settings.language,
            timezone=settings.timezone,
        )
        for name in ([department] if department else departments())
    ]


def write_huddles(
    out: Path,
    heard: Heard,
    themes: Sequence[Theme],
    told: Told,
    department: str | None = None,
    *,
    pdf: bool = False,
) -> Path:
    """Write the huddle sheets of all departments, or of one, as one page to print."""
    from klankbord import report

    sheets = huddle_sheets(
        heard.feedback,
        themes,
        told.actions,
        told.settings,
        today=told.day(heard),
        department=department,
    )
    path = out / page_name(Role.HUDDLE, department or "")
    report.write_huddles(sheets, path, settings=told.settings, notice=told.notice)
    if pdf:
        paper = path.with_suffix(".pdf")
        report.write_huddles_pdf(sheets, paper, settings=told.settings, notice=told.notice)
    return path


def _write_actions(path: Path, heard: Heard, found: Findings, told: Told) -> None:
    """Write the open actions as a sheet that `klankbord actions import` reads back."""
    from klankbord import roundtrip
    from klankbord.report.order import by_owner

    actions = by_owner(told.open_actions)
    roundtrip.write(
        actions,
        path,
        roundtrip.Form.XLSX,
        today=told.day(heard),
        quotes=roundtrip.quotes_of(actions, heard.feedback),
        themes={theme.theme_id: theme.label for theme in found.themes},
        language=told.settings.language,
        timezone=told.settings.timezone,
        original_ids=told.original_ids,
    )
