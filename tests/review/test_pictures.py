"""The picture on the page of one shift is that of the report."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pyarrow as pa
import pytest

from klankbord.review.pictures import Pictures
from klankbord.review.wording import ReviewWording
from klankbord.schema import FEEDBACK, SCORES
from klankbord.shifts import learn_dynamics, timeline
from klankbord.store import Workspace

from .conftest import NOW, said


@pytest.fixture
def many(tmp_path):
    """A workspace with thirty customers."""
    parts = [said(f"K-{number:04}") for number in range(30)]
    feedback, scores = [], []
    for number, (own, tones) in enumerate(parts):
        ids = pa.array([f"{number}-{one}" for one in own["feedback_id"].to_pylist()])
        feedback.append(own.set_column(0, FEEDBACK.field("feedback_id"), ids))
        scores.append(tones.set_column(0, SCORES.field("feedback_id"), ids))
    with Workspace.open(tmp_path / "w.db") as store:
        store.add_feedback(pa.concat_tables(feedback))
        store.save_scores(pa.concat_tables(scores))
        store.record_run({}, as_of=NOW)
        yield store


def test_one_customer_alone_with_what_all_teach_reads_as_among_all(many: Workspace):
    everything = many.feedback(), many.scores()
    dynamics = learn_dynamics(*everything, as_of=NOW)
    own = many.said_by("K-0007", last=100)
    assert own[0].num_rows == own[1].num_rows == 3
    alone = timeline(*own, "K-0007", as_of=NOW, dynamics=dynamics)
    among = timeline(*everything, "K-0007", as_of=NOW)
    assert [replace(p, mean_rank=0, low=0, high=0) for p in alone.points] == [
        replace(p, mean_rank=0, low=0, high=0) for p in among.points
    ]
    for name in ("mean_rank", "low", "high"):
        np.testing.assert_allclose(
            [getattr(p, name) for p in alone.points], [getattr(p, name) for p in among.points]
        )


def test_what_was_learned_and_drawn_is_kept(many: Workspace, monkeypatch: pytest.MonkeyPatch):
    pictures = Pictures(many, ReviewWording())
    pictures.prepare()
    module = Pictures.prepare.__globals__
    monkeypatch.setitem(module, "learn_dynamics", None)
    own = many.said_by("K-0007", last=100)
    again = Pictures(many, ReviewWording())
    again.prepare()
    assert pictures.timeline("K-0007", *own) == again.timeline("K-0007", *own)
    monkeypatch.setattr(module["charts"], "timeline_chart", None)
    assert again.timeline("K-0007", *own).startswith("<svg")


def test_the_next_picture_is_drawn_ahead(many: Workspace, monkeypatch: pytest.MonkeyPatch):
    pictures = Pictures(many, ReviewWording())
    pictures.draw_ahead("K-0003")
    pictures.close()
    monkeypatch.setattr("klankbord.report.charts.timeline_chart", None)
    assert "K-0003" in pictures.timeline("K-0003", *many.said_by("K-0003", last=100))


def test_a_new_analysis_is_learned_while_the_old_one_is_used(many: Workspace):
    pictures = Pictures(many, ReviewWording())
    pictures.prepare()
    second = many.record_run({}, as_of=NOW + timedelta(days=1))
    assert pictures.timeline("K-0003", *many.said_by("K-0003", last=100)).startswith("<svg")
    assert pictures._learning is not None
    pictures._learning.result(60)
    assert many.kept_dynamics(second) is not None


def test_nothing_to_draw_is_no_picture(many: Workspace, tmp_path):
    empty = FEEDBACK.empty_table(), SCORES.empty_table()
    assert Pictures(many, ReviewWording()).timeline("K-0001", *empty) == ""
    with Workspace.open(tmp_path / "leeg.db") as store:
        pictures = Pictures(store, ReviewWording())
        pictures.prepare()
        assert pictures.timeline("K-0001", *many.said_by("K-0001", last=10)) == ""
