import numpy as np
import pytest

from klankbord.models import ToneModel, load_encoder, load_tone_model
from klankbord.models.theme_examples import ThemeExamples, _examples


@pytest.fixture(scope="module")
def model() -> ToneModel:
    return load_tone_model()


def codes(model: ToneModel, texts: list[str]) -> list[str]:
    return [model.themes[index] for index in model.predict(texts, [""] * len(texts)).theme]


def test_examples_are_of_codes_the_model_knows(model: ToneModel):
    assert set(_examples()) <= set(model.themes)


def test_examples_are_mostly_read_as_their_own_code(model: ToneModel):
    right = [
        found == code
        for code, phrases in _examples().items()
        for found in codes(model, list(phrases))
    ]
    assert np.mean(right) > 0.7


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Mijn internet ligt er alweer uit, dit is de vierde keer deze maand", "kwaliteit"),
        ("Ik hing drie kwartier in de wacht bij de klantenservice", "bereikbaarheid"),
        ("Ze hebben twee keer hetzelfde bedrag van mijn rekening gehaald", "betaling"),
        ("Schandalig dat mijn voorschot ineens veertig euro hoger is", "prijs"),
        ("Ik kan al een week niet inloggen op jullie portaal", "website"),
        ("De brief over mijn hypotheek was volstrekt onduidelijk", "informatie"),
        ("Nobody answers the phone, I have been on hold for an hour", "bereikbaarheid"),
        ("Die Rechnung stimmt schon wieder nicht", "betaling"),
    ],
)
def test_complaints_of_service_sectors_are_coded(model: ToneModel, text: str, code: str):
    assert codes(model, [text]) == [code]


def test_praise_has_no_complaint(model: ToneModel):
    praise = ["Geweldige service, dank jullie wel!", "Alles prima geregeld", "Top bedrijf"]
    assert codes(model, praise) == [model.themes[0]] * 3


def test_a_text_without_a_known_word_gets_no_similarity():
    encoder = load_encoder()
    examples = ThemeExamples(("-", "prijs", "anders"), encoder)
    vectors = np.zeros((1, encoder.encode(["a"]).shape[1]), dtype=np.float32)
    bonus = examples.bonus(examples.likeness(vectors))
    assert bonus[0, 1] == 0
    assert bonus[0, 0] > bonus[0, 2] > 0
