from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from klankbord.report import parquet, write_tables

from .builders import world

PARQUET = ("feedback.parquet", "segmenten.parquet")


def test_large_tables_are_written_a_group_of_rows_at_a_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = world()
    shuffled = pa.concat_tables([given["feedback"].slice(9), given["feedback"].slice(0, 9)])
    tables = {name: given[name] for name in ("scores", "segments")}
    rest: dict[str, Any] = {
        "shifts": (), "themes": (), "drivers": (), "actions": (), "rejected": ()
    }  # fmt: skip
    write_tables(tmp_path, feedback=given["feedback"], **tables, **rest)
    whole = {name: pq.read_table(tmp_path / name) for name in PARQUET}
    monkeypatch.setattr(parquet, "GROUP_ROWS", 1)
    write_tables(tmp_path, feedback=shuffled, **tables, **rest)
    for name, table in whole.items():
        written = pq.ParquetFile(tmp_path / name)
        assert written.metadata.num_row_groups == table.num_rows > 1
        assert written.read().equals(table)


def test_rows_of_a_table_in_any_order() -> None:
    table = pa.table({"a": pa.chunked_array([["p", "q"], ["r", "s"]]), "b": [1, 2, 3, 4]})
    found = parquet.rows_of(table, np.array([3, -1, 0, 2]))
    assert found.to_pydict() == {"a": ["s", None, "p", "r"], "b": [4, None, 1, 3]}
    assert parquet.rows_of(table, np.array([1, 2])).to_pydict() == {"a": ["q", "r"], "b": [2, 3]}
    assert parquet.rows_of(table, np.array([-1])).to_pydict() == {"a": [None], "b": [None]}
