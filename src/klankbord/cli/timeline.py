"""One customer's tone over time as a picture of characters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from klankbord.cli.output import Format, csv_table, data, note, table
from klankbord.errors import WorkspaceError

if TYPE_CHECKING:
    import pyarrow as pa

    from klankbord.records import ToneShift
    from klankbord.report.wording import Wording
    from klankbord.settings import Settings
    from klankbord.shifts import CustomerTimeline, TimelinePoint
    from klankbord.store import Workspace

COLUMNS = ("date", "channel", "tone", "mean_rank", "low", "high", "feedback_id", "quote")
SHOWN = ("date", "channel", "tone", "quote")
QUOTE_LENGTH = 100
MOST_COLUMNS, LEAST_COLUMNS = 60, 12
DOT, BAND = "●", "░"


def analysed_at(store: Workspace) -> datetime:
    """Return the moment of the latest analysis; raises WorkspaceError where there was none."""
    from klankbord.outputs import latest_run

    return latest_run(store).as_of


def show(store: Workspace, customer: str, settings: Settings, form: Format) -> None:
    """Print the timeline of one customer, and why they are on the list or not.

    `customer` is the name in the list, or the original id where the key file is here. Raises
    WorkspaceError where nobody is called so.
    """
    import json

    from klankbord.report.wording import Wording
    from klankbord.shifts import timeline

    wording = Wording(settings.language, settings.timezone, {})
    moment = analysed_at(store)
    feedback = store.feedback()
    name = _named(customer, feedback, settings)
    line = timeline(feedback, store.scores(), name, as_of=moment, timezone=settings.timezone)
    shifts = [shift for shift in store.shifts() if shift.customer_id == name]
    rows = _rows(line.points, feedback, wording)
    if form is Format.JSON:
        found = {
            "customer_id": name,
            "timeline": [dict(zip(COLUMNS, row, strict=True)) for row in rows],
            "tone_shifts": [_reason(shift) for shift in shifts],
        }
        data(json.dumps(found, ensure_ascii=False, indent=2))
        return
    if form is Format.CSV:
        csv_table(COLUMNS, [[str(value) for value in row] for row in rows])
        return
    _for_people(line, rows, shifts, wording)


def _for_people(
    line: CustomerTimeline,
    rows: Sequence[Sequence[Any]],
    shifts: Sequence[ToneShift],
    wording: Wording,
) -> None:
    from klankbord.cells import neutralise
    from klankbord.schema import TONES

    if points := line.points:
        levels = [wording.label("tone", tone) for tone in TONES]
        first, last = (wording.local_day(points[at].received_at) for at in (0, -1))
        ends = (wording.day(first), wording.day(last) if last != first else "")
        data("\n".join(picture(points, levels, ends)))
        places = [COLUMNS.index(column) for column in SHOWN]
        table("", SHOWN, [[str(row[place]) for place in places] for row in rows])
    for shift in shifts:
        data(f"{wording.label('kind', shift.kind)}: {neutralise(shift.explanation)}")
    if not shifts:
        note(wording("timeline.no_shift" if line.judged else "timeline.too_few"))


def _named(customer: str, feedback: pa.Table, settings: Settings) -> str:
    """Return the name in the tables of a customer given by that name or by the original id."""
    import pyarrow.compute as pc

    from klankbord.privacy import Pseudonymiser, default_key_path

    known = set(pc.unique(feedback["customer_id"]).to_pylist())
    if customer in known:
        return customer
    key = Path(settings.key_file) if settings.key_file else default_key_path()
    if key.is_file():  # asking for it would make one
        name = Pseudonymiser.from_key_file(key).pseudonym("customer_id", customer)
        if name in known:
            return str(name)
    raise WorkspaceError(
        "no customer of that name or id has said anything", hint="klankbord flags lists names"
    )


def _rows(
    points: Sequence[TimelinePoint], feedback: pa.Table, wording: Wording
) -> list[tuple[Any, ...]]:
    import pyarrow as pa
    import pyarrow.compute as pc

    from klankbord.report.wording import shorten

    ids = pa.array([point.feedback_id for point in points], pa.string())
    said = feedback.filter(pc.is_in(feedback["feedback_id"], ids))
    verbatim: Mapping[str, str] = dict(
        zip(said["feedback_id"].to_pylist(), said["verbatim"].to_pylist(), strict=True)
    )
    return [
        (
            wording.local_day(point.received_at).isoformat(),
            point.channel,
            point.tone.value,
            round(point.mean_rank, 3),
            round(point.low, 3),
            round(point.high, 3),
            point.feedback_id,
            shorten(verbatim[point.feedback_id], QUOTE_LENGTH),
        )
        for point in points
    ]


def _reason(shift: ToneShift) -> dict[str, Any]:
    return {
        "kind": shift.kind.value,
        "probability": shift.probability,
        "before_tone": shift.before.value,
        "after_tone": shift.after.value,
        "explanation": shift.explanation,
    }


def picture(
    points: Sequence[TimelinePoint], levels: Sequence[str], ends: tuple[str, str]
) -> list[str]:
    """Draw the points, first to last, beside a name for each level (lowest first).

    `ends` are the first and the last day in words.

    A dot stands at the tone the whole history gives a day, shade where it lies with 80 % chance.
    """
    columns = _columns(points)
    width = max(columns) + 1
    rows = [[" "] * width for _ in levels]
    for point, column in zip(points, columns, strict=True):
        for level in range(round(point.low), round(point.high) + 1):
            if rows[level][column] == " ":
                rows[level][column] = BAND
        rows[round(point.mean_rank)][column] = DOT
    margin = max(len(name) for name in levels)
    lines = [
        f"{name:>{margin}} ┤ {''.join(row).rstrip()}".rstrip()
        for name, row in zip(reversed(levels), reversed(rows), strict=True)
    ]
    apart = max(1, width - len(ends[0]) - len(ends[1]))
    axis = f"{'':>{margin}} └{'─' * (width + 1)}"
    return [*lines, axis, f"{'':>{margin}}   {ends[0]}{' ' * apart}{ends[1]}".rstrip()]


def _columns(points: Sequence[TimelinePoint]) -> list[int]:
    """Return the column of each point by its moment; two days never share one where both fit."""
    days = sorted({point.received_at.date() for point in points})
    width = min(MOST_COLUMNS, max(LEAST_COLUMNS, 4 * len(days)))
    first, last = points[0].received_at, points[-1].received_at
    span = max((last - first).total_seconds(), 1.0)

    def place(moment: datetime) -> int:
        return round((moment - first).total_seconds() / span * (width - 1))

    columns: dict[object, int] = {}
    previous = -1
    for point in points:
        day = point.received_at.date()
        if day not in columns:
            previous = max(place(point.received_at), previous + 1 if len(days) <= width else 0)
            columns[day] = previous
    return [columns[point.received_at.date()] for point in points]
