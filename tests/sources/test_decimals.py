import pytest
from hypothesis import given
from hypothesis import strategies as st

from klankbord.sources.decimals import decimal_mark, parse_decimal, parse_score, survey


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("7", 7), ("7,5", 7.5), ("7.5", 7.5), ("1.234,50", 1234.5), ("1,234.50", 1234.5),
        ("€ 1.234,50", 1234.5), ("€ 12,-", 12), ("12,50 EUR", 12.5), ("1.234", 1234),
        ("1.234.567", 1234567), ("-3,5", -3.5), (" 8 ", 8), ("1 234,50", 1234.5), (7.5, 7.5),
        (8, 8), ("1\u00a0234", 1234), ("0", 0), ("EUR 1.234", 1234), ("12,5 %", 12.5), ("8%", 8),
        ("-1.234", -1234), ("- € 12,50", -12.5), ("€ -12,50", -12.5), ("−3,5", -3.5),
        ("(1.234,50)", -1234.5), ("€ (12,50)", -12.5), ("1.234,50-", -1234.5), ("€ 12,=", 12),
        ("12,–", 12), ("€ 1.234,--", 1234), ("1\u202f234\u202f567,5", 1234567.5),
        ("1'234.50", 1234.5),
        ("1.234,50 euro", 1234.5), ("007", 7), ("+3", 3), ("USD 1,234.50", 1234.5),
    ],
)  # fmt: skip
def test_dutch_and_english_numbers(text: object, expected: float) -> None:
    assert parse_decimal(text) == expected


@pytest.mark.parametrize(
    "text",
    ["", "zeven", "7-8", "1.23.4", "1,2,3", "nan", "inf", "1e5", float("nan"), float("inf"), True,
     None, "9" * 60, "12.34,5.6", "1.2345,6", "7 8", "12 34", "1234 567", "06 12345678",
     "12-03-2024", "()", "(7", "((7))", "7-", "€", "%", "- -3", "10**400", 10**400, "1 23,4"],
)  # fmt: skip
def test_what_is_no_number_is_none(text: object) -> None:
    assert parse_decimal(text) is None


def test_the_column_decides_what_can_be_read_two_ways() -> None:
    assert parse_decimal("1.234", decimal_mark(["1.234", "2,5"])) == 1234
    assert parse_decimal("1.234", decimal_mark(["1.234", "2.50"])) == 1.234
    assert decimal_mark([]) == ","


@pytest.mark.parametrize(
    ("values", "amounts", "mark", "because", "ambiguous"),
    [
        (["7,5", "8", "1.234"], False, ",", "1 values exist only with a comma", 1),
        (["7.5", "8.25"], False, ".", "2 values exist only with a point", 0),
        (["7.5", "8,5", "9,5"], False, ",", "2 values have a comma as decimal mark, 1 not", 0),
        (["1.234,50"], True, ",", "1 values exist only with a comma", 0),
        (["1,234.50"], True, ".", "1 values exist only with a point", 0),
        (["1.234.567"], True, ",", "1 values exist only with a comma", 0),
        (["1.234", "2.500"], True, ",", "all 2 amounts with a sign have three digits", 2),
        (["1,234", "2,500"], True, ".", "all 2 amounts with a sign have three digits", 2),
        (["1,234", "2.500"], True, ",", "no value decides", 2),
        (["1.234"], False, ",", "no value decides", 1),
        (["0.125"], True, ".", "1 values exist only with a point", 0),
        (["€ 12,-", "7", "goed", None, 7.5, ""], True, ",", "no value has a decimal mark", 0),
    ],
)  # fmt: skip
def test_the_decimal_mark_is_decided_by_the_column_and_explained(
    values: list[object], amounts: bool, mark: str, because: str, ambiguous: int
) -> None:
    column = survey(values, amounts=amounts)
    assert (column.mark, column.ambiguous) == (mark, ambiguous)
    assert column.because.startswith(because)


@given(st.floats(-1e9, 1e9).map(lambda number: round(number, 2)))
def test_dutch_notation_is_read_back(number: float) -> None:
    written = f"{number:,.2f}".translate(str.maketrans(",.", ".,"))
    assert parse_decimal(written) == number


@given(st.text(max_size=60))
def test_no_text_breaks_the_parser(text: str) -> None:
    number = parse_decimal(text)
    assert number is None or number == number


@pytest.mark.parametrize(
    ("written", "score"),
    [
        ("8/10", 8.0), ("7,5 / 10", 7.5), ("4 van de 5", 4.0), ("4 out of 5", 4.0),
        ("4 sterren", 4.0), ("1 ster", 1.0), ("3 stars out of 5", 3.0), ("★★★★☆", 4.0),
        ("⭐⭐⭐", 3.0), ("☆☆☆☆☆", 0.0), ("8", 8.0), (9, 9.0), ("", None), ("goed", None),
        ("8/", None), ("van 10", None), ("12-03", None), ("1/2/3", None),
    ],
)  # fmt: skip
def test_scores_as_people_write_them(written: object, score: float | None):
    assert parse_score(written) == score
