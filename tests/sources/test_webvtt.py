from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from .helpers import read_all, write

TEAMS = """WEBVTT

NOTE
Klantnummer: 00123
Datum: 12-03-2026 09:14

STYLE
::cue { color: red }

5f1c0-1/12-0
00:00:03.254 --> 00:00:05.100 align:start
<v Karin Jansen>Goedemorgen, ik heb een klacht
over de levering.</v>

5f1c0-1/13-0
00:01:05.900 --> 00:01:07.000
<v.loud Sam &amp; co>Wat <i>vervelend</i>.</v>
<v Karin Jansen>Ja, 3 < 4 &gt; 2.</v>
"""


def test_voices_notes_entities_and_a_bare_sign(tmp_path: Path) -> None:
    got = read_all(write(tmp_path / "x.txt", TEAMS))
    assert [(row["turn"], row["author_role"], row["verbatim"]) for row in got.feedback] == [
        (1, "customer", "Goedemorgen, ik heb een klacht over de levering."),
        (2, "agent", "Wat vervelend."),
        (3, "customer", "Ja, 3 < 4 > 2."),
    ]
    assert {row["customer_id"] for row in got.feedback} == {"00123"}
    assert got.feedback[1]["received_at"] == datetime(2026, 3, 12, 8, 15, 5, 900_000, tzinfo=UTC)
    assert len({row["conversation_id"] for row in got.feedback}) == 1
    assert got.detection.source == "webvtt"


def test_a_note_on_one_line(tmp_path: Path) -> None:
    text = "WEBVTT\n\nNOTE Klantnummer: 7\n\n00:01.000 --> 00:02.000\nKlant: hallo\n"
    (row,) = read_all(write(tmp_path / "x", text)).feedback
    assert (row["customer_id"], row["verbatim"], row["received_at"]) == ("7", "hallo", None)


def test_names_as_prefix_and_sentences_that_go_on(tmp_path: Path) -> None:
    text = (
        "WEBVTT\n\n1\n00:00:01.000 --> 00:00:02.000\nKarin Bos: Mijn bestelling is\n\n"
        "2\n00:00:02.000 --> 00:00:03.000\nKarin Bos: niet compleet.\n\n"
        "3\n00:00:03.000 --> 00:00:04.000\nSam: Waarmee kan ik helpen?\n"
    )
    got = read_all(write(tmp_path / "x", text))
    assert got.verbatims == ["Mijn bestelling is niet compleet.", "Waarmee kan ik helpen?"]
    assert [row["author_role"] for row in got.feedback] == ["customer", "agent"]


def test_subrip_with_two_speakers_in_a_cue(tmp_path: Path) -> None:
    text = (
        "1\r\n00:00:01,000 --> 00:00:03,000\r\n[SPEAKER_00]: Goedemorgen\r\n\r\n"
        "2\r\n00:00:03,500 --> 00:00:05,000\r\n- Klant: Ik wil klagen\r\n- Medewerker: Ja?\r\n"
    )
    got = read_all(write(tmp_path / "x", text, "utf-8-sig"))
    assert got.detection.source == "srt"
    assert [(row["author_role"], row["verbatim"]) for row in got.feedback] == [
        ("unknown", "Goedemorgen"),
        ("customer", "Ik wil klagen"),
        ("agent", "Ja?"),
    ]


def test_what_is_no_cue_is_rejected(tmp_path: Path) -> None:
    text = (
        "WEBVTT\n\n1\n00:00:99.000 --> fout\nKlant: hallo\n\n00:01.000 --> 00:02.000\nKlant: ja\n"
    )
    got = read_all(write(tmp_path / "x", text))
    assert got.verbatims == ["ja"]
    assert [(row.row, row.reason) for row in got.rejected] == [(3, "ondertitel zonder tijdregel")]


def test_a_recogniser_without_full_stops_does_not_become_one_turn(tmp_path: Path) -> None:
    cue = "00:01.000 --> 00:02.000\n<v Klant>en toen en toen en toen\n\n"
    got = read_all(write(tmp_path / "x", "WEBVTT\n\n" + cue * 200))
    assert 10 < len(got.feedback) < 50


@pytest.mark.parametrize(
    "payload", ["<v " * 100_000, "<" * 100_000, "&" * 100_000, "<v.a" * 99_999]
)
def test_hostile_markup_takes_linear_time(tmp_path: Path, payload: str) -> None:
    text = f"WEBVTT\n\n00:01.000 --> 00:02.000\n{payload}\n\n00:02.000 --> 00:03.000\nKlant: ja\n"
    got = read_all(write(tmp_path / "x", text))
    assert got.verbatims[-1] == "ja"
    assert got.rows_in == 2


@settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(body=st.text(alphabet="<v Klant>/:.-0& \n", max_size=150))
def test_no_text_breaks_the_reader(tmp_path: Path, body: str) -> None:
    text = f"WEBVTT\n\n00:01.000 --> 00:02.000\nKlant: ja.\n\n{body}"
    got = read_all(write(tmp_path / "x", text))
    assert got.verbatims[0].startswith("ja.")
