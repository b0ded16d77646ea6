import re
import tomllib
from datetime import UTC, date, datetime
from pathlib import Path
from string import Formatter
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from klankbord.report import wording as module
from klankbord.report.wording import Wording, shorten

DUTCH = Wording()
EARLIEST, LATEST = datetime(1995, 1, 1), datetime(2035, 1, 1)  # noqa: DTZ001 - hypothesis asks


def flat(texts: dict[str, object], prefix: str = "") -> dict[str, object]:
    found: dict[str, object] = {}
    for key, value in texts.items():
        found |= (
            flat(value, f"{prefix}{key}.") if isinstance(value, dict) else {prefix + key: value}
        )
    return found


def places(value: object) -> list[set[str]]:
    lines = value if isinstance(value, list) else [value]
    return [{name for _, name, _, _ in Formatter().parse(line) if name} for line in lines]


def test_both_languages_hold_the_same_texts_with_the_same_places() -> None:
    texts = tomllib.loads(Path(module.__file__).with_name("texts.toml").read_text("utf-8"))
    dutch, english = flat(texts["nl"]), flat(texts["en"])
    assert dutch.keys() == english.keys()
    assert {key: places(value) for key, value in dutch.items()} == {
        key: places(value) for key, value in english.items()
    }


def test_every_text_that_code_and_templates_ask_for_exists() -> None:
    folder = Path(module.__file__).parent
    asked = set()
    for path in [*folder.glob("*.py"), *folder.glob("templates/*.j2")]:
        for call, key in re.findall(
            r'(?:wording|\bt)((?:\.count|\.lines)?)\(\s*"([a-z_.]+)"', path.read_text("utf-8")
        ):
            asked |= {f"{key}.one", f"{key}.many"} if call == ".count" else {key}
    known = flat(tomllib.loads((folder / "texts.toml").read_text("utf-8"))["nl"])
    assert len(asked) > 100
    assert asked - known.keys() == set()


def test_dutch_and_english_numbers() -> None:
    assert DUTCH.number(1234.5, 1) == "1.234,5"
    assert Wording("en").number(1234.5, 1) == "1,234.5"
    assert DUTCH.number(-0.04, 1) == "0,0"
    assert DUTCH.number(-3.2, 1) == "−3,2"
    assert DUTCH.number(3.2, 1, signed=True) == "+3,2"
    assert DUTCH.percent(0.1234, 1) == "12,3%"
    assert DUTCH.euro(12000) == "€\u00a012.000"
    assert DUTCH.probability(0.999) == "meer dan 99%"
    assert DUTCH.probability(0.97) == "97%"


def test_dates() -> None:
    assert DUTCH.day(date(2026, 3, 12)) == "12 maart 2026"
    assert Wording("en").day(date(2026, 3, 12)) == "12 March 2026"
    assert DUTCH.local_day(datetime(2026, 3, 12, 23, 30, tzinfo=UTC)) == date(2026, 3, 13)


@given(st.lists(st.datetimes(EARLIEST, LATEST), max_size=20))
def test_local_days_agree_with_the_zone(moments: list[datetime]) -> None:
    found = DUTCH.local_days(np.array(moments, dtype="datetime64[us]")).tolist()
    zone = ZoneInfo("Europe/Amsterdam")
    assert found == [moment.replace(tzinfo=UTC).astimezone(zone).date() for moment in moments]


def test_missing_moments_stay_missing() -> None:
    assert np.isnat(DUTCH.local_days(np.array(["NaT"], dtype="datetime64[us]"))).all()


def test_count_and_list() -> None:
    assert DUTCH.count("shifts.heading", 1) == "1 klant"
    assert DUTCH.count("shifts.heading", 1200) == "1.200 klanten"
    assert DUTCH.listed(("a", "b", "c")) == "a, b en c"
    assert DUTCH.listed(()) == ""


def test_a_code_without_a_name_stays_itself() -> None:
    assert DUTCH.label("action_kind", "iets.nieuws") == "iets.nieuws"
    assert DUTCH.label("tone.boos", "x") == "x"


def test_unknown_language() -> None:
    with pytest.raises(ValueError, match="no report texts"):
        Wording("fr")


@given(st.text(), st.integers(2, 50))
def test_shortened_text_fits(text: str, length: int) -> None:
    assert len(shorten(text, length)) <= length


def test_originals_replace_pseudonyms_inside_text() -> None:
    revealing = Wording(original_ids={"K-0A9BZVTW12": "00123"})
    assert revealing.reveal("Klant K-0A9BZVTW12 en K-BBBBBBBBBB") == "Klant 00123 en K-BBBBBBBBBB"
    assert DUTCH.reveal("K-AAAAAAAAAA") == "K-AAAAAAAAAA"
