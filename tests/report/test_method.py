"""The section on method: what a model card tells, in words, and limits that are really ours."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from klankbord.drivers import association
from klankbord.metrics import intervals
from klankbord.models import installed_models
from klankbord.models.card import ModelCard, Score
from klankbord.report import build
from klankbord.report.model import ModelRow
from klankbord.report.wording import Wording
from klankbord.settings import Settings
from klankbord.shifts import conversation, judged
from klankbord.themes import trend

from .builders import world

NUMBERS = {"drie": 3, "vijf": 5, "tien": 10, "vijftien": 15, "twintig": 20, "acht": 8}


def card(*scores: Score) -> ModelCard:
    return ModelCard("m", "1", "tone", "", ("nl",), (), scores, (("weights", "0" * 64),), Path())


def told(settings: Settings, *scores: Score) -> ModelRow:
    return build(**world(models=(card(*scores),), settings=settings)).method.models[0]


@pytest.mark.parametrize(
    ("tier", "value"), [("cascade", "0,826"), ("accurate", "0,837"), ("fast", "0,837")]
)
def test_only_the_way_of_reading_in_use_is_told(tier: str, value: str) -> None:
    row = told(
        replace(Settings(), tier=tier),
        Score("accurate: macro-F1", "tone dev", 0.837),
        Score("cascade: macro-F1", "tone dev", 0.826),
    )
    assert [(score.measure, score.value_text) for score in row.scores] == [("macro-F1", value)]
    assert row.more_scores


def test_what_was_measured_on_is_told_in_words_with_its_size() -> None:
    row = told(
        Settings(),
        Score("macro-F1", "held-out tenth, our own, nl (2,281)", 0.8),
        Score("macro-F1", "some inner set", 0.1),
        Score("AUC enthousiast against neutraal", "tone dev", 0.9),
    )
    (score,) = row.scores
    assert score.data.startswith("2.281 eigen voorbeeldteksten")
    assert row.more_scores


def test_a_card_of_which_nothing_is_known_is_shown_as_it_is() -> None:
    row = told(Settings(), Score("own measure", "own labels", 0.5))
    assert [(score.measure, score.data) for score in row.scores] == [("own measure", "own labels")]
    assert not row.more_scores


@pytest.mark.parametrize("language", ["nl", "en"])
def test_every_bundled_model_is_told_in_words(language: str) -> None:
    settings = Settings(language=language)
    wording = Wording(language)
    names = {
        wording(f"quality.{key}") for card in installed_models() for key in _keys(card, wording)
    }
    for row in build(**world(models=installed_models(), settings=settings)).method.models:
        assert row.scores
        for score in row.scores:
            assert score.measure in names
            assert "held-out" not in score.data
            assert " dev" not in score.data


def _keys(one: ModelCard, wording: Wording) -> set[str]:
    measures = {score.measure.rpartition(": ")[2] for score in one.scores}
    return {measure for measure in measures if wording.has(f"quality.{measure}")}


def test_languages_have_names() -> None:
    assert dict(build(**world()).method.settings)["Talen"] == "Nederlands, Engels, Duits en Frans"


def test_the_least_that_is_needed_is_what_the_stages_need() -> None:
    (line,) = [one for one in Wording("nl").lines("method.intervals") if "Nodig zijn" in one]
    needed = line.partition("Nodig zijn: ")[2]
    interval, shift, course, score = needed.split(";")
    assert _numbers(interval) == [intervals.TOO_FEW, intervals.TOO_FEW_CUSTOMERS]
    assert _numbers(shift) == [judged.LEAST_PIECES, conversation.LEAST_TURNS]
    assert _numbers(course) == [trend.MIN_MENTIONS, trend.MIN_PERIODS, trend.MIN_RISE_MENTIONS]
    assert _numbers(score) == [association.MIN_MENTIONS, association.MIN_CUSTOMERS]


def _numbers(text: str) -> list[int]:
    return [NUMBERS[word] for word in text.split() if word in NUMBERS]
