"""The different texts among complaints, and which of them are read where there are many."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b

import numpy as np
import pyarrow as pa

from klankbord.arrays import encode, to_numpy
from klankbord.placeholders import blanked_column
from klankbord.themes.complaints import Complaints
from klankbord.themes.words import content_key


@dataclass(frozen=True)
class Said:
    """The different texts: a text counts once per code that the tone model gave it."""

    first: np.ndarray  # per text: the first complaint that says it
    near: np.ndarray  # per complaint: its text
    code: np.ndarray  # per text: a number for the code
    keys: pa.Array  # what the texts are the same by
    key: np.ndarray  # per text: its place in `keys`

    def texts(self, heard: Complaints, some: np.ndarray | slice = slice(None)) -> list[str]:
        """Return some of the texts, without placeholders."""
        return said_at(heard, self.first[some])


def different(heard: Complaints) -> Said:
    """Return the different texts of complaints, in the order of code and content."""
    written = heard.text.dictionary_encode()
    keys, key = encode(
        pa.array([content_key(text) for text in written.dictionary.to_pylist()], pa.string())
    )
    of_segment = key[to_numpy(written.indices)]
    given = encode(heard.code)[1]
    number, first, near = np.unique(
        given * len(keys) + of_segment, return_index=True, return_inverse=True
    )
    code, key = np.divmod(number, len(keys))
    return Said(first, near, code, keys, key)


def fit_sample(said: Said, most: int) -> np.ndarray:
    """Return at most `most` texts of each code, ascending: all, or those whose words hash lowest.

    So whether a text is read hangs on its own words, and on no other row or their order.
    """
    many = np.bincount(said.code, minlength=1) > most
    if not many.any():
        return np.arange(len(said.code))
    mark = np.array([_mark(key) for key in said.keys.to_pylist()], dtype=np.uint64)[said.key]
    order = np.lexsort((mark, said.code))
    rank = np.arange(len(order)) - np.searchsorted(said.code[order], said.code[order])
    return np.sort(order[rank < most])


def said_at(heard: Complaints, rows: np.ndarray) -> list[str]:
    """Return the texts of some complaints, without placeholders."""
    texts: list[str] = blanked_column(heard.text.take(pa.array(rows))).to_pylist()
    return texts


def _mark(key: str) -> int:
    return int.from_bytes(blake2b(key.encode(), digest_size=8).digest(), "big")
