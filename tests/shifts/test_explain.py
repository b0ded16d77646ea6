from __future__ import annotations

import tomllib
from datetime import UTC, datetime
from pathlib import Path
from string import Formatter

from klankbord.schema import ShiftKind
from klankbord.shifts import explain
from klankbord.shifts.explain import Telling, chance, shift_id

AS_OF = datetime(2025, 1, 1, tzinfo=UTC)


def test_dutch_dates_in_local_time():
    late = datetime(2025, 3, 11, 23, 30, tzinfo=UTC)
    assert Telling(AS_OF).day(late) == "12 maart"
    assert Telling(AS_OF, timezone="America/New_York").day(late) == "11 maart 2025"
    assert Telling(AS_OF).day(datetime(2024, 6, 3, tzinfo=UTC)) == "3 juni 2024"
    assert Telling(AS_OF, "en").day(datetime(2024, 6, 3, tzinfo=UTC)) == "3 June 2024"


def test_chance_is_never_rounded_up_to_certainty():
    assert chance(0.999) == ">99"
    assert chance(0.944) == "94"


def test_shift_id_changes_with_customer_kind_and_day_only():
    at = datetime(2024, 6, 3, 9, tzinfo=UTC)
    base = shift_id("K-1", ShiftKind.VERKOELING, at)
    assert base == shift_id("K-1", ShiftKind.VERKOELING, at.replace(hour=15))
    others = {
        shift_id("K-2", ShiftKind.VERKOELING, at),
        shift_id("K-1", ShiftKind.HERSTEL, at),
        shift_id("K-1", ShiftKind.VERKOELING, at.replace(day=4)),
    }
    assert base not in others
    assert len(others) == 3


def test_every_kind_has_a_wording_in_both_languages():
    path = Path(explain.__file__).with_name("wording.toml")
    wordings = tomllib.loads(path.read_text("utf-8"))
    assert {kind.value for kind in ShiftKind} <= set(wordings["nl"]["kinds"])
    for kind in ("verkoeling", "teleurstelling", "escalatie", "herstel", "gesprek"):
        assert f"{kind}_een" in wordings["nl"]["kinds"]
    assert set(wordings["en"]["kinds"]) == set(wordings["nl"]["kinds"])
    for kind, text in wordings["nl"]["kinds"].items():
        places = {name for _, name, _, _ in Formatter().parse(text) if name}
        english = wordings["en"]["kinds"][kind]
        assert {name for _, name, _, _ in Formatter().parse(english) if name} == places
