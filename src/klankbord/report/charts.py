"""Charts declared in Vega-Lite and embedded as accessible, script-free SVG.

Vega-Lite with vl-convert was weighed against matplotlib on 60 charts of each kind (two cores): a
timeline 30 ms and 12 kB against 15 ms and 9 kB; a sparkline 5 ms and 1.1 kB against 4 ms and
1.7 kB. Both repeat byte for byte. Vega-Lite won because its SVG takes colours as CSS variables, so
that one picture serves light, dark and print, because it carries no <style>, no style="" and no
ids (a strict content policy needs no exception and pictures cannot clash on one page), and because
its text stays text in the reader's own font. It is cheap enough to draw the sparklines too, so
nothing here is drawn by hand. The declarations are plain: altair, which builds them, takes a
quarter of a second to load and as long to copy its objects in a report of some size. Rendering is
offline: no URL may be fetched. No words of a customer go into a picture; axis positions come
labelled from the model.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from klankbord.cells import neutralise
from klankbord.report.model import Impact, Spark, Tick, Timeline, ToneShare, Trend
from klankbord.schema import TONES

Spec = dict[str, Any]  # of a chart, or a part of it, in Vega-Lite

_WIDTH, _TIMELINE = 340, 380  # with axes, about as wide as they are shown: no tiny letters
_INK, _MUTED, _LINE, _ACCENT = "var(--ink)", "var(--muted)", "var(--line)", "var(--accent)"
_TONE_COLOURS = {str(tone): f"var(--tone-{tone})" for tone in TONES} | {"": _MUTED}
_MOST_LABELS = 5


def tone_bar(shares: Sequence[ToneShare], title: str, description: str) -> str:
    """Draw the tone distribution as one horizontal bar."""
    start, rows = 0.0, []
    for share in shares:
        rows.append({"from": start, "to": start + share.share, "tone": str(share.tone)})
        start += share.share
    bar = {
        "mark": _mark("bar", height=26, stroke="var(--paper)", strokeWidth=2),
        "encoding": {
            "fill": _TONE_FILL,
            "x": _along("from", None, {"domain": [0, 1], "nice": False}),
            "x2": {"field": "to"},
        },
    }
    return _svg(_chart(rows, 800, 26) | bar, title, description, "tones")


def trend_chart(trend: Trend) -> str:
    """Draw the mean per period with its interval as a band."""
    rows = [
        {"at": at, "mean": point.mean, "low": point.low, "high": point.high}
        for at, point in enumerate(trend.points)
    ]
    x = _along("at", _axis(_spread(trend), offset=6), _scale(0, len(rows) - 1, padding=8))
    y_axis, y_scale = _axis(trend.marks, grid=True), _scale(*trend.scale)
    mean, low = _along("mean", y_axis, y_scale), _along("low", y_axis, y_scale)
    band = {
        "mark": _mark("area", fill=_ACCENT, opacity=0.18),
        "encoding": {"x": x, "y": low, "y2": {"field": "high"}},
    }
    line = {
        "mark": _mark("line", stroke=_ACCENT, strokeWidth=2),
        "encoding": {"x": x, "y": mean},
    }
    dots = {
        "mark": _mark(
            "point",
            filled=True,
            fill=_ACCENT,
            stroke="var(--paper)",
            strokeWidth=1.5,
            size=55,
            opacity=1,
        ),
        "encoding": {"x": x, "y": mean},
    }
    layers = {"layer": [band, line, dots]}
    return _svg(_chart(rows, _WIDTH, 190) | layers, trend.title, trend.description, "trend")


def tone_columns(trend: Trend, title: str, description: str) -> str:
    """Draw the tone distribution per period as stacked columns."""
    rows = []
    for at, point in enumerate(trend.points):
        start = 0.0
        for tone, share in zip(TONES, point.shares, strict=False):
            rows.append({"at": at, "from": start, "to": start + share, "tone": str(tone)})
            start += share
    count = len(trend.points)
    width = max(6, min(40, int((_WIDTH - 60) / count) - 4))
    columns = {
        "mark": _mark("bar", width=width, stroke="var(--paper)", strokeWidth=1),
        "encoding": {
            "fill": _TONE_FILL,
            "x": _along("at", _axis(_spread(trend), offset=6), _scale(-0.5, count - 0.5)),
            "y": _along("from", _axis(_HALVES, grid=True), _scale(0, 1)),
            "y2": {"field": "to"},
        },
    }
    return _svg(_chart(rows, _WIDTH, 190) | columns, title, description, "columns")


def timeline_chart(timeline: Timeline, levels: Sequence[Tick]) -> str:
    """Draw one customer's tone per piece of feedback, with its uncertainty as a whisker."""
    rows = [
        {"day": mark.day, "rank": mark.rank, "low": mark.low, "high": mark.high, "tone": mark.tone}
        for mark in timeline.marks
    ]
    last = max(timeline.marks[-1].day, 0.01)
    x_axis = _axis(timeline.ticks, flush=True, offset=6)
    x = _along("day", x_axis, _scale(0, last, padding=10))
    y_axis, y_scale = _axis(levels, grid=True), _scale(-0.2, len(TONES) - 0.8)
    rank, low = _along("rank", y_axis, y_scale), _along("low", y_axis, y_scale)
    line = {
        "mark": _mark("line", stroke=_MUTED, strokeWidth=1.5, interpolate="monotone"),
        "encoding": {"x": x, "y": rank},
    }
    whisker = {
        "mark": _mark("rule", stroke=_MUTED, strokeWidth=1, opacity=0.7),
        "encoding": {"x": x, "y": low, "y2": {"field": "high"}},
    }
    dots = {
        "mark": _mark(
            "point", filled=True, stroke="var(--paper)", strokeWidth=1.5, size=95, opacity=1
        ),
        "encoding": {"fill": _TONE_FILL, "x": x, "y": rank},
    }
    layers = {"layer": [line, whisker, dots]}
    chart = _chart(rows, _TIMELINE, 190) | layers
    return _svg(chart, timeline.title, timeline.description, "timeline")


def sparkline(spark: Spark) -> str:
    """Draw the share of a theme per period, from nought, with the interval of the last one."""
    rows: list[dict[str, Any]] = [
        {"at": at, "share": share} for at, share in enumerate(spark.values)
    ]
    top = max(*spark.values, spark.high or 0.0, 1e-6)
    rows[-1] |= {"low": spark.low, "high": spark.high}
    x = _along("at", None, _scale(0, len(rows) - 1, padding=3))
    share, low = (_along(name, None, _scale(0, top, padding=3)) for name in ("share", "low"))
    last = {"transform": [{"filter": f"datum.at == {len(rows) - 1}"}]}
    line = {
        "mark": _mark("line", stroke=_ACCENT, strokeWidth=1.5, strokeJoin="round"),
        "encoding": {"x": x, "y": share},
    }
    end = {
        "mark": _mark("point", filled=True, fill=_ACCENT, size=22, opacity=1),
        "encoding": {"x": x, "y": share},
    }
    reach = {
        "mark": _mark("rule", stroke=_ACCENT, strokeWidth=1, opacity=0.55),
        "encoding": {"x": x, "y": low, "y2": {"field": "high"}},
    }
    known = spark.low is not None and spark.high is not None
    layers = {"layer": [*([reach | last] if known else []), line, end | last]}
    return _svg(_chart(rows, 96, 22) | layers, spark.title, "", "spark")


def impact_bar(impact: Impact, scale: tuple[float, float]) -> str:
    """Draw a theme's association with the score as a dot with its interval around nought."""
    rows = [{"low": impact.low, "value": impact.value, "high": impact.high, "nought": 0}]
    nought, low, value = (
        _along(name, None, _scale(*scale, padding=4)) for name in ("nought", "low", "value")
    )
    axis = {"mark": _mark("rule", stroke=_MUTED, strokeWidth=1), "encoding": {"x": nought}}
    reach = {
        "mark": _mark("rule", stroke=_INK, strokeWidth=1.5),
        "encoding": {"x": low, "x2": {"field": "high"}},
    }
    dot = {
        "mark": _mark("point", filled=True, fill=_INK, size=40, opacity=1),
        "encoding": {"x": value},
    }
    layers = {"layer": [axis, reach, dot]}
    return _svg(_chart(rows, 96, 18) | layers, impact.description, "", "impact")


def for_paper(picture: str, colours: Mapping[str, str]) -> str:
    """Return a picture with fixed `colours` and a font of its own, for where no CSS reaches it."""
    found = _VARIABLE.sub(lambda variable: colours[variable[1]], picture)
    return found.replace("<svg ", '<svg font-family="sans-serif" ', 1)


_VARIABLE = re.compile(r"(?<==\")var\(--([a-z-]+)\)(?=\")")
_PAIRED = re.compile("[\U00010000-\U0010ffff]")
_HALVES = (Tick(0.0, "0%"), Tick(0.5, "50%"), Tick(1.0, "100%"))


_TONE_FILL = {
    "field": "tone",
    "type": "nominal",
    "legend": None,
    "scale": {"domain": list(_TONE_COLOURS), "range": list(_TONE_COLOURS.values())},
}


def _chart(rows: list[dict[str, Any]], width: int, height: int) -> Spec:
    return {"data": {"values": rows}, "width": width, "height": height}


def _mark(kind: str, **looks: str | float) -> Spec:
    return {"type": kind, "aria": False, **looks}


def _along(field: str, axis: Spec | None, scale: Spec) -> Spec:
    return {"field": field, "type": "quantitative", "axis": axis, "scale": scale}


def _scale(low: float, high: float, *, padding: float = 0) -> Spec:
    return {"domain": [low, high], "nice": False, "zero": False, "padding": padding}


def _axis(
    ticks: Sequence[Tick], *, grid: bool = False, flush: bool = False, offset: int = 0
) -> Spec:
    told = (f"abs(datum.value - ({tick.at})) < 0.001 ? {_quoted(tick.label)} : " for tick in ticks)
    return {
        "values": [tick.at for tick in ticks],
        "labelExpr": f"{''.join(told)}''",
        "title": None,
        "grid": grid,
        "ticks": False,
        "domain": False,
        "labelFlush": flush,
        "offset": offset,
        "labelPadding": 6,
        "labelOverlap": False,
        "labelLimit": 120,
        "aria": False,
    }


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


def _svg(chart: Spec, title: str, description: str, kind: str) -> str:
    """Render offline, drop what a static picture does not need, add title and description."""
    import vl_convert

    drawn = vl_convert.vegalite_to_svg(
        chart, config=_CONFIG, allowed_base_urls=[], format_locale="en-US"
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
