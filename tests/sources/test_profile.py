from pathlib import Path

import pytest

from klankbord.errors import SettingsError, UnreadableInputError
from klankbord.sources import Profile, load_profile

from .helpers import read_all, write

CHATS = """
name = "chats"
channel = "chat"
[columns]
conversation_id = "conversation"
author_role = "sender"
verbatim = "text"
language = "language"
[constants]
channel = "chat"
[values.author_role]
customer = "customer"
"klant-oud" = "customer"
"""


def test_a_profile_maps_columns_constants_and_values(tmp_path: Path) -> None:
    profile = load_profile(write(tmp_path / "chats.toml", CHATS))
    table = (
        "conversation\tsender\tlanguage\ttext\tother\n"
        "c1\tcustomer\tnl\tHallo\tx\nc1\tagent\tEnglish\tHi\ty\nc1\tKlant-Oud\tnl\tDag\t\n"
    )
    got = read_all(write(tmp_path / "x", table), profile)
    assert [(row["author_role"], row["language"], row["turn"]) for row in got.feedback] == [
        ("customer", "nl", 1),
        ("agent", "en", 2),
        ("customer", "nl", 3),
    ]
    assert {(row["channel"], row["source"]) for row in got.feedback} == {("chat", "chats")}


def test_the_name_is_the_file_name_unless_given(tmp_path: Path) -> None:
    assert load_profile(write(tmp_path / "enquete.toml", "")) == Profile(name="enquete")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("colums = 1", "unknown profile key 'colums'"),
        ("[columns]\nverbatm = 'x'", "unknown role 'verbatm'"),
        ("[constants]\nmood = 'x'", "unknown role 'mood'"),
        ("[values.mood]\na = 'x'", "unknown role 'mood'"),
        ("[values]\nauthor_role = 'x'", "must be a table"),
        ("[values.author_role]\nklant = 'koning'", "author_role a value that does not exist"),
        ("[values.score]\nONE = 'een'", "must map to numbers"),
        ("channel = 'post'", "channel a value"),
        ("score_metric = 'punten'", "score_metric a value"),
        ("header_row = 'een'", "must be a whole number"),
        ("header_row = -1", "must be a whole number"),
        ("header_row = true", "must be a whole number"),
        ("day_first = 1", "must be true or false"),
        ("questions = 'Waarom?'", "must be a list of texts"),
        ("questions = [1]", "must be a list of texts"),
        ("delimiter = ';;'", "must be one character"),
        ("decimal = 'x'", "must be ',' or '.'"),
        ("name = [", "not valid TOML"),
    ],
)
def test_a_mistake_is_named(tmp_path: Path, text: str, message: str) -> None:
    path = write(tmp_path / "p.toml", text)
    with pytest.raises(SettingsError, match=message) as caught:
        load_profile(path)
    assert caught.value.where == str(path)


def test_a_profile_may_name_its_shape_and_its_open_questions(tmp_path: Path) -> None:
    text = 'shape = "csv-3f9a01"\nquestions = ["Wat kan beter?"]\n'
    profile = load_profile(write(tmp_path / "p.toml", text))
    assert profile == Profile(name="p", shape="csv-3f9a01", questions=("Wat kan beter?",))


def test_a_missing_profile_is_a_settings_error(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        load_profile(tmp_path / "weg.toml")


def test_a_column_that_is_not_there_is_named_with_those_that_are(tmp_path: Path) -> None:
    profile = Profile(name="p", columns={"verbatim": "Tekst"})
    with pytest.raises(UnreadableInputError, match="column 'Tekst' for verbatim") as caught:
        read_all(write(tmp_path / "x", "klant;opmerking\n1;a\n"), profile)
    assert "klant, opmerking" in caught.value.hint


def test_layout_dates_scores_and_decimals_follow_the_profile(tmp_path: Path) -> None:
    profile = Profile(
        name="p",
        encoding="cp850",
        delimiter="#",
        header_row=2,
        skip_rows=1,
        date_format="%m/%d/%y",
        timezone="UTC",
        score_metric="nps",
        decimal=".",
        columns={"score": "punt", "verbatim": "wat", "received_at": "wanneer", "value_eur": "eur",
                 "segment": ""},
        values={"score": {"zeergoed": "10"}},
    )  # fmt: skip
    text = "rommel\nwanneer#punt#wat#eur#segment\n(uitleg)####\n03/04/24#Zeer goed#één#1.234#A\n"
    (row,) = read_all(write(tmp_path / "x", text, "cp850"), profile).feedback
    assert (row["score_value"], row["score_metric"], row["verbatim"]) == (10, "nps", "één")
    assert (row["value_eur"], row["received_at"].strftime("%d-%m-%Y %H")) == (
        1.234,
        "04-03-2024 00",
    )
    assert (row["segment"], row["attributes"]) == (None, '{"segment": "A"}')
