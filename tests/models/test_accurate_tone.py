"""The accurate tone model and the cascade."""

import json
import shutil
import subprocess
import sys

import numpy as np
import pytest

from klankbord.errors import ModelError
from klankbord.models import load_tone_model
from klankbord.models.accurate_tone import CascadeToneModel
from klankbord.models.network import ONNX_FILE, RUN_FILE
from klankbord.resources import bundled

FOLDER = "models/tone-accurate"
TEXTS = [
    "Wat een fantastische ervaring, jullie zijn echt geweldig!!",
    "De monteur kwam netjes op tijd en heeft het goed opgelost.",
    "Wanneer gaat het filiaal in Zwolle open?",
    "Helaas was de soep koud en de bezorger een half uur te laat.",
    "Schandalig, ik ben al weken aan het bellen en niemand doet iets, stelletje oplichters!",
]
NONE = [""] * len(TEXTS)


@pytest.fixture(scope="module")
def accurate():
    return load_tone_model(tier="accurate")


@pytest.fixture
def copied(tmp_path):
    folder = tmp_path / "tone"
    shutil.copytree(bundled(FOLDER), folder)
    return folder


@pytest.mark.parametrize("tier", ["fast", "cascade", "accurate"])
def test_every_tier_tells_five_levels_apart(tier):
    scores = load_tone_model(tier=tier).predict(TEXTS, NONE)
    assert scores.probabilities.argmax(axis=1).tolist() == [4, 3, 2, 1, 0]
    assert np.allclose(scores.probabilities.sum(axis=1), 1, atol=1e-5)
    for name in ("mixed", "churn", "ambassador", "unresolved", "sarcasm"):
        chance = getattr(scores, name)
        assert chance.shape == (5,)
        assert ((chance >= 0) & (chance <= 1)).all()
    assert len(scores.cues) == 5


def test_a_text_scores_the_same_in_any_company(accurate):
    alone = [accurate.predict([text], [""]).probabilities[0] for text in TEXTS]
    among = accurate.predict([*TEXTS[::-1], *["lang verhaal " * 40] * 30], [""] * 35).probabilities
    assert np.array_equal(np.stack(alone), among[4::-1])


def test_the_cascade_asks_the_accurate_model_where_the_fast_one_is_unsure(accurate):
    texts = [*TEXTS, "nou ja, het zal wel", "had ik niet verwacht van jullie", "tja"]
    questions = [""] * len(texts)
    cascade = CascadeToneModel(accurate, certain=0.8)
    fast = accurate.fast.predict(texts, questions)
    unsure = fast.probabilities.max(axis=1) < 0.8
    assert 0 < unsure.sum() < len(texts)
    found = cascade.predict(texts, questions)
    exact = accurate.predict(texts, questions)
    wanted = np.where(unsure[:, None], exact.probabilities, fast.probabilities)
    assert np.allclose(found.probabilities, wanted, atol=1e-5)
    for row in range(len(texts)):
        source = exact if unsure[row] else fast
        assert found.cues[row].as_py() == source.cues[row].as_py()


def test_the_question_counts(accurate):
    answer = ["parkeren"] * 2
    asked = ["Wat kan er beter?", "Waar bent u het meest tevreden over?"]
    rank = accurate.predict(answer, asked).probabilities @ np.arange(5)
    assert rank[0] < rank[1]


def test_no_texts_and_odd_texts(accurate):
    assert accurate.predict([], []).probabilities.shape == (0, 5)
    odd = ["", " ", "\n\n", "\u0000", "a" * 20_000, "👍" * 500, "İstanbul ßß ﬁ", "e\u0301e\u0301n"]
    assert np.isfinite(accurate.predict(odd, [""] * len(odd)).probabilities).all()
    with pytest.raises(ValueError, match="2 texts but 1 questions"):
        accurate.predict(["a", "b"], [""])


@pytest.mark.parametrize("name", [ONNX_FILE, "tokenizer.json", RUN_FILE])
def test_changed_weights_are_refused(copied, name):
    content = bytearray((copied / name).read_bytes())
    content[len(content) // 2] ^= 1
    (copied / name).write_bytes(content)
    with pytest.raises(ModelError, match="damaged or was changed"):
        load_tone_model(copied, tier="accurate")


def test_another_fast_model_than_it_was_made_with_is_refused(copied):
    from klankbord.models.accurate_tone import AccurateToneModel
    from klankbord.models.fast_tone import FastToneModel

    run = json.loads((copied / RUN_FILE).read_text())
    (copied / RUN_FILE).write_text(json.dumps(run | {"fast": "000000000000"}))
    fast = load_tone_model(tier="fast")
    assert isinstance(fast, FastToneModel)
    with pytest.raises(ModelError, match="another fast one"):
        AccurateToneModel(copied, fast)


def test_an_unknown_tier_is_refused():
    with pytest.raises(ModelError, match="tier 'best'") as caught:
        load_tone_model(tier="best")
    assert "cascade" in caught.value.hint


def test_scoring_loads_no_torch():
    code = (
        "import sys; from klankbord.models import load_tone_model;"
        "load_tone_model().predict(['tja', 'goed'], ['', '']); sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
