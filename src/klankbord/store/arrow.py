"""Arrow tables to bound rows and back, a batch at a time and without loss."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Connection, CursorResult, Insert, Select

BATCH_ROWS = 10_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def bound_rows(table: pa.Table) -> Iterator[list[dict[str, Any]]]:
    """Yield batches of rows to bind: a NaN as null and a text without NUL, as databases have it."""
    names = table.column_names
    for rows in _bound(table, names):
        yield [dict(zip(names, row, strict=True)) for row in rows]


def execute_each(connection: Connection, statement: Insert, table: pa.Table) -> int:
    """Execute an insert with every row of `table`; return how many rows it changed.

    The driver gets the rows as they are: SQLAlchemy takes each of them apart by itself, which is
    most of the time that storing takes.
    """
    compiled = statement.compile(dialect=connection.dialect, column_keys=table.column_names)
    changed = 0
    for rows in _bound(table, compiled.positiontup or table.column_names):
        bound = rows if compiled.positional else [_named(table, row) for row in rows]
        changed += connection.exec_driver_sql(str(compiled), bound).rowcount
    return changed


def _named(table: pa.Table, row: tuple[Any, ...]) -> dict[str, Any]:
    return dict(zip(table.column_names, row, strict=True))


def _bound(table: pa.Table, names: Sequence[str]) -> Iterator[list[tuple[Any, ...]]]:
    for start in range(0, table.num_rows, BATCH_ROWS):
        part = table.slice(start, BATCH_ROWS)
        yield list(zip(*(bindable(part.column(name)) for name in names), strict=True))


def bindable(column: pa.ChunkedArray) -> list[Any]:
    """Return the values of a column as a database takes them; see `bound_rows`."""
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
    with connection.execute(_streamed(connection, query)) as result:
        while rows := _fetched(result):
            columns = zip(*rows, strict=True)
            arrays = [
                _from_database(values, field.type)
                for values, field in zip(columns, schema, strict=True)
            ]
            batches.append(pa.record_batch(arrays, schema=schema))
    return pa.Table.from_batches(batches, schema=schema)


def _streamed(connection: Connection, query: Select[Any]) -> Select[Any]:
    """Let a server send its rows in parts; SQLite does so by itself."""
    if connection.dialect.name == "sqlite":
        return query
    return query.execution_options(yield_per=BATCH_ROWS)


def _fetched(result: CursorResult[Any]) -> Sequence[Sequence[Any]]:
    """Return the next rows; from SQLite as they are, since a Row of each is half the time."""
    if result.dialect.name == "sqlite" and result.cursor is not None:
        return result.cursor.fetchmany(BATCH_ROWS)
    return result.fetchmany(BATCH_ROWS)


def _from_database(values: Sequence[Any], kind: pa.DataType) -> pa.Array:
    if pa.types.is_timestamp(kind):
        return pa.array(values, pa.int64()).cast(kind)
    if pa.types.is_boolean(kind):  # SQLite has numbers
        return pa.array([None if v is None else bool(v) for v in values], kind)
    if pa.types.is_list(kind):
        lists = ",".join("null" if v is None else v for v in values)
        return pa.array(json.loads(f"[{lists}]"), kind)
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
