"""From tables and findings to the finished report model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from klankbord.cells import neutralise
from klankbord.models.card import ModelCard
from klankbord.records import Action, Driver, RejectedRow, SourceCount, Theme
from klankbord.report.action_rows import action_section
from klankbord.report.facts import Facts, gather
from klankbord.report.method import OwnQuality, method
from klankbord.report.model import Report, Section
from klankbord.report.overview import overview
from klankbord.report.risk import value_at_risk
from klankbord.report.satisfaction import Satisfaction
from klankbord.report.shift_rows import shift_section
from klankbord.report.theme_rows import theme_section
from klankbord.report.verbatims import verbatims
from klankbord.report.wording import Wording
from klankbord.roles import Role
from klankbord.settings import Settings
from klankbord.themes.breakdown import Breakdown
from klankbord.values import leavers, present_values

if TYPE_CHECKING:
    from klankbord.shifts import AccountShift, ShiftFindings


def build(
    *,
    feedback: pa.Table,
    scores: pa.Table,
    segments: pa.Table,
    customers: pa.Table,
    findings: ShiftFindings,
    accounts: Sequence[AccountShift] = (),
    themes: Sequence[Theme],
    complaining: int | None = None,
    breakdown: Breakdown | None = None,
    satisfied: Sequence[Satisfaction] = (),
    drivers: Sequence[Driver],
    actions: Sequence[Action],
    counts: Sequence[SourceCount] = (),
    rejected: Sequence[RejectedRow] = (),
    models: Sequence[ModelCard] = (),
    measured: OwnQuality | None = None,
    settings: Settings,
    as_of: datetime,
    notice: str = "",
    original_ids: Mapping[str, str] | None = None,
    role: Role = Role.CX,
) -> Report:
    """Compute, sort, round and word everything the page and the workbook show.

    `actions` may hold closed ones; of another `role` than CX the page shows a part.
    `counts` are of every file the workspace ever read, `rejected` are the rows of this run.
    `complaining` is the number of pieces of feedback with a complaint, where it is known.
    `original_ids` maps pseudonyms to the ids to show instead; without it pseudonyms stay.
    """
    wording = Wording(settings.language, settings.timezone, dict(original_ids or {}))
    today = wording.local_day(as_of)
    facts = gather(feedback, scores, wording)
    values = present_values(feedback, customers, as_of)
    left = leavers(customers, as_of)
    standing = [action for action in actions if not action.closed]
    shifts = shift_section(findings, accounts, standing, values, left, wording)
    theme_part = theme_section(
        themes,
        drivers,
        wording,
        today=today,
        complaining=complaining,
        breakdown=breakdown or Breakdown(),
        satisfied=satisfied,
        said=verbatims(feedback, segments, themes, wording),
    )
    own = [action for action in actions if action.loop in role.loops]
    action_part = action_section(own, themes, today, wording)
    risk = value_at_risk(findings.shifts, values, wording)
    return Report(
        role=role,
        role_text=wording(f"role.{role}") if role is not Role.CX else "",
        sections=tuple(
            Section(anchor, name, wording(f"page.{name}")) for anchor, name in role.sections
        ),
        language=settings.language,
        company=neutralise(settings.company),
        notice=neutralise(notice),
        identifiable=bool(original_ids),
        as_of=today,
        as_of_text=wording.day(today),
        period_text=_period(facts, wording),
        overview=overview(facts, shifts, theme_part, action_part, counts, risk, today, wording),
        shifts=shifts,
        themes=theme_part,
        actions=action_part,
        method=method(
            feedback,
            scores,
            segments,
            findings,
            counts,
            rejected,
            models,
            settings,
            wording,
            measured,
        ),
    )


def _period(facts: Facts, wording: Wording) -> str:
    dated = facts.day[~np.isnat(facts.day)]
    if not len(dated):
        return wording("page.no_period")
    first, last = dated.min().astype(date), dated.max().astype(date)
    return wording("page.period", start=wording.day(first), end=wording.day(last))
