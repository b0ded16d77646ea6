"""The first screen: key figures, tone distribution, trends and the data they rest on."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date

import numpy as np

from klankbord.cells import neutralise
from klankbord.metrics import intervals
from klankbord.records import SourceCount
from klankbord.report.facts import Facts
from klankbord.report.headlines import three_things
from klankbord.report.model import (
    ActionSection,
    Figure,
    Overview,
    ShiftSection,
    SourceRow,
    ThemeSection,
    ToneShare,
)
from klankbord.report.risk import Risk
from klankbord.report.trends import score_trend, tone_trend
from klankbord.report.wording import Wording
from klankbord.schema import SCORE_RANGES, TONES, ScoreMetric, Tone

_MOST_SOURCES = 60
_SHAPE = re.compile(r"-[0-9a-f]{6}$")  # "csv-2be5a0" is a CSV table to a reader


def overview(
    facts: Facts,
    shifts: ShiftSection,
    themes: ThemeSection,
    actions: ActionSection,
    counts: Sequence[SourceCount],
    risk: Risk,
    as_of: date,
    wording: Wording,
) -> Overview:
    """Put the first screen together."""
    tones = tone_distribution(facts, wording)
    return Overview(
        things=three_things(facts, shifts, themes, actions, risk, as_of, wording),
        figures=_figures(facts, risk, wording),
        tones=tones,
        tones_description="; ".join(f"{share.label} {share.share_text}" for share in tones),
        tone_trend=tone_trend(facts, wording),
        score_trend=score_trend(facts, wording),
        data_sentence=_data_sentence(facts, counts, wording),
        sources=_sources(counts, wording),
    )


def tone_distribution(facts: Facts, wording: Wording) -> tuple[ToneShare, ...]:
    """Count the tones, lowest first; empty without scored words."""
    scored = facts.tone[facts.tone >= 0]
    if not len(scored):
        return ()
    counts = np.bincount(scored, minlength=len(TONES))
    return tuple(
        ToneShare(
            tone=tone,
            label=wording.label("tone", tone),
            count=int(count),
            count_text=wording.number(int(count)),
            share=round(float(count) / len(scored), 6),
            share_text=wording.percent(float(count) / len(scored)),
        )
        for tone, count in zip(TONES, counts, strict=True)
    )


def _figures(facts: Facts, risk: Risk, wording: Wording) -> tuple[Figure, ...]:
    figures = [_score_figure(facts, wording)]
    scored = facts.tone >= 0
    tone, customer = facts.tone[scored], facts.customer[scored]
    for key, hits in (
        ("enthusiastic", tone == Tone.ENTHOUSIAST.rank),
        ("negative", tone <= Tone.ONTEVREDEN.rank),
    ):
        figures.append(_share_figure(key, intervals.proportion(hits, customer), wording))
    figures.append(Figure("value", wording("figure.value.label"), risk.amount_text, risk.detail))
    return tuple(figures)


def _score_figure(facts: Facts, wording: Wording) -> Figure:
    metric = facts.main_metric
    if not metric:
        text = wording("figure.score.none")
        return Figure("score", wording("figure.score.label"), "–", text)
    usable = (facts.metric == metric) & ~np.isnan(facts.score)
    values, customer = facts.score[usable], facts.customer[usable]
    nps = metric == ScoreMetric.NPS
    found = (intervals.net_promoter_score if nps else intervals.mean)(values, customer)
    name = wording.label("metric", metric)
    if found is None:  # main_metric() names only metrics that have answers
        raise AssertionError("no answers for the main metric")
    decimals = 0 if nps else 1
    answers = wording.count("format.answers", found.answers)
    detail = _uncertainty(found, answers, wording, decimals, 1.0)
    if not nps:
        low, high = SCORE_RANGES[ScoreMetric(metric)]
        name = wording("figure.score.mean", metric=name, low=f"{low:g}", high=f"{high:g}")
    return Figure("score", name, wording.number(found.value, decimals), detail)


def _share_figure(key: str, found: intervals.Estimate | None, wording: Wording) -> Figure:
    label = wording(f"figure.{key}.label")
    if found is None:
        return Figure(key, label, "–", wording("figure.tone.none"))
    answers = wording.count("data.feedback", found.answers)
    detail = _uncertainty(found, answers, wording, 0, 100.0)
    return Figure(key, label, wording.percent(found.value), detail)


def _uncertainty(
    found: intervals.Estimate, answers: str, wording: Wording, decimals: int, factor: float
) -> str:
    if found.low is None or found.high is None:
        return wording("figure.too_few", answers=answers)
    return wording(
        "figure.interval",
        low=wording.number(factor * found.low, decimals),
        high=wording.number(factor * found.high, decimals),
        answers=answers,
    )


def _data_sentence(facts: Facts, counts: Sequence[SourceCount], wording: Wording) -> str:
    customers = len(np.unique(facts.customer[facts.customer >= 0]))
    parts = [
        wording(
            "data.used",
            feedback=wording.count("data.feedback", len(facts.tone)),
            customers=wording.count("data.customers", customers),
            scored=wording.number(int((facts.tone >= 0).sum())),
        )
    ]
    undated = int(np.isnat(facts.day).sum())
    if undated:
        parts.append(wording.count("data.undated", undated))
    if counts:
        parts.append(
            wording(
                "data.imported",
                rows=wording.count("data.rows", sum(count.rows_in for count in counts)),
                duplicates=wording.number(sum(count.duplicates for count in counts)),
                rejected=wording.number(sum(count.rejected for count in counts)),
            )
        )
    return " ".join(parts)


def _sources(counts: Sequence[SourceCount], wording: Wording) -> tuple[SourceRow, ...]:
    ordered = sorted(counts, key=lambda count: (count.kind, count.file, count.source))
    shown, rest = ordered[:_MOST_SOURCES], ordered[_MOST_SOURCES:]
    rows = [_source(neutralise(count.file), count.source, [count], wording) for count in shown]
    if rest:
        rows.append(_source(wording.count("data.more_files", len(rest)), "", rest, wording))
    if len(ordered) > 1:
        rows.append(_source(wording("data.total"), "", ordered, wording))
    return tuple(rows)


def _source(file: str, source: str, counts: Sequence[SourceCount], wording: Wording) -> SourceRow:
    return SourceRow(
        file=file,
        source=wording.label("source", _SHAPE.sub("", source)),
        rows_in=wording.number(sum(count.rows_in for count in counts)),
        stored=wording.number(sum(count.stored for count in counts)),
        duplicates=wording.number(sum(count.duplicates for count in counts)),
        rejected=wording.number(sum(count.rejected for count in counts)),
    )
