import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from klankbord.sources import read, webvtt

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


def told(path: Path) -> list[tuple[str, str]]:
    return [(row["author_role"], row["verbatim"]) for row in read_all(path).feedback]


TWO = [("customer", "Mijn tv is kapot."), ("agent", "Wat vervelend.")]
FILES = {
    "new Teams, no end tags": "WEBVTT\n\n3fa85f64-5717-4562-b3fc-2c963f66afa6/1-0\n"
    "00:00:01.254 --> 00:00:02.100\n<v Karin Bos>Mijn tv is kapot.\n\n"
    "3fa85f64-5717-4562-b3fc-2c963f66afa6/2-0\n00:00:03.254 --> 00:00:04.100\n"
    "<v Sam Vis>Wat vervelend.\n",
    "old Teams with notes": 'WEBVTT\nKind: captions\n\nNOTE duration:"00:01:00.0000000"\n\n'
    "NOTE language:nl-nl\n\nNOTE Confidence: 0.87\n\n3fa85f64\n00:00:01.2540000 --> "
    "00:00:02.1000000\n<v Karin Bos>Mijn tv is kapot.</v>\n\nNOTE Confidence: 0.9\n\n4fa\n"
    "00:00:03.254 --> 00:00:04.100\n<v Sam Vis>Wat vervelend.</v>\n",
    "Teams copied from Word": "0:0:5.100 --> 0:0:8.250\nKarin Bos\nMijn tv is kapot.\n"
    "0:0:8.500 --> 0:0:10.300\nSam Vis\nWat vervelend.\n0:0:11.500 --> 0:0:12.300\nKarin Bos\n"
    "Ja.\n",
    "hours over 99": "WEBVTT\n\n100:00:01.000 --> 100:00:02.000\nKarin: Mijn tv is kapot.\n\n"
    "9999:00:03.000 --> 9999:00:04.000\nSam: Wat vervelend.\n",
    "no blank lines": "1\n00:00:01,000 --> 00:00:02,000\nKarin: Mijn tv is kapot.\n"
    "2\n00:00:03,000 --> 00:00:04,000\nSam: Wat vervelend.\n",
    "sbv": "0:00:01.000,0:00:02.000\nKarin: Mijn tv is kapot.\n\n"
    "0:00:03.000,0:00:04.000\nSam: Wat vervelend.\n",
    "two voices in a cue": "WEBVTT\n\n00:01.000 --> 00:02.000\n<v Karin>Mijn tv is kapot.</v>"
    "<v Sam>Wat vervelend.\n",
    "labels in brackets": "1\n00:00:01,000 --> 00:00:02,000\n[SPEAKER_00] Mijn tv is kapot.\n\n"
    "2\n00:00:03,000 --> 00:00:04,000\n>> [SPEAKER_01] Wat vervelend.\n",
    "a cue that goes on without the name": "1\n00:00:01,000 --> 00:00:02,000\nKlant: Mijn tv\n\n"
    "2\n00:00:02,000 --> 00:00:03,000\nis kapot.\n\n"
    "3\n00:00:03,000 --> 00:00:04,000\nAgent: Wat vervelend.\n",
    "settings and tags": "WEBVTT - gesprek 12\n\nREGION\nid:fred\n\n1\n00:01.000 --> 00:02.000 "
    "line:0 position:20%\n<v Karin><c.geel>Mijn</c> tv <00:01.500>is kapot.\n\n2\n"
    "00:03.000 --> 00:04.000\n<v.stil.ver Sam>Wat <lang nl>vervelend</lang>.\n",
}  # fmt: skip


@pytest.mark.parametrize("name", FILES)
def test_the_files_of_every_program(tmp_path: Path, name: str) -> None:
    assert told(write(tmp_path / "x", FILES[name]))[:2] == TWO


def test_cues_without_words_are_counted(tmp_path: Path) -> None:
    text = "WEBVTT\n\n1\n00:01.000 --> 00:02.000\n\n00:03.000 --> 00:04.000\nKlant: ja\n"
    (batch,) = read(write(tmp_path / "x", text))
    assert (batch.rows_in, batch.ignored) == (1, {"empty cues": 1})


@pytest.mark.parametrize(
    "note", ["NOTE 12-03-2026 09:14", "NOTE\nOpgenomen op 12 maart 2026 09:14"]
)
def test_a_note_that_ends_in_a_date_is_when_it_began(tmp_path: Path, note: str) -> None:
    text = f"WEBVTT\n\n{note}\n\n00:01.000 --> 00:02.000\nKlant: ja\n"
    (row,) = read_all(write(tmp_path / "x", text)).feedback
    assert row["received_at"] == datetime(2026, 3, 12, 8, 14, 1, tzinfo=UTC)


def test_words_that_begin_like_a_note_are_not_dropped(tmp_path: Path) -> None:
    text = "WEBVTT\n\n00:01.000 --> 00:02.000\nKlant: ja\n\nNote dat ik boos ben\n"
    assert [row.row for row in read_all(write(tmp_path / "x", text)).rejected] == [6]


@pytest.mark.parametrize(
    "body",
    ["<v " * 330_000, "-->" * 330_000, "00:" * 330_000, "1\n" * 330_000, ": " * 500_000,
     "00:01.000 --> 00:02.000\n" * 40_000, "00:01.000 --> 00:02.000\nx\n" * 38_000,
     "00:01.000 --> 00:02.000\n" + "x\n" * 500_000,
     "00:01.000 --> 00:02.000\n" + "K: x\n" * 200_000,
     "00:01.000" + " " * 1_000_000, "NOTE\n" + "Klant: x\n" * 110_000, "NOTE " + "1" * 1_000_000,
     "00:01.000 --> 00:02.000\n" + "[" * 1_000_000, "00:01.000 --> 00:02.000\n" + "<1" * 500_000],
)  # fmt: skip
def test_hostile_subtitles_take_linear_time(body: str) -> None:
    lines = f"WEBVTT\n\n{body}\n".splitlines(keepends=True)
    began = time.process_time()
    webvtt.conversation(lines, "Europe/Amsterdam")
    assert time.process_time() - began < 16  # a quadratic reader takes minutes


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.one_of(
            st.text(alphabet="<v Klant>/:.-0& ", max_size=20),
            st.sampled_from(
                ["", "1", "00:01.000 --> 00:02.000", "<v Jan>hoi", "NOTE x", "Jan: ja"]
            ),
        ),
        max_size=14,
    )
)
def test_every_word_is_in_a_turn_or_a_note(lines: list[str]) -> None:
    lines = [f"{line} merk{at}" if line and at % 2 else line for at, line in enumerate(lines)]
    found = webvtt.conversation(["WEBVTT\n", "\n", *(f"{line}\n" for line in lines)], "UTC")
    kept = " ".join(f"{turn.speaker} {turn.text}" for turn in found.turns)
    noted = False
    for at, line in enumerate(lines):
        noted = line.strip() != "" and (noted or line.startswith("NOTE"))
        is_id = any(map(webvtt.is_timing, lines[at + 1 : at + 2]))
        if at % 2 and line and not noted and not is_id and not webvtt.is_timing(line):
            assert f"merk{at}" in kept or f"merk{at}" in line.partition("<")[2]
