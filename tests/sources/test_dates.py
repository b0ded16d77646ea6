# ruff: noqa: DTZ001 - times without a zone are what is read here
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from klankbord.errors import SettingsError
from klankbord.sources.dates import DateReader, day_comes_first

SUMMER = datetime(2024, 7, 12, 7, 14, 5, tzinfo=UTC)
WINTER = datetime(2024, 3, 12, 8, 14, tzinfo=UTC)
MIDNIGHT = datetime(2024, 3, 11, 23, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("12-03-2024", MIDNIGHT),
        ("12/3/2024", MIDNIGHT),
        ("12.03.2024", MIDNIGHT),
        ("12-03-24", MIDNIGHT),
        ("2024-03-12", MIDNIGHT),
        ("20240312", MIDNIGHT),
        ("12-03-2024 09:14", WINTER),
        ("12-03-2024 9.14 uur", WINTER),
        ("12-07-2024 09:14:05", SUMMER),
        ("2024-07-12T09:14:05", SUMMER),
        ("2024-07-12T07:14:05Z", SUMMER),
        ("2024-07-12T09:14:05+02:00", SUMMER),
        ("2024-07-12T07:14:05.000+0000", SUMMER),
        ("2024/07/12 9:14:05 a.m. CEST", SUMMER),
        ("2024/03/01 8:48:17 p.m. CET", datetime(2024, 3, 1, 19, 48, 17, tzinfo=UTC)),
        ("2024/03/01 12:05:00 AM GMT+1", datetime(2024, 2, 29, 23, 5, tzinfo=UTC)),
        ("12 maart 2024", MIDNIGHT),
        ("12 mrt. 2024 om 09:14", WINTER),
        ("dinsdag 12 maart 2024 09:14", WINTER),
        ("di 12 mrt 2024, 09:14", WINTER),
        ("12-mrt-24", MIDNIGHT),
        ("March 12, 2024", MIDNIGHT),
        ("45363", MIDNIGHT),
        ("45363,5", datetime(2024, 3, 12, 11, 0, tzinfo=UTC)),
        (45363.0, MIDNIGHT),
        (datetime(2024, 3, 12, 9, 14), WINTER),
        (date(2024, 3, 12), MIDNIGHT),
    ],
)
def test_known_notations(text: object, expected: datetime) -> None:
    assert DateReader().utc(text) == expected


@pytest.mark.parametrize(
    "text",
    ["31-02-2024", "00-01-2024", "12-13-2024", "2024-13-01", "12-03-2024 25:00", "gisteren", "3",
     "12", "1710234845", 1710234845, "12-03-0024", "12 foo 2024", "0", "", "12-03-2024 13:00 pm",
     "x" * 1000, True, None, "2024-03-12 09:14 XYZ", "12-03/2024", "99999999"],
)  # fmt: skip
def test_an_impossible_date_is_none(text: object) -> None:
    assert DateReader().microseconds(text) is None


def test_month_first_only_when_told_or_certain() -> None:
    assert DateReader(day_first=False).utc("03/12/2024") == MIDNIGHT
    assert day_comes_first(["03/04/2024", "05/06/2024"])
    assert not day_comes_first(["03/04/2024", "05/16/2024"])
    assert day_comes_first(["13/04/2024", "05/16/2024"])
    assert day_comes_first(["03-04-2024", "05-16-2024"])


def test_a_count_since_1970_only_where_the_source_says_so() -> None:
    assert DateReader(date_format="epoch_s").utc("1710234845").year == 2024  # type: ignore[union-attr]
    assert DateReader(date_format="epoch_ms").utc(1710234845123).year == 2024  # type: ignore[union-attr]
    assert DateReader().utc("1710234845") is None


def test_an_explicit_format_is_followed_and_nothing_else() -> None:
    reader = DateReader(date_format="%m.%d.%Y")
    assert reader.utc("03.12.2024") == MIDNIGHT
    assert reader.utc("2024-03-12") is None


def test_an_unknown_time_zone_is_a_settings_error() -> None:
    with pytest.raises(SettingsError, match="time zone"):
        DateReader("Europe/Lutjebroek")


moments = st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC)).map(
    lambda moment: moment.replace(microsecond=0)
)


@given(moments, st.sampled_from(["%d-%m-%Y %H:%M:%S", "%Y-%m-%dT%H:%M:%SZ", "%Y/%m/%d %H:%M:%S"]))
def test_what_is_written_is_read_back(moment: datetime, notation: str) -> None:
    assert DateReader("UTC").utc(moment.strftime(notation)) == moment


@given(moments)
def test_excel_serials_are_read_back_to_the_second(moment: datetime) -> None:
    serial = (moment.replace(tzinfo=None) - datetime(1899, 12, 30)) / timedelta(days=1)
    assert DateReader("UTC").utc(serial) == moment


@given(st.text(max_size=80))
def test_no_text_breaks_the_reader(text: str) -> None:
    micros = DateReader().microseconds(text)
    assert micros is None or isinstance(micros, int)
