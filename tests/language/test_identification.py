import pyarrow as pa
import pytest

from klankbord.errors import SettingsError
from klankbord.language import identify, non_answers
from klankbord.language.lexicon import lexicon
from klankbord.schema import FEEDBACK, conform


def feedback(verbatims: list[str], languages: list[str | None] | None = None) -> pa.Table:
    n = len(verbatims)
    return conform(
        pa.table(
            {
                "feedback_id": [str(i) for i in range(n)],
                "source": ["table"] * n,
                "channel": ["survey"] * n,
                "author_role": ["customer"] * n,
                "verbatim": verbatims,
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
