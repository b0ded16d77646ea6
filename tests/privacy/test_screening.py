"""A screen may let a text through that holds nothing; it never holds one back that does."""

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from klankbord.privacy import numbers, screening
from klankbord.privacy.patterns import entries
from klankbord.privacy.screening import Screen, loosened

HERE = Path(__file__).parent
TAG = re.compile("</?[a-z]+>")
SIGNS = "İıſK²٣１Å€‘’‚ -–—\u00a0\u200d\t\n.,;:@#&()[]'\"_/\\ßéë‹›😀\ue000019aZ"
PLATES = ("kenteken {}", "de auto met {} staat er", "{}")


def written(name: str) -> list[str]:
    lines = (HERE / name).read_text("utf-8").splitlines()
    return [TAG.sub("", line) for line in lines if line]


LINES = [*written("numbers_found.txt"), *written("numbers_left_alone.txt")]


def alike(texts: list[str]) -> None:
    for text, found in zip(texts, numbers.find_all(texts), strict=True):
        assert found == numbers.find(text), text


@pytest.mark.parametrize("name", ["train.txt", "train_numbers.txt", "dev.txt"])
def test_marked_lines_give_the_same_with_and_without(checkout, name):
    lines = (checkout / "corpora" / "privacy" / name).read_text("utf-8").splitlines()
    alike([TAG.sub("", line) for line in lines])


@settings(deadline=None, max_examples=200)
@given(
    st.sampled_from(LINES),
    st.sampled_from(LINES),
    st.text(SIGNS, max_size=3),
    st.integers(0, 80),
    st.sampled_from([str, str.upper, str.lower, str.title]),
)
def test_altered_lines_give_the_same_with_and_without(one, other, signs, at, cased):
    alike([cased(one[:at] + signs + one[at:]), cased(one[:at] + signs + other), signs, other])


def test_plates_of_every_series_however_written():
    series = entries("licence_plate")["series"] + entries("licence_plate")["old_series"]
    alike(
        [
            around.format(plate.replace("-", between))
            for each in series
            for plate in (each.replace("X", "K").replace("9", "4"),)
            for plate in (plate, plate.lower())
            for between in ("-", "", " ", ".", " - ")
            for around in PLATES
        ]
    )


def test_few_texts_are_let_through(monkeypatch):
    read = []
    found = numbers._found
    monkeypatch.setattr(numbers, "_found", lambda *of: read.append(of[0]) or found(*of))
    plain = [f"Binnen {days} dagen geleverd, cijfer 8 dus" for days in range(2, 10)]
    numbers.find_all([*plain, "Bel 06-12345678"])
    assert read == ["Bel 06-12345678"]


@pytest.mark.parametrize(
    ("pattern", "loose"),
    [
        (r"(?<!\w) a (?! b ) # c", "a"),
        (r"a (?= [ ] b )", "a(?:[ ]b)"),
        (r"(?= a ) b", "b"),
        (r"(?P<x> a | b )++ (?P=x)", "(?:a|b)+(?s:.)*"),
        (r"(?> \d{4} | [^a] ) \b", "(?:[0-9]{4,}|(?s:.))"),
        (r"(?-i: [A-ZÀ-Þ] ) \w{0,2} \. é", r"(?-i:[?A-Z])[0-9A-Za-z_?]{0,2}\.\?"),
        (r"a{1,40}? b* \s", r"a{1,}b*[\t-\r\x1c-\x20?]"),
        (r"{{one}} (?! {{none}} )", "x(?:y|z)"),
    ],
)
def test_loosened(monkeypatch, pattern, loose):
    known = {"it": pattern, "one": "x (?: y | z ) (?= w )", "none": "n"}
    monkeypatch.setattr(screening, "named", lambda _table: known)
    assert loosened.__wrapped__("none", "it") == loose


def test_several_patterns_of_one_start_must_all_match():
    screen = Screen(["bsn 111222333", "111222333", "bsn", "bel 06-12345678"])
    assert screen.may(("worth.bsn bsn.form",)).tolist() == [True, False, False, False]
    assert screen.may(("worth.bsn bsn.form", "phone.national")).tolist() == [
        *(True, False, False, True)
    ]
