"""The few rows of the feedback that a list of shifts quotes, cites or draws."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from klankbord.shifts.histories import Ints

COLUMNS = ("feedback_id", "verbatim", "received_at", "channel", "score_value")


@dataclass(frozen=True, eq=False)
class Cited:
    """Rows of the feedback, known by their place in all of it (`Pieces.row`)."""

    rows: Ints  # ascending
    feedback: pa.Table  # with COLUMNS

    def take(self, rows: Ints) -> pa.Table:
        """Return these of the rows, in this order."""
        return self.feedback.take(pa.array(np.searchsorted(self.rows, rows)))


def cite(feedback: pa.Table, rows: Ints) -> Cited:
    """Return the rows (ascending) with what is told of them; nothing else is copied."""
    wanted = np.zeros(feedback.num_rows, dtype=bool)
    wanted[rows] = True
    return Cited(rows, feedback.select(COLUMNS).filter(pa.array(wanted)))
