"""Arrow columns as numpy arrays and as codes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray


def one(column: pa.ChunkedArray | pa.Array) -> pa.Array:
    """Return a column as one array."""
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column


def to_numpy(column: pa.ChunkedArray | pa.Array) -> NDArray[Any]:
    """Return a column as a numpy array; text and columns with nulls are copied."""
    values: NDArray[Any] = one(column).to_numpy(zero_copy_only=False)
    return values


def places(ids: pa.ChunkedArray | pa.Array, among: pa.ChunkedArray | pa.Array) -> NDArray[np.int64]:
    """Return where each id lies in `among`, which holds an id once; -1 where it does not."""
    if len(ids) == len(among) and ids.equals(among):  # tables that were scored row by row
        return np.arange(len(ids), dtype=np.int64)
    found = pc.index_in(ids, value_set=one(among))
    return to_numpy(pc.fill_null(found, -1)).astype(np.int64)


def encode(column: pa.ChunkedArray | pa.Array) -> tuple[pa.Array, NDArray[np.int64]]:
    """Return the distinct values in ascending order, and each row's place in them; -1 for null."""
    encoded = pc.dictionary_encode(one(column))
    order = to_numpy(pc.array_sort_indices(encoded.dictionary)).astype(np.int64)
    rank = np.full(len(order) + 1, -1, dtype=np.int64)  # the last one is for null
    rank[order] = np.arange(len(order))
    codes = to_numpy(pc.fill_null(encoded.indices, -1)).astype(np.int64)
    return encoded.dictionary.take(pa.array(order)), rank[codes]


def stretches(start: NDArray[np.int64], size: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the places start, start + 1 … of every stretch, one stretch after another."""
    return np.repeat(start - (np.cumsum(size) - size), size) + np.arange(int(size.sum()))
