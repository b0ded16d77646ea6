"""What a question asks for, and which answers need it."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from klankbord.language.lexicon import lexicon
from klankbord.language.questions import Answer, Asked, answer_kind, asked_for

WORSE = [
    "Wat kan er beter?",
    "Wat kunnen wij de volgende keer verbeteren?",
    "Wat zou u anders willen zien?",
    "Verbeterpunten",
    "Heeft u nog tips?",
    "MINPUNTEN:",
    "Wat vond u minder goed?",
    "Wat sprak u het minst aan?",
    "Waar bent u minder tevreden over?",
    "Wat ging er niet goed?",
    "Is er iets wat beter kan?",
    "What could we improve?",
    "What didn’t you like?",
    "What would you like us to change?",
    "Was können wir besser machen?",
    "Was hat Ihnen nicht gefallen?",
    "Que pouvons-nous améliorer ?",
    "Qu'est-ce qui ne vous a pas plu ?",
]
BETTER = [
    "Waar bent u tevreden over?",
    "Wat ging er goed?",
    "Pluspunten",
    "Wat doen wij beter dan anderen?",
    "Wat waardeert u het meest?",
    "Noem iets wat u nooit zou willen missen",
    "What did you like?",
    "What went well?",
    "Was hat Ihnen gefallen?",
    "Womit waren Sie zufrieden?",
    "Qu'avez-vous apprécié ?",
    "Points forts",
]
NEITHER = [
    "",
    "Waarom geeft u dit cijfer?",
    "Heeft u nog opmerkingen?",
    "Heeft u nog tips of opmerkingen?",
    "Hoe tevreden bent u over de prijs?",
    "Wat gaat er goed en wat kan er beter?",
    "Pluspunten en minpunten",
    "Wat vond u van de kamer?",
    "Is onze service verbeterd?",
    "Comment jugez-vous le confort ?",
    "What is the main reason for your score?",
    "Haben Sie weitere Anmerkungen?",
    "Pourquoi cette note ?",
]


@pytest.mark.parametrize("question", WORSE)
def test_questions_for_what_is_wrong(question):
    assert asked_for(question) is Asked.WORSE


@pytest.mark.parametrize("question", BETTER)
def test_questions_for_what_is_good(question):
    assert asked_for(question) is Asked.BETTER


@pytest.mark.parametrize("question", NEITHER)
def test_questions_for_no_side(question):
    assert asked_for(question) is Asked.NEITHER


@pytest.mark.parametrize("kind", ["worse", "better", "neither"])
def test_every_phrase_is_found_where_it_stands_alone(kind):
    """But for phrases that hold one of another list: "niet goed" is no "wat … goed"."""
    for phrases in lexicon("questions")[kind].values():
        for phrase in phrases:
            if "…" not in phrase:
                assert asked_for(phrase.replace("*", "")) is Asked(kind), phrase


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ("niets", Answer.NOTHING),
        ("Nee!", Answer.NOTHING),
        ("nothing at all", Answer.NOTHING),
        ("Rien.", Answer.NOTHING),
        ("alles", Answer.EVERYTHING),
        ("Mit allem", Answer.EVERYTHING),
        ("parkeren", Answer.SUBJECT),
        ("de vriendelijkheid", Answer.SUBJECT),
        ("l'accueil", Answer.SUBJECT),
        ("meer groente", Answer.BARE),
        ("kassa, parkeren en de lange rij", Answer.BARE),
        ("prima", Answer.OWN),
        ("geen klachten verder", Answer.OWN),
        ("dat werkt niet", Answer.OWN),
        ("ja", Answer.OWN),
        ("parkeren?", Answer.OWN),
        ("8", Answer.OWN),
        ("👍", Answer.OWN),
        ("", Answer.OWN),
        ("de lange rij bij de kassa", Answer.OWN),
    ],
)
def test_kinds_of_answers(answer, kind):
    assert answer_kind(answer) is kind


def test_every_listed_answer_is_found():
    for kind in (Answer.NOTHING, Answer.EVERYTHING):
        for entries in lexicon("questions")[kind].values():
            assert {answer_kind(f" {entry.upper()}. ") for entry in entries} == {kind}


@given(st.text(max_size=400))
def test_any_text_is_read(text):
    assert asked_for(text) in Asked
    assert answer_kind(text) in Answer


@pytest.mark.parametrize("unit", ["wat ", "beter ", "wat kan er ", "x, ", "niet goed "])
def test_a_megabyte_is_read_at_once(unit):
    asked_for("warm up")
    start = time.perf_counter()
    asked_for(unit * (1_000_000 // len(unit)))
    answer_kind(unit * (1_000_000 // len(unit)))
    assert time.perf_counter() - start < 2
