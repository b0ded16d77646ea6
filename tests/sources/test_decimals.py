import pytest
from hypothesis import given
from hypothesis import strategies as st

from klankbord.sources.decimals import decimal_mark, parse_decimal, parse_score


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("7", 7), ("7,5", 7.5), ("7.5", 7.5), ("1.234,50", 1234.5), ("1,234.50", 1234.5),
        ("€ 1.234,50", 1234.5), ("€ 12,-", 12), ("12,50 EUR", 12.5), ("1.234", 1234),
        ("1.234.567", 1234567), ("-3,5", -3.5), (" 8 ", 8), ("1 234,50", 1234.5), (7.5, 7.5),
        (8, 8), ("1\u00a0234", 1234), ("0", 0),
    ],
)  # fmt: skip
def test_dutch_and_english_numbers(text: object, expected: float) -> None:
    assert parse_decimal(text) == expected


@pytest.mark.parametrize(
    "text",
    ["", "zeven", "7-8", "1.23.4", "1,2,3", "nan", "inf", "1e5", float("nan"), float("inf"), True,
     None, "9" * 60, "12.34,5.6", "1.2345,6"],
)  # fmt: skip
def test_what_is_no_number_is_none(text: object) -> None:
    assert parse_decimal(text) is None


def test_the_column_decides_what_can_be_read_two_ways() -> None:
    assert parse_decimal("1.234", decimal_mark(["1.234", "2,5"])) == 1234
    assert parse_decimal("1.234", decimal_mark(["1.234", "2.50"])) == 1.234
    assert decimal_mark([]) == ","


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
