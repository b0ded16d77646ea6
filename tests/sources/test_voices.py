import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from klankbord.schema import AuthorRole
from klankbord.sources.voices import infer_roles, is_name, role_of

from .dialogs import DIALOGS


def turns_of(text: str) -> list[tuple[str, str]]:
    turns = []
    for line in text.strip().split("\n"):
        speaker, _, said = line.partition(": ")
        turns.append((speaker, said))
    return turns


def test_roles_from_names_alone() -> None:
    right = wrong = 0
    for roles, text in DIALOGS:
        found = infer_roles(turns_of(text), {})
        right += sum(found[name] == role for name, role in roles.items())
        wrong += sum(found[name] not in (role, "unknown") for name, role in roles.items())
    assert len(DIALOGS) == 20
    assert wrong == 0
    assert right >= 40  # of 42; the rest unknown


@pytest.mark.parametrize(
    ("label", "role"),
    [
        ("Klant", "customer"), ("KLANT 2", "customer"), ("Agent (Sam)", "agent"),
        ("Karin (klant)", "customer"), ("Sam [medewerker]", "agent"), ("Medewerker Sam", "agent"),
        ("Klant Karin de Boer", "customer"), ("Sam van Klantenservice", "agent"),
        ("Interviewer", "agent"), ("Respondent 3", "customer"), ("Voicebot", "bot"),
        ("Karin", None), ("Klant zei", None), ("De klant", None), ("", None), ("K" * 99, None),
    ],
)  # fmt: skip
def test_labels(label: str, role: str | None) -> None:
    assert role_of(label) == role


@pytest.mark.parametrize(
    "name",
    ["Karin", "Karin de Boer", "SPEAKER_00", "Spreker 1", "dhr. Jansen", "Van Dijk",
     "Jan v.d. Berg", "A. de Vries", "Zoë"],
)  # fmt: skip
def test_names(name: str) -> None:
    assert is_name(name)


@pytest.mark.parametrize(
    "text",
    ["Let op", "Vraag 3", "Toelichting", "ik zeg", "", "Dit is geen naam", "12", "Score", "PS",
     "Een Twee Drie Vier Vijf Zes Zeven"],
)  # fmt: skip
def test_what_is_no_name(text: str) -> None:
    assert not is_name(text)


def test_what_the_source_tells_goes_first() -> None:
    turns = [("Sam", "mijn pakket is kapot"), ("Karin", "waarmee kan ik u helpen")]
    told = {"Sam": AuthorRole.AGENT}
    assert infer_roles(turns, told) == {"Sam": "agent", "Karin": "customer"}


def test_a_bot_is_not_one_of_the_two() -> None:
    turns = [("Chatbot", "Hallo"), ("Kim", "mijn tv is kapot"), ("Lex", "Mag ik uw postcode?")]
    assert infer_roles(turns, {}) == {"Chatbot": "bot", "Kim": "customer", "Lex": "agent"}


def test_three_voices_of_which_none_is_clear_stay_unknown() -> None:
    turns = [("Kim", "hallo"), ("Lex", "hoi"), ("Bo", "dag")]
    assert set(infer_roles(turns, {}).values()) == {"unknown"}


def test_a_voice_without_a_name_keeps_the_others_as_they_are() -> None:
    turns = [("", "mijn tv"), ("Kim", "waarmee kan ik")]
    assert set(infer_roles(turns, {}).values()) == {"unknown"}


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.text(max_size=12), st.text(max_size=30)), max_size=8))
def test_any_speakers_get_a_role(turns: list[tuple[str, str]]) -> None:
    assert infer_roles(turns, {}).keys() == {speaker for speaker, _ in turns}


@pytest.mark.parametrize("said", ["kan ik u " * 110_000, "a" * 1_000_000, "mijn " * 200_000])
def test_long_speeches_take_linear_time(said: str) -> None:
    began = time.process_time()
    infer_roles([("Kim", said), ("Lex", said[::-1])], {})
    infer_roles([(f"Kim {at}", "x") for at in range(50_000)], {})
    assert time.process_time() - began < 16
