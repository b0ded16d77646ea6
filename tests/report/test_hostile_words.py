"""Hostile words in every field of the report, as an HTML5 parser reads the page."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from selectolax.lexbor import LexborHTMLParser

from hostile import PAYLOADS, REPORT_CODES, batches, spoiled
from klankbord.report import build, charts, html
from klankbord.report.html import render
from klankbord.report.model import Impact, Report, Spark, Tick, Timeline, TimelineMark

from .builders import world

UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")


def put(payload: str, *, behind: bool) -> Callable[[str], str]:
    return lambda text: f"{text}{payload}" if behind else payload


def structure(page: str) -> list[tuple[str, ...]]:
    return [(node.tag, *sorted(node.attributes)) for node in LexborHTMLParser(page).root.traverse()]


@pytest.fixture(scope="module")
def report() -> Report:
    return build(**world())


@pytest.fixture
def drawn_once(report: Report, monkeypatch: pytest.MonkeyPatch) -> None:
    """Draw the pictures of the harmless report only: they have tests of their own below."""
    pictures = html._pictures(report, html.Wording(report.language))
    monkeypatch.setattr(html, "_pictures", lambda *_: pictures)


def test_there_are_at_least_two_hundred_of_them() -> None:
    assert len(set(PAYLOADS.values())) >= 200


@pytest.mark.parametrize("behind", [True, False], ids=["behind", "instead"])
def test_whatever_a_field_holds_the_page_is_built_the_same(
    report: Report, drawn_once: None, behind: bool
) -> None:
    wanted = structure(render(report))
    for name, payload in PAYLOADS.items():
        page = render(spoiled(report, put(payload, behind=behind), REPORT_CODES))
        assert structure(page) == wanted, name
        if not UNSEEN.search(payload):
            assert LexborHTMLParser(page).root.text().count(payload) > 40, name


def test_words_that_come_through_the_whole_build_change_nothing(drawn_once: None) -> None:
    wanted = structure(render(build(**world(words="woord "))))
    for group in batches(6):
        page = render(build(**world(words=" ".join(group))))
        assert structure(page) == wanted, group
        assert not re.search("[\x00\x1b\u202e\u2066]", page), group


def test_hostile_titles_descriptions_and_labels_stay_text_in_a_picture() -> None:
    marks = (
        TimelineMark(0.0, 1.0, 0.5, 1.5, "boos"),
        TimelineMark(40.0, 2.0, 1.5, 2.5, "neutraal"),
    )

    def pictures(words: tuple[str, ...]) -> list[str]:
        ticks = tuple(Tick(float(9 * at), word) for at, word in enumerate(words))
        levels = [Tick(float(at), word) for at, word in enumerate(words[:5])]
        told = " ".join(words)
        impact = Impact(-1.0, -2.0, -0.5, told, told, told, told)
        return [
            charts.timeline_chart(Timeline(told, told, marks, ticks), levels),
            charts.sparkline(Spark((0.1, 0.2), told)),
            charts.impact_bar(impact, (-3.0, 3.0)),
        ]

    wanted = [structure(picture) for picture in pictures(("een",) * 15)]
    for group in batches(15):
        words = (group * 15)[:15]
        found = pictures(words)
        assert [structure(picture) for picture in found] == wanted, group
        if not UNSEEN.search("".join(words)):
            titles = [LexborHTMLParser(picture).css_first("title").text() for picture in found]
            assert titles == [" ".join(words)] * 3
