"""The bundled encoder, read by two libraries, and a transformer folder in its place."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from klankbord.errors import ModelError
from klankbord.models import load_encoder
from klankbord.models.encoder import BUNDLED_ENCODER, StaticEncoder
from klankbord.resources import bundled

SCRIPTS = Path(__file__).parents[2] / "scripts"
TEXTS = [
    "De levering was te laat en het pakket was beschadigd.",
    "The delivery was late and the parcel was damaged.",
    "Die Lieferung kam zu spät und das Paket war beschädigt.",
    "La livraison est arrivée en retard et le colis était abîmé.",
    "Ik kan niet inloggen in de app.",
    "I cannot log in to the app.",
    "ça marche 😀 100%",
    "日本語",
]


@pytest.fixture(scope="module")
def encoder():
    return load_encoder()


def test_vectors_have_unit_length_and_a_wordless_text_is_zero(encoder):
    vectors = encoder.encode([*TEXTS[:6], "", " . "])
    assert vectors.dtype == np.float32
    assert vectors.shape == (8, encoder.dimension)
    assert np.allclose(np.linalg.norm(vectors[:6], axis=1), 1, atol=1e-5)
    assert not vectors[6:].any()


def test_no_texts_give_no_vectors(encoder):
    assert encoder.encode([]).shape == (0, encoder.dimension)


def test_a_text_is_closest_to_its_translation(encoder):
    vectors = encoder.encode(TEXTS[:6])
    likeness = vectors @ vectors.T
    np.fill_diagonal(likeness, -1)
    assert set(likeness[0].argsort()[-3:]) == {1, 2, 3}
    assert likeness[4].argmax() == 5


def test_both_libraries_give_the_same_vectors():
    from model2vec import StaticModel
    from sentence_transformers import SentenceTransformer

    folder = str(bundled("models/encoder-static"))
    one = np.asarray(StaticModel.from_pretrained(folder).encode(TEXTS), dtype=np.float64)
    other = SentenceTransformer(folder, device="cpu").encode(TEXTS).astype(np.float64)
    lengths = np.linalg.norm(one, axis=1) * np.linalg.norm(other, axis=1)
    known = lengths > 0
    assert known.sum() >= 7
    assert ((one * other).sum(axis=1)[known] / lengths[known]).min() > 0.9999
    assert not one[~known].any()


def test_klankbord_gives_the_vectors_of_the_library(encoder):
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(bundled("models/encoder-static")), device="cpu")
    other = model.encode(TEXTS[:6]).astype(np.float32)
    other /= np.linalg.norm(other, axis=1, keepdims=True)
    assert ((encoder.encode(TEXTS[:6]) * other).sum(axis=1) > 0.9999).all()


@pytest.mark.parametrize("quantised", [False, True])
def test_a_folder_of_another_maker_gives_the_vectors_of_model2vec(tmp_path, quantised):
    from model2vec import StaticModel
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel
    from tokenizers.pre_tokenizers import Whitespace

    words = {word: place for place, word in enumerate(["[PAD]", "[UNK]", "goed", "slecht", "nu"])}
    tokenizer = Tokenizer(WordLevel(words, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = Whitespace()
    vectors = np.random.default_rng(3).normal(size=(3 if quantised else 5, 8)).astype(np.float16)
    parts = {"token_mapping": np.array([0, 0, 1, 2, 1]), "weights": np.arange(1.0, 6.0)}
    made = StaticModel(vectors, tokenizer, max_length=3, **(parts if quantised else {}))
    made.save_pretrained(tmp_path)
    config = json.loads((tmp_path / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps(config | {"model_type": "model2vec"}))
    texts = ["goed slecht", "nu wat goed", "goed nu slecht goed goed", "wat", ""]
    wanted = StaticModel.from_pretrained(tmp_path, quantize_to="float32").encode(texts)
    length = np.linalg.norm(wanted, axis=1, keepdims=True)
    found = load_encoder(str(tmp_path)).encode(texts)
    assert np.allclose(found, wanted / np.maximum(length, 1e-9), atol=1e-6)


def test_a_vector_does_not_depend_on_the_texts_beside_it(encoder):
    together = encoder.encode(TEXTS * 300)
    alone = np.concatenate([encoder.encode([text]) for text in TEXTS])
    assert np.array_equal(together[: len(TEXTS)], alone)


ODD_WORDS = [
    "",
    " ",
    "a´b c´",
    "[UNK] x[PAD]y",
    "- - a -",
    "  x  y",
    "a\u00a0b\u2003c",
    " \u0301a b",
]


@pytest.mark.parametrize("kept", [1_000_000, 20])
def test_pieces_of_words_are_those_of_the_text_they_stand_in(monkeypatch, kept):
    from tokenizers import Tokenizer

    monkeypatch.setattr("klankbord.models.encoder._KEPT", kept)
    folder = bundled(BUNDLED_ENCODER)
    encoder, tokenizer = StaticEncoder(folder), Tokenizer.from_file(str(folder / "tokenizer.json"))
    unknown = tokenizer.token_to_id("[UNK]")
    texts = [*ODD_WORDS, "ﷺ ㌀ İstanbul ﬁ", "👍👍 x \u200d y", "Wat een goed, góéd verhaal!\nToch?"]
    for _ in range(2):
        for some in (texts, texts[::-1], texts[:1]):
            piece, size = encoder.pieces(some)
            wanted = [tokenizer.encode(text, add_special_tokens=False).ids for text in some]
            wanted = [[one for one in ids if one != unknown] for ids in wanted]
            assert size.tolist() == [len(ids) for ids in wanted]
            assert piece.tolist() == [one for ids in wanted for one in ids]


def test_vectors_can_be_had_from_the_pieces(encoder):
    texts = [*TEXTS, "", "!", TEXTS[0]]
    piece, size = encoder.pieces(texts)
    assert len(size) == len(texts)
    assert size.sum() == len(piece)
    assert np.allclose(encoder.mean_vectors(piece, size), encoder.encode(texts), atol=1e-5)


@pytest.fixture(scope="module")
def transformer_folder(tmp_path_factory):
    """Return a tiny, untrained BERT encoder in the layout of sentence-transformers."""
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel
    from tokenizers.pre_tokenizers import Whitespace
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

    body = tmp_path_factory.mktemp("body")
    words = {word: place for place, word in enumerate(["[PAD]", "[UNK]", "goed", "slecht"])}
    tokenizer = Tokenizer(WordLevel(words, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = Whitespace()
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, unk_token="[UNK]", pad_token="[PAD]"
    ).save_pretrained(body)
    shape = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
    config = BertConfig(vocab_size=len(words), intermediate_size=16, **shape)
    BertModel(config).save_pretrained(body)
    part = Transformer(str(body))
    folder = tmp_path_factory.mktemp("transformer")
    made = SentenceTransformer(modules=[part, Pooling(16)], device="cpu")
    made.save(str(folder), create_model_card=False)  # a card would be looked up elsewhere
    return folder


def test_any_sentence_transformers_folder_can_take_its_place(transformer_folder):
    encoder = load_encoder(str(transformer_folder))
    vectors = encoder.encode(["levering goed", "levering slecht"])
    assert vectors.shape == (2, 16)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert not np.allclose(vectors[0], vectors[1])
    assert encoder.encode([]).shape == (0, 16)
    assert encoder.fingerprint == load_encoder(str(transformer_folder)).fingerprint
    assert encoder.fingerprint != load_encoder().fingerprint


def test_a_folder_that_is_not_there_or_no_model(tmp_path):
    with pytest.raises(ModelError, match="does not exist"):
        load_encoder(str(tmp_path / "nowhere"))
    with pytest.raises(ModelError, match="cannot be loaded"):
        load_encoder(str(tmp_path))


def test_encoding_loads_no_torch():
    code = (
        "import sys; from klankbord.models import load_encoder;"
        "load_encoder().encode(['goed']); sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.fixture(scope="module")
def network_folder(tmp_path_factory, transformer_folder):
    """Return that tiny encoder as `export_encoder.py` writes one."""
    from transformers import AutoModel

    sys.path.insert(0, str(SCRIPTS))
    try:
        from export_onnx import export
    finally:
        sys.path.remove(str(SCRIPTS))
    folder = tmp_path_factory.mktemp("network")
    export(AutoModel.from_pretrained(transformer_folder), folder / "model.int8.onnx")
    shutil.copy(transformer_folder / "tokenizer.json", folder)
    run = {"static_share": 0.25, "static": load_encoder().fingerprint}
    (folder / "klankbord.json").write_text(json.dumps(run))
    return folder


def test_a_network_shares_the_similarity_with_the_static_encoder(
    network_folder, transformer_folder, encoder
):
    texts = ["goed slecht goed", "slecht", "goed"]
    vectors = load_encoder(str(network_folder)).encode([*texts, " "])
    own, static = load_encoder(str(transformer_folder)).encode(texts), encoder.encode(texts)
    wanted = 0.75 * own @ own.T + 0.25 * static @ static.T
    assert vectors.shape == (4, 16 + encoder.dimension)
    assert np.allclose(vectors[:3] @ vectors[:3].T, wanted, atol=0.02)  # int8 against fp32
    assert not vectors[3].any()


def test_a_network_made_with_another_static_encoder_is_refused(network_folder, tmp_path):
    folder = tmp_path / "other"
    shutil.copytree(network_folder, folder)
    run = {"static_share": 0.25, "static": "000000000000"}
    (folder / "klankbord.json").write_text(json.dumps(run))
    with pytest.raises(ModelError, match="another static one"):
        load_encoder(str(folder))
    (folder / "model.int8.onnx").write_bytes(b"no model")
    with pytest.raises(ModelError, match="cannot be loaded"):
        load_encoder(str(folder))
