"""Which parts of the report a role sees, and how big the page of a busy workspace gets."""

import dataclasses
from datetime import UTC, date, datetime, timedelta

import pytest

from klankbord.records import Action
from klankbord.report import build
from klankbord.report.action_rows import MOST_CLOSED
from klankbord.report.html import render
from klankbord.roles import Role, page_name
from klankbord.schema import ShiftKind, Tone
from klankbord.shifts import ShiftFindings, TimelinePoint

from .builders import START, feedback_table, quote, score_table, segment_table, shift, world
from .test_html import Page


def anchors(text: str) -> list[str]:
    return [str(part["id"]) for part in Page(text).all("section") if "id" in part]


@pytest.mark.parametrize(
    ("role", "sections", "shown", "hidden"),
    [
        (Role.CX, ["overzicht", "toon", "themas", "acties", "methode"], ("inner", "outer"), ()),
        (Role.SUPPORT, ["overzicht", "toon", "acties", "methode"], ("inner",), ("outer",)),
        (Role.PRODUCT, ["overzicht", "themas", "acties", "methode"], ("outer",), ("inner",)),
    ],
)
def test_a_role_sees_its_own_sections_and_loop(
    role: Role, sections: list[str], shown: tuple[str, ...], hidden: tuple[str, ...]
) -> None:
    report = build(**world(), role=role)
    text = render(report)
    assert anchors(text) == sections
    loops = {row.loop for row in report.actions.rows}
    assert loops == set(shown)
    assert not loops & set(hidden)
    page = Page(text)
    ids = {attributes["id"] for _, attributes in page.tags if "id" in attributes}
    assert {str(link["href"])[1:] for link in page.all("a")} <= ids


def test_what_a_role_may_read_differs_but_not_the_numbers() -> None:
    whole, support = build(**world()), build(**world(), role=Role.SUPPORT)
    assert whole.shifts == support.shifts
    assert whole.overview.figures == support.overview.figures
    assert render(support) == render(build(**world(), role=Role.SUPPORT))


def test_names_of_pages() -> None:
    assert page_name(Role.CX) == "rapport.html"
    assert page_name(Role.SUPPORT) == "rapport-support.html"
    assert page_name(Role.HUDDLE) == "huddle.html"
    assert page_name(Role.HUDDLE, "Customer Service") == "huddle-customer-service.html"


def closed(at: int, outcome: str, when: datetime) -> Action:
    return Action(
        f"done-{at:02}", "inner", "terugbellen", "K-1", None, "Sales", date(2026, 3, 1), 0.5,
        "uitgevoerd", "Gedaan", (), "", "", outcome=outcome, closed_at=when,
    )  # fmt: skip


def test_closed_actions_are_shown_with_their_outcome_for_four_weeks() -> None:
    given = world()
    now = given["as_of"]
    more = (
        closed(1, "geslaagd", now - timedelta(days=2)),
        closed(2, "vals alarm", now + timedelta(days=1)),
        closed(3, "geslaagd", now - timedelta(days=40)),
    )
    section = build(**given | {"actions": given["actions"] + more}).actions
    assert [row.action_id for row in section.closed] == ["done-02", "done-01"]
    assert section.closed_summary == "2 acties: 1 geslaagd en 1 vals alarm"
    assert section.rows == build(**given).actions.rows
    assert not any(row.overdue or row.open for row in section.closed)
    many = tuple(closed(at, "geslaagd", now) for at in range(MOST_CLOSED + 2))
    section = build(**given | {"actions": many}).actions
    assert len(section.closed) == MOST_CLOSED
    assert section.closed_rest.startswith("Nog 2 gesloten acties")


def test_a_late_action_is_marked_and_says_who_was_told() -> None:
    given = world()
    late = dataclasses.replace(given["actions"][1], escalation=1)
    text = render(build(**given | {"actions": (late,)}))
    assert '<strong class="late">te laat</strong>' in text
    assert "gemeld aan afdelingshoofd" in text


def crowded() -> dict[str, object]:
    """Return a world of 50,000 pieces of feedback in which every list is longer than its cap."""
    given = world()
    count = 50_000
    rows = [
        {
            "customer_id": f"K-{at % 5000:010}",
            "verbatim": f"Bericht {at}: " + "de bestelling kwam weer veel te laat " * 12,
            "received_at": START + timedelta(minutes=at),
            "score_metric": "nps",
            "score_value": float(at % 11),
        }
        for at in range(count)
    ]
    feedback = feedback_table(rows)
    ids = feedback["feedback_id"].to_pylist()
    base = given["themes"][1]
    words = "Het duurde allemaal veel langer dan beloofd. " * 20
    quotes = tuple(quote(words, START, Tone.BOOS, f"x{at}") for at in range(3))
    themes = tuple(
        dataclasses.replace(
            base, theme_id=f"t{at:03}", label=f"Thema {at} " + "lang " * 12, quotes=quotes
        )
        for at in range(120)
    )
    points = tuple(
        TimelinePoint(START + timedelta(days=at), 2.0, 1.0, 3.0, "survey", f"f{at}", Tone.BOOS)
        for at in range(60)
    )
    shifts = tuple(
        dataclasses.replace(
            shift(f"K-{at:010}", ShiftKind.VERKOELING, Tone.ENTHOUSIAST, Tone.NEUTRAAL),
            before_quote=quote(words, START, Tone.BOOS),
            after_quote=quote(words, START, Tone.BOOS),
        )
        for at in range(500)
    )
    draft = "Goedemiddag,\n" + words
    actions = tuple(
        Action(
            f"inner-{at}", "inner", "terugbellen", f"K-{at:010}", None, f"Afdeling {at % 8}",
            date(2026, 3, 1), 0.5, "actieplan", words[:300], ("f1",), words[:300], draft,
        )
        for at in range(2000)
    )  # fmt: skip
    return given | {
        "feedback": feedback,
        "scores": score_table(ids, [Tone.ONTEVREDEN] * count),
        "segments": segment_table(
            ids,
            [f"Bericht {at}: weer veel te laat. " + "En nog iets. " * 30 for at in range(count)],
            [f"t{at % 120:03}" for at in range(count)],
        ),
        "themes": themes,
        "drivers": tuple(
            dataclasses.replace(given["drivers"][0], theme_id=theme.theme_id) for theme in themes
        ),
        "findings": ShiftFindings(
            shifts, 40.0, 5000, 10, {one.customer_id: points for one in shifts}
        ),
        "actions": actions,
        "accounts": given["accounts"] * 200,
        "counts": given["counts"] * 100,
    }  # fmt: skip


@pytest.mark.slow
def test_the_page_of_fifty_thousand_rows_stays_under_two_megabytes() -> None:
    report = build(**crowded())
    size = len(render(report).encode())
    print(f"{size:,} bytes")
    assert report.themes.rest
    assert report.shifts.rest
    assert size <= 2_000_000, size


def test_a_closed_action_has_a_local_day() -> None:
    when = datetime(2026, 3, 10, 23, 30, tzinfo=UTC)
    (row,) = build(**world() | {"actions": (closed(1, "geslaagd", when),)}).actions.closed
    assert row.closed_text == "11 maart 2026"  # where people work
