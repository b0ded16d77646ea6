"""What a reader yields: batches of feedback or customers, with the rows it had to reject."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa

from klankbord.records import Detection, RejectedRow
from klankbord.schema import CUSTOMERS, FEEDBACK
from klankbord.sources.text_encoding import clean

_RAW_KEPT = 500
LONGEST_VERBATIM = 100_000  # characters; longer is no answer but a file gone wrong
TOO_LONG = "tekst is langer dan 100.000 tekens"


@dataclass(frozen=True)
class Batch:
    """Rows of one file: `rows_in == feedback.num_rows + customers.num_rows + len(rejected)`."""

    detection: Detection
    feedback: pa.Table  # FEEDBACK; the source's own id or "" in feedback_id
    customers: pa.Table  # CUSTOMERS
    rejected: tuple[RejectedRow, ...]
    rows_in: int
    ignored: Mapping[str, int] = field(default_factory=dict)  # no rows, such as "notes" of agents


@dataclass(frozen=True)
class Source:
    """A recognised file, ready to be read in batches of a given number of rows."""

    detection: Detection
    batches: Callable[[int], Iterator[Batch]]


def batch_of(
    detection: Detection,
    rejected: list[RejectedRow],
    *,
    feedback: pa.Table | None = None,
    customers: pa.Table | None = None,
    ignored: Mapping[str, int] | None = None,
) -> Batch:
    """Build a Batch; a table left out is empty."""
    feedback = FEEDBACK.empty_table() if feedback is None else feedback
    customers = CUSTOMERS.empty_table() if customers is None else customers
    rows_in = feedback.num_rows + customers.num_rows + len(rejected)
    return Batch(detection, feedback, customers, tuple(rejected), rows_in, dict(ignored or {}))


def rejected_row(path: Path, row: int, column: str, reason: str, raw: str) -> RejectedRow:
    """Build a RejectedRow; `raw` is cut and made storable, `reason` is Dutch."""
    return RejectedRow(path.name, row, clean(column)[:200], reason, clean(raw[:_RAW_KEPT]))
