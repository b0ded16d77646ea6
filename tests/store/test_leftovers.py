import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from klankbord.store.leftovers import Leftovers, leftovers

SAID = ("De xylofoonkist kwam veel te laat en de deur klemt", "Bel 0612345678, Jan Bakker")
OTHERS = ("De kast kwam veel te laat", "de deur klemt", "Jan belt", "mevrouw Bakker", "Bel mij")
LEFT = leftovers(("K-7Q2MN4XK0C", "NL 4711", "12"), SAID, OTHERS)


@pytest.mark.parametrize(
    "text",
    [
        "klant K-7Q2MN4XK0C belt",
        "klant k_7q2mn4xk0c",
        "NL/4711",
        "een XYLOFOONKIST",
        "veel te laat en",
        "tel. 0612345678",
        "«Bel 0612345678, Jan»",
    ],
)
def test_what_only_they_said_is_found(text: str):
    assert LEFT.found(text)
    assert not LEFT.found(LEFT.redacted(text))


@pytest.mark.parametrize(
    "text",
    ["kwam veel te laat", "de deur klemt", "Jan belt", "12", "Bakker", "te weinig gegevens", ""],
)
def test_what_others_said_too_stays(text: str):
    assert not LEFT.found(text)
    assert LEFT.redacted(text) == text


def test_only_the_words_themselves_go():
    assert LEFT.redacted("Waarom (K-7Q2MN4XK0C) belt?") == "Waarom (…) belt?"
    assert LEFT.redacted("de xylofoonkist kwam, xylofoonkist!") == "de … kwam, …!"


def test_a_short_number_is_an_id_in_its_own_column_only():
    assert LEFT.is_id("12", short=True)
    assert not LEFT.is_id("12")
    assert LEFT.is_id("nl-4711")
    assert not LEFT.is_id("nl-4711 belt")


def test_keys_and_numbers_of_json_stay():
    held = {"xylofoonkist": ["een xylofoonkist", 3, None, {"a": "NL 4711"}]}
    assert LEFT.redacted_json(held) == {"xylofoonkist": ["een …", 3, None, {"a": "…"}]}


def test_words_of_every_report_tell_nothing():
    left = leftovers((), ["Verbetering van de klanttevredenheid: zie rapport, themas, acties"], ())
    assert not left.found("rapport")
    assert not left.found("acties")


WORDS = st.lists(st.sampled_from(["abcd", "efgh", "ijkl", "mnop", "qrst"]), min_size=1, max_size=9)


@settings(deadline=None)  # the texts of Klankbord itself are read once
@given(said=st.lists(WORDS, max_size=4), others=st.lists(WORDS, max_size=4), text=WORDS)
def test_others_never_lose_a_word(said, others, text):
    left = leftovers((), map(" ".join, said), map(" ".join, others))
    for other in others:
        assert left.redacted(" ".join(other)) == " ".join(other)
    assert not left.found(left.redacted(" ".join(text)))


def test_nothing_is_nothing():
    assert not Leftovers(())
    assert Leftovers(("",)).redacted("tekst") == "tekst"
