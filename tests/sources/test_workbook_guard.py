import re

from hypothesis import given
from hypothesis import strategies as st

from klankbord.sources.workbook_guard import _Cells, _column, _further


@given(
    rows=st.integers(0, 1_048_576),
    columns=st.integers(0, 16_384),
    row=st.integers(1, 9_999_999),
    letters=st.from_regex(r"[A-Z]{1,3}", fullmatch=True),
)
def test_a_reference_further_away_is_seen(rows: int, columns: int, row: int, letters: str) -> None:
    pattern = _further(rows, columns)
    reference = f'<c r="{letters}{row}"/>'.encode()
    further = row > rows or _column(letters.encode()) > columns
    assert bool(pattern.search(reference)) == further
    assert bool(pattern.search(f'<row r="{row}">'.encode())) == (row > rows)


@given(
    cells=st.lists(
        st.tuples(st.integers(1, 5_000), st.from_regex(r"[A-Z]{1,2}", fullmatch=True)), min_size=1
    ),
    step=st.integers(1, 60),
)
def test_cells_are_counted_however_a_sheet_is_cut(cells: list[tuple[int, str]], step: int) -> None:
    sheet = "".join(f'<c r="{letters}{row}"><v>1</v></c>' for row, letters in cells).encode()
    sheet += b"</row></sheetData></worksheet>"
    counter = _Cells()
    for at in range(0, len(sheet), step + 40):
        counter.add(sheet[at : at + step + 40])
    assert counter._rows == max(row for row, _ in cells)
    assert counter._columns >= _column(cells[0][1].encode())
    assert re.search(b"<c ", sheet)
