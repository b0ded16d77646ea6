from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from klankbord.records import KnownTheme
from klankbord.themes import edits
from klankbord.themes.codeframe import codeframe
from klankbord.themes.edits import Edit
from klankbord.themes.refusals import Refusal, ThemeEditError

DAY = date(2026, 3, 2)
DEPARTMENTS = ("Operations", "Customer Service")


def theme(theme_id, parent="levertijd", **more):
    fields = {
        "theme_id": theme_id,
        "parent_id": parent,
        "label": theme_id.replace("-", " "),
        "keywords": ("laat",),
        "encoder": "e1",
        "centre": (0.6, 0.8),
        "terms": (("laat", 1.0),),
        "found_at": DAY,
        "seen_at": DAY,
    }
    return KnownTheme(**(fields | more))


@pytest.fixture
def known():
    subs = (theme("levertijd-a"), theme("levertijd-b"), theme("levertijd-c"), theme("los", None))
    return edits.with_heads(subs, DAY)


def one(known, theme_id):
    return next(item for item in known if item.theme_id == theme_id)


def test_a_name_is_given_changed_and_taken_away(known):
    known, edit = edits.rename(known, "levertijd-a", "  Bezorger te laat ")
    assert edit == Edit("rename", "levertijd-a", {"name": ("", "Bezorger te laat")})
    assert edits.shown_name(one(known, "levertijd-a")) == "Bezorger te laat"
    known, edit = edits.rename(known, "levertijd-a", None)
    assert edit.changes == {"name": ("Bezorger te laat", "")}
    assert edits.shown_name(one(known, "levertijd-a")) == "levertijd a"


def test_only_the_edited_theme_changes(known):
    after, _ = edits.pin(known, "levertijd-b")
    assert one(after, "levertijd-b") == replace(one(known, "levertijd-b"), pinned=True)
    assert [a for a in after if a.theme_id != "levertijd-b"] == [
        b for b in known if b.theme_id != "levertijd-b"
    ]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("", "letter or digit"),
        ("  \t ", "letter or digit"),
        ("?!", "letter or digit"),
        ("\u200d", "letter or digit"),
        ("x" * 61, "61 characters"),
        ("twee\nregels", "control characters"),
        ("a\x00b", "control characters"),
        ("a\u202eb", "control characters"),
        ("a\u200bb", "control characters"),
        ("a\ud800b", "control characters"),
        ("LEVERTIJD  B", "has that name"),
    ],
)
def test_a_name_that_is_none_is_refused(known, name, message):
    with pytest.raises(ThemeEditError, match=message) as refused:
        edits.rename(known, "levertijd-a", name)
    assert refused.value.hint
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("name", ["x" * 60, "=1+1", "👨‍👩‍👧 gezin", 'Café\'s; "duur"', "e\u0301én"])
def test_a_name_that_is_one_is_taken(known, name):
    after, _ = edits.rename(known, "levertijd-a", name)
    assert len(one(after, "levertijd-a").name) <= len(name)


def test_a_name_may_return_under_another_head_and_after_a_merge(known):
    edits.rename(known, "los", "levertijd b")
    merged, _ = edits.merge(known, "levertijd-b", "levertijd-a")
    renamed, _ = edits.rename(merged, "levertijd-a", "levertijd b")
    with pytest.raises(ThemeEditError, match="has that name"):
        edits.merge(renamed, "levertijd-b", None)


def test_a_head_can_be_renamed_assigned_pinned_and_forbidden(known):
    for change in (
        lambda k: edits.rename(k, "levertijd", "Te laat bezorgd"),
        lambda k: edits.assign(k, "levertijd", "operations", DEPARTMENTS),
        lambda k: edits.pin(k, "levertijd"),
        lambda k: edits.forbid(k, "levertijd"),
    ):
        after, edit = change(known)
        assert edit.theme_id == "levertijd"
        assert [item.theme_id for item in edits.decided(after) if not item.centre] == ["levertijd"]


@pytest.mark.parametrize(
    "change",
    [lambda k: edits.merge(k, "levertijd", "prijs"), lambda k: edits.split(k, "levertijd")],
)
def test_a_head_cannot_be_merged_or_split(known, change):
    with pytest.raises(ThemeEditError, match="head of the codeframe"):
        change(known)


def test_a_head_nobody_decided_about_leaves_no_row(known):
    assert {item.theme_id for item in edits.decided(known)} == {
        "levertijd-a", "levertijd-b", "levertijd-c", "los"
    }  # fmt: skip
    assert {item.theme_id for item in known} >= set(codeframe())
    after, _ = edits.rename(known, "prijs", "Te duur")
    again, _ = edits.undo(after, [Edit("rename", "prijs", {"name": ("", "Te duur")})])
    assert edits.decided(again) == edits.decided(known)


def test_heads_are_labelled_in_the_language_asked_for(known):
    assert one(edits.with_heads((), DAY, "en"), "prijs").label == "Price and costs"
    assert one(edits.with_heads(known, DAY, "en"), "prijs").label == "Price and costs"


@pytest.mark.parametrize(
    ("theme_id", "hint"),
    [
        ("levertijd-aa", "levertijd-a"),
        ("Levertijd A", "levertijd-a"),
        ("vertijd", "levertijd"),
        ("zzzz", "themes list"),
        ("", "themes list"),
    ],
)
def test_an_unknown_id_comes_with_the_nearest(known, theme_id, hint):
    with pytest.raises(ThemeEditError, match="no theme with that id") as refused:
        edits.pin(known, theme_id)
    assert hint in refused.value.hint


def test_an_unknown_target_is_refused(known):
    with pytest.raises(ThemeEditError, match="no theme with that id"):
        edits.merge(known, "levertijd-a", "levertijd-z")


def test_merging_follows_to_the_end(known):
    known, edit = edits.merge(known, "levertijd-a", "levertijd-b")
    assert edit.changes == {"merged_into": (None, "levertijd-b")}
    known, _ = edits.merge(known, "levertijd-b", "levertijd-c")
    known, _ = edits.merge(known, "levertijd-c", "prijs")
    assert {edits.resolve(known, f"levertijd-{x}") for x in "abc"} == {"prijs"}
    assert edits.resolve(edits.decided(known), "levertijd-a") == "prijs"
    assert edits.resolve(known, "los") == "los"
    with pytest.raises(ThemeEditError):
        edits.resolve(known, "weg")


def test_impossible_merges_are_refused(known):
    with pytest.raises(ThemeEditError, match="into itself"):
        edits.merge(known, "levertijd-a", "levertijd-a")
    merged, _ = edits.merge(known, "levertijd-a", "levertijd-b")
    with pytest.raises(ThemeEditError, match="circle") as refused:
        edits.merge(merged, "levertijd-b", "levertijd-a")
    assert refused.value.hint == "klankbord themes merge levertijd-a --off"
    with pytest.raises(ThemeEditError, match="is merged itself") as refused:
        edits.merge(merged, "levertijd-c", "levertijd-a")
    assert "levertijd-b" in refused.value.hint
    chain, _ = edits.merge(merged, "levertijd-b", "levertijd-c")
    with pytest.raises(ThemeEditError, match="circle"):
        edits.merge(chain, "levertijd-c", "levertijd-a")
    forbidden, _ = edits.forbid(known, "levertijd-b")
    with pytest.raises(ThemeEditError, match="is forbidden"):
        edits.merge(forbidden, "levertijd-a", "levertijd-b")
    with pytest.raises(ThemeEditError, match="cannot be forbidden"):
        edits.forbid(merged, "levertijd-b")


def test_a_circle_that_should_not_be_there_ends(known):
    broken = [
        replace(item, merged_into={"levertijd-a": "levertijd-b"}.get(item.theme_id, "levertijd-a"))
        for item in known
        if item.theme_id in ("levertijd-a", "levertijd-b")
    ]
    with pytest.raises(ThemeEditError, match="circle"):
        edits.resolve(broken, "levertijd-a")


def test_a_merged_theme_can_still_be_renamed_when_its_target_is_merged_on(known):
    known, _ = edits.merge(known, "levertijd-a", "levertijd-b")
    known, _ = edits.merge(known, "levertijd-b", "levertijd-c")
    after, _ = edits.rename(known, "levertijd-a", "Bezorger")
    assert one(after, "levertijd-a").name == "Bezorger"


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (edits.pin, edits.forbid),
        (edits.forbid, edits.pin),
        (edits.forbid, edits.split),
        (edits.split, edits.forbid),
        (edits.pin, lambda k, t: edits.merge(k, t, "levertijd-b")),
        (lambda k, t: edits.merge(k, t, "levertijd-b"), edits.split),
        (lambda k, t: edits.merge(k, t, "levertijd-b"), edits.forbid),
    ],
)
def test_decisions_that_contradict_are_refused_with_the_way_out(known, first, second):
    known, _ = first(known, "levertijd-a")
    with pytest.raises(ThemeEditError, match="cannot be both") as refused:
        second(known, "levertijd-a")
    assert "--off" in refused.value.hint


def test_pinned_and_to_be_split_go_together(known):
    known, _ = edits.pin(known, "levertijd-a")
    known, edit = edits.split(known, "levertijd-a")
    assert edit.changes == {"divide": (False, True)}


def test_deciding_what_is_so_already_is_refused(known):
    for change in (
        lambda: edits.pin(known, "levertijd-a", on=False),
        lambda: edits.merge(known, "levertijd-a", None),
        lambda: edits.assign(known, "levertijd-a", None, DEPARTMENTS),
        lambda: edits.rename(known, "levertijd-a", None),
    ):
        with pytest.raises(ThemeEditError, match="already"):
            change()


def test_an_owner_is_a_department_and_passes_to_what_hangs_under_it(known):
    with pytest.raises(ThemeEditError, match="no such department") as refused:
        edits.assign(known, "levertijd-a", "Operaties", DEPARTMENTS)
    assert "Operations, Customer Service" in refused.value.hint
    sub, los = one(known, "levertijd-a"), one(known, "los")
    assert edits.owner_of(known, sub) == "Distributie"
    assert edits.owner_of(known, los) == ""
    known, edit = edits.assign(known, "levertijd", " customer service", DEPARTMENTS)
    assert edit.changes == {"owner": ("", "Customer Service")}
    assert edits.owner_of(known, sub) == "Customer Service"
    known, _ = edits.assign(known, "levertijd-a", "Operations", DEPARTMENTS)
    assert edits.owner_of(known, one(known, "levertijd-a")) == "Operations"
    assert edits.owner_of(known, one(known, "levertijd-b")) == "Customer Service"


def test_undo_takes_back_one_edit_after_another(known):
    start, history = known, []
    for change in (
        lambda k: edits.rename(k, "levertijd-a", "Bezorger"),
        lambda k: edits.merge(k, "levertijd-b", "levertijd-a"),
        lambda k: edits.pin(k, "levertijd-a"),
    ):
        known, edit = change(known)
        history.append(edit)
    for theme_id in ("levertijd-a", "levertijd-b", "levertijd-a"):
        known, edit = edits.undo(known, history)
        history.append(edit)
        assert (edit.verb, edit.theme_id) == ("undo", theme_id)
    assert known == start
    with pytest.raises(ThemeEditError, match="no edit to undo"):
        edits.undo(known, history)
    known, edit = edits.split(known, "los")
    known, edit = edits.undo(known, [*history, edit])
    assert edit.theme_id == "los"


def test_undo_of_one_theme_leaves_the_edits_of_others(known):
    start, history = known, []
    for change in (
        lambda k: edits.rename(k, "levertijd-a", "Bezorger"),
        lambda k: edits.pin(k, "levertijd-b"),
        lambda k: edits.pin(k, "levertijd-a"),
    ):
        known, edit = change(known)
        history.append(edit)
    for _ in range(2):
        known, edit = edits.undo(known, history, "levertijd-a")
        history.append(edit)
    assert one(known, "levertijd-a") == one(start, "levertijd-a")
    assert one(known, "levertijd-b").pinned
    with pytest.raises(ThemeEditError) as refused:
        edits.undo(known, history, "levertijd-a")
    assert refused.value.kind is Refusal.NOTHING_TO_UNDO
    known, edit = edits.undo(known, history)
    assert (edit.theme_id, known) == ("levertijd-b", start)
    assert edits.standing([*history, edit]) == []


def test_an_edit_that_an_analysis_carried_out_is_not_undone(known):
    split, edit = edits.split(known, "levertijd-a")
    done = [replace(item, divide=False) for item in split]
    with pytest.raises(ThemeEditError, match="carried out by an analysis"):
        edits.undo(done, [edit])


def test_what_people_decide_during_a_run_is_kept():
    before = (theme("a"), theme("b", divide=True), theme("c", name="Oud"))
    found = (theme("a", label="anders"), theme("b"), theme("c", name="Oud"), theme("n"))
    head = edits.with_heads((), DAY)[0]
    now = (
        theme("a", name="Nieuw"),
        theme("b", divide=True),
        theme("c"),
        replace(head, pinned=True),
    )
    after = edits.kept(found, before, now)
    assert after == tuple(
        sorted(
            (
                theme("a", label="anders", name="Nieuw"),
                theme("b"),
                theme("c"),
                replace(head, pinned=True),
                theme("n"),
            ),
            key=lambda item: item.theme_id,
        )
    )


def test_a_head_decided_back_to_automatic_during_a_run_is_automatic():
    head = next(item for item in edits.with_heads((), DAY) if item.theme_id == "prijs")
    named = replace(head, name="Duur")
    assert edits.kept([named], [named], []) == (head,)


IDS = ("levertijd-a", "levertijd-b", "levertijd-c", "los", "levertijd", "prijs")
ID = st.sampled_from(IDS)
ON = st.booleans()
CHANGE = st.one_of(
    st.tuples(st.just("rename"), ID, st.none() | st.sampled_from(("x", "y", "Prijs en kosten"))),
    st.tuples(st.just("merge"), ID, st.none() | ID),
    st.tuples(st.just("assign"), ID, st.none() | st.sampled_from(DEPARTMENTS)),
    st.tuples(st.just("split"), ID, ON),
    st.tuples(st.just("pin"), ID, ON),
    st.tuples(st.just("forbid"), ID, ON),
    st.tuples(st.just("undo"), ID, ON),
)


def take(known, history, verb, theme_id, value):
    if verb == "undo":
        return edits.undo(known, history)
    if verb == "assign":
        return edits.assign(known, theme_id, value, DEPARTMENTS)
    if verb in ("split", "pin", "forbid"):
        return getattr(edits, verb)(known, theme_id, on=value)
    return getattr(edits, verb)(known, theme_id, value)


@given(changes=st.lists(CHANGE, max_size=25))
@settings(max_examples=200, deadline=None)
def test_no_row_of_edits_leaves_a_contradiction_and_all_of_it_can_be_undone(changes):
    subs = (theme("levertijd-a"), theme("levertijd-b"), theme("levertijd-c"), theme("los", None))
    start = edits.with_heads(subs, DAY)
    known, history = start, []
    for verb, theme_id, value in changes:
        try:
            known, edit = take(known, history, verb, theme_id, value)
        except ThemeEditError:
            continue
        history.append(edit)
        shown = [(i.parent_id, edits.shown_name(i).casefold()) for i in known if not i.merged_into]
        assert len(set(shown)) == len(shown)
        for item in known:
            end = one(known, edits.resolve(known, item.theme_id))
            assert end.merged_into is None
            assert item.merged_into is None or not end.forbidden
            assert sum((item.pinned, item.forbidden, item.merged_into is not None)) <= 1
            assert not (item.divide and (item.forbidden or item.merged_into))
    standing = sum(1 if edit.verb != "undo" else -1 for edit in history)
    for _ in range(standing):
        known, edit = edits.undo(known, history)
        history.append(edit)
    assert known == start
