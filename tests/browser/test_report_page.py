"""The report as people open it: by mouse or keyboard, on a phone or a screen, light or dark."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from looking import CUT, FOCUS, OVERLAPS, open_everything, serious

if TYPE_CHECKING:
    from .conftest import Visit

    Opened = Callable[..., Visit]

pytestmark = pytest.mark.browser

WIDTHS = (360, 768, 1440)


def test_it_opens_without_network_and_without_complaint(visit: Opened) -> None:
    opened = visit()
    open_everything(opened.page)
    assert opened.requests == [opened.page.url]
    assert opened.complaints() == []
    assert opened.page.evaluate("document.documentElement.lang") == "nl"
    assert "Voorbeeld BV" in opened.page.title()


def test_headings_are_in_order_and_pictures_are_described(visit: Opened) -> None:
    page = visit().page
    levels = page.evaluate(
        "[...document.querySelectorAll('h1,h2,h3,h4')].map((h) => +h.localName[1])"
    )
    assert levels.count(1) == 1
    assert all(later <= earlier + 1 for earlier, later in pairwise(levels))
    pictures = page.evaluate(
        "[...document.querySelectorAll('svg:not([aria-hidden])')].map((svg) => ({"
        "kind: svg.getAttribute('class'), title: svg.querySelector('title')?.textContent,"
        "told: svg.querySelector('desc')?.textContent}))"
    )
    assert len(pictures) >= 6
    small = ("spark", "impact")  # the figures stand beside them
    for picture in pictures:
        assert picture["title"], picture
        assert picture["told"] or picture["kind"].split()[-1] in small, picture


@pytest.mark.parametrize("colours", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1440])
def test_axe_finds_nothing_serious(visit: Opened, width: int, colours: str) -> None:
    page = visit(width=width, color_scheme=colours).page
    open_everything(page)
    assert serious(page) == []


@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_sticks_out_or_lies_over_something_else(visit: Opened, width: int) -> None:
    page = visit(width=width).page
    open_everything(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate(CUT) == []
    assert page.evaluate(OVERLAPS) == []


def test_dark_differs_from_light(visit: Opened) -> None:
    paper = "getComputedStyle(document.body).backgroundColor"
    light = visit(color_scheme="light").page.evaluate(paper)
    dark = visit(color_scheme="dark").page.evaluate(paper)
    assert sum(map(int, light[4:-1].split(","))) > 600
    assert sum(map(int, dark[4:-1].split(","))) < 150


def test_nothing_moves_for_who_asked_for_rest(visit: Opened) -> None:
    moving = (
        "[...document.querySelectorAll('*')].filter((it) => { const s = getComputedStyle(it);"
        "return s.scrollBehavior === 'smooth' || s.transitionDuration !== '0s'"
        " || s.animationName !== 'none'; }).map((it) => it.localName)"
    )
    assert visit(reduced_motion="reduce").page.evaluate(moving) == []


def test_every_stop_of_the_tab_key_can_be_seen(visit: Opened) -> None:
    page = visit(reduced_motion="reduce").page
    stops = []
    for _ in range(200):
        page.keyboard.press("Tab")
        stop = page.evaluate(FOCUS)
        if stop["name"] == "body":
            break
        assert stop["ring"], stop
        assert stop["seen"], stop
        stops.append(stop)
    reached = [stop["href"] for stop in stops]
    assert reached[0] == "#inhoud"
    sections = page.evaluate(
        "[...document.querySelectorAll('main > section')].map((s) => '#' + s.id)"
    )
    assert [href for href in reached if href in sections][: len(sections)] == sections
    wanted = page.evaluate(
        "[...document.querySelectorAll("
        "'main a, main button, main summary, main input, main select')]"
        ".filter((element) => element.checkVisibility()).length"
    )
    assert (
        sum(stop["name"] in ("a", "button", "summary", "input", "select") for stop in stops)
        >= wanted
    )


def test_sections_and_details_by_keyboard_alone(visit: Opened) -> None:
    page = visit(reduced_motion="reduce").page
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.localName") == "main"
    for link in page.locator("nav a").all():
        target = link.get_attribute("href")
        link.focus()
        page.keyboard.press("Enter")
        top = page.locator(str(target)).evaluate("(section) => section.getBoundingClientRect().top")
        assert -2 <= top < 600, target
    for box in page.locator("details").all():
        if not box.evaluate("(element) => element.checkVisibility()"):
            continue
        before = box.evaluate("(element) => element.open")
        box.locator("summary").first.focus()
        page.keyboard.press("Enter")
        assert box.evaluate("(element) => element.open") is not before
        page.keyboard.press("Space")
        assert box.evaluate("(element) => element.open") is before
