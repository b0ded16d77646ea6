import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from klankbord.sources import FeedbackIds, read
from klankbord.sources.whatsapp import conversations, recognise, survey

from .helpers import read_all, write

LRM = "\u200e"


def ignored(path: Path) -> dict[str, int]:
    (batch,) = read(path)
    return dict(batch.ignored)


@pytest.mark.parametrize(
    ("stamp", "expected"),
    [
        ("12-03-2024 09:14 - ", "2024-03-12 08:14:00"),
        ("12-03-24 09:14 - ", "2024-03-12 08:14:00"),
        ("12-3-2024, 9:14 - ", "2024-03-12 08:14:00"),
        ("[12-03-2024 09:14:05] ", "2024-03-12 08:14:05"),
        ("[12-03-24, 09:14:05] ", "2024-03-12 08:14:05"),
        ("[12-03-2024 om 09:14:05] ", "2024-03-12 08:14:05"),
        ("12/03/2024, 9:14 am - ", "2024-03-12 08:14:00"),
        ("12/03/2024, 9:14\u202fpm - ", "2024-03-12 20:14:00"),
        ("3/13/24, 12:14 AM - ", "2024-03-12 23:14:00"),
        ("[3/13/24, 9:14:05\u202fPM] ", "2024-03-13 20:14:05"),
        ("12.03.24, 09:14 - ", "2024-03-12 08:14:00"),
        ("2024-03-12, 9:14 a.m. - ", "2024-03-12 08:14:00"),
        ("2024/03/12, 09:14 - ", "2024-03-12 08:14:00"),
        ("[09:14, 12-3-2024] ", "2024-03-12 08:14:00"),
        (f"{LRM}[12-03-2024 09:14:05] ", "2024-03-12 08:14:05"),
    ],
)
def test_the_stamps_of_every_phone(tmp_path: Path, stamp: str, expected: str) -> None:
    text = f"{stamp}Karin: Hallo\n{stamp}Sam: Hoi: ja\nen nog iets\n"
    got = read_all(write(tmp_path / "x", text))
    assert got.detection.source == "whatsapp"
    assert got.verbatims == ["Hallo", "Hoi: ja en nog iets"]
    assert got.feedback[0]["received_at"].strftime("%Y-%m-%d %H:%M:%S") == expected
    assert {row["channel"] for row in got.feedback} == {"chat"}


def test_what_whatsapp_writes_itself_is_counted_and_left_out(tmp_path: Path) -> None:
    lines = [
        "Berichten en oproepen zijn end-to-end versleuteld. Niemand buiten deze chat kan ze lezen.",
        "Karin heeft Sam toegevoegd",
        "Dit gesprek is met een zakelijk account. Tik voor meer informatie.",
        'Karin heeft het onderwerp gewijzigd van "Actie: nu" naar "Later: wel"',
        'Karin heeft de groep "Klachten: alle" gemaakt',
        "Gemiste spraakoproep om 09:14",
        "+31 6 12345678 is toegetreden via de uitnodigingslink",
        "You created this group",
        "Karin: <Media weggelaten>",
        "Karin: <Media omitted>",
        f"Karin: {LRM}afbeelding weggelaten",
        f"Karin: {LRM}audio weggelaten",
        f"Karin: rekening.pdf • {LRM}2 pagina's {LRM}document weggelaten",
        "Karin: IMG-20240312-WA0001.jpg (bestand bijgevoegd)",
        f"Karin: {LRM}<bijgevoegd: 00000012-PHOTO-2024-03-12-09-14-05.jpg>",
        "Karin: null",
        "Karin:",
        "Karin: locatie: https://maps.google.com/?q=52.1,5.1",
        "Karin: Dit bericht is verwijderd",
        f"Karin: {LRM}Dit bericht is verwijderd.",
        "Karin: Je hebt dit bericht verwijderd",
        "Karin: This message was deleted",
        f"Bedrijf: {LRM}Berichten en oproepen zijn end-to-end versleuteld.",
        f"Karin: {LRM}Gemiste video-oproep, {LRM}Tik om terug te bellen",
        f"Groep: {LRM}Sam heeft de groepsafbeelding gewijzigd",
        "Karin: Wachten op dit bericht. Dit kan even duren.",
    ]
    text = "".join(f"12-03-2024 09:14 - {line}\n" for line in (*lines, "Sam: Hallo"))
    path = write(tmp_path / "x", text)
    assert read_all(path).verbatims == ["Hallo"]
    assert ignored(path) == {"notices": 12, "media": 10, "deleted": 4}


def test_words_that_only_look_like_a_notice_stay(tmp_path: Path) -> None:
    said = [
        "Gemiste oproep van jullie, bel terug!", "Geen antwoord", "Sam heeft de groep verlaten",
        "Is de chat end to end beveiligd?", "Jullie hebben mij verwijderd uit het bestand",
        "foto weggelaten? nee hoor", "12-03-2024 was de afspraak", "let op: 10:30 - Jan: oud",
    ]  # fmt: skip
    text = "".join(f"12-03-2024 09:14 - Karin: {line}\n" for line in said)
    assert read_all(write(tmp_path / "x", text)).verbatims == said


def test_captions_and_edits_lose_what_is_not_said(tmp_path: Path) -> None:
    text = (
        "12-03-2024 09:14 - Karin: IMG-1.jpg (bestand bijgevoegd)\nKijk eens hoe dit eruitziet\n"
        f"12-03-2024 09:15 - Karin: Kapot! {LRM}<bijgevoegd: 0001-PHOTO.jpg>\n"
        f"12-03-2024 09:16 - Karin: Niets meer {LRM}<Dit bericht is bewerkt>\n"
        "12-03-2024 09:17 - Karin: Toch wel <This message was edited>\n"
        "12-03-2024 09:18 - Karin: 3 < 4 en 5 > 2\n"
    )
    assert read_all(write(tmp_path / "x", text)).verbatims == [
        "Kijk eens hoe dit eruitziet", "Kapot!", "Niets meer", "Toch wel", "3 < 4 en 5 > 2",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("stamps", "months"),
    [
        (["03/12/24", "03/14/24"], [3, 3]),  # no fourteenth month
        (["12/03/2024", "14/03/2024"], [3, 3]),
        (["1/2/24", "1/3/24", "2/1/24"], [1, 1, 2]),  # else time would run back
        (["1/2/24", "2/2/24", "1/3/24"], [2, 2, 3]),
        (["05/04/2024"], [4]),  # could be either: days first
    ],
)
def test_the_order_of_day_and_month_is_decided_over_the_file(
    tmp_path: Path, stamps: list[str], months: list[int]
) -> None:
    text = "".join(f"{stamp}, 09:14 - Karin: Hallo {at}\n" for at, stamp in enumerate(stamps))
    got = read_all(write(tmp_path / "x", text))
    assert [row["received_at"].month for row in got.feedback] == months


def test_american_clocks_come_with_american_dates(tmp_path: Path) -> None:
    got = read_all(write(tmp_path / "x", "3/12/24, 9:14\u202fAM - Karin: Hello\n"))
    assert got.feedback[0]["received_at"] == datetime(2024, 3, 12, 8, 14, tzinfo=UTC)
    assert got.detection.details["dates"] == "month first"


def test_two_notations_in_one_file(tmp_path: Path) -> None:
    text = "[12-03-2024 09:14:30] Karin: Hallo\n[13-03-24 08:16:00] Sam: Hoi\n"
    got = read_all(write(tmp_path / "x", text))
    assert [row["received_at"].day for row in got.feedback] == [12, 13]


def test_lines_pasted_from_another_chat_belong_to_the_message(tmp_path: Path) -> None:
    said = "".join(f"12-03-2024 09:1{at} - Karin: Hallo {at}\n" for at in range(9))
    text = f"{said}12-03-2024 09:20 - Karin: Dit zei hij:\n[08:00, 11-3-2024] Jan: Nee\n"
    assert read_all(write(tmp_path / "x", text)).verbatims[-1] == (
        "Dit zei hij: [08:00, 11-3-2024] Jan: Nee"
    )


def test_a_silence_of_a_day_ends_the_conversation(tmp_path: Path) -> None:
    text = (
        "12-03-2024 09:14 - Karin: een\n13-03-2024 09:14 - Karin: twee\n"
        "14-03-2024 09:15 - Karin: drie\n"
    )
    rows = read_all(write(tmp_path / "x", text)).feedback
    assert [row["turn"] for row in rows] == [1, 2, 1]
    assert len({row["conversation_id"] for row in rows}) == 2


def test_a_longer_export_of_the_same_chat_repeats_its_ids(tmp_path: Path) -> None:
    lines = [f"12-03-2024 09:14 - {who}: Hallo\n" for who in ("Karin", "Karin", "Sam")]
    lines += ["20-03-2024 09:14 - Karin: Nog iets\n", "20-03-2024 09:20 - Sam: Ja\n"]
    short = read_all(write(tmp_path / "a", "".join(lines[:-1]))).feedback
    long = read_all(write(tmp_path / "b", "".join(lines))).feedback
    assert len({row["feedback_id"] for row in long}) == 5
    assert [row["feedback_id"] for row in long[:-1]] == [row["feedback_id"] for row in short]
    assert [row["conversation_id"] for row in long[:-1]] == [
        row["conversation_id"] for row in short
    ]
    (batch,) = read(tmp_path / "b")
    assert FeedbackIds().assign(batch.feedback) is batch.feedback


def test_roles_are_told_over_the_whole_chat_and_names_never_show(tmp_path: Path) -> None:
    text = (
        "12-03-2024 09:14 - +31 6 12345678: Mijn pakket is kapot\n"
        "12-03-2024 09:15 - ~\u202fWebshop Blauw: Wat vervelend, mag ik uw ordernummer?\n"
        "16-03-2024 09:15 - +31 6 12345678: Hallo?\n"
    )
    rows = read_all(write(tmp_path / "x", text)).feedback
    assert [row["author_role"] for row in rows] == ["customer", "agent", "customer"]
    assert {row["customer_id"] for row in rows} == {"+31612345678"}
    assert not any("Blauw" in str(row) for row in rows)


def test_names_without_a_clue_get_numbers(tmp_path: Path) -> None:
    text = "12-03-2024 09:14 - Jij: Hoi\n12-03-2024 09:14 - Kim: Hoi\n"
    rows = read_all(write(tmp_path / "x", text)).feedback
    assert [(row["author_role"], row["attributes"]) for row in rows] == [
        ("unknown", '{"voice": "1"}'), ("unknown", '{"voice": "2"}'),
    ]  # fmt: skip


def test_a_date_that_does_not_exist_is_rejected(tmp_path: Path) -> None:
    text = "12-03-2024 09:14 - Karin: Hoi\n31-02-2024 09:14 - Karin: Hoi\n12-03-2024 29:14 - K: x\n"
    got = read_all(write(tmp_path / "x", text))
    assert [(row.row, row.reason) for row in got.rejected] == [
        (2, "datum is niet leesbaar of bestaat niet"),
        (3, "datum is niet leesbaar of bestaat niet"),
    ]
    assert got.verbatims == ["Hoi"]


@pytest.mark.parametrize(
    "text",
    [
        "Datum;Opmerking\n12-03-2024 09:14;Prima\n",
        "Gesprek 12-03-2024 09:14\nKlant: hallo\nMedewerker: dag\n",
        "12-03-2024 09:14 - gesprek gestart\n12-03-2024 09:20 - gesprek beëindigd\n",
        "",
    ],
)
def test_other_text_is_no_chat(text: str) -> None:
    assert not recognise(text.split("\n"))


@pytest.mark.parametrize(
    "text",
    [
        "12-03-2024 09:14 - K: " + ":" * 1_000_000,
        "12-03-2024 09:14 - K: x\n12-03-2024 09:14 - " + "[" * 1_000_000,
        "12-03-2024 09:14 - K: x\n" + "[" * 1_000_000,
        "12-03-2024 09:14 - K: x\n" + "1" * 1_000_000,
        "12-03-2024 09:14 - K: x\n" + "12-03-2024 " * 90_000,
        "12-03-2024 09:14 - K: x\n" * 40_000,
        "".join(f"12-03-2024 09:14 - K{at}: x\n" for at in range(38_000)),
        "12-03-2024 09:14 - K: " + "<" * 1_000_000,
        "12-03-2024 09:14 - K: x\n" + "<bijgevoegd: \n" * 70_000,
        "12-03-2024 09:14 - K: " + LRM * 300_000,
        "12-03-2024 09:14 - K: x\n" + "\n" * 1_000_000,
        "12-03-2024 09:14 - K: x\n12-03-2024 09:14 - " + "a heeft " * 120_000,
        "12-03-2024 09:14 - K: " + "de berichten " * 40 + "\n12-03-2024 09:14 - K: x\n" * 9_000,
    ],
)
def test_hostile_chats_take_linear_time(text: str) -> None:
    lines = text.splitlines(keepends=True)
    began = time.process_time()
    assert recognise(lines)
    style = survey(lines)
    assert list(conversations(lines, style, "Europe/Amsterdam"))
    assert time.process_time() - began < 16  # a quadratic reader takes minutes


@settings(max_examples=150, deadline=None)
@given(
    lines=st.lists(
        st.one_of(
            st.text(alphabet="Karin: -[]/,0123459\u200e\u202f<>ap.\x00", max_size=40),
            st.builds("12-03-2024 09:14 - {}".format, st.text(max_size=30)),
            st.builds("[{}-{}-24, 1:2:{}] K: x".format, *[st.integers(0, 99)] * 3),
        ),
        max_size=12,
    )
)
def test_every_line_is_in_a_turn_or_counted(lines: list[str]) -> None:
    lines = ["12-03-2024 09:14 - Karin: begin", *("".join(line.splitlines()) for line in lines)]
    style = survey(lines)
    found = list(conversations(lines, style, "Europe/Amsterdam"))
    turns = [turn for each in found for turn in each.turns]
    assert turns[0].text.startswith("begin") or style.layouts != {2}
    assert sum(len(each.turns) + each.ignored.total() for each in found) >= 1
    assert all(turn.speaker or turn.fault for turn in turns)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(body=st.text(alphabet="Karin: -[]/,01234\u200e\u202f<>ap\n\r\x00é", max_size=150))
def test_no_text_breaks_the_reader(tmp_path: Path, body: str) -> None:
    got = read_all(write(tmp_path / "x", "12-03-2024 09:14 - Karin: begin\n" + body))
    assert got.rows_in == len(got.feedback) + len(got.rejected) >= 1
