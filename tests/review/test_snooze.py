"""Giving a tone drop to somebody and letting it wait, as a person without script does it."""

import re
from datetime import timedelta

import pytest

from klankbord.schema import ShiftKind
from klankbord.settings import Settings
from klankbord.store import Matter, ReviewVerb

from .conftest import NOW, Review, assert_shown_as_words, post, shift
from .test_shifts import HOSTILE, addresses, customers

ONE = "/shifts/V-0001"


def text_of(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub("<[^>]+>", " ", page))


def flash_of(page: str) -> str:
    return page[page.index('class="flash"') : page.index('class="browse"')]


def put_off(client, path=ONE, **fields):
    return post(client, f"{path}/snooze", seen=client.get(path).text,
                version=seen_version(client, path), **fields)  # fmt: skip


def give(client, path=ONE, **fields):
    return post(client, f"{path}/assign", seen=client.get(path).text,
                version=seen_version(client, path), **fields)  # fmt: skip


def seen_version(client, path=ONE) -> str:
    return str(re.findall(r'name="version" value="(\d+)"', client.get(path).text)[-1])


def test_snoozing_goes_on_and_takes_it_off_the_list_until_its_day(review: Review):
    client, store = review.browser(), review.site.store
    after = put_off(client, soon="2026-03-16", note="wacht op levering")
    assert after.url.path == "/shifts/V-0002"
    assert "K-0001: uitgesteld tot 16 maart 2026." in after.text
    assert customers(client.get("/shifts").text)[0] == "K-0002"
    waiting = client.get("/shifts?state=snoozed").text
    assert customers(waiting) == ["K-0001"]
    assert "1 uitgesteld" in text_of(waiting)
    assert "Uitgesteld tot 16 maart 2026 door Anna" in waiting
    own = text_of(client.get(ONE).text)
    assert "wacht op levering" in own
    assert "Nu weer beoordelen" in own
    (event,) = store.shift_history("V-0001")
    assert (event.by, event.verb, event.value) == ("Anna", ReviewVerb.UITGESTELD, "2026-03-16")


def test_it_comes_back_by_itself_on_its_day(review: Review, open_review):
    put_off(review.browser(), soon="2026-03-13")
    later = open_review(review.site.store, now=lambda: NOW + timedelta(days=1)).browser()
    assert customers(later.get("/shifts").text)[0] == "K-0001"
    assert customers(later.get("/shifts?state=snoozed").text) == []
    assert "Uitgesteld tot" not in later.get("/shifts").text


def test_tomorrow_monday_and_any_day_are_offered(review: Review):
    page = review.browser().get(ONE).text
    assert re.findall(r'name="soon" value="([^"]+)"', page) == ["2026-03-13", "2026-03-16"]
    assert 'type="date" value="" min="2026-03-13" max="2027-03-13"' in page
    client = review.browser()
    put_off(client, until="2026-12-24")
    assert customers(client.get("/shifts?state=snoozed").text) == ["K-0001"]


@pytest.mark.parametrize("day", ["", "2026-03-12", "2026-03-01", "2027-03-14", "9999-12-31",
                                 "gisteren", "2026-02-30"])  # fmt: skip
def test_a_day_that_makes_no_sense_keeps_what_was_written(review: Review, day: str):
    client = review.browser()
    refused = put_off(client, until=day, note="later bellen")
    assert refused.status_code == 422
    assert "Kies een dag na vandaag, hooguit een jaar vooruit." in refused.text
    assert 'value="later bellen"' in refused.text
    assert '<details data-key="s" open>' in refused.text
    assert review.site.store.shift_history("V-0001") == ()


def test_snoozing_is_undone_from_the_next_page_and_ended_from_its_own(review: Review):
    client, store = review.browser(), review.site.store
    after = put_off(client, soon="2026-03-16").text
    back = post(client, f"{ONE}/undo/uitstel", seen=flash_of(after))
    assert back.url.path == ONE
    assert store.listed_shift("V-0001").snoozed_until is None
    put_off(client, soon="2026-03-16")
    ended = put_off(client, wake="1")
    assert "staat weer bij wat te beoordelen is" in ended.text
    assert customers(client.get("/shifts").text)[0] == "K-0001"
    history = text_of(ended.text)
    assert "Uitstel opgeheven" in history
    assert "Uitstel ongedaan gemaakt" in history


def test_assigning_to_a_person_a_department_and_nobody(review: Review):
    client, store = review.browser(), review.site.store
    page = give(client, assignee="  Bram \u202ede  Boer ").text
    assert "K-0001: toegewezen aan Bram de Boer." in page
    assert store.listed_shift("V-0001").assignee == "Bram de Boer"
    assert "Toegewezen aan <bdi>Bram de Boer</bdi>" in client.get("/shifts").text
    give(client, assignee="customer service")
    assert store.listed_shift("V-0001").assignee == "Customer Service"
    give(client, to_me="1")
    assert store.listed_shift("V-0001").assignee == "Anna"
    assert "to_me" not in client.get(ONE).text
    assert "niet meer toegewezen" in give(client, to_nobody="1").text
    assert store.listed_shift("V-0001").assignee == ""
    assert give(client, assignee="  \u202e ").status_code == 422


def test_a_department_is_the_same_in_each_language(review: Review, open_review):
    english = open_review(review.site.store, settings=Settings(language="en")).browser()
    give(english, assignee="Distribution")
    assert review.site.store.listed_shift("V-0001").assignee == "Distributie"
    assert "Assigned to <bdi>Distribution</bdi>" in english.get("/shifts").text
    assert "Toegewezen aan <bdi>Distributie</bdi>" in review.browser().get("/shifts").text


def test_names_seen_before_and_departments_are_suggested(review: Review):
    review.site.store.judge_shift(shift(9), real=True, at=NOW, by="Carla")
    review.site.store.assign_shift("V-0003", "Dirk", at=NOW, by="Anna")
    page = review.browser().get(ONE).text
    names = re.findall(r'<option value="([^"]+)">', page)
    assert {"Anna", "Carla", "Dirk", "Sales", "Customer Service"} <= set(names)
    assert len(names) == len({name.casefold() for name in names})


def test_mine_nobodys_and_somebodys(review: Review):
    anna, store = review.browser(), review.site.store
    for number, name in ((3, "anna"), (6, "Bram"), (8, "Anna"), (9, "Bram")):
        store.assign_shift(f"V-{number:04}", name, at=NOW, by="Carla")
    store.snooze_shift("V-0009", NOW.date() + timedelta(days=3), at=NOW, by="Carla")
    assert customers(anna.get("/shifts?who=me").text) == ["K-0003", "K-0008"]
    assert customers(anna.get("/shifts?who=name:BRAM").text) == ["K-0006"]
    assert customers(anna.get("/shifts?who=name:bram&state=snoozed").text) == ["K-0009"]
    nobody = customers(anna.get("/shifts?who=nobody&state=all").text)
    assert nobody[:4] == ["K-0001", "K-0002", "K-0004", "K-0005"]
    first = anna.get("/shifts/V-0003?who=me").text
    assert addresses(first, "next") == ["/shifts/V-0008?who=me"]
    after = post(anna, "/shifts/V-0003/verdict", seen=first, verdict="real", who="me")
    assert str(after.url).endswith("/shifts/V-0008?who=me")
    page = anna.get("/shifts").text
    assert "who=name%3ABram" in page
    assert 'Van mij <span class="soft">1</span>' in page
    kinds = {ShiftKind.ESCALATIE}
    assert all(f"kind={kind}&amp;who=me" in anna.get("/shifts?who=me").text for kind in kinds)


@pytest.mark.parametrize("who", ["", "x", "name:", "name:%E2%80%AE", "name:" + "a" * 500, "%00"])
def test_whose_shifts_that_makes_no_sense(review: Review, who: str):
    assert review.browser().get(f"/shifts?who={who}").status_code == 200
    assert review.browser().get(f"{ONE}?who={who}").status_code == 200


def test_who_comes_second_sees_it_and_loses_nothing(review: Review):
    anna, bram, store = review.browser(), review.browser(by="Bram"), review.site.store
    seen = bram.get(ONE).text
    give(anna, assignee="Carla")
    refused = post(bram, f"{ONE}/snooze", seen=seen, soon="2026-03-16", note="mijn notitie",
                   version="0")  # fmt: skip
    assert refused.status_code == 409
    assert "Anna heeft deze melding intussen toegewezen aan Carla" in refused.text
    assert 'value="mijn notitie"' in refused.text
    assert store.listed_shift("V-0001").snoozed_until is None
    refused = post(bram, f"{ONE}/assign", seen=seen, assignee="Bram", note="x", version="0")
    assert refused.status_code == 409
    assert 'name="assignee" list="names" value="Bram"' in refused.text
    refused = post(bram, f"{ONE}/verdict", seen=seen, verdict="real", note="oordeel", version="0")
    assert refused.status_code == 409
    assert ">oordeel</textarea>" in refused.text
    assert store.listed_shift("V-0001").assignee == "Carla"
    put_off(bram, soon="2026-03-16")
    late = post(anna, f"{ONE}/undo/toewijzing", version="1")
    assert late.status_code == 409
    assert "Bram heeft deze melding intussen uitgesteld tot 16 maart 2026" in late.text


def test_undoing_what_is_no_plan(review: Review):
    client = review.browser()
    assert post(client, f"{ONE}/undo/oordeel", version="0").status_code == 404
    assert post(client, f"{ONE}/undo/x", version="0").status_code == 404
    assert review.site.store.shift_history("V-0001") == ()


def test_hostile_names_and_notes_are_shown_as_words(review: Review):
    client, store = review.browser(by=HOSTILE), review.site.store
    store.assign_shift("V-0001", HOSTILE, at=NOW, by=HOSTILE, note=HOSTILE)
    store.snooze_shift("V-0001", NOW.date() + timedelta(days=2), at=NOW, by=HOSTILE)
    stale = post(client, f"{ONE}/assign", assignee=HOSTILE, note=HOSTILE, version="0")
    given = give(client, assignee=HOSTILE, note=HOSTILE)
    store.undo_plan("V-0001", Matter.UITSTEL, at=NOW, by=HOSTILE)
    pages = [stale.text, given.text, client.get(ONE).text,
             client.get("/shifts?state=all").text,
             client.get("/shifts", params={"who": f"name:{HOSTILE}"}).text]  # fmt: skip
    assert review.bugs == []
    for page in pages:
        assert_shown_as_words(page)
        assert "60481729" not in page
