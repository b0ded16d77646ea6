from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from klankbord.records import KnownTheme
from klankbord.store import ThemeEdit, Workspace
from klankbord.themes.edits import Edit

MOMENT = datetime(2026, 3, 2, 12, 30, 15, 123456, tzinfo=UTC)


def theme(theme_id, **more):
    fields = {
        "theme_id": theme_id,
        "parent_id": "levertijd",
        "label": "bezorger, laat",
        "keywords": ("bezorger", "laat"),
        "encoder": "sha256:1",
        "centre": tuple(np.array([0.6, 0.8, 1e-7], dtype=np.float32).tolist()),
        "terms": (("bezorger", 0.7071068), ("laat", 1 / 3)),
        "found_at": date(2026, 1, 5),
        "seen_at": date(2026, 3, 2),
    }
    return KnownTheme(**(fields | more))


TEXT = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=12)
NAME = TEXT | st.none()
DAYS = st.dates()
KNOWN = st.builds(
    KnownTheme,
    theme_id=st.text(alphabet="abcÉ-🙂", min_size=1, max_size=4),
    parent_id=NAME,
    label=TEXT,
    keywords=st.lists(TEXT, max_size=3).map(tuple),
    encoder=TEXT,
    centre=st.lists(st.floats(width=32, allow_nan=False), max_size=5).map(tuple),
    terms=st.lists(st.tuples(TEXT, st.floats(0, 1)), max_size=3).map(tuple),
    found_at=DAYS,
    seen_at=DAYS,
    name=TEXT,
    owner=TEXT,
    pinned=st.booleans(),
    forbidden=st.booleans(),
    merged_into=NAME,
    divide=st.booleans(),
)


@given(known=st.lists(KNOWN, max_size=5, unique_by=lambda item: item.theme_id))
@settings(max_examples=40, deadline=None)
def test_any_known_theme_comes_back_exactly_and_by_id(blank_address, known):
    with Workspace.open(blank_address()) as workspace:
        workspace.save_known_themes([theme("eerder")])
        workspace.save_known_themes(known)
        found = workspace.known_themes()
    assert sorted(found, key=lambda item: item.theme_id) == sorted(
        known, key=lambda item: item.theme_id
    )
    assert len(found) == len(known)


def test_the_order_is_that_of_the_ids(workspace):
    workspace.save_known_themes([theme("b"), theme("a-2"), theme("a")])
    assert [item.theme_id for item in workspace.known_themes()] == ["a", "a-2", "b"]


def test_a_centre_is_kept_as_little_endian_float32(workspace):
    workspace.save_known_themes([theme("a", centre=(0.1, -2.0))])
    with workspace._reading() as connection:
        stored = connection.exec_driver_sql("SELECT centre FROM known_theme").scalar()
    assert stored == np.array([0.1, -2.0], dtype="<f4").tobytes()


def test_a_failure_halfway_keeps_the_old_ones(workspace):
    workspace.save_known_themes([theme("a")])
    with pytest.raises(Exception, match="refer"):
        workspace.save_known_themes([theme("b"), theme("b")])
    assert workspace.known_themes() == (theme("a"),)


def test_edits_are_all_kept_in_order(workspace):
    amsterdam = MOMENT.astimezone(ZoneInfo("Europe/Amsterdam"))
    first = Edit("rename", "a", {"name": ("", "Bezorger ’🙂 \x00")})
    second = Edit("merge", "a", {"merged_into": (None, "b"), "pinned": (True, False)})
    workspace.record_theme_edit(first, at=amsterdam, by="Anna", why="zo heet het")
    workspace.record_theme_edit(second, at=None)
    assert workspace.theme_edits() == (
        ThemeEdit(first.verb, "a", first.changes, 1, MOMENT, "Anna", "zo heet het"),
        ThemeEdit(second.verb, "a", second.changes, 2, None, "", ""),
    )


def test_the_history_outlives_the_themes(workspace):
    workspace.save_known_themes([theme("a")])
    workspace.record_theme_edit(Edit("pin", "a", {"pinned": (False, True)}), at=MOMENT)
    workspace.save_known_themes([])
    assert len(workspace.theme_edits()) == 1
