"""The report as one offline HTML page under a strict content security policy."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from klankbord.cells import neutralise
from klankbord.files import replacing
from klankbord.report import charts
from klankbord.report.huddles import huddle_sheet
from klankbord.report.model import Report, Tick
from klankbord.report.wording import Wording, shorten
from klankbord.schema import TONES
from klankbord.settings import Settings

if TYPE_CHECKING:
    import jinja2
    from markupsafe import Markup

    from klankbord.loop.huddle import Huddle

_LONGEST_NOTICE = 160  # characters, on a huddle sheet
_TEMPLATES = Path(__file__).with_name("templates")


def write_html(report: Report, path: Path) -> None:
    """Write the page, whole or not at all."""
    _write(render(report), path)


def write_huddles(
    sheets: Sequence[Huddle], path: Path, *, settings: Settings, notice: str = ""
) -> None:
    """Write huddle sheets as one page to print, each on a sheet of paper of its own."""
    _write(render_huddles(sheets, settings=settings, notice=notice), path)


def render(report: Report, *, paper: bool = False) -> str:
    """Return the page; the same report gives the same bytes.

    For `paper` it comes without a script, in print colours and dated, for the engine that lays out
    the PDF.
    """
    wording = Wording(report.language)
    drawn = _pictures(report, wording)
    if paper:
        drawn = {
            name: charts.for_paper(picture, _print_colours()) for name, picture in drawn.items()
        }
    return _page(
        "report.html.j2",
        ("report.css", "paper.css") if paper else ("report.css",),
        "" if paper else "report.js",
        report=report,
        t=wording,
        pictures={name: _trusted(picture) for name, picture in drawn.items()},
        made=report.as_of.isoformat() if paper else "",
    )


def render_huddles(
    sheets: Sequence[Huddle], *, settings: Settings, notice: str = "", paper: bool = False
) -> str:
    """Return the page of huddle sheets; the same sheets give the same bytes."""
    wording = Wording(settings.language, settings.timezone)
    return _page(
        "huddle.html.j2",
        ("report.css", "huddle.css", "paper.css") if paper else ("report.css", "huddle.css"),
        "",
        made=max((sheet.today.isoformat() for sheet in sheets), default="") if paper else "",
        sheets=[huddle_sheet(sheet, wording) for sheet in sheets],
        company=neutralise(settings.company),
        notice=shorten(notice, _LONGEST_NOTICE),
        language=settings.language,
        t=wording,
    )


def _write(page: str, path: Path) -> None:
    with replacing(path) as temporary:
        temporary.write_bytes(page.encode("utf-8"))


def _page(template: str, styles: Sequence[str], script: str, **values: object) -> str:
    """Fill a template, with its style and script inside and a policy that allows no other."""
    style = "".join(_asset(name) for name in styles)
    code = _asset(script) if script else ""
    policy = "; ".join(
        (
            "default-src 'none'",
            f"style-src '{_digest(style)}'",
            f"script-src '{_digest(code)}'" if code else "script-src 'none'",
            "img-src data:",
            "base-uri 'none'",
            "form-action 'none'",
        )
    )
    found = _environment().get_template(template)
    return found.render(policy=policy, style=_trusted(style), script=_trusted(code), **values)


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


@cache
def _print_colours() -> Mapping[str, str]:
    """Return the colours of the print style by the name of their variable."""
    _, _, style = _asset("report.css").partition("@media print")
    return dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", style))


def _trusted(text: str) -> Markup:
    """Mark our own style, script or picture as not to be escaped; never a customer's words."""
    from markupsafe import Markup

    return Markup(text)  # noqa: S704


def _pictures(report: Report, wording: Wording) -> dict[str, str]:
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
    if report.shows("shifts"):
        drawn |= _timelines(report, wording)
    if report.shows("themes"):
        drawn |= _of_themes(report)
    return drawn


def _timelines(report: Report, wording: Wording) -> dict[str, str]:
    drawn = {}
    levels = [Tick(float(at), wording.label("tone", tone)) for at, tone in enumerate(TONES)]
    for shift in report.shifts.rows[: report.shifts.shown]:
        if shift.timeline:
            drawn[f"timeline-{shift.rank}"] = charts.timeline_chart(shift.timeline, levels)
    return drawn


def _of_themes(report: Report) -> dict[str, str]:
    drawn = {}
    for theme in report.themes.rows[: report.themes.shown]:
        if theme.spark:
            drawn[f"spark-{theme.theme_id}"] = charts.sparkline(theme.spark)
        if theme.impact.value is not None:
            drawn[f"impact-{theme.theme_id}"] = charts.impact_bar(
                theme.impact, report.themes.impact_scale
            )
    return drawn
