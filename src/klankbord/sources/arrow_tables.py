"""Build Arrow tables of a schema from lists with a value per row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

import pyarrow as pa

from klankbord.schema import FEEDBACK

Values: TypeAlias = Mapping[str, Sequence[object]]  # column -> a value per row


def answers_table(
    whole: Values,
    parts: Sequence[Values],
    kept: Sequence[Sequence[int]],
) -> pa.Table:
    """Join rows with their answers, those of one row after each other.

    `parts` has the columns of each question and `kept` the places of its answers.
    """
    if len(parts) == 1:
        return rows_table({**whole, **parts[0]}, FEEDBACK, kept[0])
    places = [(at, number) for number, each in enumerate(kept) for at in each]
    places.sort()
    of_row = pa.array([at for at, _ in places], pa.int64())
    values = {
        each.name: _array(whole[each.name], each.type).take(of_row)
        for each in FEEDBACK
        if each.name in whole
    }
    for name in parts[0]:
        listed = [part[name] for part in parts]
        kind = FEEDBACK.field(name).type
        values[name] = _array([listed[number][at] for at, number in places], kind)
    return _complete(values, FEEDBACK, len(places))


def rows_table(values: Values, schema: pa.Schema, kept: Sequence[int]) -> pa.Table:
    """Return the rows of `values` that are kept; a column of the schema left out is null."""
    rows = len(next(iter(values.values())))
    arrays = {
        each.name: _array(values[each.name], each.type) for each in schema if each.name in values
    }
    if len(kept) < rows:
        places = pa.array(kept, pa.int64())
        arrays = {name: array.take(places) for name, array in arrays.items()}
    return _complete(arrays, schema, len(kept))


def _complete(arrays: Mapping[str, pa.Array], schema: pa.Schema, rows: int) -> pa.Table:
    return pa.table(
        [
            arrays[each.name] if each.name in arrays else pa.nulls(rows, each.type)
            for each in schema
        ],
        schema=schema,
    )


def _array(values: Sequence[object], kind: pa.DataType) -> pa.Array:
    if pa.types.is_timestamp(kind):
        return pa.array(values, type=pa.int64()).cast(kind)
    return pa.array(values, type=kind)
