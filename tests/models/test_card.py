"""Cards of the bundled models, and what happens when a file is not what its card says."""

import json
import shutil

import pytest

from klankbord.errors import ModelError
from klankbord.models import installed_models, load_encoder, load_tone_model, read_card
from klankbord.resources import bundled


@pytest.fixture
def damaged(tmp_path):
    """Return a function that copies a bundled model and flips one byte of its weights."""

    def copy(name):
        folder = tmp_path / name
        shutil.copytree(bundled(f"models/{name}"), folder)
        weights = folder / "model.safetensors"
        content = bytearray(weights.read_bytes())
        content[-1] ^= 1
        weights.write_bytes(content)
        return folder

    return copy


def test_every_bundled_model_is_whole():
    cards = {card.name: card for card in installed_models()}
    assert {"encoder-static", "tone-fast", "tone-accurate", "spacy-nl"} <= set(cards)
    for card in cards.values():
        card.verify()
        assert card.size > 0


def test_cards_state_data_licences_and_scores():
    for card in installed_models():
        assert card.kind in ("encoder", "tone", "pipeline", "names")
        assert card.data
        assert all(use.licence and use.rows > 0 for use in card.data)
        if card.kind in ("encoder", "tone"):
            assert card.scores


def test_readme_of_a_model_names_the_digests_of_its_card():
    for name in ("encoder-static", "tone-fast", "tone-accurate", "spacy-nl"):
        card = read_card(bundled(f"models/{name}"))
        readme = (card.folder / "README.md").read_text("utf-8")
        assert all(digest in readme for _, digest in card.sha256)


def test_bundled_models_stay_small():
    assert sum(card.size for card in installed_models()) < 120_000_000
    assert read_card(bundled("models/encoder-static")).size < 26_000_000
    assert read_card(bundled("models/tone-fast")).size < 6_000_000


@pytest.mark.parametrize("name", ["encoder-static", "tone-fast"])
def test_one_flipped_byte_is_noticed(damaged, name):
    folder = damaged(name)
    with pytest.raises(ModelError, match="damaged"):
        read_card(folder).verify()
    with pytest.raises(ModelError, match="damaged"):
        load_encoder(str(folder)) if name == "encoder-static" else load_tone_model(folder)


def test_a_missing_file_is_noticed(damaged):
    folder = damaged("tone-fast")
    (folder / "config.json").unlink()
    with pytest.raises(ModelError, match=r"config\.json"):
        load_tone_model(folder)


def test_a_card_that_is_no_card(tmp_path):
    (tmp_path / "card.json").write_text(json.dumps(["no", "card"]))
    with pytest.raises(ModelError, match="not valid"):
        read_card(tmp_path)
    with pytest.raises(ModelError, match="cannot be read"):
        read_card(tmp_path / "nowhere")


def test_the_fingerprint_follows_the_bytes(damaged):
    folder = damaged("tone-fast")
    card = json.loads((folder / "card.json").read_text())
    before = read_card(folder).fingerprint
    card["sha256"]["model.safetensors"] = "0" * 64
    (folder / "card.json").write_text(json.dumps(card))
    assert read_card(folder).fingerprint != before
