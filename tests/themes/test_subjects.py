"""Terms in the form that a label shows, with the bundled Dutch pipeline."""

import numpy as np
import pytest

from klankbord.language.dutch import NounPhrases
from klankbord.models import load_dutch
from klankbord.themes.label import word
from klankbord.themes.subjects import MAX_TEXTS, label_forms, subject_forms
from klankbord.themes.words import term_matrix


@pytest.fixture(scope="module")
def phrases():
    return NounPhrases(load_dutch)


KNOWN = {"wachttijd", "telefoon", "verbinding"}
WAITING = [
    "De lange wachttijden aan de telefoon.",
    "Ik baal van de lange wachttijden.",
    "De lange wachttijden zijn een ramp.",
    "Die wachttijden zijn niet normaal.",
]


def test_a_plural_is_shown_in_the_singular_with_what_most_say_before_it(phrases):
    assert label_forms(["wachttijden"], WAITING, phrases(WAITING), KNOWN) == {
        "wachttijden": "lange wachttijd"
    }


def test_a_noun_that_stands_with_many_words_is_shown_alone(phrases):
    texts = ["De nieuwe telefoons.", "Mijn oude telefoons.", "de rode telefoons", "twee telefoons"]
    found = label_forms(["telefoons"], texts, phrases(texts), KNOWN)
    assert found == {"telefoons": "telefoon"}


def test_a_dictionary_form_that_nobody_writes_is_not_shown(phrases):
    assert label_forms(["wachttijden"], WAITING, phrases(WAITING), {"wachttijden"}) == {
        "wachttijden": "lange wachttijden"
    }


def test_a_judgement_before_the_noun_is_left_out(phrases):
    texts = ["De slechte verbinding.", "Een slechte verbinding hier.", "slechte verbinding"]
    assert label_forms(["verbinding"], texts, phrases(texts), KNOWN) == {"verbinding": "verbinding"}


def test_a_verb_has_no_label_form_and_a_negation_keeps_its_own(phrases):
    texts = ["Niemand belt terug en ik krijg geen reactie."] * 3
    assert label_forms(["belt", "geen reactie"], texts, phrases(texts), KNOWN) == {
        "geen reactie": "geen reactie"
    }


def test_only_a_few_dutch_texts_are_read():
    read = []

    def phrases(texts):
        read.extend(texts)
        return [[] for _ in texts]

    texts = [f"de factuur van klant {number}" for number in range(2 * MAX_TEXTS)]
    languages = ["en", *["nl"] * (len(texts) - 1)]
    forms = subject_forms(texts, languages, KNOWN, phrases)
    assert forms(np.arange(len(texts)), ["factuur"]) == {}
    assert MAX_TEXTS / 2 < len(read) <= MAX_TEXTS
    assert texts[0] not in read


def test_nothing_is_read_where_there_is_no_dutch_text():
    def phrases(texts):
        raise AssertionError(texts)

    forms = subject_forms(["the invoice is wrong"], ["en"], KNOWN, phrases)
    assert forms(np.arange(1), ["invoice"]) == {}
    assert subject_forms(["de factuur"], ["nl"], KNOWN, None)(np.arange(1), ["factuur"]) == {}


def test_a_noun_goes_before_a_verb_in_a_label():
    texts = ["ze verhogen het tarief"] * 6 + ["de app hapert"] * 6
    terms = term_matrix(texts, ["nl"] * 12)
    inside = np.arange(12) < 6
    nothing = np.zeros(12, dtype=bool)
    wording = word(terms, inside, ~inside, nothing, forms=lambda _: {"tarief": "tarief"})
    assert wording.named[0] == "tarief"
    assert wording.label.startswith("tarief")
