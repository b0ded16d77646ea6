"""What customers praise, as `klankbord themes list --praise` prints it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from klankbord.cells import neutralise
from klankbord.cli.output import Format, csv_table, data, note, progress_bars, table
from klankbord.cli.theme_page import QUOTES, quote_records
from klankbord.cli.timeline import analysed_at
from klankbord.cli.workspaces import open_workspace
from klankbord.location import Location
from klankbord.report.tables import cell
from klankbord.report.wording import Wording, shorten

if TYPE_CHECKING:
    from datetime import datetime

    from klankbord.records import Theme
    from klankbord.settings import Settings

HEADINGS = ("praise", "mentions", "share", "quotes")
COLUMNS = ("label", "mentions", "share", "keywords", "quote_1", "quote_2", "quote_3")
QUOTE_LENGTH = 120


def show_praise(workspace: Location, settings: Settings, form: Format, *, quiet: bool) -> None:
    """Find and print what customers praise; nothing is kept.

    Raises WorkspaceError where nothing has been analysed yet.
    """
    from klankbord import tone
    from klankbord.language.dutch import NounPhrases
    from klankbord.models import load_dutch, load_encoder
    from klankbord.themes.praise import FEWEST, praise, praising

    with open_workspace(workspace) as store:
        moment = analysed_at(store)
        feedback = _until(store.feedback(), moment)
        scores = tone.with_labels(store.scores(), store.tone_labels())
        segments = store.segments()
    pieces = praising(feedback, scores, segments)
    found: tuple[Theme, ...] = ()
    if pieces >= FEWEST:
        note(f"grouping {pieces} pieces of feedback with praise", quiet=quiet)
        with progress_bars(quiet=quiet) as progress:
            found = praise(
                feedback,
                scores,
                segments,
                load_encoder(settings.encoder),
                timezone=settings.timezone,
                phrases=NounPhrases(load_dutch),
                progress=progress,
            )
    _print(found, form, Wording(settings.language, settings.timezone))
    if pieces < FEWEST:
        told = f"{pieces} pieces of feedback with praise: too few to group ({FEWEST} are needed)"
    else:
        told = f"{len(found)} groups in {pieces} pieces of feedback with praise"
    note(told, quiet=quiet)


def _until(feedback: pa.Table, moment: datetime) -> pa.Table:
    """Leave out what is dated after the latest analysis, as that analysis did."""
    received = feedback.column("received_at")
    later = pc.greater(received, pa.scalar(moment, received.type))
    return feedback.filter(pc.invert(pc.fill_null(later, False)))


def _print(found: tuple[Theme, ...], form: Format, wording: Wording) -> None:
    if form is Format.JSON:
        records = [_record(theme, wording) for theme in found]
        data(json.dumps(records, ensure_ascii=False, indent=2))
    elif form is Format.CSV:
        csv_table(COLUMNS, [_cells(theme) for theme in found])
    else:
        table("", HEADINGS, [row for theme in found for row in _rows(theme)])


def _record(theme: Theme, wording: Wording) -> dict[str, Any]:
    return {
        "label": neutralise(theme.label),
        "mentions": theme.mentions,
        "share": round(theme.share, 6),
        "keywords": [neutralise(word) for word in theme.keywords],
        "quotes": quote_records(theme.quotes, wording),
    }


def _cells(theme: Theme) -> list[str]:
    quotes = [quote.text for quote in theme.quotes[:QUOTES]]
    quotes += [""] * (QUOTES - len(quotes))
    words = [cell(neutralise(text)) for text in (", ".join(theme.keywords), *quotes)]
    return [cell(neutralise(theme.label)), cell(theme.mentions), cell(theme.share), *words]


def _rows(theme: Theme) -> list[tuple[str, ...]]:
    """Return a row for people, with a row below it for each further quote."""
    quotes = [f"“{shorten(quote.text, QUOTE_LENGTH)}”" for quote in theme.quotes[:QUOTES]]
    first = (neutralise(theme.label), str(theme.mentions), f"{theme.share:.1%}")
    return [
        ((*first, quote) if not place else ("", "", "", quote))
        for place, quote in enumerate(quotes or [""])
    ]
