"""Reading a small file in one go, with the accounts checked on the way."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from klankbord.records import Detection, RejectedRow
from klankbord.schema import CUSTOMERS, FEEDBACK
from klankbord.sources import Profile, read


@dataclass(frozen=True)
class Outcome:
    feedback: list[dict[str, Any]]
    customers: list[dict[str, Any]]
    rejected: list[RejectedRow]
    rows_in: int
    detection: Detection

    @property
    def verbatims(self) -> list[str]:
        return [row["verbatim"] for row in self.feedback]


def read_all(path: Path, profile: Profile | None = None, **options: Any) -> Outcome:
    feedback: list[dict[str, Any]] = []
    customers: list[dict[str, Any]] = []
    rejected: list[RejectedRow] = []
    rows_in = 0
    for batch in read(path, profile, **options):
        assert batch.feedback.schema == FEEDBACK
        assert batch.customers.schema == CUSTOMERS
        here = batch.feedback.num_rows + batch.customers.num_rows + len(batch.rejected)
        assert batch.rows_in == here
        feedback += batch.feedback.to_pylist()
        customers += batch.customers.to_pylist()
        rejected += batch.rejected
        rows_in += batch.rows_in
        detection = batch.detection
    return Outcome(feedback, customers, rejected, rows_in, detection)


def write(path: Path, text: str, encoding: str = "utf-8") -> Path:
    path.write_bytes(text.encode(encoding))
    return path


def workbook(path: Path, rows: Sequence[Sequence[object]], sheet: str = "Blad1") -> Path:
    import xlsxwriter

    book = xlsxwriter.Workbook(str(path), {"strings_to_formulas": False})
    page = book.add_worksheet(sheet)
    dated = book.add_format({"num_format": "dd-mm-yyyy hh:mm"})
    for at, row in enumerate(rows):
        for column, value in enumerate(row):
            if hasattr(value, "year"):
                page.write_datetime(at, column, value, dated)
            elif value is not None:
                page.write(at, column, value)
    book.close()
    return path
