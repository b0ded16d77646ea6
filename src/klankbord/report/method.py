"""Model versions, measured quality, counts and settings: what the numbers rest on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING

import pyarrow as pa

from klankbord.cells import neutralise
from klankbord.models.card import ModelCard
from klankbord.records import RejectedRow, SourceCount
from klankbord.report.model import MeasuredQuality, Method, ModelRow, OwnFigure, RejectedCount
from klankbord.report.wording import Wording
from klankbord.settings import Settings

if TYPE_CHECKING:
    from klankbord.shifts import ShiftFindings

_MOST_REASONS = 20


@dataclass(frozen=True)
class OwnQuality:
    """How the tone model does on labels that the customer's own people gave."""

    rows: int
    enough: bool
    adapted: bool  # the model may have been trained on these very labels
    figures: tuple[tuple[str, float, float, float], ...]  # name, value and 95 % interval


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
    totals = (
        ("feedback", feedback.num_rows),
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
        own_summary=wording.count("method.own_summary", measured.rows) if measured else "",
        own_note=_own_note(measured, wording),
        models=tuple(_model(card, wording) for card in sorted(models, key=_card_key)),
        settings=(
            (wording("method.setting.fdr"), wording.percent(settings.fdr)),
            (wording("method.setting.timezone"), settings.timezone),
            (wording("method.setting.languages"), ", ".join(settings.languages)),
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


def _own_note(measured: OwnQuality | None, wording: Wording) -> str:
    if measured is None:
        return ""
    notes = [] if measured.enough else [wording("method.own_few")]
    if measured.adapted:
        notes.append(wording("method.own_adapted"))
    return " ".join((wording("method.own_reading"), *notes))


def _card_key(card: ModelCard) -> tuple[str, str]:
    return (card.name, card.version)


def _model(card: ModelCard, wording: Wording) -> ModelRow:
    scores = tuple(
        MeasuredQuality(
            measure=wording.label("quality", score.measure),
            data=score.data,
            value_text=wording.number(score.value, 3),
        )
        for score in card.scores
    )
    return ModelRow(
        name=card.name,
        version=card.version,
        kind_label=wording.label("model_kind", card.kind),
        fingerprint=card.fingerprint,
        scores=scores,
    )
