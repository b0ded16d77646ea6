"""AI answers saved as Markdown."""

import contextlib
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from .clock import seconds
from .helpers import read_all, write

FRONT = """---
engine: Zoekhulp
date: 2026-01-02
prompt: Welke fietsenwinkel is goed?
---
Veel mensen noemen Fietsen Bol.

- snel klaar
- prijs: aan de hoge kant
"""
HEADINGS = """# Engine: Zoekhulp
**Datum:** 02-01-2026

## Prompt
Welke fietsenwinkel is goed?

## Antwoord
Veel mensen noemen Fietsen Bol.

## Prompt
En welke niet?

## Antwoord
Daar is weinig over te vinden.
"""


def test_front_matter(tmp_path):
    got = read_all(write(tmp_path / "antwoord.md", FRONT))
    (row,) = got.feedback
    assert got.detection.source == "ai-answers"
    assert (row["channel"], row["author_role"]) == ("ai_answer", "bot")
    assert row["question"] == "Welke fietsenwinkel is goed?"
    assert row["verbatim"].startswith("Veel mensen")
    assert row["verbatim"].endswith("- prijs: aan de hoge kant")
    assert row["received_at"] == datetime(2026, 1, 1, 23, tzinfo=UTC)


def test_headings_and_several_answers(tmp_path):
    got = read_all(write(tmp_path / "x", HEADINGS))
    assert [(row["question"], row["verbatim"]) for row in got.feedback] == [
        ("Welke fietsenwinkel is goed?", "Veel mensen noemen Fietsen Bol."),
        ("En welke niet?", "Daar is weinig over te vinden."),
    ]
    assert {row["received_at"] for row in got.feedback} == {datetime(2026, 1, 1, 23, tzinfo=UTC)}


def test_several_of_front_matter(tmp_path):
    got = read_all(write(tmp_path / "x", FRONT + FRONT.replace("Bol", "Jansen")))
    assert len(got.feedback) == 2
    assert "Jansen" in got.verbatims[1]


def test_a_prompt_without_an_answer_is_rejected(tmp_path):
    got = read_all(write(tmp_path / "x", "engine: Z\nprompt: Wat nu?\n"))
    assert [row.reason for row in got.rejected] == ["antwoord ontbreekt"]


@pytest.mark.parametrize(
    "text", ["engine;prompt;answer\nz;wat;dit en dat\n", "Klant: hoi\nMedewerker: dag\n"]
)
def test_what_is_something_else(tmp_path, text):
    got = read_all(write(tmp_path / "x", text))
    assert got.rows_in > 0


@given(st.lists(st.sampled_from([*FRONT.splitlines(), *HEADINGS.splitlines()]), max_size=40))
def test_any_order_of_lines_is_read_or_refused(tmp_path_factory, lines):
    from klankbord.errors import UnreadableInputError

    path = tmp_path_factory.mktemp("ai") / "x.md"
    path.write_text("\n".join(["engine: x", "prompt: y", *lines]))
    try:
        got = read_all(path)
    except UnreadableInputError:
        return
    assert got.rows_in == len(got.feedback) + len(got.rejected)


@pytest.mark.parametrize("piece", ["#", "*", "prompt: ", "engine:\nprompt:\n", "---\n", "> "])
def test_hostile_text_takes_linear_time(tmp_path, piece):
    from klankbord.errors import UnreadableInputError

    path = write(tmp_path / "x", "engine: a\nprompt: b\n---\n" + piece * (500_000 // len(piece)))

    def read():
        with contextlib.suppress(UnreadableInputError):
            read_all(path)

    assert seconds(read) < 5
