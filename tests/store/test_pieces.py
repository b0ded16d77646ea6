from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy.dialects import postgresql

from klankbord.schema import FEEDBACK, SCORES, SEGMENTS, TONE_LABELS, TONE_PROBABILITIES, conform
from klankbord.store import FeedbackVersion, Stored, Workspace, tables
from klankbord.store.engine import insert

DAY = datetime(2026, 3, 2, 12, tzinfo=UTC)
NEXT = DAY + timedelta(days=1)
LATER = DAY + timedelta(days=30)
IMPORTED = datetime(2026, 5, 1, tzinfo=UTC)


def export(*rows):
    """Return a table; a row gives what differs from a review of one star called "s:1"."""
    usual = {
        "feedback_id": "s:1",
        "source": "s",
        "channel": "review",
        "author_role": "customer",
        "verbatim": "Slecht",
        "language": "nl",
        "received_at": DAY,
        "score_metric": "stars",
        "score_value": 1.0,
        "attributes": "{}",
    }
    return pa.Table.from_pylist([usual | row for row in rows], schema=FEEDBACK)


def standing(workspace):
    (row,) = workspace.feedback().to_pylist()
    return row


def history(workspace, own="s:1"):
    return [(kept.verbatim, kept.score_value, kept.received_at) for kept in workspace.versions(own)]


def test_an_edited_review_stands_in_its_newest_words_and_keeps_its_history(workspace):
    assert workspace.add_feedback(export({})) == Stored(1, 0, 0)
    edited = {"verbatim": "Toch goed", "score_value": 4.0, "received_at": NEXT}
    assert workspace.add_feedback(export(edited), at=IMPORTED) == Stored(1, 1, 0)
    row = standing(workspace)
    assert (row["verbatim"], row["score_value"], row["received_at"]) == ("Toch goed", 4.0, NEXT)
    assert workspace.versions("s:1") == (FeedbackVersion("Slecht", "stars", 1.0, DAY, IMPORTED),)
    assert workspace.versions("s:2") == ()


@pytest.mark.parametrize(
    "change",
    [{"verbatim": "Slechter"}, {"score_value": 2.0}, {"score_value": None, "score_metric": None},
     {"received_at": NEXT}, {"score_metric": "grade"}],
)  # fmt: skip
def test_other_words_another_score_and_another_time_are_each_a_version(workspace, change):
    workspace.add_feedback(export({}))
    assert workspace.add_feedback(export(change)) == Stored(1, 1, 0)
    assert history(workspace) == [("Slecht", 1.0, DAY)]
    assert {name: standing(workspace)[name] for name in change} == change


def test_an_older_version_that_comes_late_is_history_only(workspace):
    workspace.add_feedback(export({"verbatim": "nieuw", "received_at": LATER}))
    assert workspace.add_feedback(export({"verbatim": "oud"})) == Stored(1, 1, 0)
    assert workspace.add_feedback(export({"verbatim": "tussen", "received_at": NEXT})).updated == 1
    assert standing(workspace)["verbatim"] == "nieuw"
    assert [words for words, _, _ in history(workspace)] == ["oud", "tussen"]


def test_of_two_versions_of_one_time_the_one_imported_last_stands(workspace):
    assert workspace.add_feedback(export({"verbatim": "een"}, {"verbatim": "twee"})) == Stored(
        2, 1, 0
    )
    assert standing(workspace)["verbatim"] == "twee"
    assert [words for words, _, _ in history(workspace)] == ["een"]


def test_any_version_that_is_known_is_a_duplicate(workspace):
    rows = ({}, {"verbatim": "b", "received_at": NEXT}, {"verbatim": "c", "received_at": LATER})
    assert workspace.add_feedback(export(*rows)) == Stored(3, 2, 0)
    assert workspace.add_feedback(export(*rows)) == Stored(0, 0, 3)
    assert workspace.add_feedback(export(*reversed(rows))) == Stored(0, 0, 3)
    assert standing(workspace)["verbatim"] == "c"
    assert [words for words, _, _ in history(workspace)] == ["Slecht", "b"]


def test_a_row_without_a_time_counts_as_of_the_version_it_meets(workspace):
    undated = {"received_at": None}
    workspace.add_feedback(export({}))
    assert workspace.add_feedback(export(undated)) == Stored(0, 0, 1)
    assert workspace.add_feedback(export(undated | {"verbatim": "Beter"})) == Stored(1, 1, 0)
    assert (standing(workspace)["verbatim"], standing(workspace)["received_at"]) == ("Beter", DAY)
    workspace.add_feedback(export({"verbatim": "Best", "received_at": LATER}))
    assert workspace.add_feedback(export(undated | {"verbatim": "Beter"})) == Stored(0, 0, 1)
    assert standing(workspace)["verbatim"] == "Best"


def test_a_time_that_becomes_known_is_a_version(workspace):
    workspace.add_feedback(export({"received_at": None}))
    assert workspace.add_feedback(export({})) == Stored(1, 1, 0)
    assert standing(workspace)["received_at"] == DAY
    assert workspace.add_feedback(export({"received_at": None})) == Stored(0, 0, 1)


def test_other_columns_are_taken_over_in_place(workspace):
    workspace.add_feedback(export({"segment": "zzp", "attributes": '{"stad":"Ede"}'}))
    told = {"segment": "mkb", "language": "en", "second_language": "nl", "value_eur": 5.0}
    assert workspace.add_feedback(export(told)) == Stored(0, 0, 1)
    row = standing(workspace)
    assert {name: row[name] for name in told} == told
    assert row["attributes"] == '{"stad":"Ede"}'
    assert workspace.versions("s:1") == ()


def test_what_an_export_does_not_tell_erases_nothing(workspace):
    known = {"customer_id": "K-1", "account_id": "A-1", "question": "Waarom?", "turn": 2}
    workspace.add_feedback(export(known))
    workspace.add_feedback(export({"verbatim": "Anders", "received_at": NEXT}))
    assert {name: standing(workspace)[name] for name in known} == known


def test_an_older_version_fills_what_was_open_and_changes_nothing_else(workspace):
    workspace.add_feedback(export({"received_at": NEXT, "segment": "zzp"}))
    workspace.add_feedback(export({"customer_id": "K-1", "segment": "mkb"}))
    row = standing(workspace)
    assert (row["customer_id"], row["segment"], row["received_at"]) == ("K-1", "zzp", NEXT)


def test_the_language_goes_with_the_words(workspace):
    workspace.add_feedback(export({"language": "nl", "second_language": "en"}))
    workspace.add_feedback(export({"language": None}))
    row = standing(workspace)
    assert (row["language"], row["second_language"]) == ("nl", "en")
    edited = {"verbatim": "Très bien", "language": "fr", "received_at": NEXT}
    workspace.add_feedback(export(edited))
    row = standing(workspace)
    assert (row["language"], row["second_language"]) == ("fr", None)


def judge(workspace):
    flat = dict.fromkeys((*TONE_PROBABILITIES, "valence", "enthusiasm", "tone_sd"), 0.2)
    flags = ("mixed", "churn_cue", "ambassador_cue", "unresolved", "non_answer")
    score = {**flat, **dict.fromkeys(flags, False), "tone": "boos", "cues": [], "scored_by": "m"}
    ids = workspace.feedback()["feedback_id"].to_pylist()
    rows = [{"feedback_id": own, **score} for own in ids]
    workspace.save_scores(pa.Table.from_pylist(rows, schema=SCORES))
    parts = [{"feedback_id": own, "segment": 0, "start": 0, "end": 1, "text": "x"} for own in ids]
    workspace.save_segments(pa.Table.from_pylist(parts, schema=SEGMENTS))


def test_new_words_are_scored_anew_and_nothing_else_is(workspace):
    ids = [{"feedback_id": f"s:{number}"} for number in range(4)]
    workspace.add_feedback(export(*ids))
    judge(workspace)
    workspace.add_feedback(
        export(
            ids[0] | {"verbatim": "Anders"},
            ids[1] | {"score_value": 5.0, "received_at": NEXT},
            ids[2] | {"verbatim": "Ouder", "received_at": DAY - timedelta(days=9)},
            ids[3] | {"segment": "zzp"},
        )
    )
    assert workspace.unscored("m") == ["s:0"]
    assert workspace.segments()["feedback_id"].to_pylist() == ["s:2", "s:3", "s:1"]


def label(tone, at):
    row = {"feedback_id": "s:1", "tone": tone, "labelled_by": "a", "labelled_at": at}
    return conform(pa.Table.from_pylist([row], schema=TONE_LABELS), TONE_LABELS)


def test_a_label_of_words_that_were_edited_is_history(workspace):
    workspace.add_feedback(export({}))
    workspace.save_tone_labels(label("boos", DAY))
    workspace.add_feedback(export({"score_value": 2.0}))
    assert workspace.tone_labels()["tone"].to_pylist() == ["boos"]
    workspace.add_feedback(export({"verbatim": "Toch goed", "received_at": NEXT}))
    assert workspace.tone_labels().num_rows == 0
    assert workspace.tone_labels(history=True)["tone"].to_pylist() == ["boos"]
    assert workspace.save_tone_labels(label("boos", DAY)) == 0
    assert workspace.save_tone_labels(label("positief", NEXT)) == 1
    assert workspace.tone_labels()["tone"].to_pylist() == ["positief"]


def test_erasing_feedback_erases_its_history(workspace):
    workspace.add_feedback(export({}, {"verbatim": "Anders", "received_at": NEXT}))
    with workspace._writing() as connection:
        connection.exec_driver_sql("DELETE FROM feedback WHERE feedback_id = 's:1'")
    assert workspace.versions("s:1") == ()


def test_overlap_is_counted_exactly_over_batches(workspace):
    ids = [{"feedback_id": f"s:{number}"} for number in range(12_000)]
    assert workspace.add_feedback(export(*ids)) == Stored(12_000, 0, 0)
    again = [
        row | ({"verbatim": "Anders", "received_at": NEXT} if number % 3 == 0 else {})
        for number, row in enumerate(ids)
    ]
    fresh = [{"feedback_id": f"t:{number}"} for number in range(500)]
    assert workspace.add_feedback(export(*again, *fresh)) == Stored(4_500, 4_000, 8_000)
    assert workspace.feedback().num_rows == 12_500


def test_many_versions_of_one_piece_take_linear_time(workspace):
    rows = [{"verbatim": f"v{number}"} for number in range(10_000)]
    assert workspace.add_feedback(export(*rows)) == Stored(10_000, 9_999, 0)
    assert len(workspace.versions("s:1")) == 9_999


def test_the_main_language_of_each_source(workspace):
    spoken = [("a", "nl"), ("a", "fr"), ("a", "fr"), ("b", "nl"), ("b", "en"), ("c", None)]
    workspace.add_feedback(
        export(
            *(
                {"feedback_id": f"{source}:{number}", "source": source, "language": language}
                for number, (source, language) in enumerate(spoken)
            )
        )
    )
    assert workspace.main_languages() == {"a": "fr", "b": "en"}


def test_postgresql_has_the_same_statements():
    class Connection:
        dialect = postgresql.dialect()

    statement = insert(Connection, tables.feedback).on_conflict_do_nothing()
    compiled = str(statement.compile(dialect=Connection.dialect))
    assert compiled.endswith("ON CONFLICT DO NOTHING")


# --- any sequence of overlapping exports ----------------------------------------------------------

TIMES = st.integers(0, 4).map(lambda days: DAY + timedelta(days=days))
ROWS = st.fixed_dictionaries(
    {
        "feedback_id": st.sampled_from(["s:1", "s:2", "s:3"]),
        "verbatim": st.sampled_from(["a", "b", ""]),
        "score_value": st.sampled_from([1.0, 2.0, None]),
        "received_at": TIMES,
        "customer_id": st.sampled_from(["K-1", None]),
        "segment": st.sampled_from(["zzp", "mkb", None]),
    }
)
EXPORTS = st.lists(st.lists(ROWS, max_size=6), max_size=5)


def version(row):
    return row["verbatim"], row["score_value"], row["received_at"]


@given(exports=EXPORTS, undated=st.booleans())
@settings(max_examples=60, deadline=None)
def test_any_sequence_of_overlapping_exports(blank_address, exports, undated):
    if undated:
        exports = [[row | {"received_at": None} for row in rows] for rows in exports]
    told: dict[str, list[dict]] = {}
    with Workspace.open(blank_address()) as workspace:
        for rows in exports:
            before = {own: {version(row) for row in known} for own, known in told.items()}
            became = workspace.add_feedback(export(*rows))
            for row in rows:
                told.setdefault(row["feedback_id"], []).append(row)
            new = sum(
                len({version(row) for row in known} - before.get(own, set()))
                for own, known in told.items()
            )
            assert became.stored + became.duplicates == len(rows)
            assert became.stored == new
            assert became.stored - became.updated == len(told) - len(before)
        stored = {row["feedback_id"]: row for row in workspace.feedback().to_pylist()}
        assert stored.keys() == told.keys()
        for own, rows in told.items():
            ordered = list(dict.fromkeys(version(row) for row in rows))  # as first imported
            newest = max(ordered, key=lambda each: (each[2] or DAY, ordered.index(each)))
            assert version(stored[own]) == newest
            assert sorted(map(repr, history(workspace, own))) == sorted(
                repr(each) for each in ordered if each != newest
            )
            moments = [moment for _, _, moment in history(workspace, own) if moment]
            assert moments == sorted(moments)
            customers = {row["customer_id"] for row in rows} - {None}
            assert stored[own]["customer_id"] == (customers or {None}).pop()


@given(exports=EXPORTS)
@settings(max_examples=20, deadline=None)
def test_the_order_of_dated_exports_makes_no_difference(blank_address, exports):
    """As long as no two versions of a piece are of one time: then the last import decides."""
    exports = [[row | {"received_at": _own_time(row)} for row in rows] for rows in exports]
    ended = []
    for ordered in (exports, [rows[::-1] for rows in reversed(exports)]):
        with Workspace.open(blank_address()) as workspace:
            for rows in ordered:
                workspace.add_feedback(export(*rows))
            kept = ["feedback_id", "verbatim", "score_value", "received_at", "customer_id"]
            found = workspace.feedback()
            ended.append(
                (
                    sorted(map(repr, found.select(kept).to_pylist())),
                    {own: history(workspace, own) for own in found["feedback_id"].to_pylist()},
                )
            )
    assert ended[0] == ended[1]


def _own_time(row):
    place = "ab".find(row["verbatim"] or "?") * 3 + int(row["score_value"] or 0)
    return DAY + timedelta(days=place)
