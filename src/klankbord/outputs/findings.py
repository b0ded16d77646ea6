"""What the stages found, with what follows from it by arithmetic alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from klankbord.outputs.heard import Heard
from klankbord.records import Driver, Theme
from klankbord.schema import Channel
from klankbord.settings import Settings

if TYPE_CHECKING:
    from klankbord.models import ToneModel
    from klankbord.report.satisfaction import Satisfaction
    from klankbord.shifts import AccountShift, ShiftFindings
    from klankbord.themes import Breakdown


@dataclass(frozen=True)
class Findings:
    """Everything that a report tells of beside the actions."""

    shifts: ShiftFindings
    accounts: tuple[AccountShift, ...]
    themes: tuple[Theme, ...]
    segments: pa.Table  # with their theme_id
    complaining: int  # pieces of feedback with a complaint
    drivers: tuple[Driver, ...]
    breakdown: Breakdown
    satisfied: tuple[Satisfaction, ...]

    def sizes(self) -> dict[str, float]:
        """Return what `run.json` tells of it."""
        return {
            "tone_shifts": len(self.shifts.shifts),
            "expected_false": round(self.shifts.expected_false, 6),
            "customers_judged": self.shifts.customers_judged,
            "customers_too_few": self.shifts.customers_too_few,
            "conversations_recovered": self.shifts.conversations_recovered,
            "complaining": self.complaining,
            "themes": len(self.themes),
        }


def work_out(
    heard: Heard,
    shifts: ShiftFindings,
    themes: Sequence[Theme],
    segments: pa.Table,
    complaining: int,
    *,
    settings: Settings,
    model: ToneModel | None = None,
) -> Findings:
    """Add what follows from tone shifts and themes: accounts, drivers, where, how satisfied.

    `model` reads the AI answers; without it that of `settings` is loaded where there are any.
    """
    from klankbord import drivers, report
    from klankbord import themes as subjects
    from klankbord.shifts import roll_up

    judged = (heard.feedback, heard.scores, segments, themes)
    return Findings(
        shifts=shifts,
        accounts=roll_up(heard.feedback, heard.customers, shifts.shifts, as_of=heard.moment),
        themes=tuple(themes),
        segments=segments,
        complaining=complaining,
        drivers=(*drivers.associate(*judged), *drivers.associate_tone(*judged)),
        breakdown=subjects.break_down(*judged, answers=_answers(heard, settings, model)),
        satisfied=report.satisfaction_by_theme(*judged),
    )


def _answers(heard: Heard, settings: Settings, model: ToneModel | None) -> pa.Table:
    """Return the segments of AI answers; these are not stored, so they are read again."""
    from klankbord import language, tone
    from klankbord.models import load_encoder, load_tone_model
    from klankbord.schema import SEGMENTS

    of_ai = pc.equal(heard.feedback["channel"], pa.scalar(str(Channel.AI_ANSWER)))
    answers = heard.feedback.filter(of_ai)
    if not answers.num_rows:
        return SEGMENTS.empty_table()
    if model is None:
        encoder = load_encoder(settings.encoder)
        model = load_tone_model(settings.tone_model, tier=settings.tier, encoder=encoder)
    return tone.score_segments(language.segment(answers), model)
