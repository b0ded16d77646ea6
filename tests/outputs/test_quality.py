import dataclasses
from datetime import UTC, datetime

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from klankbord.outputs.heard import Heard
from klankbord.outputs.quality import measured_quality
from klankbord.report import OwnQuality, build
from klankbord.report.html import render
from klankbord.schema import CUSTOMERS, SEGMENTS, TONE_LABELS, Tone, conform
from report.builders import feedback_table, score_table, world


def heard(predicted: list[Tone], labels: list[str], corrections: int = 0) -> Heard:
    feedback = feedback_table([{} for _ in predicted])
    ids = feedback["feedback_id"].to_pylist()
    scores = score_table(ids, predicted)
    rows = {
        "feedback_id": ids[: len(labels)],
        "tone": labels,
        "labelled_at": [datetime(2026, 3, 1, tzinfo=UTC)] * len(labels),
        "labelled_by": ["A"] * len(labels),
        "mixed": [False] * len(labels),
        "flags": [""] * len(labels),
        "correction": [at < corrections for at in range(len(labels))],
    }
    known = {name: rows[name] for name in TONE_LABELS.names if name in rows}
    given = conform(pa.table(known), TONE_LABELS)
    return Heard(
        moment=datetime(2026, 3, 12, tzinfo=UTC),
        feedback=feedback,
        scores=scores,
        segments=SEGMENTS.empty_table(),
        customers=CUSTOMERS.empty_table(),
        everything=feedback,
        scored=scores,
        predicted=scores,
        labels=given,
        sampled=given.filter(pc.invert(given["correction"])),
    )


def test_nothing_to_measure_without_labels() -> None:
    assert measured_quality(heard([Tone.BOOS] * 40, [])) is None


def test_the_model_is_compared_with_what_people_said() -> None:
    found = measured_quality(heard([Tone.BOOS, Tone.NEUTRAAL] * 20, ["boos"] * 30))
    assert found is not None
    assert (found.rows, found.enough) == (30, True)
    figures = {name: (value, low, high) for name, value, low, high in found.figures}
    value, low, high = figures["accuracy"]
    assert value == pytest.approx(0.5)
    assert 0.2 < low < 0.5 < high < 0.8
    assert figures["F1 boos"][0] == pytest.approx(2 / 3)


def test_corrections_are_counted_and_not_compared() -> None:
    """They were given where the model was wrong: all of these are, and none of the sample is."""
    labels = ["enthousiast"] * 20 + ["boos"] * 40
    found = measured_quality(heard([Tone.BOOS] * 60, labels, corrections=20))
    assert found is not None
    assert (found.rows, found.corrections) == (40, 20)
    assert {name: value for name, value, *_ in found.figures}["accuracy"] == pytest.approx(1)
    note = build(**world(measured=found)).method.own_note
    assert "20 verbeteringen van de beoordelingspagina tellen hier niet mee" in note


def test_with_corrections_alone_nothing_is_measured() -> None:
    found = measured_quality(heard([Tone.BOOS] * 40, ["neutraal"] * 40, corrections=40))
    assert found == OwnQuality(0, False, False, (), corrections=40)
    report = build(**world(measured=found))
    assert report.method.warning
    assert report.method.own == ()
    text = render(report)
    assert "nog niet gemeten" in text
    assert "40 verbeteringen van de beoordelingspagina" in text


def test_the_page_shows_it_with_intervals_in_place_of_the_warning() -> None:
    assert "nog niet gemeten" in render(build(**world()))
    measured = OwnQuality(120, True, False, (("macro-F1", 0.712, 0.64, 0.78),))
    report = build(**world(measured=measured))
    assert report.method.warning == ""
    assert report.method.own_summary.startswith("Het toonmodel is vergeleken met 120 reacties")
    text = render(report)
    assert "nog niet gemeten" not in text
    assert "0,64 tot 0,78" in text


def test_few_labels_keep_the_warning_and_an_own_model_gets_one() -> None:
    nan = float("nan")
    few = OwnQuality(8, False, True, (("macro-F1", nan, nan, nan),))
    method = build(**world(measured=few)).method
    assert method.warning
    assert method.own[0].value_text == "–"
    assert method.own[0].interval_text == "te weinig gegevens"
    assert "te weinig gegevens" in method.own_note
    assert "klankbord train" in method.own_note
    assert (
        "klankbord train"
        not in build(**world(measured=dataclasses.replace(few, adapted=False))).method.own_note
    )
