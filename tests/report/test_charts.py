import re
from xml.etree import ElementTree as ET

import pytest

from klankbord.report import build, charts
from klankbord.report.model import Impact, Spark, Tick, Timeline, TimelineMark

from .builders import world

LEVELS = [Tick(float(at), name) for at, name in enumerate("abcde")]
TIMELINE = Timeline(
    'Tijdlijn <van> & "K"',
    "Toon: </desc><script>",
    (
        TimelineMark(0.0, 4.0, 3.0, 4.0, "enthousiast"),
        TimelineMark(30.25, 2.0, 1.0, 3.0, "neutraal"),
    ),
    (Tick(0.0, "1 jan 2026"), Tick(30.25, "31 jan '26")),
)


def parts(picture: str) -> tuple[ET.Element, str]:
    return ET.fromstring(picture), picture


def test_a_timeline_has_title_description_labels_and_tone_colours() -> None:
    root, text = parts(charts.timeline_chart(TIMELINE, LEVELS))
    assert root.get("role") == "img"
    assert root.findtext("title") == TIMELINE.title
    assert root.findtext("desc") == TIMELINE.description
    labels = [found.text for found in root.iter("text")]
    assert labels == ["1 jan 2026", "31 jan ’26", *"abcde"]
    assert text.count("var(--tone-enthousiast)") == text.count("var(--tone-neutraal)") == 1


def test_pictures_need_no_exception_in_the_policy() -> None:
    overview = build(**world()).overview
    assert overview.tone_trend
    pictures = [
        charts.timeline_chart(TIMELINE, LEVELS),
        charts.trend_chart(overview.tone_trend),
        charts.tone_columns(overview.tone_trend, "t", "d"),
        charts.tone_bar(overview.tones, "t", "d"),
        charts.sparkline(Spark((0.1, 0.3, 0.2), "s")),
        charts.sparkline(Spark((0.1, 0.3, 0.2), "s", 0.1, 0.4)),
        charts.impact_bar(Impact(-1.0, -2.0, 0.5, "", "", "", "i"), (-3, 3)),
    ]
    for picture in pictures:
        ET.fromstring(picture)
        assert not re.search(r"style|\bid=|http|href|url\(|\bon[a-z]+=", picture)
        assert "#" not in picture  # every colour is a variable, so that dark and print work
        assert len(picture) < 12_000


@pytest.mark.parametrize("values", [(0.0, 0.0, 0.0, 0.0), (0.5,) * 26])
def test_a_flat_sparkline_is_drawn(values: tuple[float, ...]) -> None:
    assert "NaN" not in charts.sparkline(Spark(values, "vlak"))


def test_negative_axis_values_keep_their_labels() -> None:
    trend = build(**world()).overview.score_trend
    assert trend is not None
    root, _ = parts(charts.trend_chart(trend))
    shown = {found.text for found in root.iter("text")}
    assert {mark.label for mark in trend.marks} <= shown


def test_one_piece_of_feedback_makes_a_timeline() -> None:
    single = Timeline("t", "d", TIMELINE.marks[:1], (Tick(0.0, "1 jan 2026"),))
    picture = charts.timeline_chart(single, LEVELS)
    assert "NaN" not in picture
    assert "1 jan 2026" in picture
