from __future__ import annotations

import tomllib
from datetime import UTC, datetime
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from klankbord.schema import ShiftKind
from klankbord.shifts import explain
from klankbord.shifts.explain import chance, day, shift_id, shorten

AS_OF = datetime(2025, 1, 1, tzinfo=UTC)


@given(st.text(max_size=400), st.integers(5, 60))
def test_shortened_text_fits_and_ends_at_a_word(text, limit):
    short = shorten(text, limit)
    line = " ".join(text.split())
    assert len(short) <= limit
    if short.endswith("…") and short != line:
        assert line.startswith(short[:-1])
    else:
        assert short == line


def test_quotes_are_cut_between_words():
    assert shorten("Snelle levering, en vriendelijke mensen", 20) == "Snelle levering, en…"
    assert shorten("Snelle\n  levering", 20) == "Snelle levering"


def test_dutch_dates_in_local_time():
    assert day(datetime(2025, 3, 11, 23, 30, tzinfo=UTC), AS_OF) == "12 maart"
    assert day(datetime(2024, 6, 3, tzinfo=UTC), AS_OF) == "3 juni 2024"


def test_chance_is_never_rounded_up_to_certainty():
    assert chance(0.999) == "> 99"
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


def test_every_kind_has_a_wording():
    path = Path(explain.__file__).with_name("wording.toml")
    wordings = tomllib.loads(path.read_text("utf-8"))["kinds"]
    assert {kind.value for kind in ShiftKind} <= set(wordings)
    for kind in ("verkoeling", "teleurstelling", "escalatie", "herstel", "gesprek"):
        assert f"{kind}_een" in wordings
