import json
from pathlib import Path

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from openpyxl.styles import Font

from klankbord.outputs.erased_files import Fate, clean
from klankbord.store.leftovers import Leftovers

LEFT = Leftovers(["K-7Q2MN4XK0C", "csv:abc123", "12"], [("xylofoonkist",), ("de", "deur", "klemt")])


def test_a_table_loses_its_rows_and_keeps_its_form(tmp_path: Path):
    path = tmp_path / "a.csv"
    heading, other = "klant;mentions;keywords\r\n", 'K-B;12;"laat;xylofoonkist;duur"\r\n'
    text = f"{heading}K-7Q2MN4XK0C;1;a\r\n12;3;b\r\n{other}"
    path.write_text(text, "utf-8-sig", newline="")
    assert clean(path, LEFT) is Fate.REWRITTEN
    assert path.read_bytes().decode("utf-8-sig") == (
        'klant;mentions;keywords\r\nK-B;12;"laat;duur"\r\n'
    )
    assert clean(path, LEFT) is Fate.CLEAN


def test_a_row_that_rests_on_more_than_the_erased_stays(tmp_path: Path):
    path = tmp_path / "acties.csv"
    path.write_text("action_id,reason,evidence\nx,Zei: xylofoonkist,csv:abc123;csv:9\n")
    assert clean(path, LEFT) is Fate.REWRITTEN
    assert path.read_text() == "action_id,reason,evidence\nx,Zei: …,csv:9\n"


def test_parquet(tmp_path: Path):
    path = tmp_path / "a.parquet"
    table = pa.table(
        {
            "customer_id": ["K-7Q2MN4XK0C", None, "K-B", "12"],
            "feedback_id": ["1", "csv:abc123", "3", "4"],
            "text": ["a", "b", "de deur klemt", "c"],
            "n": [1, 2, 3, 12],
        }
    )
    pq.write_table(table, path)
    assert clean(path, LEFT, rehearse=True) is Fate.REWRITTEN
    assert pq.read_table(path).equals(table)
    assert clean(path, LEFT) is Fate.REWRITTEN
    assert pq.read_table(path).to_pylist() == [
        {"customer_id": "K-B", "feedback_id": "3", "text": "…", "n": 3}
    ]


def test_a_sheet_keeps_what_people_made_of_it(tmp_path: Path):
    path = tmp_path / "a.xlsx"
    book = openpyxl.Workbook()
    page = book.active
    for row in (
        ("Klant", "Tekst", "Aantal"),
        ("K-7Q2MN4XK0C", "weg", 1),
        ("K-B", "de deur klemt, écht & waar", 12),
        ("K-C", "blijft", 3),
    ):
        page.append(row)
    page["A4"].font = Font(bold=True)
    page["B4"].comment = openpyxl.comments.Comment("zie xylofoonkist", "Ans")
    page.auto_filter.ref = "A1:C4"
    book.save(path)
    assert clean(path, LEFT) is Fate.REWRITTEN
    page = openpyxl.load_workbook(path).active
    rows = list(page.iter_rows(values_only=True))
    assert rows == [
        ("Klant", "Tekst", "Aantal"),
        (None, None, None),
        ("K-B", "…, écht & waar", 12),
        ("K-C", "blijft", 3),
    ]
    assert page["A4"].font.bold
    assert page["B4"].comment.text == "zie …"
    assert page.auto_filter.ref == "A1:C4"


def test_json(tmp_path: Path):
    path = tmp_path / "a.json"
    held = [
        {"customer_id": "K-7Q2MN4XK0C"},
        {"customer_id": "12", "n": 1},
        {"evidence": ["csv:abc123", "csv:9"], "n": 12, "draft": "De deur klemt."},
    ]
    path.write_text(json.dumps(held))
    assert clean(path, LEFT) is Fate.REWRITTEN
    assert json.loads(path.read_text()) == [{"evidence": ["csv:9"], "n": 12, "draft": "…."}]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.html", "<p>de <mark>deur</mark> klemt</p>"),
        ("a.html", '<script>["xylofoon\\u006bist"]</script>'),
        ("a.html", "<p title='K-7Q2MN4XK0C'>"),
        ("a.md", "> de deur\n> klemt"),
        ("a.ics", "SUMMARY:xylofoonkist"),
        ("a.pdf", "%PDF: nobody can look into it"),
        ("a.parquet", "no table at all"),
        ("a.xlsx", "no sheet at all"),
    ],
)
def test_what_cannot_be_mended_is_removed(tmp_path: Path, name: str, content: str):
    path = tmp_path / name
    path.write_text(content)
    assert clean(path, LEFT) is Fate.REMOVED
    assert not path.exists()


def test_words_of_two_cells_are_no_words_in_a_row(tmp_path: Path):
    path = tmp_path / "a.html"
    path.write_text("<td>de deur</td><td>klemt</td>")
    assert clean(path, LEFT) is Fate.CLEAN
    assert clean(tmp_path / "b.html", LEFT) is Fate.MISSING
