"""`klankbord metrics`: what customers answer, whether they stay, and what they are worth."""

from __future__ import annotations

import shutil
import sys
from typing import TYPE_CHECKING

import typer

from klankbord.cli.choices import check_choice
from klankbord.cli.output import Format, csv_table, data, note, table
from klankbord.cli.workspaces import WORKSPACE, open_workspace
from klankbord.location import Location

if TYPE_CHECKING:
    from klankbord.cli.metric_rows import Cell, Words
    from klankbord.metrics.benchmarks import Claim
    from klankbord.metrics.overview import Overview
    from klankbord.metrics.periods import Period
    from klankbord.settings import Settings

_LABELS, _GROUP, _VALUE = 26, 14, 18  # characters that columns of a drawn table take


def metrics(
    *,
    workspace: Location = WORKSPACE,
    period: str = typer.Option(
        "month", "--period", "-p", help="What one figure covers: week, month, quarter or year."
    ),
    by: str = typer.Option(
        "",
        "--by",
        metavar="GROUP",
        help="Also per segment, channel, journey_stage, account_id, or another column of the "
        "customer table, such as regio.",
        show_default=False,
    ),
    sector: str = typer.Option(
        "",
        "--sector",
        metavar="NAME",
        help="Also what others publish of a sector, such as software, e-commerce or all.",
        show_default=False,
    ),
    last: int = typer.Option(3, "--last", "-n", min=0, help="How many periods; 0 is all."),
    value_per: str = typer.Option(
        "year", "--value-per", help="What the value of a customer is counted over: year or month."
    ),
    form: Format = typer.Option(Format.TABLE, "--format", "-f", help="table, csv or json."),
    quiet: bool = typer.Option(False, "--quiet", "-q", help="No notes."),
) -> None:
    """Show NPS, CSAT, CES, retention, churn, revenue and lifetime value over time.

    Every estimate comes with its 90 % interval, or with what is missing. Scores
    come from feedback, the rest from a customer table read by `analyse`: customer
    id, start date, cancel date, value and, if there, orders and logins per month.

    Examples: klankbord metrics

    klankbord metrics --period quarter --by segment shows which segment leaves.

    klankbord metrics --sector software sets what others publish beside your own
    retention per year, and shows which published figures contradict each other.

    klankbord metrics --last 0 --format csv > cijfers.csv writes every month.
    """
    from klankbord.cli.metric_rows import Words
    from klankbord.metrics.benchmarks import UnknownSectorError, contradictions
    from klankbord.metrics.benchmarks import sector as claims_of
    from klankbord.metrics.overview import UnknownGroupError
    from klankbord.metrics.periods import Period
    from klankbord.settings import load_settings

    check_choice(period, tuple(Period), "--period")
    check_choice(value_per, ("year", "month"), "--value-per")
    settings = load_settings()
    try:
        published = claims_of(sector, settings.language) if sector else ()
        found = _measured(workspace, settings, Period(period), by, last, value_per)
    except (UnknownSectorError, UnknownGroupError) as error:
        raise typer.BadParameter(
            f"'{error}' is not one of {', '.join(error.known)}",
            param_hint="--sector" if isinstance(error, UnknownSectorError) else "--by",
        ) from error
    disputed = contradictions(settings.language) if sector else ()
    words = Words(settings.language, settings.timezone)
    if form is Format.TABLE:
        _tables(found, published, disputed, words, by)
    else:
        _records(found, (*published, *disputed), form)
    for line in words.remarks(found, by=by, published=bool(sector)):
        note(line, quiet=quiet)


def _measured(
    workspace: Location, settings: Settings, period: Period, by: str, last: int, value_per: str
) -> Overview:
    from klankbord.cli.timeline import analysed_at
    from klankbord.metrics.overview import overview
    from klankbord.values import customer_values

    with open_workspace(workspace) as store:
        as_of = analysed_at(store)
        feedback, customers = store.feedback(), store.customers()
    factor = 12 if value_per == "month" else 1
    values = customer_values(feedback, customers)
    return overview(
        feedback,
        customers,
        values={customer: factor * value for customer, value in values.items()},
        as_of=as_of,
        timezone=settings.timezone,
        period=period,
        by=by,
        last=last,
    )


def _tables(
    found: Overview,
    published: tuple[Claim, ...],
    disputed: tuple[Claim, ...],
    words: Words,
    by: str,
) -> None:
    for headings, rows in words.own(found, by, at_once=_periods_at_once(by)):
        table(words.head("own"), headings, rows)
    if published:
        data("")
        table(words.head("benchmarks"), *words.compared(found, published))
        data("")
        table(words.head("contradictions"), *words.disputed(disputed))


def _periods_at_once(by: str) -> int:
    """Return how many periods fit side by side: all of them where nobody looks."""
    if not sys.stdout.isatty():
        return sys.maxsize
    beside = _LABELS + (_GROUP if by else 0)
    return max(1, (shutil.get_terminal_size().columns - beside) // _VALUE)


def _records(found: Overview, claims: tuple[Claim, ...], form: Format) -> None:
    import json

    from klankbord.cli.metric_rows import COLUMNS, claim_record, figure_record

    rows = [figure_record(one) for one in found.figures] + [claim_record(one) for one in claims]
    if form is Format.JSON:
        records = [dict(zip(COLUMNS, row, strict=True)) for row in rows]
        data(json.dumps(records, default=str, ensure_ascii=False, indent=2))
    else:
        csv_table(COLUMNS, [[_written(value) for value in row] for row in rows])


def _written(value: Cell) -> str:
    from klankbord.report.tables import cell

    return str(value).lower() if isinstance(value, bool) else cell(value)
