"""Model versions, measured quality, counts and settings: what the numbers rest on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import isfinite
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from klankbord.cells import neutralise
from klankbord.models.card import ModelCard, Score
from klankbord.records import RejectedRow, SourceCount
from klankbord.report.model import MeasuredQuality, Method, ModelRow, OwnFigure, RejectedCount
from klankbord.report.wording import Wording
from klankbord.schema import SPEAKING
from klankbord.settings import Settings

if TYPE_CHECKING:
    from klankbord.shifts import ShiftFindings

_MOST_REASONS, _MOST_SCORES = 20, 30


@dataclass(frozen=True)
class OwnQuality:
    """How the tone model does on labels that the customer's own people gave."""

    rows: int
    enough: bool
    adapted: bool  # the model may have been trained on these very labels
    figures: tuple[tuple[str, float, float, float], ...]  # name, value and 95 % interval
    corrections: int = 0  # labels left out, given to pieces that somebody chose


def method(
    feedback: pa.Table,
    scores: pa.Table,
    segments: pa.Table,
    findings: ShiftFindings,
    counts: Sequence[SourceCount],
    rejected: Sequence[RejectedRow],
    models: Sequence[ModelCard],
    settings: Settings,
    wording: Wording,
    measured: OwnQuality | None = None,
) -> Method:
    """Put the method section together: `counts` of every file ever, `rejected` of this run."""
    theirs = pc.is_in(feedback["author_role"], pa.array(SPEAKING, pa.string()))
    totals = (
        ("everything", feedback.num_rows),
        ("feedback", pc.sum(theirs).as_py() or 0),
        ("scores", scores.num_rows),
        ("segments", segments.num_rows),
        ("judged", findings.customers_judged),
        ("too_few", findings.customers_too_few),
        ("rejected", sum(count.rejected for count in counts)),
    )
    reasons = Counter((neutralise(row.file), row.reason) for row in rejected)
    ranked = sorted(reasons.items(), key=lambda item: (-item[1], item[0]))
    rest = sum(count for _, count in ranked[_MOST_REASONS:])
    return Method(
        warning="" if measured and measured.enough else wording("method.warning"),
        own=_own(measured, wording),
        own_summary=_own_summary(measured, wording),
        own_note=_own_note(measured, wording),
        models=tuple(
            _model(card, settings.tier, wording) for card in sorted(models, key=_card_key)
        ),
        settings=(
            (wording("method.setting.fdr"), wording.percent(settings.fdr)),
            (wording("method.setting.timezone"), settings.timezone),
            (wording("method.setting.languages"), _spoken(settings, wording)),
        ),
        counts=tuple((wording(f"method.count.{key}"), wording.number(n)) for key, n in totals),
        rejected=tuple(
            RejectedCount(file, reason, wording.number(count))
            for (file, reason), count in ranked[:_MOST_REASONS]
        ),
        rejected_rest=wording.count("method.rejected_rest", rest) if rest else "",
    )


def _own(measured: OwnQuality | None, wording: Wording) -> tuple[OwnFigure, ...]:
    if measured is None:
        return ()
    return tuple(
        OwnFigure(
            measure=wording.label("quality", name),
            value_text=wording.number(value, 2) if isfinite(value) else "–",
            interval_text=wording(
                "format.range", low=wording.number(low, 2), high=wording.number(high, 2)
            )
            if isfinite(low) and isfinite(high)
            else wording("format.too_few"),
        )
        for name, value, low, high in measured.figures
    )


def _own_summary(measured: OwnQuality | None, wording: Wording) -> str:
    if measured is None or not measured.rows:
        return ""
    return wording.count("method.own_summary", measured.rows)


def _own_note(measured: OwnQuality | None, wording: Wording) -> str:
    """Say how to read the figures, and which labels are not among them."""
    if measured is None:
        return ""
    notes = []
    if measured.rows:
        notes.append(wording("method.own_reading"))
        if not measured.enough:
            notes.append(wording("method.own_few"))
        if measured.adapted:
            notes.append(wording("method.own_adapted"))
    if measured.corrections:
        notes.append(wording.count("method.own_corrections", measured.corrections))
    return " ".join(notes)


def _card_key(card: ModelCard) -> tuple[str, str]:
    return (card.name, card.version)


def _spoken(settings: Settings, wording: Wording) -> str:
    return wording.listed(tuple(wording.label("spoken", code) for code in settings.languages))


def _model(card: ModelCard, tier: str, wording: Wording) -> ModelRow:
    """Word what was measured; where a card tells very much, only what the page has words for."""
    found = _of_tier(card.scores, tier)
    worded = [score for score in found if _worded(score, wording)]
    scores = tuple(
        MeasuredQuality(
            measure=wording.label("quality", score.measure),
            data=_data(score.data, wording),
            value_text=wording.number(score.value, 3),
        )
        for score in (worded or found)[:_MOST_SCORES]
    )
    return ModelRow(
        name=card.name,
        version=card.version,
        kind_label=wording.label("model_kind", card.kind),
        fingerprint=card.fingerprint,
        scores=scores,
        more_scores=len(scores) < len(card.scores),
    )


def _of_tier(scores: Sequence[Score], tier: str) -> list[Score]:
    """Return the scores of the way of reading that is in use, where a card tells of several."""
    parts = [(score, *score.measure.rpartition(": ")) for score in scores]
    ways = {way for _, way, _, _ in parts}
    wanted = tier if tier in ways else min(ways, default="")
    return [replace(score, measure=name) for score, way, _, name in parts if way == wanted]


def _worded(score: Score, wording: Wording) -> bool:
    name, _ = _sized(score.data)
    return wording.has(f"quality.{score.measure}") and wording.has(f"quality_data.{name}")


def _data(data: str, wording: Wording) -> str:
    name, size = _sized(data)
    name, size = _sized(data)
    if not wording.has(f"quality_data.{name}"):
        return data
    return wording(f"quality_data.{name}", n=wording.number(int(size)) if size.isdigit() else size)


def _sized(data: str) -> tuple[str, str]:
    """Split `held-out tenth (2,281)` into what it is and how many."""
    name, _, size = data.partition(" (")
    return name, size.rstrip(")").replace(",", "")
