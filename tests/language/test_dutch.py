"""The bundled Dutch pipeline on sentences as customers write them."""

import json
import shutil
import subprocess
import sys

import pytest

from klankbord.errors import ModelError
from klankbord.language.dutch import MAX_WORDS, NounPhrases, noun_phrases
from klankbord.models.syntax import BUNDLED_DUTCH, dutch_card, load_dutch
from klankbord.resources import bundled


@pytest.fixture(scope="module")
def nlp():
    return load_dutch()


def labels(nlp, text):
    (found,) = noun_phrases(nlp, [text])
    return [phrase.label for phrase in found]


@pytest.mark.parametrize(
    ("text", "word", "lemma"),
    [
        ("De wachttijden zijn veel te lang.", "wachttijden", "wachttijd"),
        ("Ik heb drie rekeningen ontvangen.", "rekeningen", "rekening"),
        ("De pakketten kwamen te laat aan.", "kwamen", "komen"),
        ("twee medewerkers wisten het niet", "medewerkers", "medewerker"),
        ("De prijzen zijn verhoogd.", "prijzen", "prijs"),
    ],
)
def test_lemmas(nlp, text, word, lemma):
    assert {token.text: token.lemma_ for token in nlp(text)}[word] == lemma


def test_parts_of_speech(nlp):
    tags = {token.text: token.pos_ for token in nlp("De monteur repareerde mijn oude modem snel.")}
    assert tags["De"] == "DET"
    assert tags["monteur"] == tags["modem"] == "NOUN"
    assert tags["repareerde"] == "VERB"
    assert tags["oude"] == "ADJ"


def test_sentences(nlp):
    text = "De bestelling kwam te laat. Ik heb drie keer gebeld. Niemand nam de telefoon op."
    assert [sentence.text for sentence in nlp(text).sents] == [
        "De bestelling kwam te laat.",
        "Ik heb drie keer gebeld.",
        "Niemand nam de telefoon op.",
    ]


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("De lange wachttijden zijn een ramp.", "lange wachttijd"),
        ("ik vind de lange wachttijden niet oke", "lange wachttijd"),
        ("Mijn nieuwe modem valt steeds uit!!", "nieuwe modem"),
        ("ze verhogen het tarief", "tarief"),
        ("De koude friet en de lauwe soep.", "koude friet"),
        ("Voor de derde keer een foute factuur gekregen", "foute factuur"),
    ],
)
def test_noun_phrases_of_feedback(nlp, text, label):
    assert label in labels(nlp, text)


def test_offsets_are_those_of_the_text(nlp):
    text = "😡 De lange wachttijden aan de telefoon"
    (found,) = noun_phrases(nlp, [text])
    assert found
    assert all(text[phrase.start : phrase.end] == phrase.text for phrase in found)


def test_a_label_is_short_and_has_no_determiner_pronoun_or_number(nlp):
    texts = [
        "Deze drie dure nieuwe kapotte zwarte telefoons heb ik teruggestuurd.",
        "Mijn twee pakketten zijn kwijt.",
        "Zij heeft het mij verteld.",
    ]
    for found in noun_phrases(nlp, texts):
        for phrase in found:
            words = phrase.label.split(" ")
            assert len(words) <= MAX_WORDS
            assert not {"deze", "drie", "mijn", "twee", "zij", "het"} & set(words)


def test_texts_without_a_word_have_no_phrases(nlp):
    assert noun_phrases(nlp, ["", "!!", "😡", " \n"]) == [[], [], [], []]
    assert noun_phrases(nlp, []) == []


def test_phrases_do_not_depend_on_the_texts_beside_them(nlp):
    texts = ["De rekening is te hoog.", "de app werkt niet", "Geen antwoord op mijn mail!"]
    assert noun_phrases(nlp, texts) == [noun_phrases(nlp, [text])[0] for text in texts]


def test_the_pipeline_is_loaded_at_the_first_text_and_once(nlp):
    loads = []
    phrases = NounPhrases(lambda: loads.append(1) or nlp)
    assert loads == []
    phrases(["De rekening klopt niet."])
    phrases(["De rekening klopt niet."])
    assert loads == [1]


@pytest.fixture
def copied(tmp_path):
    folder = tmp_path / "spacy-nl"
    shutil.copytree(bundled(BUNDLED_DUTCH), folder)
    return folder


@pytest.mark.parametrize("name", ["tok2vec/model", "config.cfg", "vocab/strings.json"])
def test_a_damaged_file_is_refused(copied, name):
    path = copied / name
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(ModelError, match="damaged"):
        load_dutch(copied)


def test_a_missing_file_is_refused(copied):
    (copied / "parser" / "model").unlink()
    with pytest.raises(ModelError, match="missing"):
        load_dutch(copied)


def test_a_damaged_file_is_refused_before_spacy_is_imported(copied):
    (copied / "config.cfg").write_text("[nlp]\n")
    code = (
        "import sys; from pathlib import Path; from klankbord.models.syntax import load_dutch\n"
        "try: load_dutch(Path(sys.argv[1]))\n"
        "except Exception as error: print(type(error).__name__, 'spacy' in sys.modules)"
    )
    out = subprocess.run(
        [sys.executable, "-c", code, str(copied)], capture_output=True, text=True, check=True
    )
    assert out.stdout.split() == ["ModelError", "False"]


def test_the_card_covers_every_file():
    card = dutch_card()
    files = {
        path.relative_to(card.folder).as_posix()
        for path in card.folder.rglob("*")
        if path.is_file()
    }
    assert {name for name, _ in card.sha256} == files - {"card.json", "README.md"}
    assert card.kind == "pipeline"
    assert card.languages == ("nl",)
    assert card.scores
    assert {use.licence for use in card.data} == {"CC BY-SA 4.0"}
    readme = (card.folder / "README.md").read_text("utf-8")
    assert all(digest in readme for _, digest in card.sha256)
    assert "CC BY-SA 4.0" in readme


def test_the_folder_stays_small():
    folder = bundled(BUNDLED_DUTCH)
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) <= 15_000_000


def test_no_file_is_a_pickle():
    for path in bundled(BUNDLED_DUTCH).rglob("*"):
        if path.is_file():
            head = path.read_bytes()[:2]
            assert head not in {b"\x80" + bytes([protocol]) for protocol in range(2, 6)}, path
            if path.suffix in {".json", ".cfg"} and path.name != "vectors.cfg":
                text = path.read_text("utf-8")
                assert path.suffix == ".cfg" or json.loads(text) is not None


def test_loading_unpickles_nothing():
    code = (
        "import pickle, klankbord.models.syntax as syntax, spacy\n"
        "def refuse(*_, **__): raise AssertionError('unpickled')\n"
        "pickle.load = pickle.loads = pickle.Unpickler = refuse\n"
        "import srsly.cloudpickle as other; other.load = other.loads = refuse\n"
        "nlp = syntax.load_dutch(); print(len(nlp('De rekening klopt niet.')))"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "5"
