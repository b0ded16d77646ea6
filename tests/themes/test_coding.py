"""Codes recognised by examples, with the bundled encoder."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from klankbord.models import load_encoder
from klankbord.themes.codeframe import Code, codeframe
from klankbord.themes.coding import Phrases, bare_tokens, code_by_examples

CORPUS = Path(__file__).parents[2] / "corpora" / "themes"
LAADPAAL = Code(
    "laadpaal",
    "Laadpalen",
    "Charging points",
    "Laden lukt niet.",
    "Operations",
    examples=("de laadpaal was kapot", "alle laadpalen bezet", "mijn auto laadt niet op"),
    words=("laadpa*",),
)


@pytest.fixture(scope="module")
def encoder():
    return load_encoder()


@pytest.fixture(scope="module")
def code(encoder):
    def run(texts, codes, frame=None):
        frame = codeframe() if frame is None else frame
        return list(code_by_examples(texts, codes, encoder.encode(texts), encoder, frame))

    return run


@pytest.mark.parametrize(
    ("text", "given_code", "expected"),
    [
        ("De klantenkaart levert niks meer op, alle spaarpunten zijn weg", "anders", "loyaliteit"),
        ("Ik word alweer van het kastje naar de muur gestuurd!", "bejegening", "onverschilligheid"),
        ("mijn persoonsgegevens zijn zonder mijn toestemming gedeeld", "informatie", "privacy"),
        ("met een rolstoel kom je hier niet binnen", "comfort", "toegankelijkheid"),
        ("my data was shared with third parties without my consent", "informatie", "privacy"),
        ("viel zu viel Plastikverpackung", "levering", "duurzaamheid"),
        ("mon compte a été piraté", "website", "fraude"),
    ],
)
def test_a_complaint_like_the_examples_gets_their_code(code, text, given_code, expected):
    assert code([text], [given_code]) == [expected]


@pytest.mark.parametrize(
    ("text", "given_code"),
    [
        ("oplichters!!", "anders"),
        ("mijn gegevens opslaan in de app lukt niet", "website"),
        ("de rente op mijn spaarrekening is te laag", "prijs"),
        ("overstappen in Utrecht duurde te lang door vertraging", "levertijd"),
        ("het plastic brak na een week", "kwaliteit"),
        ("een haar in het eten", "hygiene"),
        ("", "overig"),
        ("!!! 😡 12", "overig"),
    ],
)
def test_a_word_in_another_sense_changes_nothing(code, text, given_code):
    assert code([text], [given_code]) == [given_code]


def test_what_was_written_for_measuring_is_precise_and_takes_little(code):
    lines = (CORPUS / "codes_unseen.tsv").read_text("utf-8").splitlines()[1:]
    rows = [line.split("\t") for line in lines]
    gold = np.array([row[3] for row in rows], dtype=object)
    taught = [name for name, entry in codeframe().items() if entry.examples]
    new = np.isin(gold, taught)
    given_codes = np.where(new, "anders", gold)
    found = np.array(code([row[2] for row in rows], given_codes), dtype=object)
    coded = np.isin(found, taught)
    assert (found == gold)[coded].mean() >= 0.8
    assert coded[~new].mean() <= 0.05
    assert (found == gold)[new].mean() >= 0.15


def test_codes_of_an_own_frame_are_recognised_and_the_others_go_to_the_rest(code):
    texts = ["De laadpaal op de hoek was weer kapot", "veel te duur", "kapot na een week"]
    frame = {"laadpaal": LAADPAAL, "prijs": codeframe()["prijs"]}
    assert code(texts, ["kwaliteit", "prijs", "kwaliteit"], frame) == [
        "laadpaal",
        "prijs",
        "overig",
    ]
    frame["anders"] = codeframe()["anders"]
    assert code(texts, ["kwaliteit", "overig", "kwaliteit"], frame) == [
        "laadpaal",
        "overig",
        "anders",
    ]


def test_nothing_to_code_is_nothing(code):
    assert code([], []) == []
    assert code(["te duur"], ["prijs"], {"prijs": codeframe()["prijs"]}) == ["prijs"]


@settings(max_examples=30, deadline=None)
@given(texts=st.lists(st.text(max_size=60), max_size=6), seed=st.integers(0, 99))
def test_each_text_is_coded_by_itself(code, texts, seed):
    order = np.random.default_rng(seed).permutation(len(texts))
    codes = ["prijs"] * len(texts)
    alone = [code([text], ["prijs"])[0] for text in texts]
    assert code(texts, codes) == alone
    assert code([texts[place] for place in order], codes) == [alone[place] for place in order]


def held(phrases, text):
    return {code for code, times in enumerate(phrases.count(bare_tokens([text]))[0]) if times}


def test_a_star_stands_for_the_rest_of_a_word_only():
    phrases = Phrases([["spaarpunt*"], ["*punten"], ["aan derden"], ["AVG"], ["*paar*"]])
    assert held(phrases, "mijn Spaarpunten zijn weg") == {0, 1, 4}
    assert held(phrases, "spaar punt") == {4}
    assert held(phrases, "gegevens aan derden verkocht") == {2}
    assert held(phrases, "aan derdenlanden") == set()
    assert held(phrases, "avg-verzoek volgens de avg.") == {3}


def test_a_star_at_the_end_of_a_phrase_is_for_its_first_or_last_word():
    phrases = Phrases([["*klant worden*"], ["geen punt"]])
    assert held(phrases, "hoe ik stamklant wordende ben") == {0}
    assert held(phrases, "klant kan ik worden") == set()
    assert held(phrases, "geen") == set()


def test_a_phrase_does_not_run_on_into_the_next_text():
    counts = Phrases([["aan derden"]]).count(bare_tokens(["verkocht aan", "derden", "aan derden"]))
    assert counts.tolist() == [[0], [0], [1]]


def test_hints_count_once_per_word_of_the_text():
    phrases = Phrases([["oplicht*", "oplichter*", "bank"]])
    texts = ["oplichters! OPLICHTERS!", "oplichters bij de bank"]
    assert phrases.count(bare_tokens(texts)).tolist() == [[1], [2]]
