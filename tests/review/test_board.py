"""The actions board, as a person without script uses it."""

import re
from dataclasses import replace
from datetime import date, timedelta

import pytest

from klankbord.loop import ActionState, Outcome
from klankbord.records import Theme
from klankbord.settings import Settings

from .conftest import NOW, Review, action

TODAY = NOW.date()


def shown(page: str) -> list[str]:
    return re.findall(r'<bdi class="who">([^<]+)</bdi>', page)


def choices(page: str, label: str) -> dict[str, str]:
    """The filters of a row by name, with their numbers."""
    row = re.search(rf'<nav class="filter" aria-label="{label}">(.*?)</nav>', page, re.DOTALL)
    assert row, label
    found = re.findall(r">([^<>]+) <span class=\"soft\">([^<]+)</span></a>", row[1])
    return dict(found)


def href(page: str, label: str) -> str:
    found = re.search(rf'href="([^"]+)"[^>]*>{re.escape(label)}[ <]', page)
    assert found, label
    return found[1].replace("&amp;", "&")


@pytest.fixture
def filled(review: Review) -> Review:
    """Sixty open actions, one a day from a week ago; four are Finance's, one is structural."""
    planned = [
        action(f"K-{n:04}", due=TODAY + timedelta(days=n - 8), priority=n / 100,
               owner="Finance" if n % 15 == 0 else "Sales")
        for n in range(1, 60)
    ]  # fmt: skip
    planned.append(action("T", action_id="A-T", loop="outer", customer_id=None, theme_id="T-1",
                          due=TODAY + timedelta(days=52), priority=0.6))  # fmt: skip
    store = review.site.store
    with store._writing() as connection:
        connection.exec_driver_sql("DELETE FROM action")
    store.merge_actions(planned, at=NOW)
    return review


def test_the_board_comes_in_pages_of_25_by_due_date(filled: Review):
    client, seen, sizes = filled.browser(), [], []
    address = "/actions"
    while address:
        page = client.get(address).text
        sizes.append(len(shown(page)))
        seen += shown(page)
        following = re.search(r'href="([^"]+)" rel="next"', page)
        address = following[1].replace("&amp;", "&") if following else ""
    assert sizes == [25, 25, 10]
    assert seen == [*(f"K-{n:04}" for n in range(1, 60)), "T-1"]
    assert "60 open acties" in page
    assert "Pagina 3 van 3" in page


def test_the_most_pressing_first_if_asked(filled: Review):
    client = filled.browser()
    page = client.get(href(client.get("/actions").text, "prioriteit")).text
    assert shown(page)[:3] == ["T-1", "K-0059", "K-0058"]


def test_every_filter_says_how_many_it_holds_and_keeps_the_others(filled: Review):
    client, store = filled.browser(), filled.site.store
    store.update_action("A-K-0015", at=NOW, by="Bram", status=ActionState.UITGEVOERD)
    page = client.get("/actions").text
    assert choices(page, "Welke acties") == {"Open": "60", "Te laat": "7", "Gesloten": "0"}
    assert choices(page, "Afdeling") == {
        "Alle afdelingen": "60", "Sales": "56", "Finance": "3", "Customer Service": "1",
    }  # fmt: skip
    page = client.get(href(page, "Finance")).text
    assert shown(page) == ["K-0015", "K-0030", "K-0045"]
    assert choices(page, "Stap")["uitgevoerd"] == "1"
    page = client.get(href(page, "uitgevoerd")).text
    assert shown(page) == ["K-0015"]
    assert choices(page, "Afdeling")["Finance"] == "1"
    assert choices(page, "Voor wie") == {
        "Klant en structureel": "1", "Eén klant": "1", "Structureel": "0",
    }  # fmt: skip
    assert re.search(r'<a href="/actions/A-K-0015\?department=Finance[^"]+" data-row>', page)


def test_what_is_late_says_so_in_words(filled: Review):
    client, store = filled.browser(), filled.site.store
    store.escalate(date(2026, 6, 1), at=NOW)
    page = client.get("/actions?shown=late").text
    assert shown(page) == [f"K-{n:04}" for n in range(1, 8)]
    assert "7 acties zijn te laat" in page
    assert '<strong class="late">7 dagen te laat</strong>' in page
    assert '<strong class="late">1 dag te laat</strong>' in page
    assert "gemeld aan" in page
    assert "te laat</strong>" not in client.get("/actions?page=2").text
    store.update_action("A-K-0001", at=NOW, by="Bram", status=ActionState.UITGEVOERD)
    assert "K-0001" not in client.get("/actions?shown=late").text


def test_closed_ones_with_their_outcome_the_last_first(filled: Review):
    client, store = filled.browser(), filled.site.store
    for days, number in ((0, 3), (2, 4), (1, 5)):
        at = NOW + timedelta(days=days)
        store.close_action(f"A-K-{number:04}", Outcome.BEWUST_AFSCHEID, at=at, by="Bram")
    page = client.get("/actions?shown=closed").text
    assert shown(page) == ["K-0004", "K-0005", "K-0003"]
    assert "3 gesloten acties" in page
    assert page.count(">bewust afscheid</strong>") == 3
    assert "14 mrt 2026" in page
    assert "te laat</strong>" not in page


def test_a_structural_action_is_named_by_its_theme(filled: Review):
    theme = Theme("T-1", None, "Wachttijd", (), 3, 0.1, "stabiel", None, (), None, "", (), ())
    filled.site.store.save_themes([theme])
    assert shown(filled.browser().get("/actions?loop=outer").text) == ["Wachttijd"]


@pytest.mark.parametrize("query", ["page=99", "page=-1", "page=²", "shown=x&step=x&loop=x&order=x",
                                   "page=99999999999999999999"])  # fmt: skip
def test_what_makes_no_sense_is_left_at_its_default(filled: Review, query: str):
    assert shown(filled.browser().get(f"/actions?{query}").text)


def test_an_empty_board_says_why(review: Review):
    client, store = review.browser(), review.site.store
    assert "Geen acties die hieraan voldoen." in client.get("/actions?department=<b>").text
    store.close_action("A-K-0001", Outcome.VALS_ALARM, at=NOW, by="Bram")
    assert "Er staat niets meer open." in client.get("/actions").text
    with store._writing() as connection:
        connection.exec_driver_sql("DELETE FROM action")
    assert "Er zijn nog geen acties." in client.get("/actions").text


def test_a_department_that_is_not_known_any_more_still_has_its_filter(review: Review):
    store = review.site.store
    store.merge_actions([action("K-0001"), action("K-0002", owner="Inkoop")], at=NOW)
    client = review.browser()
    page = client.get("/actions").text
    assert shown(client.get(href(page, "Inkoop")).text) == ["K-0002"]


def test_the_board_in_english(open_review, workspace):
    client = open_review(workspace, settings=Settings(language="en")).browser()
    page = client.get("/actions").text
    assert "1 open action<" in page
    assert "2 days late" in page
    assert "Actions</a>" in page


def test_a_row_links_to_the_page_of_the_action_within_the_filter(review: Review):
    store = review.site.store
    store.merge_actions(
        [replace(action("K-0001"), action_id="A?é&amp;", kind="terugbellen")], at=NOW
    )
    client = review.browser()
    page = client.get("/actions?order=priority&step=actieplan").text
    for address in re.findall(r'<a href="([^"]+)" data-row>', page):
        there = client.get(address.replace("&amp;", "&"))
        assert there.status_code == 200, address
        assert 'href="/actions?step=actieplan&amp;order=priority"' in there.text
