"""Names, with the bundled model; what it finds is measured by `scripts/evaluate_privacy.py`."""

import pytest

from klankbord.privacy import names


def named(text):
    (spans,) = names.find([text])
    return [text[span.start : span.end] for span in spans]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Ik sprak met Fenna van den Berg.", ["Fenna van den Berg"]),
        ("Karin hielp me goed.", ["Karin"]),
        ("Top geholpen door Mohammed!", ["Mohammed"]),
        ("Met vriendelijke groet, J.P. de Vries", ["J.P. de Vries"]),
        ("Mevrouw Yılmaz van de klantenservice was geweldig", ["Yılmaz"]),
        ("gesproken met sanne van de helpdesk", ["sanne"]),
        ("Anouk en Youssef hebben alles geregeld.", ["Anouk", "Youssef"]),
        ("Karin's uitleg was helder", ["Karin"]),
    ],
)
def test_names_of_people_are_found(text, found):
    assert named(text) == found


@pytest.mark.parametrize(
    "text",
    [
        "Snelle levering, goede service.",
        "De monteur kwam op maandag 3 januari.",
        "Prima winkel in Utrecht.",
        "Ik bestel altijd bij Bol en Coolblue.",
        "SLECHT! Nooit meer.",
        "",
        "...",
    ],
)
def test_other_words_are_not(text):
    assert named(text) == []


def test_a_text_is_read_the_same_whatever_stands_beside_it():
    texts = ["Ik sprak met Sanne.", "Top", "", "Groeten van Piet Jansen uit Delft", "Top"]
    assert list(names.find(texts)) == [spans for text in texts for spans in names.find([text])]
