"""Other people's classifiers in place of the bundled tone model."""

import json

import numpy as np
import pytest

from klankbord.errors import ModelError
from klankbord.models import load_tone_model
from klankbord.models.foreign_tone import level_groups, spread_over_levels

TEXTS = ["Geweldig, een echte aanrader!", "niet goed", ""]
THREE = ["negative", "neutral", "positive"]


def classifier(folder, labels):
    """Write a tiny, untrained classifier in the layout of transformers."""
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel
    from tokenizers.pre_tokenizers import Whitespace
    from transformers import BertConfig, BertForSequenceClassification, PreTrainedTokenizerFast

    words = {word: place for place, word in enumerate(["[PAD]", "[UNK]", "goed", "niet"])}
    tokenizer = Tokenizer(WordLevel(words, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = Whitespace()
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, unk_token="[UNK]", pad_token="[PAD]"
    ).save_pretrained(folder)
    config = BertConfig(
        vocab_size=len(words),
        hidden_size=16,
        intermediate_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        id2label=dict(enumerate(labels)),
        label2id={label: place for place, label in enumerate(labels)},
    )
    BertForSequenceClassification(config).save_pretrained(folder)
    return folder


def test_any_classifier_can_take_its_place(tmp_path):
    model = load_tone_model(classifier(tmp_path, THREE))
    scores = model.predict(TEXTS, [""] * 3)
    assert np.allclose(scores.probabilities.sum(axis=1), 1, atol=1e-5)
    assert len(scores.cues) == len(scores.mixed) == 3
    base = load_tone_model(tier="fast").predict(TEXTS, [""] * 3)
    assert np.array_equal(scores.theme, base.theme)
    assert not np.allclose(scores.probabilities, base.probabilities)
    assert model.predict([], []).probabilities.shape == (0, 5)


def test_the_weights_are_in_the_fingerprint(tmp_path):
    one = load_tone_model(classifier(tmp_path / "one", THREE)).fingerprint
    assert one == load_tone_model(tmp_path / "one").fingerprint
    assert one != load_tone_model(classifier(tmp_path / "other", THREE)).fingerprint


@pytest.mark.parametrize(
    "labels",
    [
        THREE,
        ["positive", "negative", "neutral"],
        ["Very Negative", "Negative", "Neutral", "Positive", "Very Positive"],
        ["1 star", "2 stars", "3 stars", "4 stars", "5 stars"],
        ["boos", "ontevreden", "neutraal", "positief", "enthousiast"],
        ["NEGATIVE", "POSITIVE"],
    ],
)
def test_known_scales_cover_every_level(labels):
    groups = level_groups(labels, "model")
    assert len(groups) == len(labels)
    assert {level for group in groups for level in group} == set(range(5))


def test_labels_nobody_knows_are_refused_with_advice(tmp_path):
    with pytest.raises(ModelError, match="not on a known scale") as caught:
        load_tone_model(classifier(tmp_path, ["LABEL_0", "LABEL_1", "LABEL_2"]))
    assert "id2label" in caught.value.hint


def test_the_mass_of_a_label_is_divided_as_the_base_divides_it():
    base = np.array([[0.1, 0.3, 0.2, 0.1, 0.3]], dtype=np.float32)
    spread = spread_over_levels(
        np.array([[0.4, 0.2, 0.4]], dtype=np.float32), [[0, 1], [2], [3, 4]], base
    )
    assert np.allclose(spread, [[0.1, 0.3, 0.2, 0.1, 0.3]], atol=1e-5)


def test_pickled_weights_are_refused(tmp_path):
    folder = classifier(tmp_path, THREE)
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    with pytest.raises(ModelError, match="cannot be loaded"):
        load_tone_model(folder)


def test_nothing_is_downloaded(tmp_path):
    with pytest.raises(ModelError, match="no downloaded model has this name"):
        load_tone_model("somebody/some-model")
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(ModelError, match="no tone model"):
        load_tone_model(empty)
    (empty / "config.json").write_text(json.dumps({"model_type": "bert"}))
    with pytest.raises(ModelError, match="cannot be loaded"):
        load_tone_model(empty)
