# ruff: noqa: DTZ001 - times without a zone are what is read here
from datetime import UTC, date, datetime, timedelta
from time import perf_counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from klankbord.errors import SettingsError
from klankbord.sources.dates import DateReader, survey

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
        ("12/03/2024", MIDNIGHT),
        ("1-7-2024  9:14", datetime(2024, 7, 1, 7, 14, tzinfo=UTC)),
        ("12-07-2024T09:14:05", SUMMER),
        ("12.07.2024, 09:14:05 Uhr", SUMMER),
        ("12/07/2024 à 09h14", SUMMER.replace(second=0)),
        ("12-07-2024 9u14", SUMMER.replace(second=0)),
        ("12-07-2024 - 09:14:05", SUMMER),
        ("2024-07-12T07:14:05.123456789Z", SUMMER.replace(microsecond=123456)),
        ("2024-07-12 09:14:05,250 +0200", SUMMER.replace(microsecond=250000)),
        ("2024-07-12T09:14:05+02:00[Europe/Amsterdam]", SUMMER),
        ("2024-07-12 07:14:05 UTC", SUMMER),
        ("2024-07-12 07:14:05 +0000 UTC", SUMMER),
        ("2024-07-12T05:14:05-02", SUMMER),
        ("2024/12/03 8:48:17 p.m. CET", datetime(2024, 12, 3, 19, 48, 17, tzinfo=UTC)),
        ("2024/12/03 8:48:17 p.m. EET", datetime(2024, 12, 3, 18, 48, 17, tzinfo=UTC)),
        ("2024/12/03 8:48:17\u202fPM EST", datetime(2024, 12, 4, 1, 48, 17, tzinfo=UTC)),
        ("20240312 09:14", WINTER),
        ("202403120914", WINTER),
        ("20240712T071405Z", SUMMER),
        ("Fri, 12 Jul 2024 09:14:05 +0200", SUMMER),
        ("Fri Jul 12 2024 09:14:05 GMT+0200 (Midden-Europese zomertijd)", SUMMER),
        ("Fri Jul 12 09:14:05 CEST 2024", SUMMER),
        ("12/Jul/2024 09:14:05", SUMMER),
        ("ma 3 jun. 2024 om 09:12", datetime(2024, 6, 3, 7, 12, tzinfo=UTC)),
        ("3 mrt. 2024", datetime(2024, 3, 2, 23, tzinfo=UTC)),
        ("12 maart '24", MIDNIGHT),
        ("1er août 2024", datetime(2024, 7, 31, 22, tzinfo=UTC)),
        ("1 aou\u0302t 2024", datetime(2024, 7, 31, 22, tzinfo=UTC)),
        ("12. März 2024", MIDNIGHT),
        ("Di. 12. März 2024 um 09:14 Uhr", WINTER),
        ("mardi 12 mars 2024 à 09:14", WINTER),
        ("1. Januar 2024", datetime(2023, 12, 31, 23, tzinfo=UTC)),
        ("3 janvier 2024", datetime(2024, 1, 2, 23, tzinfo=UTC)),
        ("March 12, 2024 9:14 AM", WINTER),
        ("Mar 12, 2024 at 09:14", WINTER),
        ("12-MRT-2024", MIDNIGHT),
        ("11-03-2024 24:00", MIDNIGHT),
        ("2024-03-11T24:00:00", MIDNIGHT),
        ('="12-03-2024"', MIDNIGHT),
        ("'12-03-2024", MIDNIGHT),
        ("45363", MIDNIGHT),
        ("45363,39", datetime(2024, 3, 12, 8, 21, 36, tzinfo=UTC)),
        ("45363.384722222", WINTER),
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
     "x" * 1000, True, None, "2024-03-12 09:14 XYZ", "12-03/2024", "99999999", "1e kwartaal",
     "1e kwartaal 2024", "2024-W10-2", "12-03-2024109:14", "12-03-2024 24:01", "30-02-2024",
     "29-02-2023", "31-12-1899", "01-01-2101", "2024-03-12T09:14:05+23:59", "maart 2024",
     "2024-03", "12-03-2024 09:60", "12 2024", "45363.5.5", "12-03-2024 am", float("nan"),
     float("inf"), 10**400, "٢٠٢٤-٠٣-١٢x"],
)  # fmt: skip
def test_an_impossible_date_is_none(text: object) -> None:
    assert DateReader().microseconds(text) is None


def test_month_first_where_it_is_told() -> None:
    assert DateReader(day_first=False).utc("03/12/2024") == MIDNIGHT
    assert DateReader(day_first=False).utc("03/12/2024 09:14:00 AM") == WINTER


@pytest.mark.parametrize(
    ("values", "day_first", "ambiguous", "because"),
    [
        (["03/04/2024", "05/06/2024"], True, 2, "no value decides; the day comes first as"),
        (["03-04-2024", "05.06.2024"], True, 2, "no value decides; the day comes first with"),
        (["03/04/2024", "05/16/2024", ""], False, 1, "1 values exist only with the month first"),
        (["03/04/2024", "16/05/2024", "x"], True, 1, "1 values exist only with the day first"),
        (["03-04-2024", "05-16-2024"], False, 1, "1 values exist only with the month first"),
        (["13/04/2024", "05/16/2024", "05/17/2024"], False, 0, "contradictory: 1 values"),
        (["13/04/2024", "05/16/2024"], True, 0, "contradictory"),
        (["03/04/2024 09:16:10 AM", "03/05/2024 01:00:00 PM"], False, 2, "no value decides; a.m."),
        (["03/04/2024 9:16 EST"], False, 1, "no value decides; a.m."),
        (["03-04-2024 09:16 AM"], True, 1, "no value decides; the day comes first with"),
        (["03/04/2024 09:16:10 AM", "13/04/2024 01:00:00 PM"], True, 1, "1 values"),
        (["03/03/2024", "04/04/2024"], True, 0, "the order of day and month is plain"),
        (["2024-03-12", 45363.0, date(2024, 3, 12)], True, 0, "the order"),
        (["di 03-04-24", "wo 31-12-24"], True, 1, "1 values"),
        ([10**400, float("nan"), float("-inf")], True, 0, "the order"),
        (["32/40/2024", "00/00/2024"], True, 0, "the order"),
        ([], True, 0, "the order"),
    ],
)
def test_the_order_of_day_and_month_is_decided_by_the_column(
    values: list[object], day_first: bool, ambiguous: int, because: str
) -> None:
    column = survey(values)
    assert (column.day_first, column.ambiguous) == (day_first, ambiguous)
    assert column.because.startswith(because)
    assert column.decided != because.startswith("no value decides")


def test_values_that_contradict_the_majority_are_not_read() -> None:
    values = ["13/02/2024", "14/02/2024", "02/15/2024"]
    reader = DateReader(day_first=survey(values).day_first)
    assert [reader.microseconds(value) is None for value in values] == [False, False, True]


@pytest.mark.parametrize(
    ("values", "notation"),
    [
        (["12-03-2024 09:14", "1-3-2024 9:14"], "dd-mm-jjjj uu:mm"),
        (["03/13/2024", "03/14/2024"], "mm/dd/jjjj"),
        (["03/13/2024 9:14:05 AM"], "mm/dd/jjjj uu:mm:ss AM/PM"),
        (["13.03.24"], "dd.mm.jj"),
        (["2024-03-12T09:14:05Z", "2024-03-12T09:14:05.123456789Z"], "ISO 8601"),
        (["2024-03-12 09:14:05+01:00"], "ISO 8601"),
        (["2024-03-12"], "jjjj-mm-dd"),
        (["2024/12/03 8:48:17 p.m. CET"], "jjjj/mm/dd uu:mm:ss AM/PM tijdzone"),
        (["12 maart 2024", "1 mei 2024"], "1 maart 2024"),
        (["March 12, 2024"], "March 1, 2024"),
        (["20240312", "20240313"], "jjjjmmdd"),
        (["45363", "45363,39"], "Excel-getal"),
        ([45363.5], "Excel-getal"),
        ([datetime(2024, 3, 12)], "datumcel"),
        (["12-03-2024", "12-03-2024", "45363"], "dd-mm-jjjj (ook Excel-getal)"),
        (["gisteren", "", None, "12 foo 2024"], ""),
    ],
)
def test_the_notation_is_shown_as_people_write_it(values: list[object], notation: str) -> None:
    assert survey(values).notation == notation


@pytest.mark.parametrize(
    ("values", "unit"),
    [
        (["1710234845", "1710234846", ""], "epoch_s"),
        ([1710234845123, 1710234846000], "epoch_ms"),
        (["1710234845123456"], "epoch_us"),
        ([1710234845123456789], "epoch_ns"),
        (["1710234845.25"], "epoch_s"),
        (["1710234845", "12-03-2024"], ""),
        (["1710234845", "1710234846123"], ""),
        (["1710234845", 5], ""),
        (["20240312091405", "202403120914"], ""),
        ([45363, 45364], ""),
        ([], ""),
    ],
)
def test_counts_since_1970_only_where_the_whole_column_is(values: list[object], unit: str) -> None:
    column = survey(values)
    assert (column.date_format, column.notation == "epoch") == (unit, bool(unit))
    if unit:
        reader = DateReader(date_format=column.date_format)
        moment = reader.utc(values[0])
        assert moment is not None
        assert (moment.year, moment.minute, moment.second) == (2024, 14, 5)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("31-03-2024 01:59", datetime(2024, 3, 31, 0, 59, tzinfo=UTC)),
        ("31-03-2024 02:30", datetime(2024, 3, 31, 1, 30, tzinfo=UTC)),  # does not exist
        ("31-03-2024 03:00", datetime(2024, 3, 31, 1, 0, tzinfo=UTC)),
        ("27-10-2024 02:30", datetime(2024, 10, 27, 0, 30, tzinfo=UTC)),  # comes twice
        ("27-10-2024 03:00", datetime(2024, 10, 27, 2, 0, tzinfo=UTC)),
    ],
)
def test_the_nights_on_which_the_clocks_change(text: str, expected: datetime) -> None:
    assert DateReader().utc(text) == expected


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


@given(
    moments,
    st.sampled_from(
        [
            "%d-%m-%Y %H:%M:%S",
            "%d/%m/%Y %H:%M:%S",
            "%d.%m.%y, %H:%M:%S",
            "%d %b %Y om %H:%M:%S",
            "%a %d %B %Y %H:%M:%S",
            "%B %d, %Y %I:%M:%S %p",
            "%Y%m%d %H:%M:%S",
            "%Y-%m-%dT%H:%M:%S+00:00",
            "%a %b %d %H:%M:%S UTC %Y",
        ]
    ),
)
def test_every_notation_is_read_back(moment: datetime, notation: str) -> None:
    if "%y" in notation:
        moment = moment.replace(year=2000 + moment.year % 70)
    assert DateReader("UTC").utc(moment.strftime(notation)) == moment


@given(
    st.lists(st.dates(date(2000, 1, 1), date(2060, 1, 1)), min_size=1, max_size=20),
    st.booleans(),
    st.sampled_from("-/."),
)
def test_the_order_is_never_wrong_where_a_value_shows_it(
    days: list[date], day_first: bool, mark: str
) -> None:
    notation = mark.join(["%d", "%m", "%Y"] if day_first else ["%m", "%d", "%Y"])
    column = survey(day.strftime(notation) for day in days)
    if any(day.day > 12 for day in days):
        assert (column.decided, column.day_first) == (True, day_first)
    assert column.ambiguous == sum(day.day <= 12 and day.day != day.month for day in days)


@given(st.lists(st.one_of(st.text(max_size=70), st.integers(), st.floats(), st.none())))
def test_no_column_breaks_the_survey(values: list[object]) -> None:
    column = survey(values)
    reader = DateReader(day_first=column.day_first, date_format=column.date_format)
    for value in values:
        reader.microseconds(value)


def test_hostile_columns_take_linear_time() -> None:
    cells = [" " * 500_000 + "1", "1-" * 250_000, "maandag " * 60_000, "9" * 400_000]
    cells += [f"{'1 ' * at}"[:64] for at in range(20_000)]
    start = perf_counter()
    survey(cells)
    reader = DateReader()
    for cell in cells:
        reader.microseconds(cell)
    assert perf_counter() - start < 5


@given(st.text(max_size=80))
def test_no_text_breaks_the_reader(text: str) -> None:
    micros = DateReader().microseconds(text)
    assert micros is None or isinstance(micros, int)
