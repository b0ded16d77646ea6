"""The report as people open it: by mouse or keyboard, on a phone or a screen, light or dark."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from .conftest import Visit

    Opened = Callable[..., Visit]

pytestmark = pytest.mark.browser

WIDTHS = (360, 768, 1440)
FOCUS = """
() => {
  const element = document.activeElement, style = getComputedStyle(element);
  const box = element.getBoundingClientRect();
  return {
    name: element.localName, text: element.textContent.trim().slice(0, 60),
    href: element.getAttribute("href"),
    ring: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2,
    seen: box.width > 0 && box.bottom > 0 && box.top < innerHeight
      && box.right > 0 && box.left < innerWidth,
  };
}
"""
CUT = """
() => [...document.querySelectorAll("main *, header *, nav *, footer *")].filter((element) => {
  if (element.closest(".hidden, thead, svg, [hidden]")) { return false; }
  if (!element.checkVisibility()) { return false; }
  const box = element.getBoundingClientRect();
  if (element.closest(".scroll")) { return false; }
  return box.width > 0 && (box.right > innerWidth + 1 || box.left < -1);
}).map((element) => `${element.localName}.${element.className} ${element.textContent.slice(0, 40)}`)
"""
OVERLAPS = """
() => {
  const found = [];
  const texts = [...document.querySelectorAll("main *")].filter((element) =>
    !element.closest("svg, .hidden, .skip, [hidden]") && !(element.closest(".scroll")?.scrollWidth
      > element.closest(".scroll")?.clientWidth + 1) && element.checkVisibility()
    && [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim()));
  const placed = (element) => getComputedStyle(element.closest("thead") || element).position;
  const boxes = texts.filter((element) => placed(element) !== "absolute")
    .flatMap((element) => {
      const range = document.createRange();
      const nodes = [...element.childNodes].filter((one) => one.nodeType === 3 && one.data.trim());
      return nodes.flatMap((node) => {
        range.selectNodeContents(node);
        return [...range.getClientRects()].map((box) => ({box, node}));
      });
    });
  boxes.sort((a, b) => a.box.top - b.box.top);
  boxes.forEach(({box, node}, at) => {
    for (const {box: other, node: near} of boxes.slice(at + 1)) {
      if (other.top >= box.bottom - 6) { break; }
      if (near !== node && other.left < box.right - 3 && box.left < other.right - 3) {
        found.push(`${node.data.trim().slice(0, 30)} / ${near.data.trim().slice(0, 30)}`);
      }
    }
  });
  return found;
}
"""


def open_everything(page: Page) -> None:
    page.evaluate("document.querySelectorAll('details').forEach((box) => { box.open = true; })")


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
    axe = pytest.importorskip(
        "axe_playwright_python.sync_playwright", reason="axe is not installed"
    )
    page = visit(width=width, color_scheme=colours).page
    open_everything(page)
    found = axe.Axe().run(page).response["violations"]
    told = [
        f"{each['id']}: {node['html'][:160]} {node['failureSummary'][:200]}"
        for each in found
        if each["impact"] in ("serious", "critical")
        for node in each["nodes"]
    ]
    assert told == []


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
