"""Short answers get the tone that their question gives them; others keep the model's."""

import numpy as np
import pyarrow as pa
import pytest

from klankbord.models import ToneScores, answered, load_tone_model
from klankbord.models.scores import CUES
from klankbord.schema import TONES, Tone

WORSE, BETTER, NEITHER = "Wat kan er beter?", "Waar bent u tevreden over?", "Hebt u opmerkingen?"
NEUTRAL = np.array([0.02, 0.08, 0.80, 0.08, 0.02], dtype=np.float32)
GLAD = np.array([0.01, 0.02, 0.07, 0.80, 0.10], dtype=np.float32)


class Plain:
    """A model that finds everything neutral but "vriendelijk personeel", and knows one code."""

    themes = ("-", "comfort", "anders")
    fast = None

    def __init__(self):
        self.asked = []

    def predict(self, texts, questions):
        self.asked.append((list(texts), list(questions)))
        count = len(texts)
        glad = np.array([text == "vriendelijk personeel" for text in texts])
        code = np.array([int(text == "parkeren") for text in texts], dtype=np.int64)
        flags = {name: np.full(count, 0.2, dtype=np.float32)
                 for name in ("mixed", "churn", "ambassador", "unresolved", "sarcasm")}  # fmt: skip
        return ToneScores(
            probabilities=np.where(glad[:, None], GLAD, NEUTRAL),
            theme=code,
            complaint=code.copy(),
            cues=pa.array([[]] * count, CUES),
            **flags,
        )


def read(text, question):
    scores = answered.predict(Plain(), [text], [question])
    return str(TONES[scores.probabilities[0].argmax()]), Plain.themes[scores.theme[0]]


@pytest.mark.parametrize(
    ("text", "question", "tone", "theme"),
    [
        ("parkeren", WORSE, "ontevreden", "comfort"),
        ("parkeren", BETTER, "positief", "-"),
        ("parkeren", NEITHER, "neutraal", "comfort"),
        ("parkeren", "", "neutraal", "comfort"),
        ("de balie", WORSE, "ontevreden", "-"),
        ("niets", WORSE, "positief", "-"),
        ("niets", BETTER, "ontevreden", "anders"),
        ("alles", WORSE, "ontevreden", "anders"),
        ("alles", BETTER, "positief", "-"),
        ("niets", NEITHER, "neutraal", "-"),
        ("vriendelijk personeel", WORSE, "positief", "-"),
        ("de monteur kwam om negen uur langs", WORSE, "neutraal", "-"),
    ],
)
def test_the_question_gives_tone_and_code(text, question, tone, theme):
    assert read(text, question) == (tone, theme)


def test_probabilities_stay_a_moderate_distribution():
    texts = ["niets", "alles", "parkeren", "meer groente"]
    for question in (WORSE, BETTER):
        found = answered.predict(Plain(), texts, [question] * 4).probabilities
        assert np.allclose(found.sum(axis=1), 1, atol=1e-5)
        assert ((found.max(axis=1) > 0.5) & (found.max(axis=1) < 0.9)).all()


def test_scores_of_other_rows_are_the_models_own():
    texts, questions = ["parkeren", "prima geholpen", "niets"], [WORSE, WORSE, NEITHER]
    found = answered.predict(Plain(), texts, questions)
    own = Plain().predict(texts, questions)
    assert np.array_equal(found.probabilities[1:], own.probabilities[1:])
    assert not np.array_equal(found.probabilities[0], own.probabilities[0])
    assert found.mixed.tolist()[0] == 0 < found.mixed.tolist()[1]


def test_only_answers_that_need_it_are_read_a_second_time():
    model = Plain()
    answered.predict(model, ["parkeren", "snel en netjes opgelost door de monteur"], [WORSE, ""])
    assert [texts for texts, _ in model.asked][1:] == [["parkeren"]]
    model = Plain()
    answered.predict(model, ["parkeren"], [NEITHER])
    answered.predict(model, [], [])
    assert len(model.asked) == 2


def test_what_names_something_and_what_says_nothing():
    assert answered.names_something("parkeren", WORSE)
    assert answered.names_something("alles", WORSE)
    assert not answered.names_something("niets", WORSE)
    assert not answered.names_something("parkeren", NEITHER)
    assert answered.says_nothing("niets", BETTER)
    assert not answered.says_nothing("niets", NEITHER)


def test_the_shares_are_distributions():
    for shares in answered.MEANT.values():
        assert len(shares) == len(TONES)
        assert sum(shares) == pytest.approx(1)
        assert max(shares) != shares[Tone.NEUTRAAL.rank]


@pytest.mark.parametrize("tier", ["fast", "cascade"])
def test_with_the_bundled_models(tier):
    model = load_tone_model(tier=tier)
    texts = ["parkeren", "niets", "alles", "communicatie"]
    for question, levels in ((WORSE, [1, 3, 1, 1]), (BETTER, [3, 1, 3, 3])):
        found = answered.predict(model, texts, [question] * 4)
        assert found.probabilities.argmax(axis=1).tolist() == levels
