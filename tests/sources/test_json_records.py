import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from klankbord.errors import UnreadableInputError
from klankbord.sources import Profile, json_records

from .helpers import read_all, write

RECORDS = [
    {"id": "a", "klant": "007", "text": "Prima", "nps": 9, "meta": {"app": "1.2", "klant": 3}},
    {"id": "b", "klant": "008", "text": None, "nps": 3, "tags": ["x", "y"]},
    {"id": "c", "klant": "009", "text": "", "nps": None},
]


@pytest.mark.parametrize("shape", ["array", "object", "lines", "lines with carriage return"])
def test_the_three_shapes(tmp_path: Path, shape: str) -> None:
    lines = [json.dumps(record) for record in RECORDS]
    text = {
        "array": json.dumps(RECORDS),
        "object": json.dumps({"count": 3, "reviews": RECORDS, "links": {}}, indent=1),
        "lines": "\n".join(lines),
        "lines with carriage return": "\r\n\r\n".join(lines),
    }[shape]
    got = read_all(write(tmp_path / "x", text))
    assert [(row["customer_id"], row["verbatim"], row["score_value"]) for row in got.feedback] == [
        ("007", "Prima", 9), ("008", "", 3),
    ]  # fmt: skip
    assert json.loads(got.feedback[0]["attributes"]) == {"meta.app": "1.2"}
    assert json.loads(got.feedback[1]["attributes"]) == {"tags": "x; y"}
    assert [row.reason for row in got.rejected] == ["geen tekst en geen score"]


def test_a_reply_is_never_taken_for_the_customers_words(tmp_path: Path) -> None:
    text = json.dumps([{"stars": 2, "reply": {"comment": "Dank u", "date": "2024-03-12"}}])
    (row,) = read_all(write(tmp_path / "x", text)).feedback
    assert (row["verbatim"], row["received_at"]) == ("", None)


def test_bad_lines_are_rejected_alone(tmp_path: Path) -> None:
    got = read_all(write(tmp_path / "x", '{"text": "a"}\nniet json\n{"text": "b"}\n[1]\n'))
    assert got.verbatims == ["a", "b"]
    assert [(row.row, row.reason) for row in got.rejected] == [
        (2, "regel is geen geldige JSON"), (4, "record is geen JSON-object"),
    ]  # fmt: skip


def test_lone_surrogates_become_storable(tmp_path: Path) -> None:
    got = read_all(write(tmp_path / "x", r'[{"text": "a \ud800 b"}, {"text": "\ud83d\ude00 c"}]'))
    assert got.verbatims == ["a \ufffd b", "\U0001f600 c"]


def test_ai_answers_are_no_customers_words(tmp_path: Path) -> None:
    record = {
        "engine": "bot-x",
        "prompt": "Wat vindt men van ons?",
        "answer": "Duur",
        "date": "2024-03-12",
    }
    (row,) = read_all(write(tmp_path / "x", json.dumps([record]))).feedback
    assert (row["channel"], row["author_role"], row["question"], row["verbatim"]) == (
        "ai_answer", "bot", "Wat vindt men van ons?", "Duur",
    )  # fmt: skip
    assert row["attributes"] == '{"engine": "bot-x"}'
    assert row["received_at"] == datetime(2024, 3, 11, 23, tzinfo=UTC)


def test_a_named_list_is_followed(tmp_path: Path) -> None:
    text = json.dumps({"a": [{"x": 1}], "b": {"rijen": [{"text": "ja"}]}})
    got = read_all(write(tmp_path / "x", text), Profile(name="p", records="b.rijen"))
    assert got.verbatims == ["ja"]
    assert got.feedback[0]["source"] == "p"
    with pytest.raises(UnreadableInputError, match="no list 'c'"):
        read_all(tmp_path / "x", Profile(name="p", records="c"))


@pytest.mark.parametrize(
    "text",
    [
        "[" * 50_000,
        '{"a": ',
        "[1, 2",
        '{"a": [{"x": 1}], "b": [{"y": 2}]}',
        "[]",
        '{"a": []}',
        "[" + "1" * 6_000 + "]",
    ],
)
def test_what_is_no_list_of_records_is_one_error(tmp_path: Path, text: str) -> None:
    with pytest.raises(UnreadableInputError) as caught:
        read_all(write(tmp_path / "x.json", text))
    assert "x.json" in caught.value.where


@pytest.mark.parametrize("shape", ["lines", "array", "object"])
def test_names_that_only_come_later_are_kept_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shape: str
) -> None:
    monkeypatch.setattr(json_records, "SURVEYED", 3)
    late = {"text": "d", "winkel": {"plaats": "Ede"}, "naam": "Noor", "regels": [{"naam": "Noor"}]}
    records = [{"text": "a"}, {"text": "b"}, {"text": "c", "kleur": "rood"}, late, {"text": "e"}]
    text = {
        "lines": "\n".join(map(json.dumps, records)),
        "array": json.dumps(records),
        "object": json.dumps({"items": records}),
    }[shape]
    got = read_all(write(tmp_path / "x", text))
    assert got.verbatims == ["a", "b", "c", "d", "e"]
    found = [json.loads(row["attributes"]) for row in got.feedback]
    assert found[:3] == [{}, {}, {"kleur": "rood"}]
    assert json.loads(found[3]["overige velden"]) == {"winkel.plaats": "Ede"}
    assert "Noor" not in str(got.feedback)


def test_a_record_of_a_million_fields_is_refused(tmp_path: Path) -> None:
    wide = {f"k{at}": at for at in range(20_000)}
    with pytest.raises(UnreadableInputError, match="columns"):
        read_all(write(tmp_path / "x", json.dumps([wide])))
    with pytest.raises(UnreadableInputError, match="columns"):
        read_all(write(tmp_path / "x", json.dumps([{"a": {"b": wide}}])))


def test_a_late_record_of_too_many_fields_is_rejected(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(json_records, "SURVEYED", 1)
    wide = {f"k{at}": at for at in range(20_000)}
    lines = map(json.dumps, [{"text": "a"}, wide, {"text": "b"}])
    got = read_all(write(tmp_path / "x", "\n".join(lines)))
    assert got.verbatims == ["a", "b"]
    assert [(row.row, row.reason) for row in got.rejected] == [(2, "record heeft te veel velden")]


def test_thousands_of_different_names_stay_manageable(tmp_path: Path) -> None:
    text = json.dumps([{"text": f"t{at}", f"k{at}": at} for at in range(3_000)])
    got = read_all(write(tmp_path / "x", text))
    assert len(got.feedback) == 3_000
    assert "k2999" in got.feedback[2999]["attributes"]
