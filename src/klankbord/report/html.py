"""The report as one offline HTML page under a strict content security policy."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from klankbord.files import replacing
from klankbord.report import charts
from klankbord.report.model import Report, Tick
from klankbord.report.wording import Wording
from klankbord.schema import TONES

if TYPE_CHECKING:
    import jinja2
    from markupsafe import Markup

_TEMPLATES = Path(__file__).with_name("templates")


def write_html(report: Report, path: Path) -> None:
    """Write the page, whole or not at all."""
    page = render(report)
    with replacing(path) as temporary:
        temporary.write_bytes(page.encode("utf-8"))


def render(report: Report) -> str:
    """Return the page; the same report gives the same bytes."""
    style, script = _asset("report.css"), _asset("report.js")
    policy = "; ".join(
        (
            "default-src 'none'",
            f"style-src '{_digest(style)}'",
            f"script-src '{_digest(script)}'",
            "img-src data:",
            "base-uri 'none'",
            "form-action 'none'",
        )
    )
    wording = Wording(report.language)
    return (
        _environment()
        .get_template("report.html.j2")
        .render(
            report=report,
            t=wording,
            pictures=_pictures(report, wording),
            policy=policy,
            style=_trusted(style),
            script=_trusted(script),
        )
    )


@cache
def _environment() -> jinja2.Environment:
    import jinja2

    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        autoescape=jinja2.select_autoescape(default=True, default_for_string=True),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def _asset(name: str) -> str:
    return (_TEMPLATES / name).read_text("utf-8").replace("\r\n", "\n")


def _digest(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _trusted(text: str) -> Markup:
    """Mark our own style, script or picture as not to be escaped; never a customer's words."""
    from markupsafe import Markup

    return Markup(text)  # noqa: S704


def _pictures(report: Report, wording: Wording) -> dict[str, Markup]:
    """Draw every picture, under the name by which a template asks for it."""
    drawn: dict[str, str] = {}
    first = report.overview
    if first.tones:
        drawn["tones"] = charts.tone_bar(
            first.tones, wording("overview.tones"), first.tones_description
        )
    if first.tone_trend:
        title = wording("trend_chart.shares_title")
        drawn["tone-trend"] = charts.trend_chart(first.tone_trend)
        drawn["tone-columns"] = charts.tone_columns(
            first.tone_trend, title, wording("trend_chart.shares_description")
        )
    if first.score_trend:
        drawn["score-trend"] = charts.trend_chart(first.score_trend)
    levels = [Tick(float(at), wording.label("tone", tone)) for at, tone in enumerate(TONES)]
    for shift in report.shifts.rows[: report.shifts.shown]:
        if shift.timeline:
            drawn[f"timeline-{shift.rank}"] = charts.timeline_chart(shift.timeline, levels)
    for theme in report.themes.rows[: report.themes.shown]:
        if theme.spark:
            drawn[f"spark-{theme.theme_id}"] = charts.sparkline(theme.spark)
        if theme.impact.value is not None:
            drawn[f"impact-{theme.theme_id}"] = charts.impact_bar(
                theme.impact, report.themes.impact_scale
            )
    return {name: _trusted(picture) for name, picture in drawn.items()}
