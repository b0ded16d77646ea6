"""Large tables to Parquet, a group of rows at a time, so that no second one is ever in memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from klankbord.arrays import to_numpy
from klankbord.files import replacing

GROUP_ROWS = 131_072  # of a file, read and written together


def write_parquet(path: Path, table: pa.Table) -> None:
    """Write one Parquet file, whole or not at all; the same rows give the same bytes."""
    write_groups(path, (table.slice(*group) for group in groups(table.num_rows)))


def write_groups(path: Path, parts: Iterable[pa.Table]) -> None:
    """Write one Parquet file of one group a part, whole or not at all; one part at least."""
    rest = iter(parts)
    first = next(rest)
    with (
        replacing(path) as temporary,
        pq.ParquetWriter(temporary, first.schema, compression="zstd") as writer,
    ):
        writer.write_table(first.combine_chunks(), row_group_size=GROUP_ROWS)
        for part in rest:
            writer.write_table(part.combine_chunks(), row_group_size=GROUP_ROWS)


def groups(rows: int) -> Iterator[tuple[int, int]]:
    """Yield where each group of rows starts and how many it may hold; one where there are none."""
    for start in range(0, max(rows, 1), GROUP_ROWS):
        yield start, GROUP_ROWS


def rows_of(table: pa.Table, rows: np.ndarray) -> pa.Table:
    """Return rows of `table` in this order, each at most once; -1 makes a row of nulls.

    Only what is asked for is copied; taking from a column in many chunks would copy all of it.
    """
    first = int(rows[0]) if len(rows) else 0
    if first >= 0 and np.array_equal(rows, np.arange(first, first + len(rows))):
        return table.slice(first, len(rows))
    there = np.flatnonzero(rows >= 0)
    wanted = np.zeros(table.num_rows, dtype=bool)
    wanted[rows[there]] = True
    place = np.zeros(len(rows), dtype=np.int64)
    place[there[np.argsort(rows[there])]] = np.arange(len(there))
    return table.filter(pa.array(wanted)).take(pa.array(place, mask=rows < 0))


def sorted_rows(table: pa.Table, *columns: str) -> np.ndarray:
    """Return the rows by these columns, ascending, nulls last."""
    keys = [(column, "ascending") for column in columns]
    return np.asarray(to_numpy(pc.sort_indices(table, sort_keys=keys)), dtype=np.int64)
