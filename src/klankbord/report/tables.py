"""Machine-readable exports: CSV and Parquet with fixed English column names.

CSV is UTF-8 without a byte order mark, comma-separated, with CRLF line ends (RFC 4180): the mark
would end up in the first column's name wherever another tool reads the file, and people who
work in Excel have the workbook. Lists inside a cell are joined with ";". Dates are ISO, in the
report's time zone. Where a spreadsheet would run a text as a formula an apostrophe goes before
it: at its start, and behind a semicolon, tab or line break inside it, since Excel in Dutch splits
this file at semicolons and then sees no quotes around the cell. Numbers are left alone.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from klankbord.arrays import places
from klankbord.cells import neutral
from klankbord.files import replacing
from klankbord.records import Action, Driver, Quote, RejectedRow, Theme, ToneShift
from klankbord.report.order import by_owner, by_theme, tone_by_theme
from klankbord.report.parquet import groups, rows_of, sorted_rows, write_groups
from klankbord.report.satisfaction import Satisfaction
from klankbord.report.wording import Wording, shorten
from klankbord.themes.breakdown import Breakdown

SHIFT_COLUMNS = (
    "rank",
    "customer_id",
    "kind",
    "before_tone",
    "after_tone",
    "before_date",
    "after_date",
    "probability",
    "expected_fdr",
    "value_eur",
    "channels",
    "before_quote",
    "after_quote",
    "explanation",
)
THEME_COLUMNS = (
    "theme_id",
    "parent_id",
    "label",
    "keywords",
    "mentions",
    "share",
    "trend",
    "impact",
    "impact_low",
    "impact_high",
    "value_eur",
    "owner",
    "quote_1",
    "quote_2",
    "quote_3",
    "score_metric",
    "shrunk",
    "importance",
    "at_stake",
    "tone_impact",
    "tone_low",
    "tone_high",
)
BREAKDOWN_COLUMNS = (
    "theme_id",
    "dimension",
    "value",
    "mentions",
    "feedback",
    "share",
    "share_low",
    "share_high",
    "verdict",
    "score",
    "score_low",
    "score_high",
    "difference",
    "difference_low",
    "difference_high",
)
ACTION_COLUMNS = (
    "action_id",
    "loop",
    "kind",
    "customer_id",
    "theme_id",
    "owner",
    "due",
    "priority",
    "status",
    "reason",
    "evidence",
    "wel_niet_later",
    "draft",
)
REJECTED_COLUMNS = ("file", "row", "column", "reason", "raw")
SEGMENT_COLUMNS = (
    "feedback_id",
    "segment",
    "start",
    "end",
    "text",
    "tone",
    "valence",
    "theme_id",
)

_LONGEST_QUOTE = 1_000  # characters; Excel cuts a cell off at 32,767

Cell = str | float | int | date | None


def write_tables(
    folder: Path,
    *,
    feedback: pa.Table,
    scores: pa.Table,
    segments: pa.Table,
    shifts: Sequence[ToneShift],
    themes: Sequence[Theme],
    drivers: Sequence[Driver],
    actions: Sequence[Action],
    rejected: Sequence[RejectedRow],
    breakdown: Breakdown | None = None,
    satisfied: Sequence[Satisfaction] = (),
    timezone: str = "Europe/Amsterdam",
    original_ids: Mapping[str, str] | None = None,
) -> tuple[Path, ...]:
    """Write the exports into `folder` and return their paths: seven, or six without a breakdown.

    `original_ids` maps pseudonyms to the customer and account ids to write instead; without it
    pseudonyms stay.
    """
    wording = Wording("nl", timezone, dict(original_ids or {}))
    csvs: dict[str, tuple[Sequence[str], Iterable[Sequence[Cell]]]] = {
        "toonverschuivingen.csv": (SHIFT_COLUMNS, shift_rows(shifts, wording)),
        "themas.csv": (THEME_COLUMNS, _theme_rows(themes, drivers)),
        "acties.csv": (ACTION_COLUMNS, _action_rows(actions, wording)),
        "afgekeurd.csv": (REJECTED_COLUMNS, _rejected_rows(rejected)),
    }
    if breakdown is not None:
        rows = breakdown_rows(breakdown, satisfied)
        csvs["themas_uitsplitsing.csv"] = (BREAKDOWN_COLUMNS, rows)
    for name, (columns, rows) in csvs.items():
        write_csv(folder / name, columns, rows)
    tables = {
        "feedback.parquet": feedback_with_scores(feedback, scores, wording.original_ids),
        "segmenten.parquet": _by_id(segments),
    }
    for name, parts in tables.items():
        write_groups(folder / name, parts)
    return tuple(folder / name for name in (*csvs, *tables))


def write_csv(path: Path, columns: Sequence[str], rows: Iterable[Sequence[Cell]]) -> None:
    """Write one CSV file, whole or not at all."""
    with (
        replacing(path) as temporary,
        temporary.open("w", encoding="utf-8", errors="replace", newline="") as stream,
    ):
        writer = csv.writer(stream)
        writer.writerow(columns)
        writer.writerows([cell(value) for value in row] for row in rows)


def feedback_with_scores(
    feedback: pa.Table, scores: pa.Table, original_ids: Mapping[str, str] | None = None
) -> Iterator[pa.Table]:
    """Yield every piece of feedback with its scores (null without words), by date and id."""
    ordered = sorted_rows(feedback, "received_at", "feedback_id")
    at = places(feedback["feedback_id"], scores["feedback_id"])
    scores = scores.drop_columns("feedback_id")
    for start, count in groups(len(ordered)):
        rows = ordered[start : start + count]
        part, scored = rows_of(feedback, rows), rows_of(scores, at[rows])
        for name in ("customer_id", "account_id") if original_ids else ():
            place = part.column_names.index(name)
            part = part.set_column(place, name, _reveal(part[name], original_ids or {}))
        for name in scored.column_names:
            part = part.append_column(name, scored[name])
        yield part


def _by_id(segments: pa.Table) -> Iterator[pa.Table]:
    """Yield the segments by id of their feedback and place in it."""
    segments = segments.select(SEGMENT_COLUMNS)
    ordered = sorted_rows(segments, "feedback_id", "segment")
    for start, count in groups(len(ordered)):
        yield rows_of(segments, ordered[start : start + count])


def _reveal(column: pa.ChunkedArray, original_ids: Mapping[str, str]) -> pa.ChunkedArray:
    coded = pc.dictionary_encode(column.combine_chunks())
    names = [original_ids.get(name, name) for name in coded.dictionary.to_pylist()]
    return pa.chunked_array([pa.array(names, pa.string()).take(coded.indices)])


def cell(value: Cell) -> str:
    """Write one value as the exports do."""
    if value is None:
        return ""
    if isinstance(value, str):
        return neutral(value)
    if isinstance(value, date):
        return value.isoformat()
    return repr(round(value, 6))


def shift_rows(shifts: Sequence[ToneShift], wording: Wording) -> Iterable[Sequence[Cell]]:
    """Yield the rows of `toonverschuivingen.csv`, in the order of SHIFT_COLUMNS."""
    for rank, shift in enumerate(shifts, start=1):
        yield (
            rank,
            wording.original_ids.get(shift.customer_id, shift.customer_id),
            shift.kind,
            shift.before,
            shift.after,
            wording.local_day(shift.before_at),
            wording.local_day(shift.after_at),
            shift.probability,
            shift.expected_fdr,
            shift.value_eur,
            ";".join(shift.channels),
            _words(shift.before_quote),
            _words(shift.after_quote),
            wording.reveal(shift.explanation),
        )


def _theme_rows(themes: Sequence[Theme], drivers: Sequence[Driver]) -> Iterable[Sequence[Cell]]:
    """Yield the rows of `themas.csv`, in the order of THEME_COLUMNS.

    Impact, shrunk and at_stake are in points of score_metric, importance is a share (0 … 1), and
    tone_impact is in valence, of complaints against the average complaint (see Driver).
    """
    measured, tones = by_theme(drivers), tone_by_theme(drivers)
    for theme in sorted(themes, key=lambda theme: (-theme.mentions, theme.theme_id)):
        driver, tone = measured.get(theme.theme_id), tones.get(theme.theme_id)
        quotes = [_words(quote) for quote in theme.quotes[:3]]
        yield (
            theme.theme_id,
            theme.parent_id,
            theme.label,
            ";".join(theme.keywords),
            theme.mentions,
            theme.share,
            theme.trend,
            driver.impact if driver else None,
            driver.impact_low if driver else None,
            driver.impact_high if driver else None,
            theme.value_eur,
            theme.owner,
            *(quotes + [""] * (3 - len(quotes))),
            *(
                (driver.score_metric, driver.shrunk, driver.importance, driver.at_stake)
                if driver
                else (None,) * 4
            ),
            *((tone.impact, tone.impact_low, tone.impact_high) if tone else (None,) * 3),
        )


def breakdown_rows(
    breakdown: Breakdown, satisfied: Sequence[Satisfaction]
) -> Iterable[Sequence[Cell]]:
    """Yield the rows of `themas_uitsplitsing.csv`, in the order of BREAKDOWN_COLUMNS.

    Beside the dimensions of feedback there are "score" (its value the metric, its mentions those
    with a score) and "ai_answer" (share of the AI answers; difference with that of customers).
    """
    nothing = (None,) * 3
    for cell in breakdown.cells:
        share = (cell.share, cell.share_low, cell.share_high)
        key = (cell.theme_id, cell.dimension, cell.value)
        yield (*key, cell.mentions, cell.feedback, *share, cell.verdict, *nothing, *nothing)
    for found in satisfied:
        verdict = "te weinig gegevens" if found.value is None else ""
        key = (found.theme_id, "score", found.metric)
        score = (found.value, found.low, found.high)
        yield (*key, found.answers, None, *nothing, verdict, *score, *nothing)
    for gap in breakdown.gap:
        key = (gap.theme_id, "ai_answer", "ai_answer")
        share = (gap.answers, None, None)
        difference = (gap.difference, gap.low, gap.high)
        yield (*key, None, breakdown.answers, *share, "", *nothing, *difference)


def _action_rows(actions: Sequence[Action], wording: Wording) -> Iterable[Sequence[Cell]]:
    for action in by_owner(actions):
        customer = action.customer_id or ""
        yield (
            action.action_id,
            action.loop,
            action.kind,
            wording.original_ids.get(customer, customer),
            action.theme_id,
            action.owner,
            action.due,
            action.priority,
            action.status,
            wording.reveal(action.reason),
            ";".join(action.evidence),
            wording.reveal(action.wel_niet_later),
            wording.reveal(action.draft),
        )


def _rejected_rows(rejected: Sequence[RejectedRow]) -> Iterable[Sequence[Cell]]:
    for row in rejected:
        yield row.file, row.row, row.column, row.reason, row.raw


def _words(quote: Quote | None) -> str:
    text = quote.text if quote else ""
    return shorten(text, _LONGEST_QUOTE) if len(text) > _LONGEST_QUOTE else text
