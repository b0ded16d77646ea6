"""Tones that people corrected: given, taken back, and kept apart from a sample."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest

from klankbord.errors import ConflictError
from klankbord.schema import FEEDBACK, SCORES, TONE_LABELS, Tone, conform
from klankbord.store import NoSuchPieceError, Workspace

AT = datetime(2026, 3, 12, 12, tzinfo=UTC)
SAID = {
    "a": "Prima, bedankt.", "b": "ÉÉN grote 100% ramp", "c": "onder_streept", "d": "onderXstreept",
    "e": "",
}  # fmt: skip


def feedback(words=SAID, role="customer"):
    rows = [
        {"feedback_id": own, "source": "s", "channel": "survey", "customer_id": f"K-{own}",
         "author_role": role, "verbatim": text, "attributes": "{}",
         "received_at": AT - timedelta(days=at) if own != "d" else None}
        for at, (own, text) in enumerate(words.items())
    ]  # fmt: skip
    return conform(pa.Table.from_pylist(rows, schema=FEEDBACK), FEEDBACK)


def scores():
    flat = {f"p_{tone.value}": 0.2 for tone in Tone}
    row = {"feedback_id": "a", "tone": "positief", **flat, "valence": 0.1, "enthusiasm": 0.1,
           "tone_sd": 0.1, "mixed": False, "churn_cue": False, "ambassador_cue": False,
           "unresolved": False, "non_answer": False, "cues": [], "scored_by": "m"}  # fmt: skip
    return conform(pa.Table.from_pylist([row], schema=SCORES), SCORES)


def drawn(tone, days=0, **more):
    row = {"feedback_id": "a", "tone": tone, "labelled_by": "Ans", "correction": False,
           "labelled_at": AT + timedelta(days=days), **more}  # fmt: skip
    return pa.Table.from_pylist([row], TONE_LABELS)


@pytest.fixture
def spoken(workspace):
    workspace.add_feedback(feedback())
    workspace.add_feedback(feedback({"x": "Wat kan ik doen?"}, role="agent"))
    workspace.save_scores(scores())
    return workspace


def tones(workspace, **asked):
    labels = workspace.tone_labels(**asked)
    return dict(zip(labels["feedback_id"].to_pylist(), labels["tone"].to_pylist(), strict=True))


def test_a_correction_is_a_label_with_who_when_and_instead_of_what(spoken):
    number = spoken.correct_tone("a", Tone.NEUTRAAL, at=AT, by="Anna", seen=0)
    said = spoken.tones_said(("a", "b"))["a"]
    assert (said.label_id, said.tone, said.by, said.at) == (number, Tone.NEUTRAAL, "Anna", AT)
    assert (said.correction, said.read_as) == (True, Tone.POSITIEF)
    assert tones(spoken) == {"a": "neutraal"}
    assert spoken.tone_labels()["correction"].to_pylist() == [True]
    assert tones(spoken, sample_only=True) == {}


def test_taking_it_back_leaves_what_was_there_before(spoken):
    spoken.save_tone_labels(drawn("boos", mixed=True, flags="CU", complaint_theme="-"))
    first = spoken.correct_tone("a", Tone.NEUTRAAL, at=AT, by="Anna")
    label = spoken.tone_labels().to_pylist()[0]
    assert (label["mixed"], label["flags"], label["complaint_theme"]) == (True, "CU", "-")
    second = spoken.correct_tone("a", Tone.POSITIEF, at=AT, by="Bram", seen=first)
    assert spoken.tones_said(("a",))["a"].read_as is Tone.NEUTRAAL
    with pytest.raises(ConflictError):
        spoken.withdraw_correction(first, at=AT, by="Anna")
    spoken.withdraw_correction(second, at=AT, by="Bram")
    assert tones(spoken) == {"a": "neutraal"}
    spoken.withdraw_correction(first, at=AT, by="Anna")
    assert tones(spoken) == {"a": "boos"}
    with pytest.raises(ConflictError):
        spoken.withdraw_correction(first, at=AT, by="Anna")
    assert spoken.tone_labels(history=True).num_rows == 3
    assert spoken.correction_counts() == (2, 0)
    states = [(one.said.tone, one.counts, one.withdrawn_by) for one in spoken.corrections()]
    assert states == [(Tone.POSITIEF, False, "Bram"), (Tone.NEUTRAAL, False, "Anna")]


def test_a_correction_leaves_the_sample_as_it_was_drawn(spoken):
    """A piece does not leave the sample because somebody disagreed with it."""
    spoken.save_tone_labels(drawn("boos"))
    spoken.correct_tone("a", Tone.NEUTRAAL, at=AT + timedelta(days=1), by="Anna")
    assert tones(spoken) == {"a": "neutraal"}
    assert tones(spoken, sample_only=True) == {"a": "boos"}


def test_an_older_sheet_saved_again_does_not_undo_a_correction(spoken):
    spoken.save_tone_labels(drawn("boos"))
    spoken.correct_tone("a", Tone.NEUTRAAL, at=AT + timedelta(days=1), by="Anna")
    assert spoken.save_tone_labels(drawn("boos", days=2)) == 0
    assert tones(spoken) == {"a": "neutraal"}
    assert spoken.save_tone_labels(drawn("positief", days=2)) == 1
    assert tones(spoken) == tones(spoken, sample_only=True) == {"a": "positief"}


def test_a_correction_counts_after_a_sheet_dated_later(spoken):
    spoken.save_tone_labels(drawn("boos", days=3))
    spoken.correct_tone("a", Tone.NEUTRAAL, at=AT, by="Anna")
    assert tones(spoken) == {"a": "neutraal"}


def test_a_piece_corrected_first_can_be_drawn_afterwards(spoken):
    spoken.correct_tone("a", Tone.NEUTRAAL, at=AT, by="Ans")
    assert spoken.save_tone_labels(drawn("neutraal", days=1)) == 1
    assert tones(spoken, sample_only=True) == {"a": "neutraal"}


def test_a_correction_of_words_that_changed_is_history(spoken):
    number = spoken.correct_tone("a", Tone.NEUTRAAL, at=AT, by="Anna")
    spoken.add_feedback(
        feedback({"a": "Toch niet goed."}).set_column(
            FEEDBACK.names.index("received_at"), "received_at",
            pa.array([AT + timedelta(days=9)], pa.timestamp("us", tz="UTC")),
        )
    )  # fmt: skip
    assert tones(spoken) == {}
    assert spoken.correction_counts() == (1, 0)
    assert [one.counts for one in spoken.corrections()] == [False]
    with pytest.raises(ConflictError):
        spoken.withdraw_correction(number, at=AT, by="Anna")


@pytest.mark.parametrize("own", ["e", "x", "weg", ""])
def test_only_words_of_customers_have_a_tone(spoken, own):
    with pytest.raises(NoSuchPieceError):
        spoken.correct_tone(own, Tone.BOOS, at=AT, by="Anna")


def test_a_label_of_a_sample_is_not_taken_back_here(spoken):
    spoken.save_tone_labels(drawn("boos"))
    number = spoken.tones_said(("a",))["a"].label_id
    for wrong in (number, 999):
        with pytest.raises(NoSuchPieceError):
            spoken.withdraw_correction(wrong, at=AT, by="Anna")
    assert tones(spoken) == {"a": "boos"}


def test_one_of_six_people_corrects_first(address):
    with Workspace.open(address) as workspace:
        workspace.add_feedback(feedback())
    start = threading.Barrier(6)

    def correct(number):
        with Workspace.open(address) as workspace:
            start.wait()
            try:
                workspace.correct_tone("a", Tone.BOOS, at=AT, by=str(number), seen=0)
            except ConflictError:
                return None
            return str(number)

    with ThreadPoolExecutor(6) as people:
        first = [who for who in people.map(correct, range(6)) if who is not None]
    with Workspace.open(address) as workspace:
        assert [one.said.by for one in workspace.corrections()] == first


@pytest.mark.parametrize(
    ("words", "found"),
    [("prima", ["a"]), ("BEDANKT", ["a"]), ("één", ["b"]), ("Één", ["b"]), ("100%", ["b"]),
     ("0%r", []), ("r_s", ["c"]), ("onder", ["c", "d"]), ("K-c", ["c"]), ("kan ik", []),
     ("'; DROP TABLE feedback; --", []), ("\\", [])],
)  # fmt: skip
def test_pieces_are_found_by_words_or_customer(spoken, words, found):
    assert list(spoken.pieces_with(words)) == found


def test_found_pieces_and_corrections_come_in_stretches(spoken):
    assert list(spoken.pieces_with("r", limit=2)) == ["a", "b"]
    assert list(spoken.pieces_with("r", offset=2, limit=2)) == ["c", "d"]
    for own in "abcd":
        spoken.correct_tone(own, Tone.BOOS, at=AT, by="Anna")
    listed = [one.said.feedback_id for one in spoken.corrections(offset=1, limit=2)]
    assert listed == ["c", "b"]
    assert spoken.correction_counts() == (4, 4)
