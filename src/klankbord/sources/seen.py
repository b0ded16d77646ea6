"""The columns of a table as they are seen before anyone says what they are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from klankbord.errors import UnreadableInputError
from klankbord.schema import Channel
from klankbord.sources.columns import make_plan, undecided
from klankbord.sources.dates import survey
from klankbord.sources.grid import Grid, first_records, text_of

_LOOKED_AT = 2_000


@dataclass(frozen=True)
class SeenColumns:
    """Headers, examples of what stands under them and the roles that are recognised."""

    header: tuple[str, ...]
    examples: tuple[tuple[str, ...], ...]  # per column: different cells, the first ones seen
    roles: Mapping[str, str]  # role -> header
    shape: str
    metric: str  # of the score, "" where there is none
    channel: str
    undecided: frozenset[str]  # headers of dates whose day and month could be either

    def is_ambiguous(self, header: str) -> bool:
        """Tell whether no date under `header` tells the day from the month."""
        return header in self.undecided


def columns_of(grid: Grid, timezone: str) -> SeenColumns:
    """Describe the columns of `grid` from its first rows."""
    rows = first_records(grid, _LOOKED_AT)
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(grid.header)
    examples = tuple(
        tuple(islice(dict.fromkeys(filter(None, map(text_of, column))), 5)) for column in columns
    )
    try:
        plan = make_plan(grid, None, grid.shape, timezone)
        roles, metric, channel = dict(plan.shown), plan.metric, plan.channel
    except UnreadableInputError:  # no text or score was recognised: that is what is asked
        roles, metric, channel = {}, "", str(Channel.SURVEY)
    either = frozenset(
        header
        for header, column in zip(grid.header, columns, strict=True)
        if undecided(survey(column))
    )
    return SeenColumns(grid.header, examples, roles, grid.shape, metric, channel, either)


def shape_of(path: Path) -> str:
    """Return the `Grid.shape` of the table in `path`, "" where there is none."""
    from klankbord.sources.detect import open_grid

    try:
        grid = open_grid(path)
    except UnreadableInputError:
        return ""
    return grid.shape if grid is not None else ""


def seen_columns(path: Path, timezone: str) -> SeenColumns:
    """Return the columns of the table in `path`.

    Raises UnreadableInputError where it is no table, or an export that needs no mapping.
    """
    from klankbord.sources.detect import open_grid

    grid = open_grid(path)
    if grid is None:
        raise UnreadableInputError(
            "this file has no columns to map", where=str(path), hint="import it without --map"
        )
    return columns_of(grid, timezone)
