"""The report as a PDF with numbered pages, bookmarks and tags, laid out from its own page.

WeasyPrint was weighed against printing through an installed browser. It comes with pip (BSD, ten
packages; beside them Pango, which a Linux desktop has), fetches only what we allow, which is
nothing, writes the same bytes for the same page and keeps headings, language and the descriptions
of pictures. A browser is hundreds of megabytes, writes the time of printing into the file, and has
to be kept from its network and from local files by other means. The price is time: half a second a
page.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from klankbord.errors import MissingExtraError
from klankbord.files import replacing
from klankbord.report.html import render, render_huddles
from klankbord.report.model import Report
from klankbord.settings import Settings

if TYPE_CHECKING:
    from klankbord.loop.huddle import Huddle

_NEEDED = "a PDF needs WeasyPrint"
_INSTALL = "pip install 'klankbord[pdf]'"
_PANGO = "apt install libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0; brew install pango"


def check_paper() -> None:
    """Raise MissingExtraError where no PDF can be made, before any work is done for it."""
    try:
        import weasyprint  # noqa: F401
    except ModuleNotFoundError:
        raise MissingExtraError(_NEEDED, hint=_INSTALL) from None
    except OSError:
        raise MissingExtraError("a PDF needs Pango, which is not here", hint=_PANGO) from None


def write_pdf(report: Report, path: Path) -> None:
    """Write the page as a PDF, whole or not at all; same report and fonts, same bytes."""
    _write(render(report, paper=True), path)


def write_huddles_pdf(
    sheets: Sequence[Huddle], path: Path, *, settings: Settings, notice: str = ""
) -> None:
    """Write huddle sheets as a PDF, each on a page of its own."""
    _write(render_huddles(sheets, settings=settings, notice=notice, paper=True), path)


def _write(page: str, path: Path) -> None:
    check_paper()
    from weasyprint import HTML
    from weasyprint.urls import URLFetcher

    logging.getLogger("weasyprint").setLevel(logging.CRITICAL)  # else it would quote customers
    nothing = URLFetcher(allowed_protocols=())
    with replacing(path) as temporary:
        HTML(string=page, url_fetcher=nothing).write_pdf(temporary, pdf_tags=True)
