"""Themes as rows: mentions, share, trend, association with score and tone, quotes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from math import inf

from klankbord.cells import neutralise
from klankbord.records import Driver, Theme
from klankbord.report.model import Impact, QuoteText, ThemeRow, ThemeSection
from klankbord.report.order import REST, by_theme, tone_by_theme
from klankbord.report.quotes import quote_text
from klankbord.report.satisfaction import Satisfaction
from klankbord.report.theme_details import (
    GROWING,
    gap_section,
    last_weeks,
    new_themes,
    places,
    score_heading,
    season,
    spark,
    theme_score,
    tone_phrase,
)
from klankbord.report.wording import Wording
from klankbord.schema import TONES, Channel
from klankbord.themes.breakdown import Breakdown
from klankbord.themes.trend import EMERGING, RISING

MOST_THEMES = 60
MIN_COMPLAINTS = 20  # fewer than these tell no themes apart
_QUOTES = 3
_STEADY = 2  # neither new nor growing


@dataclass(frozen=True)
class _Known:
    """What is known of the themes beside themselves, by theme id."""

    drivers: Mapping[str, Driver]  # of the main metric
    tones: Mapping[str, Driver]
    labels: Mapping[str, str]
    new: Mapping[str, date]
    satisfied: Mapping[str, Satisfaction]
    places: Mapping[str, tuple[str, ...]]
    said: Mapping[str, tuple[QuoteText, ...]]


def theme_section(
    themes: Sequence[Theme],
    drivers: Sequence[Driver],
    wording: Wording,
    *,
    today: date,
    complaining: int | None = None,
    breakdown: Breakdown,
    satisfied: Sequence[Satisfaction] = (),
    said: Mapping[str, tuple[QuoteText, ...]] | None = None,
) -> ThemeSection:
    """Order heads by news, growth and impact, each with its sub-themes, and word every number.

    Impact is that on the main metric, shrunk by its uncertainty, the most lowering first; after
    those measured come the others by mentions. Of more than MOST_THEMES the page shows the first
    sub-themes under each head. With fewer than MIN_COMPLAINTS pieces of feedback that complain no
    theme is shown. `said` are other mentions than the quotes, by theme id.
    """
    few = complaining is not None and complaining < MIN_COMPLAINTS
    shown = () if few else themes
    labels = {theme.theme_id: neutralise(theme.label) for theme in shown}
    measured = by_theme(drivers)
    known = _Known(
        drivers=measured,
        tones=tone_by_theme(drivers),
        labels=labels,
        new=new_themes(shown, today),
        satisfied={found.theme_id: found for found in satisfied},
        places=places(breakdown.cells, wording),
        said=said or {},
    )
    ordered = _page_first(_ordered(shown, known), known)
    rows = tuple(_row(theme, known, wording) for theme in ordered)
    subs = sum(theme.parent_id in labels for theme in ordered)
    rest = len(rows) - MOST_THEMES
    metrics = sorted(
        {found.score_metric for found in measured.values() if found.impact is not None}
    )
    names = tuple(wording.label("answer", metric) for metric in metrics)
    empty = wording.count("themes.few", complaining or 0) if few else wording("themes.empty")
    return ThemeSection(
        heading=_heading(len(rows) - subs, subs, wording),
        season=season(shown, wording),
        score_heading=score_heading(satisfied, wording),
        gap=gap_section(breakdown, labels, wording),
        rows=rows,
        shown=min(len(rows), MOST_THEMES),
        rest=wording.count("themes.rest", rest) if rest > 0 else "",
        empty="" if rows else empty,
        impact_scale=_scale(rows),
        impact_heading=wording("themes.impact_on", metric=wording.listed(names))
        if names
        else wording("themes.impact"),
        tones=_among(rows, "tone", tuple(TONES)),
        channels=_among(rows, "channel", tuple(Channel)),
    )


def _among(
    rows: Sequence[ThemeRow], name: str, order: Sequence[str]
) -> tuple[tuple[str, str], ...]:
    """Return the codes and labels of tone or channel among the quotes of the page."""
    quotes = [quote for row in rows[:MOST_THEMES] for quote in (*row.quotes, *row.more)]
    found = {getattr(quote, name): getattr(quote, f"{name}_label") for quote in quotes}
    return tuple((str(code), found[code]) for code in order if code in found)


def _ordered(themes: Sequence[Theme], known: _Known) -> list[Theme]:
    """Order heads by their own news or that of a sub-theme, then impact, each before its subs."""
    subs: dict[str, list[Theme]] = {}
    for theme in themes:
        if theme.parent_id in known.labels:
            subs.setdefault(theme.parent_id or "", []).append(theme)

    def key(theme: Theme) -> tuple[bool, int, float, int, str]:
        news = min(_news(each, known) for each in (theme, *subs.get(theme.theme_id, ())))
        driver = known.drivers.get(theme.theme_id)
        impact = inf if driver is None or driver.shrunk is None else driver.shrunk
        return (theme.theme_id == REST, news, impact, -theme.mentions, theme.theme_id)

    ordered: list[Theme] = []
    for head in sorted((t for t in themes if t.parent_id not in known.labels), key=key):
        ordered.append(head)
        ordered.extend(sorted(subs.get(head.theme_id, ()), key=key))
    return ordered


def _page_first(ordered: Sequence[Theme], known: _Known) -> list[Theme]:
    """Move to the end what the page has no room for: the lowest sub-themes of the longest heads.

    Heads, what is new or growing and what somebody pinned go before any other sub-theme.
    """
    below: Counter[str | None] = Counter()
    room = []
    for at, theme in enumerate(ordered):
        is_sub = theme.parent_id in known.labels
        below[theme.parent_id] += is_sub
        must = not is_sub or theme.pinned or _news(theme, known) < _STEADY
        room.append((0 if must else below[theme.parent_id], at))
    page = {at for _, at in sorted(room)[:MOST_THEMES]}
    places = sorted(range(len(ordered)), key=lambda at: at not in page)
    return [ordered[at] for at in places]


def _news(theme: Theme, known: _Known) -> int:
    if theme.theme_id in known.new or theme.trend == EMERGING:
        return 0
    return 1 if theme.trend == RISING else _STEADY


def _heading(heads: int, subs: int, wording: Wording) -> str:
    if not heads:
        return wording("themes.none")
    text = wording.count("themes.heading", heads)
    return f"{text} {wording.count('themes.heading_subs', subs)}" if subs else text


def _row(theme: Theme, known: _Known, wording: Wording) -> ThemeRow:
    labels, new_since = known.labels, known.new.get(theme.theme_id)
    recent, before, enough = _last_weeks(theme)
    quotes = [quote_text(quote, wording) for quote in theme.quotes]
    shown: list[QuoteText] = [quote for quote in quotes if quote is not None][:_QUOTES]
    more = known.said.get(theme.theme_id, ())
    return ThemeRow(
        theme_id=theme.theme_id,
        parent_id=theme.parent_id if theme.parent_id in labels else None,
        parent_label=labels.get(theme.parent_id or "", ""),
        label=labels[theme.theme_id],
        keywords=tuple(neutralise(word) for word in theme.keywords),
        mentions=theme.mentions,
        mentions_text=wording.number(theme.mentions),
        share=round(theme.share, 6),
        share_text=wording.percent(theme.share, 1),
        trend=theme.trend,
        trend_label=wording.label("trend", theme.trend),
        recent=recent,
        before=before,
        recent_text=wording.count("themes.recent", recent, before=wording.number(before))
        if enough
        else "",
        spark=spark(theme, wording),
        impact=_impact(known.drivers.get(theme.theme_id), wording),
        tone_text=tone_phrase(known.tones.get(theme.theme_id), wording),
        value_eur=theme.value_eur,
        value_text=wording.euro(theme.value_eur) if theme.value_eur is not None else "–",
        owner=wording.label("department", theme.owner),
        quotes=tuple(shown),
        more=more,
        more_text=wording.count("themes.more", len(more)) if more else "",
        growing=theme.trend in GROWING,
        new_since=new_since,
        new_text=wording("themes.new_since", day=wording.day(new_since)) if new_since else "",
        last_text=last_weeks(theme, wording),
        score=theme_score(known.satisfied.get(theme.theme_id), wording),
        where=known.places.get(theme.theme_id, ()),
    )


def _last_weeks(theme: Theme) -> tuple[int, int, bool]:
    """Return mentions in the last four weeks and the four before, and whether both exist."""
    weeks = sorted(theme.weekly)
    if not weeks:
        return 0, 0, False
    end = weeks[-1][0] + timedelta(days=7)
    middle, start = end - timedelta(days=28), end - timedelta(days=56)
    recent = sum(mentions for week, mentions, _ in weeks if week >= middle)
    before = sum(mentions for week, mentions, _ in weeks if start <= week < middle)
    return recent, before, weeks[0][0] <= start


def _impact(driver: Driver | None, wording: Wording) -> Impact:
    if driver is None or None in (driver.impact, driver.impact_low, driver.impact_high):
        verdict = driver.verdict if driver else "te weinig gegevens"
        text = wording.label("verdict", verdict)
        return Impact(None, None, None, text, "", verdict, text)
    value, low, high = driver.impact or 0.0, driver.impact_low or 0.0, driver.impact_high or 0.0
    interval = wording(
        "format.range",
        low=wording.number(low, 1, signed=True),
        high=wording.number(high, 1, signed=True),
    )
    verdict = wording.label("verdict", driver.verdict)
    description = wording(
        "themes.impact_sentence",
        metric=wording.label("answer", driver.score_metric),
        impact=wording.number(abs(value), 1),
        direction=wording("themes.lower") if value < 0 else wording("themes.higher"),
        interval=interval,
    )
    return Impact(
        value=round(value, 3),
        low=round(low, 3),
        high=round(high, 3),
        text=wording.number(value, 1, signed=True),
        interval_text=f"{interval}, {verdict}",
        verdict=driver.verdict,
        description=description,
    )


def _scale(rows: Sequence[ThemeRow]) -> tuple[float, float]:
    bounds = [abs(end) for row in rows for end in (row.impact.low, row.impact.high) if end]
    widest = max(bounds, default=1.0)
    return (-round(widest, 2), round(widest, 2))
