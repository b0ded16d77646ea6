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


def encode(column: pa.ChunkedArray | pa.Array) -> tuple[pa.Array, NDArray[np.int64]]:
    """Return the distinct values in ascending order, and each row's place in them; -1 for null."""
    encoded = pc.dictionary_encode(one(column))
    order = to_numpy(pc.array_sort_indices(encoded.dictionary)).astype(np.int64)
    rank = np.full(len(order) + 1, -1, dtype=np.int64)  # the last one is for null
    rank[order] = np.arange(len(order))
    codes = to_numpy(pc.fill_null(encoded.indices, -1)).astype(np.int64)
    return encoded.dictionary.take(pa.array(order)), rank[codes]
