"""The only place that prints: data on stdout, notes, errors and progress bars on stderr."""

from __future__ import annotations

import csv
import sys
import tempfile
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from klankbord.errors import EXIT_BUG, KlankbordError

if TYPE_CHECKING:
    from rich.progress import TaskID

    from klankbord.records import Progress


class Format(StrEnum):
    """How a list is printed."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"


def data(text: str) -> None:
    """Print a line of results on stdout."""
    print(text)


def note(text: str, *, quiet: bool = False) -> None:
    """Print a remark on stderr, unless `quiet`."""
    if not quiet:
        print(text, file=sys.stderr)


def ask(question: str, default: str) -> str:
    """Ask on stderr and return the answer, or `default` for an empty one.

    Raises KlankbordError where nobody can answer.
    """
    print(f"{question} [{default}]: ", end="", file=sys.stderr, flush=True)
    answer = sys.stdin.readline()
    if not answer:
        raise KlankbordError(
            "there is nobody to answer the questions",
            hint="run this in a terminal, or write a profile and give it with --profile",
        )
    return answer.strip() or default


def report_error(error: KlankbordError) -> None:
    """Print a known error as one line, with its hint on a second."""
    print(f"error: {error}", file=sys.stderr)
    if error.hint:
        print(f"  try: {error.hint}", file=sys.stderr)


def report_bug(error: Exception) -> int:
    """Write a log of where an unforeseen error arose and return exit code 3.

    The log holds file names, line numbers and exception types only: a message or a local
    variable could hold a customer's words.
    """
    lines = [f"klankbord on Python {sys.version.split()[0]}, {sys.platform}"]
    link: BaseException | None = error
    while link is not None:
        lines.append(f"{type(link).__module__}.{type(link).__qualname__}")
        lines += [
            f"  {frame.filename}:{frame.lineno} in {frame.name}"
            for frame in traceback.extract_tb(link.__traceback__)
        ]
        link = link.__cause__ or link.__context__
    with tempfile.NamedTemporaryFile(
        "w", prefix="klankbord-", suffix=".log", delete=False, encoding="utf-8"
    ) as log:
        log.write("\n".join(lines) + "\n")
    print(
        f"error: this is a bug in klankbord ({type(error).__name__}); "
        f"please report it with {log.name}\n  the log holds no words or names of customers",
        file=sys.stderr,
    )
    return EXIT_BUG


def table(title: str, headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table on stdout: aligned for a person, tab-separated when piped."""
    if not sys.stdout.isatty():
        for row in (headings, *rows):
            print("\t".join(row))
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    drawn = Table(title=title, title_justify="left")
    for heading in headings:
        drawn.add_column(heading)
    for row in rows:
        drawn.add_row(*(Text(cell) for cell in row))
    Console().print(drawn)


def csv_table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print comma-separated values on stdout."""
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(headings)
    writer.writerows(rows)


@contextmanager
def progress_bars(*, quiet: bool) -> Iterator[Progress]:
    """Yield a Progress that draws a bar per stage on stderr; silent when that is no terminal."""
    if quiet or not sys.stderr.isatty():
        from klankbord.records import silent

        yield silent
        return
    from rich import progress as rich
    from rich.console import Console

    tasks: dict[str, TaskID] = {}
    with rich.Progress(
        rich.TextColumn("{task.description}"),
        rich.BarColumn(),
        rich.MofNCompleteColumn(),
        rich.TimeElapsedColumn(),
        rich.TimeRemainingColumn(),
        console=Console(stderr=True),
    ) as bars:

        def show(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = bars.add_task(stage, total=total)
            bars.update(tasks[stage], completed=done, total=total)

        yield show


def path_for_people(path: Path) -> str:
    """Return `path` relative to the working folder where that is shorter."""
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except ValueError:
        return str(path)
