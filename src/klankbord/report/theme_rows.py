"""Themes as rows: mentions, share, trend, association with the score, quotes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

from klankbord.records import Driver, Theme
from klankbord.report.model import Impact, QuoteText, Spark, ThemeRow, ThemeSection
from klankbord.report.order import REST, by_theme
from klankbord.report.quotes import quote_text
from klankbord.report.wording import Wording, neutralise

MOST_THEMES = 60
_WEEKS = 26
_QUOTES = 3


def theme_section(
    themes: Sequence[Theme], drivers: Sequence[Driver], wording: Wording
) -> ThemeSection:
    """Order heads by growth and size, each followed by its sub-themes, and word every number."""
    measured = by_theme(drivers)
    labels = {theme.theme_id: neutralise(theme.label) for theme in themes}
    known = set(labels)
    heads = [theme for theme in themes if theme.parent_id not in known]
    ordered: list[Theme] = []
    for head in sorted(heads, key=_theme_key):
        ordered.append(head)
        subs = [theme for theme in themes if theme.parent_id == head.theme_id]
        ordered.extend(sorted(subs, key=_theme_key))
    rows = tuple(_row(theme, measured.get(theme.theme_id), labels, wording) for theme in ordered)
    rest = len(rows) - MOST_THEMES
    metrics = sorted({driver.score_metric for driver in drivers if driver.impact is not None})
    names = tuple(wording.label("answer", metric) for metric in metrics)
    return ThemeSection(
        heading=_heading(len(heads), len(rows) - len(heads), wording),
        rows=rows,
        shown=min(len(rows), MOST_THEMES),
        rest=wording.count("themes.rest", rest) if rest > 0 else "",
        empty="" if rows else wording("themes.empty"),
        impact_scale=_scale(rows),
        impact_heading=wording("themes.impact_on", metric=wording.listed(names))
        if names
        else wording("themes.impact"),
    )


def _theme_key(theme: Theme) -> tuple[bool, bool, int, str]:
    rest = theme.theme_id == REST
    return (rest, theme.trend != "stijgend", -theme.mentions, theme.theme_id)


def _heading(heads: int, subs: int, wording: Wording) -> str:
    if not heads:
        return wording("themes.none")
    text = wording.count("themes.heading", heads)
    return f"{text} {wording.count('themes.heading_subs', subs)}" if subs else text


def _row(
    theme: Theme, driver: Driver | None, labels: Mapping[str, str], wording: Wording
) -> ThemeRow:
    recent, before, enough = _last_weeks(theme)
    quotes = [quote_text(quote, wording) for quote in theme.quotes]
    shown: list[QuoteText] = [quote for quote in quotes if quote is not None][:_QUOTES]
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
        spark=_spark(theme, wording),
        impact=_impact(driver, wording),
        value_eur=theme.value_eur,
        value_text=wording.euro(theme.value_eur) if theme.value_eur is not None else "–",
        owner=wording.label("department", theme.owner),
        quotes=tuple(shown),
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


def _spark(theme: Theme, wording: Wording) -> Spark | None:
    weeks = sorted(theme.weekly)[-_WEEKS:]
    if len(weeks) < 4 or theme.trend == "te weinig gegevens":
        return None
    shares = tuple(round(hits / total, 5) if total else 0.0 for _, hits, total in weeks)
    title = wording(
        "themes.spark",
        n=len(weeks),
        start=wording.short_day(weeks[0][0]),
        first=wording.percent(shares[0], 1),
        last=wording.percent(shares[-1], 1),
    )
    return Spark(shares, title)


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
