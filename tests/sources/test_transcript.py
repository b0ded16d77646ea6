import contextlib
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from klankbord.errors import UnreadableInputError
from klankbord.sources import transcript

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


@pytest.mark.parametrize(
    ("text", "line"),
    [("Klant: " + "hallo\n" * 200_000 + "Agent: ja\n", 20_001), ("Klant: a\n" * 20_001, 20_001)],
)
def test_a_conversation_without_end_is_refused_with_its_line(
    tmp_path: Path, text: str, line: int
) -> None:
    with pytest.raises(UnreadableInputError) as caught:
        read_all(write(tmp_path / "x", text))
    assert caught.value.where == f"{tmp_path / 'x'}:{line}"
    assert "Datum" in caught.value.hint


def test_a_file_of_many_conversations_has_no_such_end(tmp_path: Path) -> None:
    one = "Datum: 01-03-2026\n" + "Klant: a\nAgent: b\n" * 3_000
    assert len(read_all(write(tmp_path / "x", one * 4)).feedback) == 24_000


@settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(body=st.text(alphabet="Klant: -[]01:é\n()", max_size=120))
def test_no_text_breaks_the_reader(tmp_path: Path, body: str) -> None:
    got = read_all(write(tmp_path / "x", "Klant: begin\n" + body))
    assert got.rows_in == len(got.feedback) + len(got.rejected)
    assert got.rows_in >= 1


def said(path: Path) -> list[tuple[str, str]]:
    return [(row["author_role"], row["verbatim"]) for row in read_all(path).feedback]


TWO = [("customer", "Mijn tv is kapot."), ("agent", "Wat vervelend."), ("customer", "Ja.")]
LAYOUTS = {
    "otter": "Karin Bos  0:05\nMijn tv is\nkapot.\n\nSam Vis  0:12\nWat vervelend.\n\n"
    "Karin Bos  1:02:15\nJa.\n\nTranscribed by https://otter.ai\n",
    "zoom": "[Karin Bos] 09:14:05\nMijn tv is kapot.\n\n[Sam] 09:14:12\nWat vervelend.\n\n"
    "[Karin Bos] 09:15:12\nJa.\n",
    "word": "Audiobestand\ngesprek 12.mp3\nTranscriptie\n00:00:00 Spreker 1\nMijn tv is kapot.\n"
    "00:00:05 Spreker 2\nWat vervelend.\n00:01:05 Spreker 1\nJa.\n",
    "amberscript": "00:00:05 Spreker 1: Mijn tv is kapot.\n00:00:09 Spreker 2: Wat vervelend.\n"
    "00:00:12 Spreker 1: Ja.\n",
    "a span": "[00:00:05.120 - 00:00:08.300] SPEAKER_00: Mijn tv is kapot.\n"
    "[00:00:08.500 - 00:00:10.000] SPEAKER_01: Wat vervelend.\n[100:00:01] SPEAKER_00: Ja.\n",
    "a time after the name": "Karin (00:05): Mijn tv is kapot.\nSam (00:12): Wat vervelend.\n"
    "Karin (00:20): Ja.\n",
    "brackets": "[SPEAKER_00] Mijn tv is kapot.\n[SPEAKER_01] Wat vervelend.\n[SPEAKER_00] Ja.\n",
    "teams": "Karin Bos   0:03\nMijn tv is kapot.\n\nSam Vis   0:08\nWat vervelend.\n\n"
    "Karin Bos   0:12\nJa.\nSam Vis heeft de transcriptie gestopt\n",
    "meet": "Attendees\nKarin Bos, Sam Vis\nTranscript\n00:00:00\n\nKarin Bos: Mijn tv is kapot.\n"
    "Sam Vis: Wat vervelend.\n00:05:00\n\nKarin Bos: Ja.\n",
    "numbers": "1. Klant: Mijn tv is kapot.\n2. Medewerker: Wat vervelend.\n3) Klant: Ja.\n",
    "numbered voices": "Klant 1: Mijn tv is kapot.\nMedewerker: Wat vervelend.\nKlant 1: Ja.\n",
    "a legend": "K = klant, M = medewerker\n\nK: Mijn tv is kapot.\nM: Wat vervelend.\nK: Ja.\n",
    "a legend in lines": "A: klant\nB: agent\nA: Mijn tv is kapot.\nB: Wat vervelend.\nA: Ja.\n",
    "roles above": "KLANT\nMijn tv is kapot.\n\nMEDEWERKER\nWat vervelend.\n\nKLANT\nJa.\n",
    "bold": "**Klant:** Mijn tv is kapot.\n**Medewerker:** Wat vervelend.\n**Klant:** Ja.\n",
    "bullets": "- Klant: Mijn tv is kapot.\n- Medewerker: Wat vervelend.\n- Klant: Ja.\n",
    "tabs": "Klant\tMijn tv is kapot.\nMedewerker\tWat vervelend.\nKlant\tJa.\n",
    "an interview": "Respondent: Mijn tv is kapot.\nInterviewer: Wat vervelend.\nRespondent: Ja.\n",
}  # fmt: skip


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_layouts_of_recognisers_and_people(tmp_path: Path, layout: str) -> None:
    path = write(tmp_path / "x", LAYOUTS[layout])
    assert said(path) == TWO
    assert read_all(path).rejected == []


def test_single_letters_without_a_legend_only_where_the_pair_tells(tmp_path: Path) -> None:
    text = "{0}: Hallo.\n{1}: Hoi.\n{0}: Tja.\n{1}: Nou.\n"
    assert said(write(tmp_path / "x", text.format("K", "M")))[0] == ("customer", "Hallo.")
    assert said(write(tmp_path / "x", text.format("P", "Q")))[0] == ("unknown", "Hallo.")
    assert said(write(tmp_path / "x", text.format("V", "A")))[0] == ("unknown", "Hallo.")
    asked = "V: Wat vond u ervan?\nA: Duur.\nV: En verder?\nA: Prima.\n"
    assert [role for role, _ in said(write(tmp_path / "x", asked))] == ["agent", "customer"] * 2


def test_names_before_turns_of_several_lines(tmp_path: Path) -> None:
    text = (
        "Karin: Ik had gehoopt dat het pakket er\ndeze week zou zijn, maar dat is niet\nzo.\n"
        "Sam: Wat vervelend. Ik kijk het voor u\nna in ons systeem.\nLet op: het duurt\neven.\n"
        "Karin: Fijn,\ndank u.\nSam: Geen dank\nhoor.\nKarin: oké\n"
    )
    got = said(write(tmp_path / "x", text))
    assert [role for role, _ in got] == ["customer", "agent"] * 2 + ["customer"]
    assert got[1][1].endswith("Let op: het duurt even.")


def test_who_only_speaks_late_in_a_long_file_is_heard(tmp_path: Path) -> None:
    text = "Karin: Hallo.\nSam: Hoi.\n" * 300 + "Lex Vos: Nog iets.\nKarin: Ja?\nLex Vos: Nee.\n"
    assert read_all(write(tmp_path / "x", text)).verbatims[-3:] == ["Nog iets.", "Ja?", "Nee."]


@pytest.mark.parametrize(
    "text",
    [
        "Naam: Jan\nScore: 4\nToelichting: duur\nNaam: Piet\nScore: 3\nToelichting: traag\n",
        "Beste mensen,\n\nDit gaat over het volgende: alles.\nLet op: het is veel.\nGroet\n",
        "Ja\nNee\nJa\nMisschien\n",
    ],
)
def test_lists_and_letters_are_no_transcript(tmp_path: Path, text: str) -> None:
    with pytest.raises(UnreadableInputError):
        read_all(write(tmp_path / "x", text))


@pytest.mark.parametrize(
    "body",
    [":" * 1_000_000, "[" * 1_000_000, "1" * 1_000_000, "Op " * 330_000, "- " * 500_000,
     "a" + " " * 1_000_000 + "-", "Klant" * 200_000, "12:" * 330_000, "K: " * 330_000,
     "\n".join(["[1:00"] * 150_000), "\n".join(["Jan 0:05"] * 110_000), "(" * 1_000_000,
     "\n".join(f"Jan{at}: x" for at in range(80_000)), "A = klant, " * 90_000,
     "\n".join(["Klant"] * 170_000), "\t" * 1_000_000, "**" * 500_000],
)  # fmt: skip
def test_hostile_transcripts_take_linear_time(body: str) -> None:
    lines = f"Klant: begin\nAgent: ja\n{body}\n".splitlines()
    began = time.process_time()
    style = transcript.recognise(lines)
    assert style is not None
    style = transcript.more_names(lines, style)
    with contextlib.suppress(UnreadableInputError):
        assert list(transcript.conversations(lines, style, "Europe/Amsterdam"))
    assert time.process_time() - began < 6  # a quadratic reader takes minutes


@settings(max_examples=200, deadline=None)
@given(
    lines=st.lists(
        st.one_of(
            st.text(alphabet="KlantM: -[]0159().\t*=é", max_size=30),
            st.text(max_size=20),
            st.sampled_from([
                "Klant: ja", "[00:01] Jan Bos", "00:05", "Jan: hoi", "Datum: 1-2-2024", "-----",
                "K = klant, M = medewerker", "Transcript", "Attendees", "Jan 0:05", "KLANT",
            ]),
        ),
        max_size=12,
    )
)  # fmt: skip
def test_every_line_is_in_a_turn_a_header_or_rejected(lines: list[str]) -> None:
    lines = ["".join(line.splitlines()) for line in lines]
    style = transcript.recognise(lines) or transcript.recognise(["Klant: ja"])
    assert style is not None
    marked = [f"{line} merk{at}x" if at % 3 == 0 else line for at, line in enumerate(lines)]
    found = list(transcript.conversations(marked, style, "Europe/Amsterdam"))
    kept = " ".join(
        [f"{turn.speaker} {turn.text}" for each in found for turn in each.turns]
        + [str(each.attributes) + str(each.own_id) + str(each.customer_id) for each in found]
    )
    ignored = sum(each.ignored.total() for each in found)
    lost = 0
    for at, line in enumerate(marked):
        bare = line.strip().lstrip("\ufeff\u200e").strip()
        headed = transcript.header_line(bare) if bare else None
        lost += at % 3 == 0 and f"merk{at}x" not in kept and not headed
    assert lost <= ignored


def test_a_turn_of_absurd_length_is_rejected_once_and_costs_little(tmp_path: Path) -> None:
    text = "Klant: hoi\n" + "en nog een regel erbij\n" * 10_000 + "Medewerker: dag\nKlant: doei\n"
    got = read_all(write(tmp_path / "x.txt", text))
    assert [row.reason for row in got.rejected] == ["tekst is langer dan 100.000 tekens"]
    assert got.verbatims == ["dag", "doei"]
