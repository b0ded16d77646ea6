"""Parquet files, read batch by batch by pyarrow; nested values get dotted names, as in JSON.

What a file says of its columns is read in a child: on a damaged one pyarrow ends the process.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, cast

from klankbord.errors import UnreadableInputError
from klankbord.records import RejectedRow
from klankbord.sources.grid import Cell, Grid, Record, header_names
from klankbord.sources.limits import check_columns, too_well_packed
from klankbord.sources.probing import FINE, probe
from klankbord.sources.text_encoding import clean

if TYPE_CHECKING:
    import pyarrow as pa

_CELLS_AT_ONCE = 20_000
_MOST_ROWS_AT_ONCE = 2_000
_LARGEST_COLUMN = 1 << 30  # unpacked bytes of one column in one row group
_LOOK_MEMORY = 2 << 30  # bytes of address space, most of which pyarrow only reserves
_LOOK = """
import json, pyarrow.parquet
about = pyarrow.parquet.read_metadata(sys.argv[2])
largest = total = 0
repeated = set()
for at in range(about.num_row_groups):
    group = about.row_group(at)
    for one in (group.column(at) for at in range(group.num_columns)):
        largest = max(largest, one.total_uncompressed_size)
        total += one.total_uncompressed_size
        if one.has_dictionary_page and one.physical_type == "BYTE_ARRAY":
            texts = one.data_page_offset - one.dictionary_page_offset
            few = one.total_uncompressed_size < 8 * one.num_values
            if (few or 2 * texts > one.total_compressed_size) and "." not in one.path_in_schema:
                repeated.add(one.path_in_schema)
print(json.dumps([largest, total, sorted(repeated)]))
"""
_DEEPEST = 12
_INDEX = "__index_level_"
_HINT = "export it again, in smaller row groups or as CSV"


def read_parquet(path: Path) -> Grid:
    """Return `path` as a Grid; raises UnreadableInputError where it is damaged or too large."""
    import pyarrow as pa

    schema, repeated = _looked_at(path)
    names: list[tuple[int, str]] = []
    nested: set[str] = set()
    for at, one in enumerate(schema):
        if not one.name.startswith(_INDEX):
            names += [(at, name) for name in _names(one.name, one.type, nested, 0)]
    check_columns(path, len(names))
    header = header_names([name for _, name in names])
    if not header:
        raise UnreadableInputError("this Parquet file has no columns", where=str(path), hint=_HINT)
    withheld = {given for given, (_, name) in zip(header, names, strict=True) if name in nested}
    wanted = sorted({at for at, _ in names})

    def records() -> Iterator[Record | RejectedRow]:
        row = 0
        try:
            for batch in _batches(path, wanted, repeated, len(header)):
                columns = [column for at in range(batch.num_columns)
                           for column in _flat(batch.column(at), 0)]  # fmt: skip
                for cells in zip(*map(_cells, columns), strict=True):
                    row += 1
                    yield row, cells
        except (pa.ArrowException, OSError, ValueError, MemoryError) as error:
            raise _damaged(path) from error

    return Grid(path, "parquet", header, records, {}, nested=frozenset(withheld))


def _looked_at(path: Path) -> tuple[pa.Schema, list[str]]:
    """Return the schema, and the columns with texts that are stored once and pointed at."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    ended, told = probe(_LOOK, str(path), _LOOK_MEMORY)
    if ended != FINE:
        raise _damaged(path)
    largest, total, repeated = json.loads(told)
    if largest > _LARGEST_COLUMN or too_well_packed(total, path.stat().st_size):
        raise UnreadableInputError(
            "this Parquet file unpacks to an absurd size; it is not opened",
            where=str(path),
            hint=_HINT,
        )
    try:
        with pq.ParquetFile(path) as file:
            check_columns(path, file.metadata.num_columns)
            return file.schema_arrow, repeated
    except (pa.ArrowException, OSError, ValueError, KeyError, MemoryError) as error:
        raise _damaged(path) from error


def _batches(
    path: Path, wanted: list[int], repeated: list[str], width: int
) -> Iterator[pa.RecordBatch]:
    """Yield batches of the columns at the places `wanted` among the top-level fields.

    What is `repeated` is not copied for every row.
    """
    import pyarrow.parquet as pq

    with pq.ParquetFile(
        path, pre_buffer=False, buffer_size=1 << 20, read_dictionary=repeated
    ) as file:
        rows = min(_MOST_ROWS_AT_ONCE, max(16, _CELLS_AT_ONCE // width))
        for batch in file.iter_batches(rows, use_threads=False):
            found = batch.select(wanted)
            found.validate(full=True)  # or places outside a damaged dictionary would be read
            yield found


def _names(name: str, kind: pa.DataType, nested: set[str], depth: int) -> Iterator[str]:
    """Yield the names of the flat columns of one field; those that hold records go to `nested`."""
    import pyarrow as pa

    name = clean(name)
    if pa.types.is_struct(kind) and depth < _DEEPEST:
        for inner in kind:
            yield from _names(f"{name}.{inner.name}", inner.type, nested, depth + 1)
        return
    if pa.types.is_nested(kind) and not _is_simple_list(kind):
        nested.add(name)
    yield name


def _is_simple_list(kind: pa.DataType) -> bool:
    import pyarrow as pa

    return _is_list(kind) and not pa.types.is_nested(kind.value_type)


def _is_list(kind: pa.DataType) -> bool:
    import pyarrow as pa

    types = pa.types
    return bool(types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind))


def _flat(column: pa.Array, depth: int) -> Iterator[pa.Array]:
    """Yield the columns inside a column of structs, else the column itself."""
    import pyarrow as pa

    if pa.types.is_struct(column.type) and depth < _DEEPEST:
        for inner in column.flatten():
            yield from _flat(inner, depth + 1)
        return
    yield column


def _cells(column: pa.Array) -> list[Cell]:
    import pyarrow as pa

    kind = column.type
    if pa.types.is_dictionary(kind):
        if pa.types.is_nested(kind.value_type) or len(column.dictionary) > 4 * len(column):
            return _cells(column.dictionary_decode())
        values = _cells(column.dictionary)
        return [None if at is None else values[at] for at in column.indices.to_pylist()]
    if pa.types.is_timestamp(kind):
        return _moments(column)
    if pa.types.is_duration(kind):
        return [None if value is None else str(value) for value in column.cast("int64").to_pylist()]
    if pa.types.is_nested(kind):
        return [_nested(value) for value in column.to_pylist()]
    return [_cell(value) for value in column.to_pylist()]


def _moments(column: pa.Array) -> list[Cell]:
    """Return timestamps; one outside the years of Python comes as a number, and so is rejected."""
    import pyarrow as pa

    rough = column.cast(pa.timestamp("us", column.type.tz), safe=False)
    try:
        moments: list[Cell] = rough.to_pylist()
    except (ValueError, OverflowError, pa.ArrowException):
        return [None if value is None else str(value) for value in rough.cast("int64").to_pylist()]
    return moments


def _cell(value: object) -> Cell:
    if isinstance(value, str):
        return value if value.isascii() and "\x00" not in value else clean(value)
    if isinstance(value, float) and value != value:
        return None
    if isinstance(value, Decimal):
        return float(value) if value.is_finite() else None
    if isinstance(value, bytes):
        return clean(value.decode("utf-8", "replace"))
    return cast("Cell", value)


def _nested(value: object) -> Cell:
    if value is None:
        return None
    if isinstance(value, list) and not any(isinstance(x, list | dict | tuple) for x in value):
        return clean("; ".join("" if part is None else str(_cell(part)) for part in value))
    return clean(json.dumps(value, ensure_ascii=False, sort_keys=True, default=_plain))


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value)


def _damaged(path: Path) -> UnreadableInputError:
    return UnreadableInputError(
        "this Parquet file is damaged, cut off or encrypted", where=str(path), hint=_HINT
    )
