"""The bundled accurate model in transformers format: the same model, by another library."""

import sys
from pathlib import Path

import numpy as np
import pytest

from klankbord.models.accurate_tone import tone_entries
from klankbord.models.network import Network
from klankbord.resources import bundled

SCRIPTS = Path(__file__).parents[2] / "scripts"
TEXTS = [
    "Wat een fantastische ervaring, jullie zijn echt geweldig!!",
    "De monteur kwam netjes op tijd en heeft het goed opgelost.",
    "Wanneer gaat het filiaal in Zwolle open?",
    "Helaas was de soep koud en de bezorger een half uur te laat.",
    "SCHANDALIG, ik ben al weken aan het bellen en niemand doet iets!",
    "parkeren",
    "Never again, they took my money and hung up on me!",
    "Alles gut, gerne wieder.",
    "Rien à signaler.",
]
QUESTIONS = ["", "", "", "", "", "Wat kan er beter?", "", "", ""]


@pytest.fixture(scope="module")
def unpack():
    sys.path.insert(0, str(SCRIPTS))
    try:
        from unpack_tone import unpack
    finally:
        sys.path.remove(str(SCRIPTS))
    return unpack


def test_transformers_reads_the_same_from_the_unpacked_folder(unpack, tmp_path):
    import torch
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    folder = bundled("models/tone-accurate")
    unpack(folder, tmp_path / "unpacked")
    model = AutoModelForSequenceClassification.from_pretrained(
        tmp_path / "unpacked", dtype=torch.float32
    ).eval()
    tokenizer = AutoTokenizer.from_pretrained(tmp_path / "unpacked")
    assert model.config.id2label[4] == "tone:enthousiast"
    entries = tone_entries(TEXTS, QUESTIONS)
    ours = Network(folder).rows(entries)
    for entry, row in zip(entries, ours, strict=True):
        pair = entry if isinstance(entry, tuple) else (entry,)
        with torch.no_grad():
            theirs = model(**tokenizer(*pair, return_tensors="pt")).logits[0].numpy()
        assert theirs[:5].argmax() == row[:5].argmax()
        assert np.abs(theirs - row).max() < 0.35
