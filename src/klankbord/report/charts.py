"""Charts declared in Vega-Lite with altair and embedded as accessible, script-free SVG.

altair with vl-convert was weighed against matplotlib on 60 charts of each kind (two cores):
import 0.2 s against 0.3 s; a timeline 30 ms and 12 kB against 15 ms and 9 kB; a sparkline 5 ms
and 1.1 kB against 4 ms and 1.7 kB. Both repeat byte for byte. altair won because its SVG takes
colours as CSS variables, so that one picture serves light, dark and print, because it carries no
<style>, no style="" and no ids (a strict content policy needs no exception and pictures cannot
clash on one page), and because its text stays text in the reader's own font. It is cheap enough
to draw the sparklines too, so nothing here is drawn by hand. Rendering is offline: no URL may be
fetched. No words of a customer go into a picture; axis positions come labelled from the model.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

from klankbord.cells import neutralise
from klankbord.report.model import Impact, Spark, Tick, Timeline, ToneShare, Trend
from klankbord.schema import TONES

if TYPE_CHECKING:
    import altair as alt

_WIDTH, _TIMELINE = 340, 380  # with axes, about as wide as they are shown: no tiny letters
_INK, _MUTED, _LINE, _ACCENT = "var(--ink)", "var(--muted)", "var(--line)", "var(--accent)"
_TONE_COLOURS = {str(tone): f"var(--tone-{tone})" for tone in TONES} | {"": _MUTED}
_MOST_LABELS = 5


def tone_bar(shares: Sequence[ToneShare], title: str, description: str) -> str:
    """Draw the tone distribution as one horizontal bar."""
    import altair as alt

    start, rows = 0.0, []
    for share in shares:
        rows.append({"from": start, "to": start + share.share, "tone": str(share.tone)})
        start += share.share
    chart = (
        alt.Chart(_data(rows), width=800, height=26)
        .mark_bar(aria=False, stroke="var(--paper)", strokeWidth=2, height=26)
        .encode(
            x=alt.X("from:Q", axis=None, scale=alt.Scale(domain=[0, 1], nice=False)),
            x2="to:Q",
            fill=_tone_fill(),
        )
    )
    return _svg(chart, title, description, "tones")


def trend_chart(trend: Trend) -> str:
    """Draw the mean per period with its interval as a band."""
    import altair as alt

    rows = [
        {"at": at, "mean": point.mean, "low": point.low, "high": point.high}
        for at, point in enumerate(trend.points)
    ]
    x = alt.X(
        "at:Q", axis=_axis(_spread(trend), offset=6), scale=_scale(0, len(rows) - 1, padding=8)
    )
    base = alt.Chart(_data(rows), width=_WIDTH, height=190).encode(x=x)
    low, high = trend.scale
    y_axis, y_scale = _axis(trend.marks, grid=True), _scale(low, high)
    y = alt.Y("mean:Q", axis=y_axis, scale=y_scale)
    band = base.mark_area(aria=False, fill=_ACCENT, opacity=0.18).encode(
        y=alt.Y("low:Q", axis=y_axis, scale=y_scale), y2="high:Q"
    )
    line = base.mark_line(aria=False, stroke=_ACCENT, strokeWidth=2).encode(y=y)
    dots = base.mark_point(
        aria=False,
        filled=True,
        fill=_ACCENT,
        stroke="var(--paper)",
        strokeWidth=1.5,
        size=55,
        opacity=1,
    ).encode(y=y)
    return _svg(alt.layer(band, line, dots), trend.title, trend.description, "trend")


def tone_columns(trend: Trend, title: str, description: str) -> str:
    """Draw the tone distribution per period as stacked columns."""
    import altair as alt

    rows = []
    for at, point in enumerate(trend.points):
        start = 0.0
        for tone, share in zip(TONES, point.shares, strict=False):
            rows.append({"at": at, "from": start, "to": start + share, "tone": str(tone)})
            start += share
    count = len(trend.points)
    width = max(6, min(40, int((_WIDTH - 60) / count) - 4))
    chart = (
        alt.Chart(_data(rows), width=_WIDTH, height=190)
        .mark_bar(aria=False, width=width, stroke="var(--paper)", strokeWidth=1)
        .encode(
            x=alt.X("at:Q", axis=_axis(_spread(trend), offset=6), scale=_scale(-0.5, count - 0.5)),
            y=alt.Y("from:Q", axis=_axis(_HALVES, grid=True), scale=_scale(0, 1)),
            y2="to:Q",
            fill=_tone_fill(),
        )
    )
    return _svg(chart, title, description, "columns")


def timeline_chart(timeline: Timeline, levels: Sequence[Tick]) -> str:
    """Draw one customer's tone per piece of feedback, with its uncertainty as a whisker."""
    import altair as alt

    rows = [
        {"day": mark.day, "rank": mark.rank, "low": mark.low, "high": mark.high, "tone": mark.tone}
        for mark in timeline.marks
    ]
    last = max(timeline.marks[-1].day, 0.01)
    x = alt.X(
        "day:Q", axis=_axis(timeline.ticks, flush=True, offset=6), scale=_scale(0, last, padding=10)
    )
    levels_axis, levels_scale = _axis(levels, grid=True), _scale(-0.2, len(TONES) - 0.8)
    y = alt.Y("rank:Q", axis=levels_axis, scale=levels_scale)
    base = alt.Chart(width=_TIMELINE, height=190).encode(x=x)
    line = base.mark_line(
        aria=False, stroke=_MUTED, strokeWidth=1.5, interpolate="monotone"
    ).encode(y=y)
    whisker = base.mark_rule(aria=False, stroke=_MUTED, strokeWidth=1, opacity=0.7).encode(
        y=alt.Y("low:Q", axis=levels_axis, scale=levels_scale), y2="high:Q"
    )
    dots = base.mark_point(
        aria=False, filled=True, stroke="var(--paper)", strokeWidth=1.5, size=95, opacity=1
    ).encode(y=y, fill=_tone_fill())
    layers = alt.layer(line, whisker, dots, data=_data(rows))  # given once, not copied per layer
    return _svg(layers, timeline.title, timeline.description, "timeline")


def sparkline(spark: Spark) -> str:
    """Draw the share of a theme per period, from nought, with the interval of the last one."""
    import altair as alt

    rows: list[dict[str, Any]] = [
        {"at": at, "share": share} for at, share in enumerate(spark.values)
    ]
    top = max(*spark.values, spark.high or 0.0, 1e-6)
    rows[-1] |= {"low": spark.low, "high": spark.high}
    base = alt.Chart(_data(rows), width=96, height=22).encode(
        x=alt.X("at:Q", axis=None, scale=_scale(0, len(rows) - 1, padding=3)),
        y=alt.Y("share:Q", axis=None, scale=_scale(0, top, padding=3)),
    )
    chart = base.mark_line(aria=False, stroke=_ACCENT, strokeWidth=1.5, strokeJoin="round")
    end = base.mark_point(aria=False, filled=True, fill=_ACCENT, size=22, opacity=1)
    last = f"datum.at == {len(rows) - 1}"
    layers = [chart, end.transform_filter(last)]
    if spark.low is not None and spark.high is not None:
        reach = base.mark_rule(aria=False, stroke=_ACCENT, strokeWidth=1, opacity=0.55)
        low = alt.Y("low:Q", axis=None, scale=_scale(0, top, padding=3))
        layers.insert(0, reach.transform_filter(last).encode(y=low, y2="high:Q"))
    return _svg(
        alt.layer(*layers),
        spark.title,
        "",
        "spark",
    )


def impact_bar(impact: Impact, scale: tuple[float, float]) -> str:
    """Draw a theme's association with the score as a dot with its interval around nought."""
    import altair as alt

    rows = [{"low": impact.low, "value": impact.value, "high": impact.high, "nought": 0}]
    base = alt.Chart(_data(rows), width=96, height=18)
    x = alt.X("value:Q", axis=None, scale=_scale(*scale, padding=4))
    nought = base.mark_rule(aria=False, stroke=_MUTED, strokeWidth=1).encode(
        x=alt.X("nought:Q", axis=None, scale=_scale(*scale, padding=4))
    )
    reach = base.mark_rule(aria=False, stroke=_INK, strokeWidth=1.5).encode(
        x=alt.X("low:Q", axis=None, scale=_scale(*scale, padding=4)), x2="high:Q"
    )
    dot = base.mark_point(aria=False, filled=True, fill=_INK, size=40, opacity=1).encode(x=x)
    return _svg(alt.layer(nought, reach, dot), impact.description, "", "impact")


def for_paper(picture: str, colours: Mapping[str, str]) -> str:
    """Return a picture with fixed `colours` and a font of its own, for where no CSS reaches it."""
    found = _VARIABLE.sub(lambda variable: colours[variable[1]], picture)
    return found.replace("<svg ", '<svg font-family="sans-serif" ', 1)


_VARIABLE = re.compile(r"(?<==\")var\(--([a-z-]+)\)(?=\")")
_PAIRED = re.compile("[\U00010000-\U0010ffff]")
_HALVES = (Tick(0.0, "0%"), Tick(0.5, "50%"), Tick(1.0, "100%"))


def _data(rows: list[dict[str, Any]]) -> alt.InlineData:
    import altair as alt

    return alt.InlineData(values=rows)


def _tone_fill() -> alt.Fill:
    import altair as alt

    names, colours = list(_TONE_COLOURS), list(_TONE_COLOURS.values())
    return alt.Fill("tone:N", legend=None, scale=alt.Scale(domain=names, range=colours))


def _scale(low: float, high: float, *, padding: float = 0) -> alt.Scale:
    import altair as alt

    return alt.Scale(domain=[low, high], nice=False, zero=False, padding=padding)


def _axis(
    ticks: Sequence[Tick], *, grid: bool = False, flush: bool = False, offset: int = 0
) -> alt.Axis:
    import altair as alt

    told = (f"abs(datum.value - ({tick.at})) < 0.001 ? {_quoted(tick.label)} : " for tick in ticks)
    return alt.Axis(
        values=[tick.at for tick in ticks],
        labelExpr=f"{''.join(told)}''",
        title=None,
        grid=grid,
        ticks=False,
        domain=False,
        labelFlush=flush,
        offset=offset,
        labelPadding=6,
        labelOverlap=False,
        labelLimit=120,
        aria=False,
    )


def _quoted(text: str) -> str:
    """Write a text as a string of Vega's expression language, whatever is in it.

    Vega shortens long labels between the halves of an emoji, which then cannot be measured.
    """
    plain = _PAIRED.sub("\ufffd", neutralise(text))
    return json.dumps(plain.replace("'", "\u2019"))


def _spread(trend: Trend) -> tuple[Tick, ...]:
    """Label at most five periods, counted back from the last."""
    count = len(trend.points)
    step = -(-count // _MOST_LABELS)
    return tuple(
        Tick(float(at), trend.points[at].label)
        for at in range(count)
        if (count - 1 - at) % step == 0
    )


_CONFIG = {
    "background": None,
    "padding": 2,
    "autosize": {"type": "fit", "contains": "padding"},
    "font": "inherit",
    "view": {"stroke": None, "fill": None},
    "axis": {"gridColor": _LINE, "labelColor": _MUTED, "labelFontSize": 12},
}
_NOISE = re.compile(
    r' (?:xmlns(?::xlink)?|version|class|role|aria-[a-z]+|pointer-events)="[^"]*"'
    r'|<path (?:class="(?:background|foreground)"|aria-hidden="true")[^>]*?/>'
)
_EMPTY = re.compile(r"<g(?: [^>]*)?></g>")
_LONG = re.compile(r"(\d+\.\d{2})\d+")


def _svg(
    chart: alt.Chart | alt.LayerChart | alt.FacetChart, title: str, description: str, kind: str
) -> str:
    """Render offline, drop what a static picture does not need, add title and description."""
    import vl_convert

    drawn = vl_convert.vegalite_to_svg(
        chart.to_dict(validate=False), config=_CONFIG, allowed_base_urls=[], format_locale="en-US"
    )
    head, _, body = drawn.partition(">")
    box = re.search(r'viewBox="[^"]*"', head)
    width = re.search(r'width="(\d+)', head)
    if box is None or width is None:
        raise ValueError("the chart library gave no picture")
    body = _LONG.sub(r"\1", _NOISE.sub("", body)).replace(' opacity="1"', "")
    body = body.replace(' font-family="inherit"', "")
    while (shorter := _EMPTY.sub("", body)) != body:
        body = shorter
    told = f"<desc>{escape(description)}</desc>" if description else ""
    opening = (
        f'<svg class="chart {kind}" role="img" {box[0]} width="{width[1]}" '
        f'aria-label="{escape(title)}"><title>{escape(title)}</title>{told}'
    )
    return opening + body
