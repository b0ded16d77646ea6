"""Every page of the review as people see it: narrow and wide, light and dark, by eye and by key."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from looking import CUT, FOCUS, OVERLAPS, open_everything, serious
from reviewed import plant
from reviewing import Served, crawled, few, route_of, served, visitor

from klankbord.review.access import FAILURE_SECONDS
from klankbord.store import Workspace

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from .conftest import Visit

    Person = Callable[..., Visit]

pytestmark = pytest.mark.browser

WORDS = ("de storing van donderdag", "Arbeidsongeschiktheidsverzekeringsmaatschappij", "de factuur")
PROBLEMS = ("/enter?token=x", "/nergens", "/shifts/V-9")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A site with something on every page; the tests only look at it."""
    with Workspace.open(tmp_path_factory.mktemp("looks") / "w.db") as store:
        plant(store, WORDS * 9, drawn=2)
        with served(store) as one:
            yield one


@pytest.fixture(scope="module")
def addresses(site: Served) -> tuple[str, ...]:
    """The addresses of a few pages of each kind."""
    found = crawled(site.site, visitor(site), some=few, most_alike=1)
    of_route = defaultdict(list)
    for address in found:
        of_route[route_of(site.site, address)].append(address)
    return tuple(address for some in of_route.values() for address in some[:3])


def misplaced(page: Page) -> list[str]:
    """Return what is cut off or lies over something else."""
    told = page.evaluate(CUT) + page.evaluate(OVERLAPS)
    if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
        told.append("scrolls sideways")
    return told


@pytest.mark.parametrize(("width", "colours"), [(360, "light"), (1440, "dark")])
def test_every_page_fits_and_axe_finds_nothing_serious(
    site: Served, person: Person, addresses: tuple[str, ...], width: int, colours: str
) -> None:
    anna = person(site, width=width, color_scheme=colours)
    wrong = {}
    for address in (*addresses, *PROBLEMS):
        anna.page.goto(site.root + address)
        open_everything(anna.page)
        wrong[address] = misplaced(anna.page) + serious(anna.page)
    assert {address: told for address, told in wrong.items() if told} == {}
    assert [line for line in anna.complaints() if "Failed to load" not in line] == []
    site.clock[0] += FAILURE_SECONDS + 1  # one of the problems is a wrong token


@pytest.mark.parametrize("width", [480, 800, 1100])
def test_every_page_fits_in_between(
    site: Served, person: Person, addresses: tuple[str, ...], width: int
) -> None:
    page = person(site, width=width).page
    for address in addresses:
        page.goto(site.root + address)
        open_everything(page)
        assert misplaced(page) == [], address


def test_every_page_has_a_title_a_language_and_headings_in_order(
    site: Served, person: Person, addresses: tuple[str, ...]
) -> None:
    page = person(site).page
    for address in (*addresses, *PROBLEMS):
        page.goto(site.root + address)
        assert page.title().endswith(" · Klankbord"), address
        assert page.evaluate("document.documentElement.lang") == "nl", address
        levels = page.evaluate(
            "[...document.querySelectorAll('h1,h2,h3,h4')].map((h) => +h.localName[1])"
        )
        assert levels[:1] == [1], address
        assert levels.count(1) == 1, address
        assert all(later <= earlier + 1 for earlier, later in pairwise(levels)), address
    site.clock[0] += FAILURE_SECONDS + 1


def test_every_link_button_and_field_is_reached_by_key_and_then_seen(
    site: Served, person: Person, addresses: tuple[str, ...]
) -> None:
    page = person(site, reduced_motion="reduce").page
    for address in addresses:
        page.goto(site.root + address)
        wanted = page.evaluate(
            "[...document.querySelectorAll('a, button, summary, textarea, select,"
            " input:not([type=hidden])')].filter((one) => one.checkVisibility()).length"
        )
        page.locator("a.skip").focus()  # the first stop, also where something else has the focus
        stops = [page.evaluate(FOCUS)]
        for _ in range(wanted + 60):  # radio buttons of one name are a single stop
            page.keyboard.press("Tab")
            stop = page.evaluate(FOCUS)
            if stop["name"] == "body":
                break
            assert stop["ring"], (address, stop)
            assert stop["seen"], (address, stop)
            stops.append(stop)
        radios = page.evaluate(
            "{ const all = [...document.querySelectorAll('input[type=radio]')];"
            " all.length - new Set(all.map((one) => one.name)).size }"
        )
        assert len(stops) >= wanted - radios, address


def test_dark_differs_from_light(site: Served, person: Person) -> None:
    def paper(scheme: str) -> str:
        body = person(site, color_scheme=scheme).page.locator("body")
        return body.evaluate("body => getComputedStyle(body).backgroundColor")

    light, dark = paper("light"), paper("dark")
    assert sum(map(int, light[4:-1].split(","))) > 600
    assert sum(map(int, dark[4:-1].split(","))) < 150
