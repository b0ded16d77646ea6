"""Corrections of the review page train the model; no figure rests on them."""

import json
import os
from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa
import pytest

from klankbord import labelling
from klankbord.errors import UnreadableInputError
from klankbord.labelling.heads import Recipe
from klankbord.models import load_encoder, load_tone_model
from klankbord.schema import FEEDBACK, TONE_LABELS, Tone, conform
from klankbord.store import Workspace

from .builders import TEXTS, labelled

AT = datetime(2026, 3, 12, 12, tzinfo=UTC)
STRANGE = [f"{article} {colour} {noun}" for noun in ("appel", "peer") for article in ("de", "een")
           for colour in ("rode", "gele", "groene", "blauwe", "witte")]  # fmt: skip
RECIPE = Recipe()


@pytest.fixture(scope="module")
def base():
    return load_tone_model(tier="fast")


@pytest.fixture(scope="module")
def encoder():
    return load_encoder()


@pytest.fixture
def store(tmp_path):
    """Thirty-five texts with labels of a sample, and twenty that nobody labelled."""
    texts = [text for text, _ in TEXTS] + STRANGE
    with Workspace.open(tmp_path / "w.db") as workspace:
        rows = [{"feedback_id": f"f{at}", "source": "s", "channel": "survey",
                 "author_role": "customer", "verbatim": text, "attributes": "{}",
                 "received_at": AT} for at, text in enumerate(texts)]  # fmt: skip
        workspace.add_feedback(conform(pa.Table.from_pylist(rows, FEEDBACK), FEEDBACK))
        yield workspace


def draw(store):
    rows = [{"feedback_id": f"f{at}", "tone": tone, "labelled_by": "Ans", "labelled_at": AT,
             "correction": False} for at, (_, tone) in enumerate(TEXTS)]  # fmt: skip
    store.save_tone_labels(pa.Table.from_pylist(rows, TONE_LABELS))


def correct(store, first, count, tone):
    for at in range(first, first + count):
        store.correct_tone(f"f{at}", tone, at=AT + timedelta(days=1), by="Anna")


def test_the_figures_of_training_are_those_of_the_sample(store, base, encoder, tmp_path):
    draw(store)
    alone = labelling.train([], tmp_path / "a", base=base, encoder=encoder, tier="fast",
                            workspace=store, recipe=RECIPE)  # fmt: skip
    assert (alone.labels, alone.corrections, alone.chosen_on_corrections) == (35, 0, False)
    correct(store, len(TEXTS), 20, Tone.ENTHOUSIAST)
    correct(store, 0, 2, Tone.NEUTRAAL)  # also of the sample: its own labels still measure
    both = labelling.train([], tmp_path / "b", base=base, encoder=encoder, tier="fast",
                           workspace=store, recipe=RECIPE)  # fmt: skip
    assert (both.labels, both.corrections, both.chosen_on_corrections) == (55, 22, False)
    assert both.before.as_json() == alone.before.as_json()
    assert both.after.rows == 35
    card = json.loads((tmp_path / "b" / "card.json").read_text("utf-8"))
    assert {one["name"]: one["rows"] for one in card["data"]} == {
        "labels kept in the workspace": 33, "corrections made on the review page": 22,
    }  # fmt: skip
    assert {one["data"] for one in card["scores"]} == {"cross-validation, 35 labels"}


def test_the_sheet_of_a_sample_does_not_undo_corrections(store, base, encoder, tmp_path):
    path = labelled(tmp_path / "s.csv")
    header, *rows = path.read_text("utf-8").splitlines()
    path.write_text(
        "\n".join([f"feedback_id,{header}", *(f"f{at},{row}" for at, row in enumerate(rows))]),
        "utf-8",
    )
    labelling.evaluate(base, sheet=labelling.read_sheet(path), workspace=store)
    correct(store, 0, 2, Tone.NEUTRAAL)
    later = path.stat().st_mtime + 3600
    os.utime(path, (later, later))
    trained = labelling.train([labelling.read_sheet(path)], tmp_path / "m", base=base,
                              encoder=encoder, tier="fast", workspace=store,
                              recipe=RECIPE)  # fmt: skip
    assert (trained.labels, trained.corrections, trained.after.rows) == (35, 2, 35)


def test_with_corrections_alone_a_model_is_trained_and_nothing_claimed(
    store, base, encoder, tmp_path
):
    correct(store, len(TEXTS), 10, Tone.ENTHOUSIAST)
    correct(store, len(TEXTS) + 10, 10, Tone.BOOS)
    trained = labelling.train([], tmp_path / "m", base=base, encoder=encoder, tier="fast",
                              workspace=store)  # fmt: skip
    assert (trained.labels, trained.corrections, trained.chosen_on_corrections) == (20, 20, True)
    assert trained.after.rows == trained.before.rows == 0
    assert trained.after.verdict == "te weinig gegevens"
    assert all(np.isnan(figure.value) for figure in trained.after.figures.values())
    card = json.loads((tmp_path / "m" / "card.json").read_text("utf-8"))
    assert card["scores"] == []
    chances = load_tone_model(tmp_path / "m").predict(["de gele appel", "de gele peer"], ["", ""])
    assert chances.probabilities[0, 3:].sum() > chances.probabilities[1, 3:].sum()


def test_a_correction_that_was_taken_back_trains_nothing(store, base, encoder, tmp_path):
    draw(store)
    number = store.correct_tone("f0", Tone.ENTHOUSIAST, at=AT + timedelta(days=1), by="Anna")
    store.withdraw_correction(number, at=AT, by="Anna")
    trained = labelling.train([], tmp_path / "m", base=base, encoder=encoder, tier="fast",
                              workspace=store, recipe=RECIPE)  # fmt: skip
    assert trained.corrections == 0


def test_evaluation_leaves_them_out_and_says_so(store, base):
    draw(store)
    alone = labelling.evaluate(base, workspace=store)
    correct(store, len(TEXTS), 20, Tone.ENTHOUSIAST)
    correct(store, 0, 3, Tone.NEUTRAAL)
    found = labelling.evaluate(base, workspace=store)
    assert found.quality.as_json() == alone.quality.as_json()
    assert (alone.corrections, found.corrections) == (0, 23)


def test_corrections_alone_cannot_be_measured_on(store, base):
    correct(store, 0, 30, Tone.NEUTRAAL)
    with pytest.raises(UnreadableInputError, match="no sample to measure on"):
        labelling.evaluate(base, workspace=store)


def test_corrected_texts_can_be_drawn_in_a_sample(store, base):
    """Without them a sample would leave out what the model reads wrongly."""
    correct(store, 0, 55, Tone.NEUTRAAL)
    sample = labelling.draw(*labelling.from_workspace(store, base), size=100)
    assert sample.texts == 55
    draw(store)
    assert labelling.draw(*labelling.from_workspace(store, base), size=100).texts == 20
