"""The only place that prints: data on stdout, notes, errors and progress bars on stderr."""

from __future__ import annotations

import csv
import re
import sys
import tempfile
import traceback
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from klankbord.cells import neutral, neutralise
from klankbord.errors import EXIT_BUG, KlankbordError

if TYPE_CHECKING:
    from rich.progress import TaskID
    from rich.table import Table

    from klankbord.records import Progress

_BREAKS = re.compile(r"[\t\n\v\f]+")
_NUMBER = re.compile(r"[+-]?\d+(?:[.,]\d+)?(?:e[+-]?\d+)?%?")
_COUNTABLE = 100  # steps of a stage, above which it is told how many a second are done
_NARROWEST = 8  # characters that a column which wraps needs to be readable


class Format(StrEnum):
    """How a list is printed."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"


def data(text: str) -> None:
    """Print a line of results on stdout, on a terminal without what could steer it."""
    print(neutralise(text) if on_terminal() else text)


def note(text: str, *, quiet: bool = False) -> None:
    """Print a remark on stderr, unless `quiet`."""
    if not quiet:
        print(neutralise(text), file=sys.stderr)


def ask(question: str, default: str) -> str:
    """Ask on stderr and return the answer, or `default` for an empty one.

    Raises KlankbordError where nobody can answer.
    """
    print(neutralise(f"{question} [{default}]: "), end="", file=sys.stderr, flush=True)
    answer = sys.stdin.readline()
    if not answer:
        raise KlankbordError(
            "there is nobody to answer the questions",
            hint="run this in a terminal, or write a profile and give it with --profile",
        )
    return answer.strip() or default


def report_error(error: KlankbordError) -> None:
    """Print a known error as one line, with its hint on a second."""
    print(_one_line(f"error: {error}"), file=sys.stderr)
    if error.hint:
        print(_one_line(f"  try: {error.hint}"), file=sys.stderr)


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
        lines += [f"  elsewhere: {place}" for place in getattr(link, "elsewhere", ())]
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


def tell_no_words() -> None:
    """Have Python and libraries print no message of their own: it could hold a customer's words.

    An error in a thread, or on the way out, is reported as any bug is.
    """
    import logging
    import threading
    import warnings

    logging.lastResort = None
    warnings.simplefilter("ignore")
    sys.excepthook = lambda _kind, error, _trace: _uncaught(error)
    sys.unraisablehook = lambda told: _uncaught(told.exc_value)
    threading.excepthook = lambda told: _uncaught(told.exc_value)


def _uncaught(error: BaseException | None) -> None:
    if isinstance(error, Exception):
        report_bug(error)


def on_terminal() -> bool:
    """Tell whether somebody looks at stdout, or a pipe or file takes it."""
    return sys.stdout.isatty()


def table(
    title: str,
    headings: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    whole: Collection[str] = (),
    right: Collection[str] = (),
) -> None:
    """Print a table on stdout: drawn for a person, a tab-separated line per row when piped.

    On a terminal columns wrap and nothing is cut; those with a heading in `whole` (an id, a date)
    stay on one line where that fits. Columns without any content are left out there.
    """
    lines = [[_one_line(cell) for cell in row] for row in rows]
    if not on_terminal():
        for line in ([_one_line(heading) for heading in headings], *lines):
            print("\t".join(line))
        return
    from rich.console import Console

    console = Console(highlight=False)
    filled = [at for at in range(len(headings)) if any(line[at] for line in lines) or not lines]
    shown = [[line[at] for at in filled] for line in lines]
    names = [headings[at] for at in filled]
    console.print(_drawn(title, names, shown, whole, right, console.width))


def _drawn(
    title: str,
    headings: Sequence[str],
    rows: Sequence[Sequence[str]],
    whole: Collection[str],
    right: Collection[str],
    available: int,
) -> Table:
    from rich import box
    from rich.cells import cell_len
    from rich.table import Table
    from rich.text import Text

    columns = list(zip(headings, *rows, strict=True))
    natural = [max(cell_len(cell) for cell in column) for column in columns]
    gap = 2 if sum(natural) + 2 * (len(natural) - 1) <= available else 1
    kept = [width if name in whole else 0 for name, width in zip(headings, natural, strict=True)]
    room = available - sum(kept) - gap * (len(kept) - 1) >= _NARROWEST * kept.count(0)
    widths = _widths(columns, kept, available - gap * (len(kept) - 1))
    drawn = Table(
        title=title or None,
        title_justify="left",
        box=box.SIMPLE_HEAD,
        show_edge=False,
        pad_edge=False,
        padding=(0, gap - 1, 0, 0),
    )
    for name, width in zip(headings, widths, strict=True):
        drawn.add_column(
            Text(_one_line(name)),
            justify="right" if name in right else "left",
            no_wrap=name in whole and room,
            overflow="fold",
            width=width,
        )
    for row in rows:
        drawn.add_row(*(Text(cell) for cell in row))
    return drawn


def _widths(
    columns: Sequence[Sequence[str]], kept: Sequence[int], room: int
) -> Sequence[int | None]:
    """Share out the room so that no word is broken, then so that few cells wrap.

    `kept` are the widths of columns that stay on one line, 0 for those that may wrap. Where there
    is not even room for words the widths are left open.
    """
    words = [max(map(_longest_word, column)) for column in columns]
    found = [width or word for width, word in zip(kept, words, strict=True)]
    if sum(found) > room:
        return [None] * len(found)
    lengths = [_lengths(column) for column in columns]
    while spare := room - sum(found):
        gains = [
            ((_lines(own, width) - _lines(own, width + more)) / more, -at, more)
            for at, (own, width) in enumerate(zip(lengths, found, strict=True))
            for more in range(1, spare + 1)
        ]
        gain, at, more = max(gains)
        if gain <= 0:
            break
        found[-at] += more
    return found


def _lengths(column: Sequence[str]) -> Counter[int]:
    from rich.cells import cell_len

    return Counter(map(cell_len, column))


def _lines(lengths: Counter[int], width: int) -> int:
    """Return how many lines cells of these lengths take, at least."""
    return sum(count * -(-length // max(width, 1)) for length, count in lengths.items())


def _longest_word(cell: str) -> int:
    """Return how wide a column must be for `cell` to break between words, and keep its indent."""
    from rich.cells import cell_len

    indent = len(cell) - len(cell.lstrip())
    return indent + max(map(cell_len, cell.split()), default=0)


def _one_line(text: str) -> str:
    """Drop what can move the cursor or colour the screen, and put a cell on one line."""
    return _BREAKS.sub(" ", neutralise(text))


def csv_table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print comma-separated values on stdout; what a spreadsheet would run stays text."""
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerows([_harmless(cell) for cell in row] for row in (headings, *rows))


def _harmless(cell: str) -> str:
    return cell if _NUMBER.fullmatch(cell) else neutral(neutralise(cell))


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
        rich.TextColumn("{task.fields[rate]}"),
        rich.TimeElapsedColumn(),
        rich.TimeRemainingColumn(),
        console=Console(stderr=True),
    ) as bars:

        def show(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = bars.add_task(stage, total=total, rate="")
            own = tasks[stage]
            bars.update(own, completed=done, total=total)
            speed = next(task.finished_speed or task.speed for task in bars.tasks if task.id == own)
            bars.update(own, rate=_rate(speed) if total > _COUNTABLE else "")

        yield show


def _rate(speed: float | None) -> str:
    """Return how many rows a second that is; "" where nothing is known yet."""
    return f"{speed:,.0f}/s" if speed else ""


def path_for_people(path: Path) -> str:
    """Return `path` relative to the working folder where that is shorter."""
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except ValueError:
        return str(path)
