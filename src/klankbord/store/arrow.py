"""Arrow tables to bound rows and back, a batch at a time and without loss."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Connection, Select

BATCH_ROWS = 10_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def bound_rows(table: pa.Table) -> Iterator[list[dict[str, Any]]]:
    """Yield batches of rows to bind: a NaN as null and a text without NUL, as databases have it."""
    for start in range(0, table.num_rows, BATCH_ROWS):
        part = table.slice(start, BATCH_ROWS)
        columns = [_bindable(part.column(name)) for name in part.column_names]
        names = part.column_names
        yield [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]


def _bindable(column: pa.ChunkedArray) -> list[Any]:
    kind = column.type
    if pa.types.is_timestamp(kind):
        column = column.cast(pa.int64())
    elif pa.types.is_floating(kind):
        column = pc.if_else(pc.is_nan(column), pa.scalar(None, kind), column)
    elif pa.types.is_string(kind) and pc.any(pc.match_substring(column, "\0")).as_py():
        column = pc.replace_substring(column, "\0", "")
    elif pa.types.is_list(kind):
        return [None if v is None else to_json(v) for v in column.to_pylist()]
    values: list[Any] = column.to_pylist()
    return values


def read_table(connection: Connection, query: Select[Any], schema: pa.Schema) -> pa.Table:
    """Run `query`, whose columns are those of `schema` in order, into one Arrow table."""
    batches = []
    result = connection.execute(query.execution_options(yield_per=BATCH_ROWS))
    for rows in result.partitions(BATCH_ROWS):
        columns = zip(*rows, strict=True)
        arrays = [
            _from_database(values, field.type)
            for values, field in zip(columns, schema, strict=True)
        ]
        batches.append(pa.record_batch(arrays, schema=schema))
    return pa.Table.from_batches(batches, schema=schema)


def _from_database(values: Sequence[Any], kind: pa.DataType) -> pa.Array:
    if pa.types.is_timestamp(kind):
        return pa.array(values, pa.int64()).cast(kind)
    if pa.types.is_list(kind):
        return pa.array([None if v is None else json.loads(v) for v in values], kind)
    return pa.array(values, kind)


def to_json(value: object) -> str:
    """Write `value` as compact JSON with sorted keys, so that equal values give equal text."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def to_micros(moment: datetime | None) -> int | None:
    """Return microseconds since 1970 UTC; a moment without a zone counts as UTC."""
    if moment is None:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return (moment - _EPOCH) // timedelta(microseconds=1)


def from_micros(micros: int | None) -> datetime | None:
    """Return the UTC moment that `to_micros` took apart."""
    return None if micros is None else _EPOCH + timedelta(microseconds=micros)
