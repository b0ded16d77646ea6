from datetime import timedelta

from klankbord.report import build
from klankbord.report.html import render
from klankbord.report.verbatims import MOST_VERBATIMS, verbatims
from klankbord.report.wording import Wording

from .builders import HOSTILE, START, feedback_table, segment_table, world

LONG = "Eerst een heel verhaal over iets anders. " * 12 + "De bezorger kwam niet."


def rows(*texts: str) -> list[dict[str, object]]:
    return [
        {
            "feedback_id": f"m{at:03}",
            "verbatim": text,
            "received_at": START + timedelta(days=at),
            "channel": "chat",
        }
        for at, text in enumerate(texts)
    ]


def said(texts: list[str], themes: list[str | None], parts: list[str] | None = None) -> dict:
    feedback = feedback_table(rows(*texts))
    segments = segment_table(feedback["feedback_id"].to_pylist(), parts or texts, themes)
    return verbatims(feedback, segments, world()["themes"], Wording())


def test_the_latest_first_with_channel_and_tone_of_the_segment() -> None:
    found = said(["oud", "nieuw", "over iets anders"], ["prijs", "prijs", None])["prijs"]
    assert [quote.text for quote in found] == ["nieuw", "oud"]
    assert found[0].meta == "2 december 2025 · chat"
    assert (found[0].tone, found[0].channel) == ("ontevreden", "chat")


def test_a_mention_of_a_sub_theme_is_one_of_its_head() -> None:
    found = said(["geen bericht gehad"], ["levertijd/1"])
    assert [quote.text for quote in found["levertijd"]] == ["geen bericht gehad"]
    assert [quote.text for quote in found["levertijd/1"]] == ["geen bericht gehad"]


def test_equal_texts_and_quotes_are_shown_once() -> None:
    assert len(said(["Duur!", "duur! ", "Te duur"], ["prijs"] * 3)["prijs"]) == 2
    assert said(["Weer te laat."], ["prijs"])["prijs"] == ()  # the quote that stands for it


def test_of_long_feedback_the_part_about_the_theme_is_shown() -> None:
    (found,) = said([LONG], ["prijs"], ["De bezorger kwam niet."])["prijs"]
    assert found.text == "De bezorger kwam niet."


def test_capped_per_theme() -> None:
    texts = [f"klacht {at}" for at in range(MOST_VERBATIMS + 9)]
    assert len(said(texts, ["prijs"] * len(texts))["prijs"]) == MOST_VERBATIMS


def test_the_page_offers_what_is_there_to_filter_by() -> None:
    feedback = feedback_table(rows("Veel te duur", f"{HOSTILE} duur"))
    segments = segment_table(
        feedback["feedback_id"].to_pylist(), ["Veel te duur", "duur"], ["prijs"] * 2
    )
    report = build(**world() | {"feedback": feedback, "segments": segments})
    prijs = next(row for row in report.themes.rows if row.theme_id == "prijs")
    assert prijs.more_text == "Nog 2 reacties, de nieuwste eerst"
    assert report.themes.channels == (("survey", "enquête"), ("chat", "chat"))
    assert report.themes.tones == (("ontevreden", "ontevreden"),)
    text = render(report)
    assert 'data-tone="ontevreden" data-channel="chat"' in text
    assert "<script>alert" not in text
