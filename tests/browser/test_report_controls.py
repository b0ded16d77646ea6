"""Filters, search, sorting and the printed report."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .conftest import Visit

    Opened = Callable[..., Visit]

pytestmark = pytest.mark.browser


def test_a_kind_of_shift_filters_the_cards(visit: Opened) -> None:
    page = visit().page
    cards = page.locator("li.card")
    everything = cards.count()
    buttons = page.locator("[data-filter=kind] button")
    for button in buttons.all():
        button.focus()
        page.keyboard.press("Enter")
        kind = button.get_attribute("data-value")
        shown = [card.get_attribute("data-kind") for card in cards.all() if card.is_visible()]
        pressed = page.locator("[data-filter=kind] [aria-pressed=true]")
        assert pressed.evaluate_all("(found) => found.map((one) => one.dataset.value)") == [kind]
        if kind:
            assert shown
            assert set(shown) == {kind}
            assert len(shown) == int(str(button.locator(".soft").text_content()))
        else:
            assert len(shown) == everything


def test_search_keeps_the_themes_that_hold_the_words(visit: Opened) -> None:
    page = visit().page
    field = page.locator("#zoek")
    voices, rows = page.locator("details[data-theme]"), page.locator("tr[data-theme]")
    total = rows.count()

    def themes(found) -> set[str]:
        return {str(one.get_attribute("data-theme")) for one in found.all() if one.is_visible()}

    field.fill("  TE LATE ")
    kept = themes(voices)
    assert 0 < len(kept) < total
    assert themes(rows) == kept
    told = page.locator("[data-search] output").text_content()
    assert str(len(kept)) in re.findall(r"\d+", str(told))
    for voice in voices.all():
        assert voice.is_visible() == ("te late" in str(voice.text_content()).lower())
    field.fill("komtnergensvoor")
    assert themes(voices) == themes(rows) == set()
    field.fill("")
    assert len(themes(rows)) == total
    assert page.locator("[data-search] output").text_content() == ""


def test_every_sortable_column_sorts_down_up_and_back(visit: Opened) -> None:
    page = visit().page
    heads = page.locator("table[data-sortable] th[data-sort]")
    assert heads.count() >= 3
    order = "(table) => [...table.tBodies[0].rows].map((row) => row.dataset.theme)"
    keys = (
        "(head) => [...head.closest('table').tBodies[0].rows].map((row) => "
        "row.cells[head.cellIndex].dataset.key)"
    )
    for head in heads.all():
        table = head.locator("xpath=ancestor::table")
        original = table.evaluate(order)
        for state, downward in (("descending", True), ("ascending", False)):
            head.locator("button").focus()
            page.keyboard.press("Enter")
            assert head.get_attribute("aria-sort") == state
            values = [value for value in head.evaluate(keys) if value is not None]
            assert values == sorted(values, key=float, reverse=downward)
            assert head.evaluate(keys)[: len(values)] == values  # without a figure: last
        page.keyboard.press("Enter")
        assert head.get_attribute("aria-sort") is None
        assert table.evaluate(order) == original


def test_a_link_to_a_theme_opens_what_customers_say_of_it(visit: Opened) -> None:
    page = visit().page
    for link in page.locator("table.themes th a").all():
        target = page.locator(str(link.get_attribute("href")))
        link.click()
        page.wait_for_function("(box) => box.open", arg=target.element_handle())


def test_print_shows_quotes_and_hides_controls(visit: Opened, tmp_path: Path) -> None:
    page = visit().page
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 680, "height": 1000})  # A4 between our margins
    assert page.evaluate("document.documentElement.scrollWidth") <= 680
    for box in page.locator("details[data-print]").all():
        assert box.evaluate("(element) => element.open")
    assert page.locator("nav.sections").is_hidden()
    assert all(box.is_hidden() for box in page.locator(".filter").all())
    ink = "getComputedStyle(document.body).color"
    assert page.evaluate(ink) == "rgb(0, 0, 0)"
    clipped = (
        "[...document.querySelectorAll('main *')].filter((element) => element.checkVisibility()"
        " && !element.closest('svg, .hidden, thead.hidden') && getComputedStyle(element).overflowX"
        " !== 'visible'"
        " && element.scrollWidth > element.clientWidth + 1).map((element) => element.className)"
    )
    assert page.evaluate(clipped) == []
    page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    assert page.locator("details[data-printed]").count() == 0


@pytest.mark.parametrize("colours", ["light", "dark"])
def test_it_becomes_a_pdf_of_a_few_pages(visit: Opened, tmp_path: Path, colours: str) -> None:
    opened = visit(color_scheme=colours)
    made = opened.page.pdf(format="A4", prefer_css_page_size=True, path=tmp_path / "rapport.pdf")
    assert made.startswith(b"%PDF")
    assert 4 <= len(re.findall(rb"/Type\s*/Page\b", made)) <= 15
    assert opened.complaints() == []
