"""Edits of themes in a workspace that others edit too, on each kind of database."""

from datetime import UTC, date, datetime
from itertools import pairwise

import pytest

from klankbord.errors import ConflictError
from klankbord.outputs.theme_edits import Remark, edit_theme, version_of
from klankbord.records import Action, KnownTheme, Theme
from klankbord.store import Workspace
from klankbord.themes import edits
from klankbord.themes.refusals import ThemeEditError
from together import at_once

MOMENT = datetime(2026, 3, 12, 11, tzinfo=UTC)
DAY = date(2026, 3, 12)
PEOPLE, ROUNDS = 4, 4


def known(theme_id: str) -> KnownTheme:
    return KnownTheme(
        theme_id, "levertijd", theme_id.replace("-", " "), (), "e", (1.0,), (), DAY, DAY
    )


def theme(theme_id: str, label: str, parent: str | None = "levertijd") -> Theme:
    return Theme(
        theme_id, parent, label, (), 9, 0.5, "stabiel", None, (), None, "Distributie", (), ()
    )


def action(theme_id: str, reason: str) -> Action:
    return Action(
        f"outer-{theme_id}", "outer", "structureel verbeteren", None, theme_id, "Distributie", DAY,
        0.5, "actieplan", reason, (), "", "",
    )  # fmt: skip


@pytest.fixture
def themed(address):
    with Workspace.open(address) as store:
        store.save_themes(
            [theme("levertijd", "Te late levering", None)]
            + [theme(f"levertijd-{at}", f"levertijd {at}") for at in range(PEOPLE)]
        )
        store.save_known_themes([known(f"levertijd-{at}") for at in range(PEOPLE)])
        store.record_run({}, as_of=MOMENT)
    return address


def edit(store, change, *, by="Anna", seen=None):
    return edit_theme(
        store,
        lambda known, _: change(known),
        Remark(MOMENT, by, "omdat"),
        language="nl",
        timezone="Europe/Amsterdam",
        seen=seen,
    )


def test_edits_of_different_themes_at_once_are_all_kept(themed):
    def work(number):
        own = f"levertijd-{number}"
        with Workspace.open(themed) as store:
            for turn in range(ROUNDS):
                name = f"{number} {turn}"
                edit(store, lambda known: edits.rename(known, own, name))  # noqa: B023

    at_once(PEOPLE, work)
    with Workspace.open(themed) as store:
        assert [one.name for one in store.known_themes()] == [
            f"{at} {ROUNDS - 1}" for at in range(PEOPLE)
        ]
        history = store.theme_edits()
    assert len(history) == PEOPLE * ROUNDS
    for at in range(PEOPLE):
        own = [one.changes["name"] for one in history if one.theme_id == f"levertijd-{at}"]
        assert [new for _, new in own[:-1]] == [old for old, _ in own[1:]]


def test_of_people_who_saw_the_same_version_one_is_kept_at_a_time(themed):
    def work(number):
        made = refused = 0
        with Workspace.open(themed) as store:
            for turn in range(ROUNDS):
                seen = version_of(store.theme_edits(), "levertijd-0")
                name = f"{number} {turn}"
                try:
                    edit(
                        store,
                        lambda known: edits.rename(known, "levertijd-0", name),  # noqa: B023
                        by=str(number),
                        seen=("levertijd-0", seen),
                    )
                except ConflictError:
                    refused += 1
                else:
                    made += 1
        return made, refused

    done = at_once(PEOPLE, work)
    assert sum(made + refused for made, refused in done) == PEOPLE * ROUNDS
    with Workspace.open(themed) as store:
        history = store.theme_edits(theme_id="levertijd-0")
        assert len(history) == sum(made for made, _ in done)
        assert store.known_themes()[0].name == history[-1].changes["name"][1]
    for earlier, later in pairwise(history):
        assert later.changes["name"][0] == earlier.changes["name"][1]


def test_edits_of_another_theme_are_no_conflict(themed):
    with Workspace.open(themed) as store:
        seen = version_of(store.theme_edits(), "levertijd-0")
        edit(store, lambda known: edits.pin(known, "levertijd-1"))
        edit(store, lambda known: edits.pin(known, "levertijd-0"), seen=("levertijd-0", seen))
        with pytest.raises(ConflictError):
            edit(store, lambda known: edits.split(known, "levertijd-0"), seen=("levertijd-0", seen))


def test_a_refused_edit_leaves_nothing_behind(themed):
    with Workspace.open(themed) as store:
        before = store.known_themes(), store.theme_edits()
        with pytest.raises(ThemeEditError):
            edit(store, lambda known: edits.rename(known, "levertijd-0", "levertijd 1"))
        assert (store.known_themes(), store.theme_edits()) == before


def test_a_new_name_is_at_once_in_themes_names_and_reasons(themed):
    with Workspace.open(themed) as store:
        store.merge_actions(
            [
                action("levertijd-0", "Het thema ‘levertijd 0’ groeit."),
                action("levertijd", "Het thema ‘Te late levering’ groeit."),
                action("levertijd-1", "Naast ‘levertijd 0’."),
            ],
            at=MOMENT,
        )
        edit(store, lambda known: edits.rename(known, "levertijd-0", "Bezorger"))
        edit(store, lambda known: edits.rename(known, "levertijd", "Wachten"))
        edit(store, lambda known: edits.assign(known, "levertijd", "Finance", ("Finance",)))
        assert [one.label for one in store.themes()[:2]] == ["Wachten", "Bezorger"]
        assert {one.owner for one in store.themes()} == {"Finance"}
        names = store.theme_names()
        assert (names["levertijd"], names["levertijd-0"]) == ("Wachten", "Bezorger")
        assert store.theme_labels(["levertijd-1", "weg"]) == {"levertijd-1": "levertijd 1"}
        reasons = {one.theme_id: one.reason for one in store.actions()}
        assert reasons == {
            "levertijd-0": "Het thema ‘Bezorger’ groeit.",
            "levertijd": "Het thema ‘Wachten’ groeit.",
            "levertijd-1": "Naast ‘levertijd 0’.",
        }
        assert {one.version for one in store.actions()} == {1}
        edit(store, lambda known: edits.rename(known, "levertijd-0", None))
        edit(store, lambda known: edits.rename(known, "levertijd", None))
        assert [one.label for one in store.themes()[:2]] == ["Te late levering", "levertijd 0"]
        assert "‘levertijd 0’" in store.action("outer-levertijd-0").reason


def test_a_name_taken_away_after_an_analysis_used_it_is_gone_everywhere(themed):
    with Workspace.open(themed) as store:
        edit(store, lambda known: edits.rename(known, "levertijd", "Wachten"))
        edit(store, lambda known: edits.rename(known, "levertijd-0", "Bezorger"))
        store.save_themes(store.themes())  # as an analysis labels them
        edit(store, lambda known: edits.rename(known, "levertijd", None))
        edit(store, lambda known: edits.rename(known, "levertijd-0", None))
        assert [one.label for one in store.themes()[:2]] == ["Te late levering", "levertijd 0"]
        assert store.theme_names()["levertijd"] == "Te late levering"
        store.save_themes([theme("levertijd", "Wachten", None)])
        store.record_run({"settings": {"language": "en"}}, as_of=MOMENT)
        assert store.themes()[0].label == "Late delivery"
