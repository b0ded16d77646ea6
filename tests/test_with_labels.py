"""A person's label in place of the model's."""

import numpy as np
import pyarrow as pa
import pytest

from klankbord.schema import SCORES, TONE_LABELS, TONE_PROBABILITIES
from klankbord.tone import with_labels


def scored(*ids):
    rows = [
        {
            "feedback_id": own, "tone": "positief", "p_boos": 0.0, "p_ontevreden": 0.1,
            "p_neutraal": 0.2, "p_positief": 0.6, "p_enthousiast": 0.1, "valence": 0.35,
            "enthusiasm": 0.3, "tone_sd": 0.8, "mixed": True, "complaint_theme": "prijs",
            "churn_cue": True, "ambassador_cue": False, "unresolved": True, "non_answer": False,
            "cues": ["fijn"], "scored_by": "model",
        }
        for own in ids
    ]  # fmt: skip
    return pa.Table.from_pylist(rows, SCORES)


def labels(*rows):
    full = [
        {"mixed": None, "complaint_theme": None, "flags": None, "labelled_by": "", **row}
        | {"labelled_at": 0}
        for row in rows
    ]
    return pa.Table.from_pylist(full, TONE_LABELS)


def test_the_persons_tone_is_reported_with_what_follows_from_it():
    said = {
        "feedback_id": "b",
        "tone": "boos",
        "mixed": False,
        "complaint_theme": "-",
        "flags": "AS",
    }
    first, second = with_labels(scored("a", "b"), labels(said)).to_pylist()
    assert first == scored("a").to_pylist()[0]
    assert second["tone"] == "boos"
    assert np.allclose([second[name] for name in TONE_PROBABILITIES], [0.96, *[0.01] * 4])
    assert second["valence"] == pytest.approx(-0.95, abs=0.01)
    assert second["tone_sd"] < 0.6
    assert second["scored_by"] == "person"
    assert second["mixed"] is False
    assert second["complaint_theme"] is None
    assert (second["churn_cue"], second["ambassador_cue"], second["unresolved"]) == (
        False, True, False,
    )  # fmt: skip
    assert second["cues"] == ["fijn"]


def test_what_was_not_judged_stays_the_models():
    said = {"feedback_id": "a", "tone": "neutraal"}
    (row,) = with_labels(scored("a"), labels(said)).to_pylist()
    assert row["tone"] == "neutraal"
    assert (row["mixed"], row["complaint_theme"], row["churn_cue"]) == (True, "prijs", True)
    (row,) = with_labels(scored("a"), labels({**said, "complaint_theme": "retour"})).to_pylist()
    assert row["complaint_theme"] == "retour"


def test_no_label_changes_nothing():
    for given in (labels(), labels({"feedback_id": "z", "tone": "boos"})):
        assert with_labels(scored("a", "b"), given).equals(scored("a", "b"))
    empty = SCORES.empty_table()
    assert with_labels(empty, labels({"feedback_id": "z", "tone": "boos"})).num_rows == 0
