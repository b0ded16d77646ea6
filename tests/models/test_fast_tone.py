"""The fast tone model on its own."""

import json
import shutil
import unicodedata

import numpy as np
import pytest

from klankbord.errors import ModelError
from klankbord.models import load_tone_model
from klankbord.resources import bundled

TEXTS = [
    "Wat een fantastische ervaring, jullie zijn echt geweldig!!",
    "De monteur kwam netjes op tijd en heeft het goed opgelost.",
    "Wanneer gaat het filiaal in Zwolle open?",
    "Helaas was de soep koud en de bezorger een half uur te laat.",
    "Schandalig, ik ben al weken aan het bellen en niemand doet iets, stelletje oplichters!",
]


@pytest.fixture(scope="module")
def model():
    return load_tone_model(tier="fast")


def test_probabilities_add_up(model):
    scores = model.predict(TEXTS, [""] * 5)
    assert scores.probabilities.shape == (5, 5)
    assert np.allclose(scores.probabilities.sum(axis=1), 1, atol=1e-5)
    for chance in (scores.mixed, scores.churn, scores.ambassador, scores.unresolved):
        assert chance.shape == (5,)
        assert ((chance >= 0) & (chance <= 1)).all()
    assert len(scores.cues) == 5


def test_five_levels_are_told_apart(model):
    level = model.predict(TEXTS, [""] * 5).probabilities.argmax(axis=1)
    assert level.tolist() == [4, 3, 2, 1, 0]


def test_the_company_hears_what_the_complaint_is_about(model):
    texts = [
        "Jullie zijn onbereikbaar, ik sta steeds een uur in de wacht.",
        "Het pakket is veel te laat bezorgd.",
        "Veel te duur voor wat je krijgt.",
    ]
    found = [model.themes[index] for index in model.predict(texts, [""] * 3).theme]
    assert found == ["bereikbaarheid", "levertijd", "prijs"]


def test_praise_has_no_complaint_theme(model):
    scores = model.predict(TEXTS[:2], ["", ""])
    assert scores.theme.tolist() == [0, 0]


def test_the_question_counts(model):
    answer = ["de wachttijd aan de telefoon"] * 2
    asked = ["Wat kan er beter?", "Waar bent u het meest tevreden over?"]
    scores = model.predict(answer, asked)
    assert not np.allclose(scores.probabilities[0], scores.probabilities[1], atol=1e-3)


def cue_words(texts, cues):
    return [
        [text[span["start"] : span["end"]] for span in spans]
        for text, spans in zip(texts, cues.to_pylist(), strict=True)
    ]


def test_cues_are_the_customers_words(model):
    texts = [*TEXTS, "GEWELDIG geholpen, suuuuper! 😀", "", "!!"]
    words = cue_words(texts, model.predict(texts, [""] * len(texts)).cues)
    assert any("geweldig" in word for word in words[0])
    assert any("Schandalig" in word or "oplichters" in word for word in words[4])
    assert words[6] == words[7] == []
    assert all(word == word.strip() != "" for found in words for word in found)


def test_cues_of_decomposed_letters_stand_where_the_customer_wrote_them(model):
    text = unicodedata.normalize("NFD", "Zéér slécht geréGELD, een ellende én schandalig")
    words = cue_words([text], model.predict([text], [""]).cues)[0]
    assert words
    for word in words:
        before, after = text.split(word, 1)
        assert before == "" or before[-1] == " "
        assert after == "" or after[0] in " ,"


def test_cues_carry_the_tone(model):
    """Take the strongest cues away, and the tone they were cues for loses probability."""
    text, level = TEXTS[3], 1
    scores = model.predict([text], [""])
    without = text
    for word in cue_words([text], scores.cues)[0]:
        without = without.replace(word, "")
    bare = model.predict([without], [""])
    assert bare.probabilities[0, level] < scores.probabilities[0, level]


def test_same_text_same_scores(model):
    once = model.predict(TEXTS, [""] * 5)
    again = load_tone_model(tier="fast").predict(TEXTS, [""] * 5)
    assert np.array_equal(once.probabilities, again.probabilities)
    assert once.cues.equals(again.cues)


def test_a_text_scores_the_same_alone_and_among_thousands(model):
    among = model.predict(TEXTS * 900, [""] * 4500)
    for row, text in enumerate(TEXTS):
        alone = model.predict([text], [""])
        assert (among.probabilities[row::5] == alone.probabilities).all()
        assert set(among.theme[row::5]) == set(alone.theme)
        assert (among.churn[row::5] == alone.churn).all()


def test_no_texts(model):
    scores = model.predict([], [])
    assert scores.probabilities.shape == (0, 5)
    assert len(scores.cues) == 0


def test_odd_texts_do_not_break_it(model):
    texts = [
        "",
        " ",
        "\n\n",
        "\u0000",
        "a" * 20_000,
        "👍" * 500,
        "İstanbul ßß ﬁ",
        "e\u0301e\u0301n",
    ]
    scores = model.predict(texts, [""] * len(texts))
    assert np.isfinite(scores.probabilities).all()


def test_questions_must_match_texts(model):
    with pytest.raises(ValueError, match="2 texts but 1 questions"):
        model.predict(["a", "b"], [""])


def test_another_encoder_than_it_was_trained_on_is_refused(tmp_path):
    folder = tmp_path / "tone"
    shutil.copytree(bundled("models/tone-fast"), folder)
    (folder / "card.json").unlink()
    config = json.loads((folder / "config.json").read_text())
    config["encoder"] = "000000000000"
    (folder / "config.json").write_text(json.dumps(config))
    with pytest.raises(ModelError, match="another encoder"):
        load_tone_model(folder)
