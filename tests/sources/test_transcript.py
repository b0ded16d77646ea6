from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from klankbord.errors import UnreadableInputError

from .helpers import read_all, write

CALL = """Gesprek 12-03-2026 09:14
Klantnummer: 00123
Onderwerp: levering

Medewerker: Goedemorgen, met de servicedesk.
Klant: Ik heb een klacht:
mijn pakket is er niet.
[00:01:05] Medewerker: Wat vervelend.
KLANT - Ja, dat kunt u wel zeggen!
Agent (Sam): Ik zoek het uit.
"""


def test_the_usual_layouts_of_a_call(tmp_path: Path) -> None:
    got = read_all(write(tmp_path / "x", CALL))
    assert [(row["turn"], row["author_role"], row["verbatim"]) for row in got.feedback] == [
        (1, "agent", "Goedemorgen, met de servicedesk."),
        (2, "customer", "Ik heb een klacht: mijn pakket is er niet."),
        (3, "agent", "Wat vervelend."),
        (4, "customer", "Ja, dat kunt u wel zeggen!"),
        (5, "agent", "Ik zoek het uit."),
    ]
    assert {row["customer_id"] for row in got.feedback} == {"00123"}
    assert {row["channel"] for row in got.feedback} == {"transcript"}
    assert got.feedback[0]["received_at"] == datetime(2026, 3, 12, 8, 14, tzinfo=UTC)
    assert got.feedback[2]["received_at"] == datetime(2026, 3, 12, 8, 15, 5, tzinfo=UTC)
    assert got.feedback[4]["received_at"] == datetime(2026, 3, 12, 8, 15, 5, tzinfo=UTC)
    assert got.feedback[0]["attributes"] == '{"onderwerp": "levering"}'


def test_several_conversations_each_with_a_header(tmp_path: Path) -> None:
    second = CALL.replace("00123", "00124").replace("12-03-2026", "13-03-2026")
    got = read_all(write(tmp_path / "x", f"{CALL}\n-----\n{second}\n{CALL}"))
    assert got.rows_in == 15
    assert [row["turn"] for row in got.feedback] == [1, 2, 3, 4, 5] * 3
    assert [row["customer_id"] for row in got.feedback[::5]] == ["00123", "00124", "00123"]
    assert len({row["conversation_id"] for row in got.feedback}) == 3


def test_the_conversation_id_is_of_the_content_and_never_holds_the_customer(tmp_path: Path) -> None:
    one = read_all(write(tmp_path / "a", CALL)).feedback[0]["conversation_id"]
    same = read_all(write(tmp_path / "b", CALL.replace("\n", "\r\n"))).feedback[0][
        "conversation_id"
    ]
    other_customer = read_all(write(tmp_path / "c", CALL.replace("00123", "00999")))
    assert one == same == other_customer.feedback[0]["conversation_id"]


@pytest.mark.parametrize(
    ("stamp", "expected"),
    [("[00:02:00]", "08:16"), ("[09:20:00]", "08:20"), ("09:20", "08:20"), ("(02:00)", "08:16")],
)
def test_stamps_count_from_the_start_or_are_clock_times(
    tmp_path: Path, stamp: str, expected: str
) -> None:
    text = f"Gesprek 12-03-2026 09:14\n{stamp} Klant: hallo\n{stamp} Medewerker: dag\n"
    row = read_all(write(tmp_path / "x", text)).feedback[0]
    assert row["received_at"].strftime("%H:%M") == expected


@pytest.mark.parametrize(
    ("header", "stamps", "expected"),
    [
        ("01-03-2026 23:55", "[23:58:00] [00:02:10] [00:03:00]",
         ["01 22:58:00", "01 23:02:10", "01 23:03:00"]),
        ("01-03-2026 23:55", "23:58 00:02 00:03", ["01 22:58:00", "01 23:02:00", "01 23:03:00"]),
        ("01-03-2026", "[23:58:00] [00:02:10] [00:03:00]",
         ["01 22:58:00", "01 23:02:10", "01 23:03:00"]),
        ("28-03-2026 23:55", "[23:58:00] [03:30:00] [03:31:00]",  # the clock goes forward
         ["28 22:58:00", "29 01:30:00", "29 01:31:00"]),
        ("01-03-2026 09:00", "[09:05:00] [09:04:58] [09:06:00]",  # out of order, the same day
         ["01 08:05:00", "01 08:04:58", "01 08:06:00"]),
    ],
)  # fmt: skip
def test_a_call_that_passes_midnight(
    tmp_path: Path, header: str, stamps: str, expected: list[str]
) -> None:
    turns = "".join(f"{stamp} Klant: hallo\n" for stamp in stamps.split())
    got = read_all(write(tmp_path / "x", f"Gesprek {header}\n{turns}"))
    assert [row["received_at"].strftime("%d %H:%M:%S") for row in got.feedback] == expected


def test_the_language_of_the_header_is_a_code(tmp_path: Path) -> None:
    for written, code in (("Spaans", "es"), ("Engels", "en"), ("wartaal", None)):
        text = CALL.replace("Onderwerp: levering", f"Taal: {written}")
        got = read_all(write(tmp_path / "x", text))
        assert {row["language"] for row in got.feedback} == {code}


def test_a_date_that_does_not_exist_rejects_every_turn(tmp_path: Path) -> None:
    got = read_all(write(tmp_path / "x", CALL.replace("12-03", "31-02")))
    assert (got.feedback, len(got.rejected)) == ([], 5)
    assert {(row.column, row.reason) for row in got.rejected} == {
        ("Gesprek", "datum van het gesprek is niet leesbaar of bestaat niet")
    }


def test_turns_without_words_and_words_without_a_speaker_are_rejected(tmp_path: Path) -> None:
    got = read_all(write(tmp_path / "x", "Gesprek 12-03-2026\nzomaar wat\nKlant:\nAgent: dag\n"))
    assert got.verbatims == ["dag"]
    assert [(row.row, row.reason) for row in got.rejected] == [
        (2, "tekst zonder spreker"),
        (3, "beurt zonder tekst"),
    ]


def test_names_get_a_role_from_what_is_said(tmp_path: Path) -> None:
    text = (
        "Karin: Goedemiddag, ik heb een klacht\nSam: Wat vervelend, waarmee kan ik u helpen?\n"
        "Karin: Let op: het is dringend\nSam: Duidelijk\n"
    )
    got = read_all(write(tmp_path / "x", text))
    assert [row["author_role"] for row in got.feedback] == ["customer", "agent"] * 2
    assert got.verbatims[2] == "Let op: het is dringend"
    assert all("Karin" not in row["attributes"] for row in got.feedback)


def test_names_without_a_clue_stay_unknown_but_apart(tmp_path: Path) -> None:
    text = "Karin: Hallo\nSam: Hoi\nKarin: Tja\nSam: Nou\n"
    got = read_all(write(tmp_path / "x", text))
    assert {row["author_role"] for row in got.feedback} == {"unknown"}
    assert [row["attributes"] for row in got.feedback[:2]] == ['{"voice": "1"}', '{"voice": "2"}']


def test_the_channel_of_the_header_counts(tmp_path: Path) -> None:
    text = CALL.replace("Onderwerp: levering", "Kanaal: chat")
    assert {row["channel"] for row in read_all(write(tmp_path / "x", text)).feedback} == {"chat"}


def test_prose_is_no_transcript(tmp_path: Path) -> None:
    with pytest.raises(UnreadableInputError, match="not recognised") as caught:
        read_all(write(tmp_path / "x", "Dit is een stuk tekst.\nOver een klant: die belt.\n"))
    assert "stuk tekst" not in str(caught.value)


def test_hours_of_continuation_lines_take_no_hours(tmp_path: Path) -> None:
    got = read_all(write(tmp_path / "x", "Klant: " + "hallo\n" * 200_000 + "Agent: ja\n"))
    assert (got.verbatims, len(got.rejected)) == (["ja"], 1)


@settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(body=st.text(alphabet="Klant: -[]01:é\n()", max_size=120))
def test_no_text_breaks_the_reader(tmp_path: Path, body: str) -> None:
    got = read_all(write(tmp_path / "x", "Klant: begin\n" + body))
    assert got.rows_in == len(got.feedback) + len(got.rejected)
    assert got.rows_in >= 1
