import sys
import time
from subprocess import run

import numpy as np
import pytest

from klankbord.errors import MissingExtraError
from klankbord.themes.codeframe import codeframe
from klankbord.themes.label import slug, word
from klankbord.themes.words import content_key, demote_general, excluded, overlap, term_matrix

DEPARTMENTS = {
    "Sales",
    "Distributie",
    "Marketing",
    "Customer Service",
    "Online",
    "Operations",
    "Finance",
    "Cultuur",
}
# as in the annotation guide
CODES = [
    *("levertijd", "levering", "onvolledig", "kwaliteit", "pasvorm", "prijs"),
    *("betaling", "retour", "bereikbaarheid", "bejegening", "informatie", "website"),
    *("assortiment", "contract", "hygiene", "inhoud", "comfort", "anders"),
    *("onboarding", "onverschilligheid", "privacy", "fraude", "duurzaamheid"),
    *("concurrent", "loyaliteit", "toegankelijkheid", "reclame", "community"),
]


def names_of(texts: list[str], *, language: str = "nl", copies: int = 3) -> set[str]:
    # an extra word per copy keeps the texts different, as near-duplicates are dropped earlier
    return set(term_matrix(texts * copies, [language] * len(texts) * copies).names)


def test_codeframe_covers_the_guide_and_has_owners() -> None:
    assert list(codeframe()) == CODES
    for entry in codeframe().values():
        assert entry.nl
        assert entry.en
        assert entry.definition.endswith(".")
        assert entry.owner in DEPARTMENTS


def test_stop_words_judgements_and_numbers_are_no_terms() -> None:
    names = names_of(["Helaas was de levering van 12 maart echt slecht, 3 weken te laat!"])
    assert "levering" in names
    assert not names & {"helaas", "de", "van", "12", "echt", "slecht", "3", "was"}
    assert {"de", "the", "der", "les"} <= excluded()


def test_person_names_are_no_terms_but_words_with_a_capital_in_a_title_are() -> None:
    names = names_of(
        ["gebeld met Sanneke over de Factuur", "de factuur klopt niet volgens Sanneke"]
    )
    assert "factuur" in names
    assert not any("sanneke" in name for name in names)


def test_german_nouns_survive_the_test_for_names() -> None:
    assert "rechnung" in names_of(["Auf die Rechnung gewartet"], language="de")


def test_an_opener_makes_a_term_of_a_stop_word_but_not_with_an_infinitive() -> None:
    names = names_of(["jullie zijn niet bereikbaar en te duur om te bestellen"])
    assert {"niet bereikbaar", "te duur"} <= names
    assert "te bestellen" not in names


def test_two_word_terms_do_not_cross_punctuation() -> None:
    names = names_of(["koude friet, lauwe soep"])
    assert {"koude friet", "lauwe soep"} <= names
    assert "friet lauwe" not in names


@pytest.mark.parametrize(
    ("left", "right", "same"),
    [
        ("prijs", "prijzen", True),
        ("bezorger", "bezorging", True),
        ("mail", "e-mail", True),
        ("mails", "mailtjes", True),
        ("betaal", "betalen", True),
        ("bel", "bellen", True),
        ("koude friet", "friet", True),
        ("geen reactie", "geen antwoord", False),
        ("telefoon", "wachttijd", False),
    ],
)
def test_overlap_sees_through_endings(left: str, right: str, same: bool) -> None:
    assert overlap(left, right) is same
    assert overlap(right, left) is same


def test_content_key_ignores_case_numbers_order_and_signs() -> None:
    assert content_key("Wachttijd: 20 minuten!!") == content_key("minuten 😡 wachttijd 45")
    assert content_key("😡 12 !") == ""


def test_label_sets_a_theme_apart_from_its_siblings() -> None:
    texts = ["de wachttijd aan de telefoon bij klantenservice"] * 6
    texts += ["geen reactie op mijn e-mail bij klantenservice"] * 6
    terms = term_matrix(texts, ["nl"] * 12)
    inside = np.arange(12) < 6
    wording = word(terms, inside, ~inside, np.zeros(12, dtype=bool))
    assert set(wording.label.split(", ")) == {"wachttijd", "telefoon"}
    assert "klantenservice" not in wording.keywords
    assert wording.coverage == 1.0


def test_a_sub_theme_is_not_named_after_its_head() -> None:
    texts = ["de prijs van een menu"] * 6 + ["de prijs van een abonnement"] * 2 + ["de app"] * 4
    terms = term_matrix(texts, ["nl"] * 12)
    inside = np.arange(12) < 8
    nothing = np.zeros(12, dtype=bool)
    assert "prijs" in word(terms, inside, ~inside, nothing).label
    wording = word(terms, inside, ~inside, nothing, head="prijs")
    assert "prijs" not in wording.label
    assert "prijs" in wording.keywords


def test_no_label_where_nothing_sets_the_theme_apart() -> None:
    terms = term_matrix(["de factuur klopt"] * 12, ["nl"] * 12)
    inside = np.arange(12) < 6
    assert word(terms, inside, ~inside, np.zeros(12, dtype=bool)).label == ""


def test_words_frequent_everywhere_lose_fitness() -> None:
    subjects = ["factuur", "verpakking", "monteur", "inlog"]
    texts = [f"het toestel en de {subject}" for subject in subjects for _ in range(40)]
    group = np.repeat(subjects, 40)
    terms = demote_general(term_matrix(texts, ["nl"] * len(texts)), group)
    fitness = dict(zip(terms.names, terms.fitness, strict=True))
    assert fitness["toestel"] < fitness["factuur"] == 1.0


def test_slug_is_readable_and_does_not_depend_on_the_order_of_terms() -> None:
    assert slug("wachttijd, geen reactie") == slug("geen reactie, wachttijd")
    assert slug("pizza's") == "pizza-s"


def test_finding_words_loads_neither_spacy_nor_torch() -> None:
    code = (
        "import sys; from klankbord.themes.words import term_matrix, excluded;"
        "term_matrix(['de factuur'], ['nl']); assert 'de' in excluded();"
        "print([m for m in ('spacy', 'torch') if m in sys.modules])"
    )
    out = run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"


def test_absent_stop_words_are_an_error_and_no_silence(monkeypatch: pytest.MonkeyPatch) -> None:
    from klankbord.language import stop_words

    monkeypatch.setattr(stop_words.importlib.util, "find_spec", lambda name: None)
    excluded.cache_clear()
    stop_words.stop_words.cache_clear()
    with pytest.raises(MissingExtraError, match="stop words for 'nl'"):
        excluded()
    monkeypatch.undo()
    assert "de" in excluded()


@pytest.mark.parametrize("sign", ["é", "a@", "<", "www.", "http://"])
def test_one_endless_word_is_read_in_no_time(sign: str) -> None:
    start = time.process_time()
    content_key("te duur " + sign * 40_000)
    assert time.process_time() - start < 1


def test_addresses_are_no_words() -> None:
    assert content_key("mail <b>jan.p@x.nl</b> via www.x.nl of https://x.nl/y?z") == "mail of via"
