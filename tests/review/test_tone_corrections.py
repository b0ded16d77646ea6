"""Saying that a tone was read wrongly, or rightly, and taking that back."""

import re

import pyarrow as pa
import pytest

from klankbord.schema import FEEDBACK, Tone, conform
from klankbord.settings import Settings

from .conftest import NOW, Review, post, said
from .test_shifts import HOSTILE

ONE = "/shifts/V-0001"


def text_of(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub("<[^>]+>", " ", page))


def offered(page: str, own: str) -> list[str]:
    """The tones that the first form for a piece offers."""
    at = page.index(f'name="feedback_id" value="{own}"')
    return re.findall(r'name="tone" value="(\w+)"', page[at : page.index("</form>", at)])


def correct(client, own: str, tone: str, path: str = f"{ONE}/tone", label: str = "0", **more: str):
    page = client.get("/shifts/V-0001").text
    token = re.search(r'name="form_token" value="([^"]+)"', page)
    assert token
    fields = {"form_token": token[1], "feedback_id": own, "tone": tone, "seen": label} | more
    return client.post(path, data=fields)


def tones(review: Review) -> dict[str, str]:
    labels = review.site.store.tone_labels()
    return dict(zip(labels["feedback_id"].to_pylist(), labels["tone"].to_pylist(), strict=True))


def test_each_piece_of_the_customer_offers_the_other_tones_and_that_it_is_right(review: Review):
    page = review.browser().get(ONE).text
    assert offered(page, "f1")[0] == "enthousiast"
    assert sorted(offered(page, "f1")) == sorted(tone.value for tone in Tone)
    assert 'value="neutraal">klopt</button>' in page


def test_what_an_employee_said_has_no_tone_to_correct(review: Review):
    rows = [{"feedback_id": "m1", "source": "csv", "channel": "chat", "customer_id": "K-0001",
             "author_role": "agent", "verbatim": "Waarmee kan ik helpen?", "attributes": "{}",
             "received_at": NOW}]  # fmt: skip
    review.site.store.add_feedback(conform(pa.Table.from_pylist(rows, FEEDBACK), FEEDBACK))
    client = review.browser()
    page = client.get(ONE).text
    assert "Waarmee kan ik helpen?" in page
    assert 'name="feedback_id" value="m1"' not in page
    refused = correct(client, "m1", "boos")
    assert refused.status_code == 404
    assert "Deze reactie is er niet meer" in refused.text
    assert tones(review) == {}


def test_a_correction_stands_beside_the_piece_with_who_said_it(review: Review):
    client = review.browser()
    page = correct(client, "f1", "neutraal", kind="verkoeling")
    assert page.url.path == ONE
    assert page.url.query == b"kind=verkoeling"
    assert "De toon is nu neutraal." in page.text
    assert "Toon volgens Anna, 12 mrt 2026, 12:00; gelezen als enthousiast" in page.text
    assert tones(review) == {"f1": "neutraal"}
    assert "klopt" not in page.text[page.text.index('value="f1"') : page.text.index('value="f2"')]
    assert review.site.store.tone_labels()["labelled_by"].to_pylist() == ["Anna"]


def test_that_it_is_right_is_kept_as_well(review: Review):
    page = correct(review.browser(), "f2", "neutraal").text
    assert "Klopt volgens Anna, 12 mrt 2026, 12:00" in page
    assert tones(review) == {"f2": "neutraal"}


def test_undo_at_once_and_later(review: Review):
    client = review.browser()
    for _ in range(2):
        page = correct(client, "f1", "boos").text
        flash = page[page.index('class="flash"') : page.index('class="browse"')]
        address = re.search(r'action="([^"]+)"', flash)
        assert address
        back = post(client, address[1], seen=flash)
        assert back.url.path == ONE
        assert "is teruggenomen" in back.text
        assert tones(review) == {}
    page = correct(client, "f1", "boos").text
    after = page[page.index("Toon volgens Anna") :]
    again = re.search(r'action="(/shifts/V-0001/tone/\d+/undo)"', after)
    assert again
    post(client, again[1], seen=page, version="0")
    assert tones(review) == {}


def test_who_comes_second_sees_what_the_first_said(review: Review):
    anna, bram = review.browser(), review.browser(by="Bram")
    label = review.site.store.correct_tone("f1", Tone.POSITIEF, at=NOW, by="Anna")
    refused = correct(bram, "f1", "boos", label="0")
    assert refused.status_code == 409
    assert "Anna heeft deze reactie intussen de toon positief gegeven" in refused.text
    assert tones(review) == {"f1": "positief"}
    correct(bram, "f1", "boos", label=str(label))
    assert tones(review) == {"f1": "boos"}
    late = post(anna, f"{ONE}/tone/{label}/undo", version="0")
    assert late.status_code == 409
    assert "gold al niet meer" in late.text
    assert tones(review) == {"f1": "boos"}


@pytest.mark.parametrize("tone", ["", "blij", "BOOS", "<b>"])
def test_a_tone_that_is_none(review: Review, tone: str):
    client = review.browser()
    assert correct(client, "f1", tone).status_code == 400
    assert correct(client, "f1", tone, path="/tones/correct").status_code == 400
    for wrong in ("", "x", "²", "-1", "9" * 40):
        assert correct(client, "f1", "boos", label=wrong).status_code == 409
    assert tones(review) == {}


def test_the_page_of_tones_lists_what_was_corrected_and_what_for(review: Review):
    client, store = review.browser(), review.site.store
    assert "Nog niemand heeft een toon verbeterd" in client.get("/tones").text
    store.correct_tone("f1", Tone.NEUTRAAL, at=NOW, by="Bram")
    store.correct_tone("f2", Tone.NEUTRAAL, at=NOW, by="Bram")
    gone = store.correct_tone("f3", Tone.BOOS, at=NOW, by="Bram")
    store.withdraw_correction(gone, at=NOW, by="Carla")
    page = client.get("/tones").text
    text = text_of(page)
    assert "enthousiast → neutraal Bram, 12 mrt 2026, 12:00" in text
    assert "neutraal klopt Bram" in text
    assert "teruggenomen door Carla" in text
    assert "3 oordelen gegeven, 2 van kracht" in text
    assert "klankbord train --out eigen-model" in text
    assert "tellen deze oordelen niet mee" in text
    undo = re.findall(r'action="(/tones/\d+/undo)"', page)
    assert len(undo) == 2
    after = post(client, undo[0], seen=page, version="0")
    assert after.url.path == "/tones"
    assert tones(review) == {"f1": "neutraal"}


def test_the_list_comes_in_pages(review: Review):
    words = {f"p{number}": f"bericht {number}" for number in range(60)}
    store = review.site.store
    rows = [{"feedback_id": own, "source": "csv", "channel": "survey", "customer_id": "K-7",
             "author_role": "customer", "verbatim": text, "attributes": "{}",
             "received_at": NOW} for own, text in words.items()]  # fmt: skip
    store.add_feedback(conform(pa.Table.from_pylist(rows, FEEDBACK), FEEDBACK))
    for own in words:
        store.correct_tone(own, Tone.BOOS, at=NOW, by="Anna")
    client = review.browser()
    for path in ("/tones", "/tones?q=bericht"):
        seen, address = [], path
        while address:
            page = client.get(address).text
            seen.append(len(re.findall(r"bericht \d+", text_of(page))))
            following = re.search(r'href="([^"]+)" rel="next"', page)
            address = following[1].replace("&amp;", "&") if following else ""
        assert seen == [25, 25, 10]
    assert client.get("/tones?page=99").status_code == 200


def test_search_and_correct_without_a_shift(review: Review):
    client = review.browser()
    page = client.get("/tones?q=TOPSERVICE").text
    assert "<mark>topservice</mark>" in page
    assert "Prima, bedankt." not in page
    assert offered(page, "f1")[0] == "enthousiast"
    after = correct(client, "f1", "neutraal", path="/tones/correct", q="TOPSERVICE")
    assert str(after.url).split("#")[0].endswith("/tones?q=TOPSERVICE")
    assert "gelezen als enthousiast" in after.text
    assert tones(review) == {"f1": "neutraal"}
    by_customer = client.get("/tones?q=K-0001").text
    assert text_of(by_customer).count("Vraag: Hoe was het?") == 3
    assert "Niets gevonden" in client.get("/tones?q=bestaatniet").text
    stale = correct(client, "f1", "boos", path="/tones/correct", q="TOPSERVICE")
    assert stale.status_code == 409
    assert "<mark>topservice</mark>" in stale.text
    assert correct(client, "weg", "boos", path="/tones/correct").status_code == 404


@pytest.mark.parametrize("query", ["q=&page=-1", "q=%00", "q=%25", "q=_", "page=9e9",
                                   "q=" + "a" * 5000, "page=99999999999999999999"])  # fmt: skip
def test_a_search_that_makes_no_sense(review: Review, query: str):
    assert review.browser().get(f"/tones?{query}").status_code == 200
    assert review.bugs == []


def test_hostile_words_stay_words(review: Review):
    store = review.site.store
    feedback, scores = said("K-hostile", {"f1": HOSTILE, "f2": "x", "f3": "y"})
    store.add_feedback(feedback)
    store.save_scores(scores)
    client = review.browser(by=HOSTILE)
    store.correct_tone("f1", Tone.BOOS, at=NOW, by=HOSTILE)
    pages = [client.get("/tones").text, client.get("/tones", params={"q": HOSTILE}).text,
             client.get("/tones", params={"q": "script"}).text,
             correct(client, "f1", "boos", path="/tones/correct", q=HOSTILE).text,
             client.get(ONE).text]  # fmt: skip
    store.withdraw_correction(store.tones_said(("f1",))["f1"].label_id, at=NOW, by=HOSTILE)
    pages.append(client.get("/tones").text)
    assert review.bugs == []
    for page in pages:
        assert page.count("<script>") == page.count("</script>") == 1
        assert "<img" not in page
        assert "<svg onload" not in page
        assert "\u202e" not in page
        assert "60481729" not in page


def test_the_pages_in_english(open_review, workspace):
    client = open_review(workspace, settings=Settings(language="en")).browser()
    assert "Find feedback by words or customer" in client.get("/tones").text
    page = correct(client, "f1", "neutraal").text
    assert "Tone according to Anna, 12 Mar 2026, 12:00; read as enthusiastic" in page
