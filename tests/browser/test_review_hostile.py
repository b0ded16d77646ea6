"""Hostile words in every field that reaches a page of the review, as a browser takes them."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from looking import POKE, STRUCTURE, structure
from reviewed import plant
from reviewing import Served, crawled, few, made, number_in, route_of, served, visitor

from hostile import PAYLOADS, batches
from klankbord.cells import neutralise
from klankbord.store import Workspace
from review.conftest import HOST, Review, form_token

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser, Page

    from klankbord.review.site import Site

    from .conftest import Visit

pytestmark = pytest.mark.browser

WORDS = tuple(PAYLOADS.values())
FEW, MANY = (tuple(" ".join(some) for some in batches(size)) for size in (6, 60))
MOST = 50  # characters of one payload in a field that takes no more

STRUCTURES = f"""
(pages) => pages.map(
  (html) => ({STRUCTURE})(new DOMParser().parseFromString(html, "text/html")).join("\\n"))
"""
FORMS = """
(html) => [...new DOMParser().parseFromString(html, "text/html").forms]
  .filter((form) => form.method === "post" && form.getAttribute("action") !== "/leave")
  .flatMap((form) => {
    const filled = {}, open = [];
    for (const field of form.elements) {
      if (!field.name || field.localName === "button") { continue; }
      const free = field.localName === "textarea" || ["text", "search"].includes(field.type);
      if (free) { open.push(field.name); }
      if (!["radio", "checkbox"].includes(field.type) || field.checked || !(field.name in filled)) {
        filled[field.name] = field.value;
      }
    }
    return [...form.querySelectorAll("button")].map((button) => ({
      action: button.getAttribute("formaction") || form.getAttribute("action"),
      fields: button.name ? {...filled, [button.name]: button.value} : filled, open,
    }));
  })
"""


@pytest.fixture(scope="module")
def reader(chromium: Browser) -> Iterator[Page]:
    """A page that reads HTML as a browser does, without opening it."""
    page = chromium.new_page()
    yield page
    page.close()


def innocent(words: Sequence[str]) -> list[str]:
    """Return as many different words, as long as these and with blanks at the same places."""
    harmless = [re.sub(r"\S", "o", neutralise(word)) for word in words]
    return [f"{at}{word[len(str(at)) :]}" for at, word in enumerate(harmless)]


def structures(reader: Page, pages: Iterable[str]) -> list[str]:
    """Return the elements of each page in order, with the names of their attributes."""
    return reader.evaluate(STRUCTURES, list(pages))


@dataclass
class Known:
    """How pages are built that show innocent words."""

    site: Site
    built: dict[str, set[str]]  # by route

    @classmethod
    def of(cls, reader: Page, served: Served, number: int) -> Known:
        """Read the site; of so many things the first and last dozen show all that can differ."""
        ends = {*range(1, 13), *range(number - 12, number + 1)}
        pages = crawled(served.site, visitor(served), some=lambda about: number_in(about) in ends)
        known = cls(served.site, defaultdict(set))
        for address, built in zip(pages, structures(reader, pages.values()), strict=True):
            known.built[route_of(served.site, address)].add(built)
        return known

    def fits(self, address: str, built: str) -> bool:
        """Whether a page is like one of these; of a part of a list only the elements need be."""
        alike = self.built[route_of(self.site, address)]
        if "?" not in address:
            return built in alike
        return set(built.split("\n")) <= {mark for one in alike for mark in one.split("\n")}


@pytest.fixture(scope="module")
def own_marks(reader: Page) -> frozenset[str]:
    """The elements that payloads would add if they were not escaped."""
    raw = structures(reader, WORDS)
    return frozenset(mark for built in raw for mark in built.split("\n"))


def test_no_word_becomes_part_of_any_page(tmp_path: Path, reader: Page) -> None:
    """A few payloads at a time, in every field of a customer, a shift, an action and a theme."""
    with Workspace.open(tmp_path / "p.db") as plain, Workspace.open(tmp_path / "h.db") as hostile:
        plant(plain, innocent(FEW), drawn=1000)
        plant(hostile, FEW, drawn=1000)
        known = Known.of(reader, made(plain, HOST), len(FEW))
        site = made(hostile, HOST)
        pages = crawled(site.site, visitor(site))
        told = dict(zip(pages, structures(reader, pages.values()), strict=True))
    assert [each for each, built in told.items() if not known.fits(each, built)] == []
    about = [route_of(site.site, each) for each in pages]
    assert about.count("/shifts/{shift_id}") == len(FEW)
    assert site.bugs == []


def test_no_word_does_anything_in_a_browser(
    tmp_path: Path, reader: Page, person: Callable[..., Visit], own_marks: frozenset[str]
) -> None:
    """All payloads in a few pages that are opened, with their pictures, and poked."""
    with Workspace.open(tmp_path / "p.db") as plain, Workspace.open(tmp_path / "h.db") as hostile:
        plant(plain, innocent(MANY))
        plant(hostile, MANY)
        known = Known.of(reader, made(plain, HOST), len(MANY))
        with served(hostile) as site:
            anna = person(site)

            def opened(address: str) -> str:
                answer = anna.page.goto(site.root + address)
                (sent,) = structures(reader, [answer.text()])
                assert known.fits(address, sent), address
                anna.page.evaluate(POKE)
                assert own_marks & set(structure(anna.page)) <= set(sent.split("\n")), address
                assert "ALARM" not in anna.page.title().split("alert(")[0], address
                assert anna.complaints() == [], address
                return anna.page.content()

            pages = crawled(site.site, opened, most_alike=1)
    assert any("<svg" in page and "kwaad.invalid" in page for page in pages.values())


def test_no_word_in_a_form_comes_back_as_markup(
    tmp_path: Path, reader: Page, own_marks: frozenset[str]
) -> None:
    """Names, notes, drafts and whatever else can be written: kept, told, refused or in conflict."""
    with Workspace.open(tmp_path / "w.db") as store:
        plant(store, innocent(WORDS[:6]), drawn=1000)
        site = made(store, HOST)
        pages = crawled(site.site, visitor(site), some=few, most_alike=1)
        forms = [(address, at) for address, page in pages.items()
                 for at in range(len(reader.evaluate(FORMS, page)))]  # fmt: skip
        plain = "\n".join(structures(reader, pages.values())).split("\n")
        alien = own_marks - set(plain)
        answers: dict[tuple[str, str], str] = {}
        client = Review(site.site, site.clock).browser()
        for number, words in enumerate(batches(2)):
            address, at = forms[number % len(forms)]
            written = " ".join((str(number), *(word[:MOST] for word in words)))
            shown = answers[address, f"{number} shown"] = client.get(address).text
            form = reader.evaluate(FORMS, shown)
            assert form, address
            chosen = form[at % len(form)]
            fields = chosen["fields"] | dict.fromkeys(chosen["open"], written)
            for attempt in range(1 + (number % 3 == 0)):  # a second time: of an old version
                answer = client.post(chosen["action"], data=fields)
                assert answer.status_code < 500, (address, chosen["action"])
                answers[chosen["action"], f"{number} {attempt}"] = answer.text
        read = dict(zip(answers, structures(reader, answers.values()), strict=True))
    assert {where: found for where, made in read.items()
            if (found := alien & set(made.split("\n")))} == {}  # fmt: skip
    assert site.bugs == []
    assert any("Intussen veranderd" in text for text in answers.values())


def test_no_name_of_a_reviewer_comes_back_as_markup(tmp_path: Path, reader: Page) -> None:
    with Workspace.open(tmp_path / "w.db") as store:
        site = made(store, HOST)
        client = Review(site.site, site.clock).browser(by="")
        shown = [client.get("/name").text]
        for word in (*innocent(WORDS[:1]), *WORDS):
            fields = {"form_token": form_token(shown[-1]), "name": f"A {word}"}
            client.post("/name", data=fields, follow_redirects=False)
            shown.append(client.get("/name").text)
    plain, *hostile = structures(reader, shown[1:])
    assert [word for word, built in zip(WORDS, hostile, strict=True) if built != plain] == []


def test_markup_that_is_let_through_would_be_seen(reader: Page, own_marks: frozenset[str]) -> None:
    (plain,) = structures(reader, ["<!doctype html><p class=a>onschuldig</p>"])
    for word in (PAYLOADS["event-0"], PAYLOADS["svg-0"], PAYLOADS["script-0"]):
        (found,) = structures(reader, [f"<!doctype html><p class=a>{word}</p>"])
        assert found != plain
        assert set(found.split("\n")) - set(plain.split("\n")) <= own_marks
