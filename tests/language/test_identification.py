import time

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from klankbord.errors import SettingsError
from klankbord.language import Identifier, identify, non_answers
from klankbord.language.identification import read
from klankbord.language.lexicon import lexicon
from klankbord.language.own_words import longest_stretch
from klankbord.schema import FEEDBACK, conform

FOUR = ("nl", "en", "de", "fr")


def feedback(
    verbatims: list[str],
    languages: list[str | None] | None = None,
    questions: list[str | None] | None = None,
) -> pa.Table:
    n = len(verbatims)
    return conform(
        pa.table(
            {
                "feedback_id": [str(i) for i in range(n)],
                "source": ["table"] * n,
                "channel": ["survey"] * n,
                "author_role": ["customer"] * n,
                "verbatim": verbatims,
                "question": pa.array(questions or [None] * n, pa.string()),
                "language": pa.array(languages or [None] * n, pa.string()),
                "attributes": ["{}"] * n,
            }
        ),
        FEEDBACK,
    )


CLEAR = {
    "nl": "De monteur kwam op tijd en heeft alles netjes uitgelegd",
    "en": "The technician was on time and explained everything clearly",
    "de": "Der Techniker war pünktlich und hat alles sehr gut erklärt",
    "fr": "Le technicien était à l'heure et a tout bien expliqué",
}


def test_recognises_the_configured_languages():
    table = identify(feedback(list(CLEAR.values())), ["nl", "en", "de", "fr"])
    assert table.column("language").to_pylist() == list(CLEAR)


def test_short_texts_inherit_the_majority_of_their_source():
    table = identify(feedback([CLEAR["de"], CLEAR["de"], CLEAR["nl"], "prima"]), ["nl", "de"])
    assert table.column("language").to_pylist()[-1] == "de"


def test_keeps_what_the_source_said_and_leaves_empty_texts_open():
    table = identify(feedback([CLEAR["nl"], ""], ["fr", None]), ["nl", "fr"])
    assert table.column("language").to_pylist() == ["fr", None]


def test_no_clear_text_at_all_falls_back_to_dutch():
    table = identify(feedback(["ok", "top"]), ["nl", "en"])
    assert table.column("language").to_pylist() == ["nl", "nl"]


def test_a_language_the_identifier_does_not_know_is_named():
    with pytest.raises(SettingsError, match="'zz'") as caught:
        identify(feedback([CLEAR["nl"]]), ["nl", "zz"])
    assert "nl" in caught.value.hint


def languages_of(table: pa.Table) -> list[str | None]:
    return table.column("language").to_pylist()


def test_the_majority_lives_over_the_batches_of_a_file():
    identifier = Identifier(FOUR)
    identifier.identify(feedback([CLEAR["de"], CLEAR["de"]]))
    assert languages_of(identifier.identify(feedback(["prima", CLEAR["nl"]]))) == ["de", "nl"]


def test_a_majority_known_from_before_comes_first():
    identifier = Identifier(FOUR, {"table": "fr", "another": "en"})
    assert languages_of(identifier.identify(feedback([CLEAR["de"], "super"]))) == ["de", "fr"]


def test_a_majority_in_a_language_that_is_not_configured_is_passed_over():
    assert languages_of(Identifier(["nl", "en"], {"table": "fr"}).identify(feedback(["ok"]))) == [
        "nl"
    ]


SOME = st.lists(
    st.sampled_from([*CLEAR.values(), "top", "snel", "great service", "", "nvt", "ça va"]),
    min_size=1,
    max_size=12,
)


@given(SOME, st.integers(0, 12), st.sampled_from(FOUR))
def test_with_a_known_majority_no_cut_between_batches_matters(texts, cut, usual):
    whole = Identifier(FOUR, {"table": usual}).identify(feedback(texts))
    identifier = Identifier(FOUR, {"table": usual})
    parts = [identifier.identify(feedback(part)) for part in (texts[:cut], texts[cut:]) if part]
    assert pa.concat_tables(parts)["language"].to_pylist() == languages_of(whole)


def test_a_translated_questionnaire_tells_the_language_of_short_answers():
    asked = [
        "Wat kunnen wij verbeteren?",
        "Was können wir verbessern?",
        "Que pensez-vous de nous ?",
    ]
    table = feedback([CLEAR["nl"], "super", "top"], questions=asked)
    assert languages_of(identify(table, FOUR)) == ["nl", "de", "fr"]


def test_questions_in_one_language_say_nothing_of_the_answers():
    asked = ["What could we improve?"] * 3
    table = feedback([CLEAR["de"], CLEAR["de"], "super"], questions=asked)
    assert languages_of(identify(table, FOUR)) == ["de", "de", "de"]


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("https://shop.example/the-best-of-all/this-and-that de levering kwam te laat", "nl"),
        ("mail naar thank.you@what-about-this.example het is niet gelukt", "nl"),
        ("DE LEVERING WAS VEEL TE LAAT", "nl"),
        ("3x gebeld 😡 nooit antwoord", "nl"),
        ("was not helpful", "en"),
        ("sehr nett geholfen", "de"),
        ("très bon accueil", "fr"),
    ],
)
def test_what_surrounds_the_words_does_not_matter(text, language):
    assert read(text, FOUR) == (language, None)


@pytest.mark.parametrize("text", ["n.v.t.", "top !! :)", "12 34 56", "www.shop.example is prima"])
def test_under_three_words_nothing_is_clear(text):
    assert read(text, FOUR).language is None


@pytest.mark.parametrize(
    ("text", "first", "second"),
    [
        ("Great service maar de levering duurde te lang", "nl", "en"),
        (f"{CLEAR['nl']}. {CLEAR['en']}.", "nl", "en"),
        (f"{CLEAR['de']}\n{CLEAR['nl']}", "de", "nl"),
        (f"{CLEAR['fr']} {CLEAR['en']}", "fr", "en"),
    ],
)
def test_a_text_in_two_languages_has_both(text, first, second):
    row = identify(feedback([text]), FOUR).to_pylist()[0]
    assert {row["language"], row["second_language"]} == {first, second}


@pytest.mark.parametrize(
    "text",
    [
        *CLEAR.values(),
        "Alles in de cloud gezet, heel user friendly en de helpdesk was to the point",
        "De app crasht na de laatste update, zelfs na een reset van mijn account",
        "Snel geleverd, de site is up to date en het eten was in no time binnen, ook to go",
        "Het boek The Testaments lag er binnen twee dagen",
    ],
)
def test_loan_words_and_titles_make_no_mixed_text(text):
    assert identify(feedback([text]), FOUR)["second_language"].to_pylist() == [None]


def test_a_given_language_stays_the_first_of_a_mixed_text():
    text = f"{CLEAR['nl']}. {CLEAR['en']}."
    for own, other in (("nl", "en"), ("en", "nl")):
        row = identify(feedback([text], [own]), FOUR).to_pylist()[0]
        assert (row["language"], row["second_language"]) == (own, other)


def test_a_table_without_the_column_gets_none():
    table = feedback([CLEAR["nl"]]).drop_columns(["second_language"])
    assert identify(table, FOUR).column_names == table.column_names


def test_languages_without_a_word_list_are_left_to_the_identifier():
    text = "La atención fue muy buena pero la entrega tardó demasiado"
    assert read(text, ("nl", "fr", "es")) == ("es", None)


@pytest.mark.parametrize(
    "unit", ["x@", "http://", "ik the ", "up to ", "maar ", "1_", "a.b@c ", "."]
)
def test_a_megabyte_is_read_at_once(unit):
    read("de levering was te laat", FOUR)
    start = time.perf_counter()
    read(unit * (1_000_000 // len(unit)), FOUR)
    assert time.perf_counter() - start < 5


def test_own_words_belong_to_one_language():
    owner: dict[str, str] = {}
    for name in ("own_words", "opinion_words"):
        for language, words in lexicon(name).items():
            for word in words:
                assert owner.setdefault(word, language) == language
                assert word == word.casefold()


@given(st.lists(st.sampled_from(["nl", "en", None])))
def test_the_longest_stretch_is_that_of_the_best_slice(found):
    worth = {"en": 1, "nl": -1, None: 0}
    slices = [found[i:j] for i in range(len(found)) for j in range(i + 1, len(found) + 1)]
    best = max((sum(worth[word] for word in part) for part in slices), default=0)
    assert longest_stretch(found, "nl", "en") == max(0, best)


@pytest.mark.parametrize(
    "text",
    [
        "geen",
        "Geen.",
        "n.v.t.",
        "-",
        "...",
        "x",
        "xxx",
        "asdf",
        "12",
        "N/A",
        "Keine Angabe",
        "rien",
        " nvt ",
        "(-)",
        ":",
        "weet ik niet",
    ],
)
def test_non_answers_are_marked(text: str):
    assert non_answers(pa.array([text])).tolist() == [True]


@pytest.mark.parametrize(
    "text",
    [
        "geen klachten",
        "👍",
        "❤️",
        ":(",
        ":-(",
        ":)",
        ";-)",
        "<3",
        "...  :-(",
        ":(:(",
        "xD",
        "top",
        "prima",
        "ok",
        "parkeren",
        "",
        "niets dan lof",
        "nee echt heel slecht",
    ],
)
def test_answers_are_kept(text: str):
    assert non_answers(pa.array([text])).tolist() == [False]


def test_every_listed_non_answer_is_found():
    entries = [entry for words in lexicon("non_answers").values() for entry in words]
    assert non_answers(pa.array(entries)).all()


def test_every_listed_emoticon_is_a_reaction():
    faces = [face for faces in lexicon("emoticons").values() for face in faces]
    assert not non_answers(pa.array([*faces, *(f"nvt {face}" for face in faces)])).any()
    assert non_answers(pa.array([":", "n/a", "10:30", "nvt:", "(nvt)"])).tolist() == [
        True, True, False, True, True,
    ]  # fmt: skip


def test_nulls_and_empty_arrays():
    assert non_answers(pa.array([None, "nvt"], pa.string())).tolist() == [False, True]
    assert non_answers(pa.array([], pa.string())).tolist() == []
