import csv
import io
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from klankbord.errors import UnreadableInputError
from klankbord.sources.table import _literal, _split

from .helpers import read_all, write

EXCEL = (
    "Klantnummer;Datum;Cijfer;Omzet;Opmerking\n"
    '00100;01-03-2024;7,5;1.234,50;"Wachten; daarna ""geen"" hulp.\nTweede regel."\n'
    "00101;02-03-2024;8;12,00;Geïrriteerd: één keer te veel betaald\n"
)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252", "cp850"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_dutch_excel_export(tmp_path: Path, encoding: str, end: str) -> None:
    got = read_all(write(tmp_path / "zonder_extensie", EXCEL.replace("\n", end), encoding))
    first, second = got.feedback
    assert first["customer_id"] == "00100"
    assert first["received_at"] == datetime(2024, 2, 29, 23, tzinfo=UTC)
    assert (first["score_metric"], first["score_value"]) == ("grade", 7.5)
    assert first["value_eur"] == 1234.5
    assert first["verbatim"] == f'Wachten; daarna "geen" hulp.{end}Tweede regel.'
    assert second["verbatim"] == "Geïrriteerd: één keer te veel betaald"
    assert (first["channel"], first["author_role"]) == ("survey", "customer")
    assert re.fullmatch("csv-[0-9a-f]{6}", first["source"])


def test_the_sep_line_is_believed_and_not_counted(tmp_path: Path) -> None:
    got = read_all(write(tmp_path / "x", "sep=|\nklant|opmerking\n1|a;b\n|\n2|\n"))
    assert got.verbatims == ["a;b"]
    assert [(row.row, row.reason) for row in got.rejected] == [(4, "geen tekst en geen score")]


def test_every_bad_row_is_rejected_with_place_and_reason(tmp_path: Path) -> None:
    text = (
        "klant;datum;nps;opmerking\n"
        "1;01-03-2024;9;prima\n"
        "2;31-02-2024;9;prima\n"
        "3;01-03-2024;11;prima\n"
        "4;01-03-2024;acht;prima\n"
        "5;01-03-2024;;\n"
        "6;01-03-2024;9\n"
        "\n"
        "7;01-03-2024;9;te;veel\n"
        "8;01-03-2024;10;\n"
    )
    got = read_all(write(tmp_path / "bad.csv", text))
    assert got.rows_in == 8
    assert [row["customer_id"] for row in got.feedback] == ["1", "8"]
    assert got.verbatims == ["prima", ""]
    assert [(row.file, row.row, row.column, row.reason) for row in got.rejected] == [
        ("bad.csv", 3, "datum", "datum is niet leesbaar of bestaat niet"),
        ("bad.csv", 4, "nps", "score ligt buiten het bereik 0 tot en met 10"),
        ("bad.csv", 5, "nps", "score is geen getal"),
        ("bad.csv", 6, "", "geen tekst en geen score"),
        ("bad.csv", 7, "", "aantal cellen is 3, de kop heeft er 4"),
        ("bad.csv", 9, "", "aantal cellen is 5, de kop heeft er 4"),
    ]
    assert got.rejected[2].raw == "4;01-03-2024;acht;prima"


def test_a_line_that_cannot_be_decoded_is_rejected_alone(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes("klant;opmerking\n1;één café ruïne idee\n".encode() + b"2;kap\xffot\n3;ok\n")
    got = read_all(path)
    assert got.verbatims == ["één café ruïne idee", "ok"]
    assert [(row.row, row.raw) for row in got.rejected] == [(3, "2;kap\ufffdot")]


def test_an_unclosed_quote_costs_one_row(tmp_path: Path) -> None:
    rows = "".join(f"{at};goed\n" for at in range(2000))
    got = read_all(write(tmp_path / "x.csv", f'klant;opmerking\n0;"niet dicht\n{rows}'))
    assert (len(got.feedback), len(got.rejected), got.rejected[0].row) == (2000, 1, 2)


def test_quotes_inside_a_cell_stay(tmp_path: Path) -> None:
    got = read_all(write(tmp_path / "x.csv", 'klant;opmerking\n1;"ja" zei hij\n2;5" scherm\n'))
    assert got.verbatims == ['"ja" zei hij', '5" scherm']


def test_titles_above_the_header_are_skipped(tmp_path: Path) -> None:
    text = "Export maart;;\n;;\nKlantnummer;Datum;Opmerking\n1;01-03-2024;goed\n"
    got = read_all(write(tmp_path / "x.csv", text))
    assert got.verbatims == ["goed"]
    assert got.detection.details["header_row"] == "3"


def test_one_column_is_a_table_too(tmp_path: Path) -> None:
    got = read_all(write(tmp_path / "x.csv", "Opmerking\nSnel, top!\nTraag, bah\n"))
    assert got.verbatims == ["Snel, top!", "Traag, bah"]


def test_mixed_line_ends_and_nuls(tmp_path: Path) -> None:
    got = read_all(write(tmp_path / "x.csv", "klant,opmerking\r\n1,e\x00en\r2,twee\n3,drie"))
    assert got.verbatims == ["een", "twee", "drie"]


def test_a_header_alone_gives_an_empty_batch(tmp_path: Path) -> None:
    got = read_all(write(tmp_path / "x.csv", "klant;datum;opmerking\n"))
    assert (got.rows_in, got.feedback, got.rejected) == (0, [], [])


def test_absurd_sizes_stay_quick_and_accounted_for(tmp_path: Path) -> None:
    wide = ";".join(f"c{at}" for at in range(10_000))
    got = read_all(write(tmp_path / "wide.csv", f"{wide};tekst\n{';' * 10_000}hallo\n"))
    assert got.verbatims == ["hallo"]
    big = "x" * 10_000_000
    got = read_all(write(tmp_path / "big.csv", f'klant;tekst\n1;{big}\n2;ok\n3;"{big}"\n4;ook\n'))
    assert got.verbatims == ["ok", "ook"]
    assert [row.row for row in got.rejected] == [2, 4]
    assert all(len(row.raw) <= 500 for row in got.rejected)
    got = read_all(write(tmp_path / "quotes.csv", "klant;tekst\n" + 'a;"x" b\n' * 20_000))
    assert got.rows_in == 20_000


def test_a_table_without_known_columns_is_refused_with_what_was_seen(tmp_path: Path) -> None:
    with pytest.raises(UnreadableInputError, match="columns seen: 2 with another name") as caught:
        read_all(write(tmp_path / "x.csv", "kleur,maat\nrood,3\n"))
    assert "kleur" not in str(caught.value)
    assert "--profile" in caught.value.hint


def test_a_missing_header_does_not_put_data_into_the_message(tmp_path: Path) -> None:
    text = "00123;12-03-2024;Slechte service zeg\n00124;12-03-2024;Goed hoor\n"
    with pytest.raises(UnreadableInputError) as caught:
        read_all(write(tmp_path / "x.csv", text))
    assert "00123" not in str(caught.value)
    assert "service" not in str(caught.value)


def test_batches_do_not_change_what_is_read(tmp_path: Path) -> None:
    text = "gesprek,rol,tekst\n" + "".join(f"g{at % 3},klant,zin {at}\n" for at in range(50))
    path = write(tmp_path / "x.csv", text)
    whole, parts = read_all(path), read_all(path, batch_rows=7)
    assert whole.feedback == parts.feedback
    assert [row["turn"] for row in whole.feedback[:7]] == [1, 1, 1, 2, 2, 2, 3]


# Cells as people write them: quotes, delimiters and line ends included, in letters that tell
# the single-byte encodings apart.
words = st.sampled_from(
    ["geïrriteerd", "één", "café", "ideeën", "goed", "top!", "a;b", "c,d", 'zei "ja"', "1.234,50",
     "tab\there", "regel\nregel", "n.v.t.", "=1+1", "'tis", "x|y", "–" ]
)  # fmt: skip
cells = st.lists(words, min_size=1, max_size=6).map(" ".join)
rows = st.lists(
    st.tuples(st.integers(0, 99999).map(lambda n: f"{n:05}"), st.integers(-2, 12), cells),
    min_size=1,
    max_size=25,
)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    rows=rows,
    delimiter=st.sampled_from(";,\t|"),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp1252", "mac_roman"]),
    end=st.sampled_from(["\n", "\r\n"]),
)
def test_any_table_is_read_back(
    tmp_path: Path, rows: list[tuple[str, int, str]], delimiter: str, encoding: str, end: str
) -> None:
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, delimiter=delimiter, lineterminator=end)
    writer.writerow(["Klantnummer", "NPS", "Opmerking", "Bijzonder"])
    writer.writerows([*row, "geïrriteerde reünie"] for row in rows)
    got = read_all(write(tmp_path / "x", stream.getvalue(), encoding), batch_rows=10)
    good = [row for row in rows if 0 <= row[1] <= 10]
    assert got.rows_in == len(rows)
    assert len(got.rejected) == len(rows) - len(good)
    assert got.verbatims == [text for _, _, text in good]
    assert [row["customer_id"] for row in got.feedback] == [customer for customer, _, _ in good]
    assert [row["score_value"] for row in got.feedback] == [score for _, score, _ in good]


@settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(body=st.text(alphabet='a;",\n\r\té\x00', max_size=120))
def test_no_text_under_a_header_breaks_the_reader(tmp_path: Path, body: str) -> None:
    got = read_all(write(tmp_path / "x", "klant;opmerking\n" + body))
    assert got.rows_in == len(got.feedback) + len(got.rejected)


def test_a_row_that_sums_up_the_others_is_no_feedback(tmp_path: Path) -> None:
    text = (
        "klant;datum;nps;opmerking\n"
        "1;1-3-2026;9;Top geholpen\n"
        "Totaal;2-3-2026;3;Klant die zo heet\n"
        "Gemiddelde;;7,2;\n"
        ";;EINDTOTAAL:;\n"
    )
    got = read_all(write(tmp_path / "x.csv", text))
    assert got.verbatims == ["Top geholpen", "Klant die zo heet"]
    assert [(row.row, row.reason) for row in got.rejected] == [
        (4, "rij telt andere rijen op en is geen reactie of klant"),
        (5, "rij telt andere rijen op en is geen reactie of klant"),
    ]


def test_a_row_that_sums_up_the_others_is_no_customer(tmp_path: Path) -> None:
    text = "klantnummer;klantwaarde;klant sinds\n7;€ 1.200,00;1-1-2020\nTotaal;€ 1.200,00;\n"
    got = read_all(write(tmp_path / "x.csv", text))
    assert [row["customer_id"] for row in got.customers] == ["7"]
    assert [row.row for row in got.rejected] == [3]


def test_rows_that_never_fit_are_one_clear_error(tmp_path: Path) -> None:
    text = "klant;datum;tekst\n1;1-3-2026;goed\n" + "a;b\n" * 20_001
    with pytest.raises(UnreadableInputError, match="do not fit the header") as caught:
        read_all(write(tmp_path / "x.csv", text))
    assert caught.value.where.endswith("x.csv:20003")
    fits_sometimes = "klant;tekst\n" + ("a\n" * 15_000 + "1;goed\n") * 2
    got = read_all(write(tmp_path / "x.csv", fits_sometimes))
    assert (len(got.feedback), len(got.rejected)) == (2, 30_000)


def test_blank_lines_are_passed_over_and_counted(tmp_path: Path) -> None:
    got = read_all(write(tmp_path / "x.csv", "\n\nklant;tekst\n\n1;goed\n\n\n2;\n;\n"))
    assert got.verbatims == ["goed"]
    assert [row.row for row in got.rejected] == [8]


def _split_before(text: str, width: int) -> list[tuple[int, list[str] | None]]:
    """Split records the slow way: one at a time, each error giving up its first line."""
    lines, row, found = list(io.StringIO(text, newline="")), 0, []
    while lines:
        row += 1
        reader = csv.reader(iter(lines), delimiter=";", strict=True)
        try:
            found.append((row, next(reader)))
            lines = lines[reader.line_num :]
        except csv.Error:
            found.append((row, _literal(lines[0], ";", width)))
            lines = lines[1:]
    return found


@settings(max_examples=400, deadline=None)
@given(text=st.text(alphabet='a;"\n\r é', max_size=80), width=st.integers(1, 3))
def test_records_are_split_as_if_one_at_a_time(text: str, width: int) -> None:
    lines = io.StringIO(text, newline="")
    found = [(row, cells) for row, cells, _ in _split(lines, ";", width)]
    assert found == _split_before(text, width)


@pytest.mark.parametrize("blank", [";;", " ;;", ' ; ;" "', '"\n";;', '"\r";;'])
def test_a_row_of_blanks_is_no_row(tmp_path: Path, blank: str) -> None:
    text = f"klant;cijfer;opmerking\n1;8;prima\n{blank}\n2;3;traag\n"
    got = read_all(write(tmp_path / "x.csv", text))
    assert (got.verbatims, got.rejected) == (["prima", "traag"], [])
