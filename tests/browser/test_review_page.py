"""The review page as people use it: by mouse or keyboard, without script, several at once."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import TYPE_CHECKING

import pytest
from reviewed import plant
from reviewing import Served, served

from klankbord.review.access import IDLE_SECONDS, UNUSED_SECONDS
from klankbord.settings import Settings
from klankbord.store import ReviewVerb, Workspace

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Page

    from .conftest import Visit

    Person = Callable[..., Visit]

pytestmark = pytest.mark.browser

MANY = ["rustig"] * 30
FIRST, SECOND, THIRD = "/shifts/V-0002", "/shifts/V-0004", "/shifts/V-0006"  # odd ones are judged


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Served]:
    """A site with thirty shifts, fifteen of which are judged."""
    with Workspace.open(tmp_path / "w.db") as store:
        plant(store, MANY, drawn=100)
        with served(store) as one:
            yield one


def done(site: Served, shift: str) -> list[tuple[ReviewVerb, str, str]]:
    """Return what was done with a shift since it was planted: verb, by whom, note."""
    history = site.site.store.shift_history(shift.rpartition("/")[2])
    return [(event.verb, event.by, event.note) for event in history if "rustig" not in event.by]


def at(page: Page) -> str:
    return page.evaluate("location.pathname")


def heading(page: Page) -> str:
    return page.locator("h1").inner_text()


def flash(page: Page) -> str:
    return page.get_by_role("status").inner_text()


def test_from_the_address_to_a_judgement_and_back(site: Served, person: Person) -> None:
    anna = person(site, by="")
    page = anna.page
    page.goto(site.site.new_address())
    assert at(page) == "/name"
    assert "Wie bent u?" in page.title()
    page.get_by_label("Naam").fill("Anna de Vries")
    page.get_by_role("button", name="Beginnen").click()
    assert at(page) == "/shifts"
    assert "Anna de Vries" in page.locator("header").inner_text()
    assert heading(page).startswith("Nog 13")  # of 30, 15 judged and 2 put off
    assert "token" not in page.url

    page.locator("[data-row]").first.click()
    assert at(page) == FIRST
    page.get_by_label("Notitie").first.fill("Gebeld, klopt.")
    page.get_by_role("button", name="Bevestigen").click()
    assert at(page) == SECOND
    assert "bevestigd" in flash(page)
    assert done(site, FIRST) == [(ReviewVerb.BEVESTIGD, "Anna de Vries", "Gebeld, klopt.")]

    page.get_by_role("status").get_by_role("button", name="Ongedaan maken").click()
    assert at(page) == FIRST
    assert "teruggenomen" in flash(page)
    assert site.site.store.listed_shift("V-0002").real is None

    page.get_by_role("button", name="Vals alarm").click()
    assert at(page) == SECOND
    assert site.site.store.listed_shift("V-0002").real is False
    page.get_by_label("Notitie").first.fill("Eerst de storing afwachten.")
    page.get_by_role("button", name="Alleen de notitie").click()
    assert at(page) == SECOND
    assert "Eerst de storing afwachten." in page.locator(".history").inner_text()
    assert site.site.store.listed_shift("V-0004").real is None
    assert anna.complaints() == []


def test_by_keyboard_alone(site: Served, person: Person) -> None:
    anna = person(site, by="")
    page, press = anna.page, anna.page.keyboard.press
    page.goto(site.site.new_address())
    page.keyboard.type("Anna")
    press("Enter")
    page.wait_for_url("**/shifts")
    focused = "document.activeElement.getAttribute('href')"
    for key, expected in (("j", FIRST), ("j", SECOND), ("k", FIRST), ("k", FIRST)):
        press(key)
        assert page.evaluate(focused) == expected
    press("?")
    assert page.locator(".keys dl").is_visible()
    press("?")
    assert not page.locator(".keys dl").is_visible()
    press("j")
    press("Enter")
    page.wait_for_url(f"**{FIRST}")
    for key, expected in (("j", SECOND), ("k", FIRST), ("l", "/shifts")):
        press(key)
        page.wait_for_url(f"**{expected}")
    page.goto(site.root + FIRST)
    press("b")
    page.wait_for_url(f"**{SECOND}")
    press("v")
    page.wait_for_url(f"**{THIRD}")
    press("u")
    page.wait_for_url(f"**{SECOND}")
    assert [verb for verb, _, _ in done(site, FIRST)] == [ReviewVerb.BEVESTIGD]
    assert [verb for verb, _, _ in done(site, SECOND)] == [
        ReviewVerb.VALS_ALARM, ReviewVerb.ONGEDAAN,
    ]  # fmt: skip
    assert anna.complaints() == []


def test_keys_do_nothing_while_somebody_types(site: Served, person: Person) -> None:
    page = person(site, path=FIRST).page
    note = page.get_by_label("Notitie").first
    note.focus()
    page.keyboard.type("bvulkj?")
    assert note.input_value() == "bvulkj?"
    assert at(page) == FIRST
    page.keyboard.press("Escape")
    page.keyboard.press("Control+b")
    assert at(page) == FIRST
    assert done(site, FIRST) == []
    page.keyboard.press("b")
    page.wait_for_url(f"**{SECOND}")
    assert done(site, FIRST) == [(ReviewVerb.BEVESTIGD, "Anna", "bvulkj?")]


def test_it_works_without_script(site: Served, person: Person) -> None:
    anna = person(site, java_script_enabled=False)
    page = anna.page
    page.get_by_role("link", name="Beoordeeld").click()
    page.get_by_role("link", name="Te beoordelen").click()
    page.locator("[data-row]").first.click()
    assert page.url.startswith(site.root + FIRST)
    page.get_by_label("Notitie").first.fill("Zonder script.")
    page.get_by_role("button", name="Bevestigen").click()
    page.get_by_role("status").get_by_role("button", name="Ongedaan maken").click()
    page.get_by_role("button", name="Vals alarm").click()
    verbs = [verb for verb, _, _ in done(site, FIRST)]
    assert verbs == [ReviewVerb.BEVESTIGD, ReviewVerb.ONGEDAAN, ReviewVerb.VALS_ALARM]
    page.get_by_role("link", name="Collega uitnodigen").click()
    page.get_by_role("button", name="Adres maken").click()
    assert "/enter?token=" in page.get_by_label("Adres voor uw collega").input_value()
    page.get_by_role("button", name="Afsluiten").click()
    page.get_by_text("U bent klaar").first.wait_for()
    assert "U bent klaar" in page.title()


def test_two_people_at_once_lose_nothing(address: Path | str, person: Person) -> None:
    with Workspace.open(address) as store:
        plant(store, ["rustig"] * 5, drawn=100)
        with served(store) as site:
            anna, bram = person(site, path=FIRST), person(site, by="Bram", path=FIRST)
            anna.page.get_by_label("Notitie").first.fill("Klopt niet.")
            bram.page.get_by_label("Notitie").first.fill("Ik heb gebeld: klopt.")
            anna.page.get_by_role("button", name="Vals alarm").click()
            bram.page.get_by_role("button", name="Bevestigen").click()
            told = bram.page.get_by_role("alert").inner_text()
            assert "Anna" in told
            assert "Intussen veranderd" in told
            assert store.listed_shift("V-0002").real is False
            note = bram.page.get_by_label("Notitie").first
            assert note.input_value() == "Ik heb gebeld: klopt."
            bram.page.get_by_role("button", name="Bevestigen").click()
            assert store.listed_shift("V-0002").real is True
            assert done(site, FIRST) == [
                (ReviewVerb.VALS_ALARM, "Anna", "Klopt niet."),
                (ReviewVerb.BEVESTIGD, "Bram", "Ik heb gebeld: klopt."),
            ]
            for one in (anna, bram):
                assert [line for line in one.complaints() if "409" not in line] == []
                one.page.context.close()


def test_a_colleague_is_invited(site: Served, person: Person) -> None:
    anna, bram = person(site), person(site, by="")
    anna.page.get_by_role("link", name="Collega uitnodigen").click()
    anna.page.get_by_role("button", name="Adres maken").click()
    address = anna.page.get_by_label("Adres voor uw collega").input_value()
    bram.page.goto(address)
    bram.page.get_by_label("Naam").fill("Bram")
    bram.page.keyboard.press("Enter")
    bram.page.wait_for_url("**/shifts")
    assert "Bram" in bram.page.locator("header").inner_text()
    anna.page.reload()
    assert anna.page.get_by_label("Adres voor uw collega").count() == 0
    assert anna.complaints() + bram.complaints() == []


def test_a_wrong_a_used_and_an_old_address_say_so(site: Served, person: Person) -> None:
    used, old = site.site.new_address(), site.site.new_address()
    person(site, by="").page.goto(used)
    page = person(site, by="").page
    for address in (used, f"{site.root}/enter?token=geraden"):
        page.goto(address)
        assert "al gebruikt" in heading(page)
    site.clock[0] += UNUSED_SECONDS + 1
    page.goto(old)
    assert "verlopen" in heading(page)
    page.goto(f"{site.root}/shifts")
    assert "Geen toegang" in heading(page)
    assert "K-00" not in page.content()
    page.goto(site.told[-1])
    assert at(page) == "/name"


def test_an_expired_session_loses_nothing_but_itself(site: Served, person: Person) -> None:
    page = person(site, path=FIRST).page
    site.clock[0] += IDLE_SECONDS + 1
    page.get_by_role("button", name="Bevestigen").click()
    assert "verlopen" in heading(page)
    assert done(site, FIRST) == []
    (told,) = site.told
    page.goto(told)
    page.get_by_label("Naam").fill("Anna")
    page.keyboard.press("Enter")
    page.wait_for_url("**/shifts")


def test_a_form_with_the_token_of_another_session_is_refused(site: Served, person: Person) -> None:
    anna, bram = person(site, path=FIRST), person(site, by="Bram", path=FIRST)
    token = "document.querySelector('[name=form_token]').value"
    theirs = bram.page.evaluate(token)
    assert theirs != anna.page.evaluate(token)
    anna.page.evaluate(
        "(token) => document.querySelectorAll('[name=form_token]')"
        ".forEach((field) => { field.value = token; })",
        theirs,
    )
    anna.page.get_by_role("button", name="Bevestigen").click()
    assert "niet vertrouwd" in heading(anna.page)
    assert done(site, FIRST) == []
    anna.page.goto(site.root + FIRST)
    assert at(anna.page) == FIRST


@pytest.fixture
def elsewhere(site: Served) -> Iterator[str]:
    """Another site, with a link to a page of ours and a form that judges when it is opened."""
    page = (
        f"<!doctype html><a href='{site.root}{FIRST}'>kijk</a><a href='{site.site.new_address()}'>"
        f"kom</a><form method=post action='{site.root}{FIRST}/verdict'>"
        "<input name=verdict value=real><input name=version value=0><button>win</button></form>"
    )

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("content-type", "text/html")
            self.end_headers()
            self.wfile.write(page.encode())

        def log_message(self, *_about: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://localhost:{server.server_port}/"
    server.shutdown()
    server.server_close()


def test_links_from_chat_or_mail_work_and_forms_from_there_do_not(
    site: Served, person: Person, elsewhere: str
) -> None:
    page = person(site, by="").page
    page.goto(elsewhere)
    page.get_by_text("kom").click()
    page.get_by_label("Naam").fill("Anna")
    page.keyboard.press("Enter")
    page.wait_for_url("**/shifts")
    page.goto(elsewhere)
    page.get_by_text("kijk").click()
    assert at(page) == FIRST
    assert page.locator("article.shift").count() == 1
    page.goto(elsewhere)
    page.get_by_text("win").click()
    assert "Bevestigd" not in page.content()
    assert done(site, FIRST) == []


def test_leaving_ends_the_session(site: Served, person: Person) -> None:
    page = person(site, path=FIRST).page
    cookies = page.context.cookies()
    page.get_by_role("button", name="Afsluiten").click()
    assert "U bent klaar" in heading(page)
    assert page.context.cookies() == []
    page.context.add_cookies(cookies)
    page.goto(site.root + FIRST)
    assert "Geen toegang" in heading(page)
    with page.expect_navigation():
        page.evaluate("history.go(-2)")
    assert "K-0002" not in page.content()


@pytest.mark.parametrize(
    ("language", "queue", "shift"), [("nl", "Toondalingen", "Verkoeling|Escalatie|Herstel"),
                                     ("en", "Tone drops", "Cooling|Escalation|Recovery")],
)  # fmt: skip
def test_title_and_language_are_told(
    tmp_path: Path, person: Person, language: str, queue: str, shift: str
) -> None:
    with Workspace.open(tmp_path / "w.db") as store:
        plant(store, ["rustig"] * 3, drawn=100)
        with served(store, Settings(language=language)) as site:
            page = person(site, by="").page
            page.goto(site.site.new_address())
            page.locator("#name").fill("Anna")
            page.keyboard.press("Enter")
            page.wait_for_url("**/shifts")
            assert page.title() == f"{queue} · Klankbord"
            page.locator("[data-row]").first.click()
            page.wait_for_url("**/shifts/*")  # until it is loaded, head and all
            assert re.fullmatch(rf"({shift}) .*K-0002.* · Klankbord", page.title())
            assert page.evaluate("document.documentElement.lang") == language
