from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from klankbord.errors import UnreadableInputError
from klankbord.sources import Profile

from .helpers import read_all, write

PAGE = (
    "<html xmlns:o='urn:schemas-microsoft-com:office:office'><head><meta charset=utf-8>"
    "<style>td {color: red}</style></head><body><table border=1>"
    "<tr><th>Klantnummer</th><th>NPS</th><th>Opmerking</th></tr>\n"
    "<tr class='a'><td>001</td><td>9</td><td>Goed &amp; snel<br>&eacute;cht</td></tr>\n"
    "<TR><TD>002<TD>3<TD><p><b>Traag</b>  hoor</p></TD></TR></table></body></html>"
)
BOOK = (
    '<?xml version="1.0"?>\n<?mso-application progid="Excel.Sheet"?>\n'
    '<Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet" '
    'xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet">{}</Workbook>'
)


def sheet(name: str, *rows: str) -> str:
    return f'<Worksheet ss:Name="{name}"><Table>{"".join(rows)}</Table></Worksheet>'


def row(*cells: tuple[str, str], at: int = 0) -> str:
    body = "".join(
        f'<Cell><Data ss:Type="{kind}">{text}</Data></Cell>' if kind else "<Cell/>"
        for kind, text in cells
    )
    place = f' ss:Index="{at}"' if at else ""
    return f"<Row{place}>{body}</Row>"


HEADER = row(("String", "Klantnummer"), ("String", "Datum"), ("String", "Opmerking"))


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252", "utf-16"])
def test_a_page_with_a_table_is_read(tmp_path: Path, encoding: str) -> None:
    got = read_all(write(tmp_path / "export.xls", PAGE, encoding))
    assert [row["customer_id"] for row in got.feedback] == ["001", "002"]
    assert got.verbatims == ["Goed & snel\nécht", "Traag hoor"]
    assert [row["score_value"] for row in got.feedback] == [9, 3]


def test_a_row_of_a_page_may_be_anywhere_in_what_is_read_at_once(tmp_path: Path) -> None:
    rows = "".join(f"<tr><td>{at}</td><td>9</td><td>zin {at}</td></tr>" for at in range(20_000))
    got = read_all(write(tmp_path / "x", PAGE.replace("</table>", rows + "</table>")))
    assert [row["customer_id"] for row in got.feedback[2:]] == [str(at) for at in range(20_000)]


def test_the_xml_of_excel_2003_is_read(tmp_path: Path) -> None:
    data = sheet(
        "Blad1", HEADER,
        row(("String", "001"), ("DateTime", "2024-03-12T09:14:00.000"), ("String", "Prima"), at=3),
        '<Row><Cell><Data ss:Type="Number">2</Data></Cell><Cell ss:Index="3"><Data '
        'ss:Type="String">Ook <B>goed</B></Data></Cell></Row>',
    )  # fmt: skip
    other = sheet("Blad2", row(("String", "x")))
    got = read_all(write(tmp_path / "x.xls", BOOK.format(sheet("Leeg") + data + other)))
    assert [row["customer_id"] for row in got.feedback] == ["001", "2"]
    assert got.verbatims == ["Prima", "Ook goed"]
    assert got.feedback[0]["received_at"] == datetime(2024, 3, 12, 8, 14, tzinfo=UTC)
    assert got.detection.details["sheet"] == "Blad1"
    assert got.detection.details["sheets_not_read"] == "Blad2"
    with pytest.raises(UnreadableInputError, match="no filled sheet 'Weg'"):
        read_all(tmp_path / "x.xls", Profile(name="x", sheet="Weg"))


def test_a_far_cell_in_xml_is_refused(tmp_path: Path) -> None:
    far = '<Row><Cell ss:Index="9999999"><Data ss:Type="String">x</Data></Cell></Row>'
    with pytest.raises(UnreadableInputError, match="columns"):
        read_all(write(tmp_path / "x", BOOK.format(sheet("Blad1", HEADER, far))))
    down = row(("String", "001"), ("", ""), ("String", "goed"), at=99_999_999)
    assert read_all(write(tmp_path / "x", BOOK.format(sheet("A", HEADER, down)))).verbatims == [
        "goed"
    ]


def test_an_endless_row_of_a_page_is_refused(tmp_path: Path) -> None:
    text = PAGE.replace("</table>", "<tr><td>" + "x" * 9_000_000)
    with pytest.raises(UnreadableInputError, match="million"):
        read_all(write(tmp_path / "x", text))


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(
        st.sampled_from(
            ["<tr>", "</tr>", "<td>", "<td", "</td>", "<", ">", "&#", "9" * 9, "x", "&amp;",
             "</table>", "<table>", "<!--"]
        ),
        max_size=40,
    )
)  # fmt: skip
def test_no_markup_breaks_a_page(tmp_path: Path, parts: list[str]) -> None:
    try:
        got = read_all(write(tmp_path / "x", PAGE.replace("</table>", "".join(parts))))
    except UnreadableInputError:
        return
    assert got.rows_in == len(got.feedback) + len(got.rejected)
