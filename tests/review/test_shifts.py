"""The queue of tone drops, as a person without script uses it."""

import re

import pytest

from klankbord.records import Quote
from klankbord.schema import ShiftKind, Tone
from klankbord.settings import Settings
from klankbord.store import ReviewVerb

from .conftest import NOW, Review, action, assert_shown_as_words, post, said, shift

HOSTILE = (
    "<script>alert(1)</script></script></style></title></textarea><img src=x onerror=alert(1)>"
    "<svg onload=alert(1)>{{ 7777*7777 }}{% raw %}\"'`&lt;\u202egnp.exe\u2066\x07"
    "javascript:alert(1) https://example.invalid/x.js"
)


def customers(page: str) -> list[str]:
    return re.findall(r'<bdi class="who">([^<]+)</bdi>', page)


def addresses(page: str, rel: str) -> list[str]:
    return [
        found.replace("&amp;", "&") for found in re.findall(rf'href="([^"]+)" rel="{rel}"', page)
    ]


def test_the_list_comes_in_pages_of_25(review: Review):
    client, seen = review.browser(), []
    page = client.get("/").text
    sizes = []
    while True:
        sizes.append(len(customers(page)))
        seen += customers(page)
        following = addresses(page, "next")
        if not following:
            break
        page = client.get(following[0]).text
    assert sizes == [25, 25, 10]
    assert seen == [f"K-{number:04}" for number in range(1, 61)]
    assert "Pagina 3 van 3" in page


@pytest.mark.parametrize("query", ["page=99", "page=-1", "page=9e9", "page=", "kind=boe&state=x",
                                   "page=99999999999999999999", "page=²"])  # fmt: skip
def test_a_page_that_is_not_there_is_one_that_is(review: Review, query: str):
    assert customers(review.browser().get(f"/shifts?{query}").text)


def test_filters_on_kind_and_on_what_is_judged(review: Review):
    client, store = review.browser(), review.site.store
    store.judge_shift(shift(2, kind=ShiftKind.ESCALATIE), real=True, at=NOW, by="Bram")
    page = client.get("/shifts?kind=escalatie").text
    assert customers(page)[:2] == ["K-0005", "K-0008"]
    judged = client.get("/shifts?state=judged").text
    assert customers(judged) == ["K-0002"]
    assert "Bevestigd door Bram, 12 mrt 2026, 12:00" in judged
    assert customers(client.get("/shifts?state=all").text)[1] == "K-0002"
    assert "K-0002" not in client.get("/shifts").text


def test_a_shift_shows_all_that_is_needed_to_judge_it(review: Review):
    page = review.browser().get("/shifts/V-0001").text
    text = re.sub(r"\s+", " ", re.sub("<[^>]+>", "", page))
    assert "Vorige week. Wat een topservice! Ik ben er heel blij mee." in text
    assert "<mark>Wat een topservice!</mark>" in page
    assert "Gewoon gekregen wat ik bestelde." in text
    assert "NPS 9" in text
    assert "Was enthousiast en is nu neutraal." in text
    assert "84%" in text
    assert "Persoonlijk contact · Customer Service, uiterlijk 10 maart 2026 (te laat)" in text
    assert "We missen uw enthousiasme." in text
    assert '<svg class="chart timeline"' in page
    assert "Tijdlijn van K-0001" in page


def test_judging_goes_on_to_the_next_open_one_and_is_kept_with_the_name(review: Review):
    client, store = review.browser(), review.site.store
    page = client.get("/shifts/V-0001").text
    after = post(client, "/shifts/V-0001/verdict", seen=page, verdict="real", note="gebeld")
    assert after.url.path == "/shifts/V-0002"
    assert "K-0001: bevestigd." in after.text
    assert [(one.shift_id, one.real) for one in store.verdicts()] == [("V-0001", True)]
    (event,) = store.shift_history("V-0001")
    assert (event.by, event.verb, event.note) == ("Anna", ReviewVerb.BEVESTIGD, "gebeld")
    told = client.get("/shifts/V-0001").text
    assert "Bevestigd door Anna" in told
    assert "gebeld" in told
    assert "K-0001: bevestigd." not in told


def test_going_on_stays_within_the_filter(review: Review):
    client = review.browser()
    page = client.get("/shifts/V-0002?kind=escalatie").text
    assert addresses(page, "next") == ["/shifts/V-0005?kind=escalatie"]
    after = post(client, "/shifts/V-0002/verdict", seen=page, verdict="false", kind="escalatie")
    assert str(after.url).endswith("/shifts/V-0005?kind=escalatie")
    last = client.get("/shifts/V-0059?kind=escalatie").text
    assert addresses(last, "next") == []
    done = post(client, "/shifts/V-0059/verdict", seen=last, verdict="false", kind="escalatie")
    assert str(done.url).endswith("/shifts?kind=escalatie")


def test_undo_takes_back_and_puts_back(review: Review):
    client, store = review.browser(), review.site.store
    path = "/shifts/V-0001"
    post(client, f"{path}/verdict", seen=client.get(path).text, verdict="real")
    post(client, f"{path}/verdict", seen=client.get(path).text, verdict="false")
    assert [one.real for one in store.verdicts()] == [False]
    post(client, f"{path}/undo", seen=client.get(path).text)
    assert [one.real for one in store.verdicts()] == [True]
    post(client, f"{path}/undo", seen=client.get(path).text)
    assert store.verdicts() == ()
    assert [event.verb for event in store.shift_history("V-0001")] == [
        ReviewVerb.BEVESTIGD, ReviewVerb.VALS_ALARM, ReviewVerb.ONGEDAAN, ReviewVerb.ONGEDAAN,
    ]  # fmt: skip
    assert "/undo" not in client.get(path).text


def test_undo_right_after_judging_from_the_next_page(review: Review):
    client = review.browser()
    after = post(client, "/shifts/V-0001/verdict", seen=client.get("/shifts/V-0001").text,
                 verdict="false").text  # fmt: skip
    flash = after[after.index('class="flash"') : after.index('class="browse"')]
    assert 'action="/shifts/V-0001/undo"' in flash
    back = post(client, "/shifts/V-0001/undo", seen=flash)
    assert back.url.path == "/shifts/V-0001"
    assert review.site.store.verdicts() == ()


def test_a_note_alone_judges_nothing(review: Review):
    client, store = review.browser(), review.site.store
    seen = client.get("/shifts/V-0001").text
    assert "De notitie is bewaard." in post(client, "/shifts/V-0001/note", seen=seen, note="x").text
    assert store.verdicts() == ()
    post(client, "/shifts/V-0001/verdict", seen=seen, verdict="real")
    assert len(store.verdicts()) == 1


def test_who_comes_second_sees_who_was_first_and_must_choose_again(review: Review):
    anna, bram, store = review.browser(), review.browser(by="Bram"), review.site.store
    seen = anna.get("/shifts/V-0001").text, bram.get("/shifts/V-0001").text
    post(anna, "/shifts/V-0001/verdict", seen=seen[0], verdict="real")
    refused = post(bram, "/shifts/V-0001/verdict", seen=seen[1], verdict="false", note="twijfel")
    assert refused.status_code == 409
    assert "Anna heeft deze melding intussen bevestigd" in refused.text
    assert ">twijfel</textarea>" in refused.text
    assert [one.real for one in store.verdicts()] == [True]
    post(bram, "/shifts/V-0001/verdict", seen=refused.text, verdict="false", note="twijfel")
    assert [one.real for one in store.verdicts()] == [False]
    stale = post(anna, "/shifts/V-0001/undo", seen=seen[1].replace("", ""), form_token="x")
    assert stale.status_code == 403


def test_an_undo_of_what_somebody_changed_since_is_refused(review: Review):
    anna, store = review.browser(), review.site.store
    after = post(anna, "/shifts/V-0001/verdict", seen=anna.get("/shifts/V-0001").text,
                 verdict="real").text  # fmt: skip
    flash = after[after.index('class="flash"') : after.index('class="browse"')]
    store.judge_shift(shift(1), real=False, at=NOW, by="Bram")
    refused = post(anna, "/shifts/V-0001/undo", seen=flash)
    assert refused.status_code == 409
    assert "Bram heeft dit intussen een vals alarm genoemd" in refused.text
    assert [one.real for one in store.verdicts()] == [False]


def test_a_verdict_that_is_none_and_a_version_that_is_none(review: Review):
    client = review.browser()
    seen = client.get("/shifts/V-0001").text
    assert post(client, "/shifts/V-0001/verdict", seen=seen, verdict="x").status_code == 400
    for wrong in ("", "-1", "x", "²", "9" * 30):
        answer = post(client, "/shifts/V-0001/verdict", seen=seen, verdict="real", version=wrong)
        assert answer.status_code == 409
    assert review.site.store.verdicts() == ()


def test_a_shift_that_left_the_list_meanwhile(review: Review):
    client, store = review.browser(), review.site.store
    seen = client.get("/shifts/V-0001").text
    store.save_shifts([shift(2)])
    answer = post(client, "/shifts/V-0001/verdict", seen=seen, verdict="real")
    assert answer.status_code == 404
    assert "Niet meer op de lijst" in answer.text


def test_everything_can_be_done_without_script(review: Review):
    client = review.browser()
    for path in ("/shifts", "/shifts/V-0001", "/name"):
        page = client.get(path).text
        outside = re.sub(r"<(script|style)>.*?</\1>", "", page, flags=re.DOTALL)
        assert "hidden>" not in outside
        assert not re.search(r"\son\w+=", outside)
        assert "javascript:" not in outside
    buttons = client.get("/shifts/V-0001").text
    assert {'value="real"', 'value="false"'} <= set(re.findall(r'value="(?:real|false)"', buttons))


def test_hostile_words_are_shown_as_words(review: Review):
    store = review.site.store
    words = {"f1": f"{HOSTILE} einde", "f2": HOSTILE, "f3": HOSTILE}
    feedback, scores = said("K-hostile", words)
    store.add_feedback(feedback)
    store.save_scores(scores)
    bad = shift(7, shift_id=f"V/{HOSTILE[:60]}", customer_id="K-hostile",
                explanation=HOSTILE, channels=(HOSTILE,),
                before_quote=Quote("f1", HOSTILE, NOW, "survey", Tone.BOOS),
                after_quote=Quote("weg", HOSTILE, NOW, HOSTILE, None))  # fmt: skip
    named = shift(8, customer_id=HOSTILE)
    store.save_shifts([bad, named])
    store.merge_actions([action("K-hostile", reason=HOSTILE, draft=HOSTILE, owner=HOSTILE,
                                wel_niet_later=HOSTILE, kind=HOSTILE)], at=NOW)  # fmt: skip
    client = review.browser(by=HOSTILE)
    queue = client.get("/shifts").text
    own = next(iter(re.findall(r'href="(/shifts/V-0008[^"]*)"', queue)))
    pages = [queue, client.get(own).text]
    store.judge_shift(named, real=True, at=NOW, by=HOSTILE, note=HOSTILE)
    pages += [client.get("/shifts?state=all").text, client.get(own).text]
    store.save_shifts([shift(7, **{**vars(bad), "shift_id": "V-0007"})])
    seen = client.get("/shifts/V-0007").text
    pages += [seen, post(client, "/shifts/V-0007/note", seen=seen, note=HOSTILE).text]
    pages.append(post(client, "/shifts/V-0007/verdict", seen=seen, verdict="real").text)
    store.judge_shift(bad, real=True, at=NOW)
    pages.append(post(client, "/shifts/V-0007/verdict", seen=seen, verdict="real", note=HOSTILE,
                      version="0").text)  # fmt: skip
    assert review.bugs == []
    for page in pages:
        assert_shown_as_words(page)
        assert "60481729" not in page
        assert "&lt;script&gt;alert(1)" in page


def test_the_page_in_english(open_review, workspace):
    client = open_review(workspace, settings=Settings(language="en")).browser()
    page = client.get("/shifts/V-0001").text
    assert '<html lang="en">' in page
    assert "In their own words" in page
    assert "Confirm" in page
    assert "60 left to judge" in client.get("/shifts").text
