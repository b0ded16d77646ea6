# ruff: noqa: DTZ001 - the zone comes with the type of the column
import json
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from klankbord.errors import UnreadableInputError
from klankbord.sources import parquet as reader
from klankbord.sources.parquet import read_parquet

from .helpers import read_all

FEEDBACK = {
    "klantnr": ["001", "002", "003", None],
    "datum": pa.array([datetime(2024, 3, 1, 8, 14)] * 3 + [None], pa.timestamp("ns", "UTC")),
    "nps": pa.array([9, 3, 11, 7], pa.int8()),
    "opmerking": pa.array(["Geïrriteerd", "goed", "zo", None]).dictionary_encode(),
}


def write(path: Path, columns: dict[str, Any], **options: Any) -> Path:
    pq.write_table(pa.table(columns), path, **options)
    return path


def cells(path: Path) -> list[Any]:
    """Return the cells of the first record."""
    return list(next(iter(read_parquet(path).records()))[1])


@pytest.mark.parametrize("compression", ["none", "snappy", "gzip", "zstd"])
@pytest.mark.parametrize("group", [1, 3, 100])
def test_feedback_is_read(tmp_path: Path, compression: str, group: int) -> None:
    path = write(tmp_path / "export", FEEDBACK, compression=compression, row_group_size=group)
    got = read_all(path, batch_rows=2)
    assert [row["customer_id"] for row in got.feedback] == ["001", "002", None]
    assert got.verbatims == ["Geïrriteerd", "goed", ""]
    assert got.feedback[0]["received_at"] == datetime(2024, 3, 1, 8, 14, tzinfo=UTC)
    assert [(row.row, row.column) for row in got.rejected] == [(3, "nps")]
    assert got.rows_in == 4
    assert got.detection.source.startswith("parquet-")


@pytest.mark.parametrize(
    ("column", "found"),
    [
        (pa.array([Decimal("1234.50")], pa.decimal128(12, 2)), 1234.5),
        (pa.array([date(2024, 3, 1)]), date(2024, 3, 1)),
        (pa.array([datetime(2024, 3, 1, 9)], pa.timestamp("ms")), datetime(2024, 3, 1, 9)),
        (pa.array([2**62], pa.timestamp("us")), str(2**62)),
        (pa.array([float("nan")]), None),
        (pa.array([True]), True),
        (pa.array([b"caf\xc3\xa9"]), "café"),
        (pa.array([["a", None, "c"]]), "a; ; c"),
        (pa.array([[{"b": 1, "a": "é"}]]), '[{"a": "é", "b": 1}]'),
        (pa.array([[("k", 1)]], pa.map_(pa.string(), pa.int64())), '[["k", 1]]'),
        (pa.array([None], pa.null()), None),
        (pa.array(["a\x00b"]), "ab"),
    ],
    ids=str,
)
def test_every_type_becomes_a_cell(tmp_path: Path, column: pa.Array, found: object) -> None:
    assert cells(write(tmp_path / "x", {"kolom": column})) == [found]


def test_nested_columns_get_dotted_names_and_lists_of_records_are_left_out(tmp_path: Path) -> None:
    path = write(
        tmp_path / "x",
        {
            "opmerking": ["goed"],
            "klant": [{"id": "007", "adres": {"land": "NL"}}],
            "regels": [[{"bedrag": 1}]],
            "__index_level_0__": [3],
        },
    )
    grid = read_parquet(path)
    assert sorted(grid.header) == ["klant.adres.land", "klant.id", "opmerking", "regels"]
    assert grid.nested == {"regels"}
    got = read_all(path)
    assert json.loads(got.feedback[0]["attributes"])["klant.adres.land"] == "NL"
    assert "bedrag" not in got.feedback[0]["attributes"]


def test_a_missing_struct_empties_its_fields(tmp_path: Path) -> None:
    kind = pa.struct([("a", pa.string())])
    column = pa.array([{"a": "x"}, None, {"a": None}], kind)
    path = write(tmp_path / "x", {"s": column})
    assert [list(row) for _, row in read_parquet(path).records()] == [["x"], [None], [None]]


def test_a_text_that_comes_back_is_stored_once(tmp_path: Path) -> None:
    long = "x" * 1_000_000
    path = write(tmp_path / "x", {"opmerking": [long] * 2_000, "nps": [9] * 2_000})
    assert path.stat().st_size < 1_000_000
    seen = {id(row[0]) for _, row in read_parquet(path).records()}
    assert len(seen) < 100


def test_what_unpacks_to_an_absurd_size_is_not_opened(tmp_path: Path) -> None:
    text = "y" * 99_990
    rows = [f"{text}{at:010}" for at in range(300)]
    path = write(tmp_path / "x", {"opmerking": rows}, use_dictionary=False, compression="zstd")
    with pytest.raises(UnreadableInputError, match="absurd size"):
        read_all(path)


@pytest.mark.parametrize("kept", [4, 8, 50, 400, -4])
def test_a_damaged_file_is_one_clear_error(tmp_path: Path, kept: int) -> None:
    whole = write(tmp_path / "x", FEEDBACK).read_bytes()
    path = tmp_path / "cut"
    path.write_bytes(whole[:kept])
    with pytest.raises(UnreadableInputError) as caught:
        read_all(path)
    assert caught.value.where == str(path)
    assert caught.value.hint


def test_a_page_that_is_damaged_is_found_while_reading(tmp_path: Path) -> None:
    whole = bytearray(write(tmp_path / "x", FEEDBACK, compression="none").read_bytes())
    whole[4:60] = b"\xff" * 56
    path = tmp_path / "holed"
    path.write_bytes(whole)
    with pytest.raises(UnreadableInputError, match="damaged"):
        read_all(path)


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    rows=st.lists(st.tuples(st.text(max_size=20), st.none() | st.integers(-9, 9)), max_size=40),
    group=st.integers(1, 50),
)
def test_values_are_read_back(
    tmp_path: Path, rows: list[tuple[str, int | None]], group: int
) -> None:
    table = {
        "a": pa.array([text for text, _ in rows], pa.string()),
        "b": pa.array([number for _, number in rows], pa.int64()),
    }
    path = write(tmp_path / "x", table, row_group_size=group)
    found = [(row, *values) for row, values in read_parquet(path).records()]
    assert found == [
        (at, text.replace("\x00", ""), number) for at, (text, number) in enumerate(rows, 1)
    ]


def test_batches_are_small_for_wide_tables(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(reader, "_CELLS_AT_ONCE", 100)
    columns = {f"k{at}": list(range(50)) for at in range(20)}
    path = write(tmp_path / "x", columns)
    sizes = [batch.num_rows for batch in reader._batches(path, list(range(20)), [], 20)]
    assert max(sizes) == 16
    assert sum(sizes) == 50


def test_what_ends_the_process_of_pyarrow_does_not_end_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path / "x", FEEDBACK)
    monkeypatch.setattr(reader, "_LOOK", "os.abort()")
    with pytest.raises(UnreadableInputError, match="damaged"):
        read_parquet(path)
