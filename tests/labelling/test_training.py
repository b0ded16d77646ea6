"""Training and evaluation on the bundled fast model; the texts are made up."""

import json
import shutil

import numpy as np
import pytest

from klankbord import labelling
from klankbord.errors import KlankbordError, ModelError, UnreadableInputError
from klankbord.labelling import heads
from klankbord.labelling.training import _simplest
from klankbord.models import load_encoder, load_tone_model
from klankbord.models.adapted import AdaptedToneModel, membership, spread
from klankbord.schema import TONES

from .builders import TEXTS, labelled, write_csv

FRUIT = ["appel", "peer", "druif", "kers", "braam"]
TOOLS = ["hamer", "zaag", "vijl", "boor", "tang"]
COLOURS = ["rode", "gele", "groene", "blauwe", "witte", "zwarte", "paarse", "bruine"]


@pytest.fixture(scope="module")
def base():
    return load_tone_model(tier="fast")


@pytest.fixture(scope="module")
def encoder():
    return load_encoder()


def strange(path, classes=("1", "-1")):
    """Labels that no tone explains: fruit is good, tools are bad."""
    rows = [
        [f"{'een' if place % 2 else 'de'} {colour} {noun}", value]
        for value, nouns in zip(classes, (FRUIT, TOOLS), strict=True)
        for place, colour in enumerate(COLOURS)
        for noun in nouns
    ]
    return write_csv(path, ["tekst", "label"], rows)


@pytest.fixture(scope="module")
def adapted(base, encoder, tmp_path_factory):
    folder = tmp_path_factory.mktemp("train")
    sheet = labelling.read_sheet(strange(folder / "s.csv"))
    trained = labelling.train([sheet], folder / "model", base=base, encoder=encoder, tier="fast")
    return trained, folder / "model"


def test_a_head_learns_what_the_customer_means(adapted):
    trained, folder = adapted
    assert trained.method == "head"
    assert trained.classes == ("negatief", "positief")
    assert trained.before.figures["macro_f1"].value < 0.8
    assert trained.after.figures["macro_f1"].value > 0.9
    model = load_tone_model(folder)
    scores = model.predict(["een oranje kers", "een oranje hamer"], ["", ""])
    levels = scores.probabilities
    assert levels[0, 3:].sum() > levels[0, :2].sum()
    assert levels[1, 3:].sum() < levels[1, :2].sum()
    assert np.allclose(levels.sum(axis=1), 1, atol=1e-5)


def test_the_folder_is_a_model_with_a_card(adapted):
    trained, folder = adapted
    assert {path.name for path in folder.iterdir()} == {
        "card.json", "config.json", "model.safetensors"
    }  # fmt: skip
    card = json.loads((folder / "card.json").read_text("utf-8"))
    assert card["data"] == [{"name": "s.csv", "rows": 80, "licence": "customer's own"}]
    assert {score["measure"] for score in card["scores"]} >= {"macro_f1", "alpha_interval"}
    assert load_tone_model(folder).fingerprint == trained.fingerprint
    assert "hamer" not in (folder / "config.json").read_text("utf-8")


def test_what_no_class_stands_for_keeps_the_base_models_probability(adapted, base):
    model = load_tone_model(adapted[1])
    texts = [text for text, _ in TEXTS]
    own, theirs = (m.predict(texts, [""] * len(texts)) for m in (model, base))
    assert np.allclose(own.probabilities[:, 2], theirs.probabilities[:, 2], atol=1e-4)
    assert own.mixed.tolist() == theirs.mixed.tolist()
    assert own.theme.tolist() == theirs.theme.tolist()
    assert own.cues.equals(theirs.cues)
    assert model.predict([], []).probabilities.shape == (0, 5)


def test_training_twice_gives_the_same_bytes(adapted, base, encoder, tmp_path):
    sheet = labelling.read_sheet(strange(tmp_path / "s.csv"))
    labelling.train([sheet], tmp_path / "model", base=base, encoder=encoder, tier="fast")
    for name in ("model.safetensors", "config.json", "card.json"):
        assert (tmp_path / "model" / name).read_bytes() == (adapted[1] / name).read_bytes()


def test_a_damaged_folder_and_another_base_are_refused(adapted, base, encoder, tmp_path):
    folder = tmp_path / "model"
    shutil.copytree(adapted[1], folder)
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"\x01")
    with pytest.raises(ModelError, match="damaged"):
        AdaptedToneModel.load(folder, base, encoder)

    class Other:
        fingerprint, themes, thresholds = "ander", base.themes, base.thresholds

    with pytest.raises(ModelError, match="another tone model"):
        AdaptedToneModel.load(adapted[1], Other(), encoder)


def test_few_labels_that_agree_with_the_model_leave_it_as_it_is(base, encoder, tmp_path):
    sheet = labelling.read_sheet(labelled(tmp_path / "s.csv"))
    trained = labelling.train([sheet], tmp_path / "m", base=base, encoder=encoder, tier="fast")
    before, after = (q.figures["macro_f1"].value for q in (trained.before, trained.after))
    assert after >= before - 0.03
    assert trained.method in ("base", "recalibrated", "head")
    adapted = load_tone_model(tmp_path / "m")
    same = labelling.evaluate(adapted, sheet=sheet).quality.figures["macro_f1"].value
    assert same >= labelling.evaluate(base, sheet=sheet).quality.figures["macro_f1"].value - 0.03


def test_a_rare_tone_goes_with_its_side_and_a_rare_neutral_is_left_out(base, encoder, tmp_path):
    few = [pair for pair in TEXTS if pair[1] not in ("boos", "neutraal")]
    few += [pair for pair in TEXTS if pair[1] in ("boos", "neutraal")][:9][5:]
    sheet = labelling.read_sheet(labelled(tmp_path / "s.csv", few))
    trained = labelling.train([sheet], tmp_path / "m", base=base, encoder=encoder, tier="fast")
    assert trained.classes == ("boos/ontevreden", "positief", "enthousiast")
    assert trained.left_out == 2


def test_stars_are_five_levels(base, encoder, tmp_path):
    rows = [[text, str(TONES.index(tone) + 1)] for text, tone in TEXTS]
    sheet = labelling.read_sheet(write_csv(tmp_path / "s.csv", ["review", "sterren"], rows))
    trained = labelling.train([sheet], tmp_path / "m", base=base, encoder=encoder, tier="fast")
    assert trained.classes == tuple(TONES)


@pytest.mark.parametrize("keep", [[], ["boos"], ["boos", "positief"]])
def test_too_few_labels_are_an_error_with_the_counts(base, encoder, tmp_path, keep):
    texts = [pair for tone in keep for pair in [p for p in TEXTS if p[1] == tone][:4]]
    sheet = labelling.read_sheet(labelled(tmp_path / "s.csv", texts))
    with pytest.raises(KlankbordError, match="two classes with 5 labels") as caught:
        labelling.train([sheet], tmp_path / "m", base=base, encoder=encoder)
    assert "boos" in str(caught.value)
    assert not (tmp_path / "m").exists()


def test_a_modest_guess_does_not_beat_a_model_that_knows_but_is_too_sure():
    random = np.random.default_rng(0)
    codes = random.integers(0, 3, 60)
    reads = np.where(random.random(60) < 0.6, codes, (codes + 1) % 3)
    sure = np.where(np.eye(3)[reads] > 0, 0.998, 0.001).astype(np.float32)
    modest = np.tile(np.array([[0.36, 0.32, 0.32]], dtype=np.float32), (60, 1))
    calmer = np.where(np.eye(3)[reads] > 0, 0.6, 0.2).astype(np.float32)
    better = np.where(np.eye(3)[codes] > 0, 0.6, 0.2).astype(np.float32)
    assert heads.losses(modest, codes).mean() < heads.losses(sure, codes).mean()
    assert _simplest([sure, modest], codes) == 0
    assert _simplest([sure, calmer, modest], codes) == 1
    assert _simplest([sure, calmer, modest, better], codes) == 3


def test_folds_keep_equal_texts_together_and_classes_spread():
    texts = [f"tekst {number % 60}" for number in range(120)]
    codes = np.array([number % 60 % 3 for number in range(120)])
    fold = heads.folds_of(texts, codes, 5)
    assert (fold[:60] == fold[60:]).all()
    assert np.bincount(fold).tolist() == [24] * 5
    for code in range(3):
        assert np.bincount(fold[codes == code], minlength=5).min() == 8


def test_three_classes_are_spread_in_the_base_models_proportions():
    member = membership([("boos", "ontevreden"), ("neutraal",), ("positief", "enthousiast")])
    tones = np.array([[0.3, 0.1, 0.2, 0.1, 0.3]], dtype=np.float32)
    own = np.array([[0.8, 0.1, 0.1]], dtype=np.float32)
    assert np.allclose(spread(own, tones, member), [[0.6, 0.2, 0.1, 0.025, 0.075]], atol=1e-5)
    with pytest.raises(ValueError, match="tones of its own"):
        membership([("boos",), ("boos", "neutraal")])


def test_people_who_disagree_are_measured_too(base, tmp_path):
    rows = [[text, tone, "boos" if tone == "ontevreden" else tone] for text, tone in TEXTS]
    path = write_csv(tmp_path / "s.csv", ["tekst", "toon", "toon_2"], rows)
    found = labelling.evaluate(base, sheet=labelling.read_sheet(path))
    assert found.people.figures["accuracy"].value == pytest.approx(0.8)
    assert found.quality.rows == 35


def test_nothing_labelled_is_an_error(base, tmp_path):
    sheet = labelling.read_sheet(labelled(tmp_path / "s.csv", [("hallo", "")]))
    with pytest.raises(UnreadableInputError, match="no labelled rows"):
        labelling.evaluate(base, sheet=sheet)
