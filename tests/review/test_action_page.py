"""One action, as a person without script uses it."""

import re
from dataclasses import replace
from datetime import date, timedelta

import pytest

from klankbord.loop import ActionState, Outcome
from klankbord.records import Theme
from klankbord.schema import ShiftKind, Tone
from klankbord.settings import Settings

from .conftest import NOW, Review, action, assert_shown_as_words, form_token, said, shift, version

OWN = "/actions/A-K-0001"
TODAY = NOW.date()
HOSTILE = (
    "<script>alert(1)</script></textarea></title></style><img src=x onerror=alert(1)>"
    "{{ 7777*7777 }}\"'`\u202egnp.exe javascript:alert(1)"
)


def send(client, verb: str, *, seen: str = "", **fields: str):
    """Post a form of the page that was seen, else of the page as it is."""
    page = seen or client.get(OWN).text
    given = {"form_token": form_token(page), "version": version(page)} | fields
    return client.post(f"{OWN}/{verb}", data=given)


def words(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub("<[^>]+>", " ", page))


def field(page: str, name: str) -> str:
    found = re.search(rf'<textarea id="{name}"[^>]*>(.*?)</textarea>', page, re.DOTALL)
    assert found, name
    return found[1]


def stored(review: Review):
    return review.site.store.action("A-K-0001")


def states(page: str) -> list[str]:
    return re.findall(r'name="status" value="([^"]+)"', page)


def ends(page: str) -> list[str]:
    return re.findall(r'name="outcome" value="([^"]+)"', page)


@pytest.fixture
def false_alarm(review: Review) -> Review:
    """The action came from the tone shift that is listed of its customer."""
    store = review.site.store
    store.save_shifts([shift(1), shift(2)])
    with store._writing() as connection:
        connection.exec_driver_sql("UPDATE action SET cause = 'verkoeling'")
    return review


def test_a_page_tells_why_with_the_words_in_context(false_alarm: Review):
    page = false_alarm.browser().get(OWN).text
    text = words(page)
    assert "Persoonlijk contact K-0001" in text
    assert "Koelde af." in text
    assert "Uiterlijk 10 mrt 2026 2 dagen te laat" in text
    assert "Kans dat het echt is" in text
    assert "Prima, bedankt." in text
    assert "Alles wat deze klant zei (3 berichten)" in text
    assert "Gewoon gekregen wat ik bestelde." in text
    assert text.count("telt mee") == 1
    assert '<details class="everything">' in page, "what it rests on is shown already"
    assert 'href="/shifts/V-0001"' in page
    assert field(page, "plan") == "Wel: bellen."
    assert field(page, "draft").startswith("Beste {naam},")


def test_no_shift_is_linked_where_it_came_from_something_else(review: Review):
    assert "/shifts/V-" not in review.browser().get(OWN).text


def test_a_structural_action_rests_on_what_several_customers_said(review: Review):
    store = review.site.store
    planned = action("T", action_id="A-T", loop="outer", customer_id=None, theme_id="T-1",
                     evidence=("f1", "f3", "weg"), complaint_theme="bereikbaarheid",
                     value_eur=12_000.0, probability=0.7, effect=1.26)  # fmt: skip
    store.merge_actions([action("K-0001"), planned], at=NOW)
    theme = Theme("T-1", None, "Wachttijd", (), 3, 0.1, "stabiel", None, (), None, "", (), ())
    store.save_themes([theme])
    page = review.browser().get("/actions/A-T").text
    text = words(page)
    assert "Wachttijd" in text
    assert 'href="/themes/T-1"' in page
    assert "Wat een topservice!" in text
    assert "Prima, bedankt." not in text
    assert "€ 12.000" in text.replace("\u00a0", " ")
    assert "70%" in text
    assert "1,3 × gemiddeld" in text
    assert "Slecht bereikbaar" in text


def test_only_the_steps_that_may_follow_are_offered(review: Review):
    client, store = review.browser(), review.site.store
    page = client.get(OWN).text
    assert states(page) == ["gecommuniceerd", "uitgevoerd"]
    assert ends(page) == ["vals alarm", "bewust afscheid"]
    assert 'class="here" aria-current="step">actieplan' in page
    store.update_action("A-K-0001", at=NOW, by="Bram", status=ActionState.UITGEVOERD)
    page = client.get(OWN).text
    assert states(page) == ["gemeten", "actieplan"]
    assert ends(page) == ["geslaagd", "niet geslaagd", "vals alarm", "bewust afscheid"]
    store.close_action("A-K-0001", Outcome.GESLAAGD, at=NOW, by="Bram")
    page = client.get(OWN).text
    assert states(page) == ends(page) == []
    assert "Heropenen" in page
    assert 'name="owner"' not in page


def test_a_step_is_kept_with_the_name_and_can_be_undone_at_once(review: Review):
    client = review.browser()
    after = send(client, "step", status="uitgevoerd", note="gebeld")
    assert after.url.path == OWN
    assert stored(review).status == "uitgevoerd"
    event = review.site.store.action_history("A-K-0001")[-1]
    assert (event.by, event.at, event.why) == ("Anna", NOW, "gebeld")
    assert "stap: actieplan → uitgevoerd" in after.text
    assert "gebeld" in after.text
    flash = after.text[after.text.index('class="flash"') : after.text.index('class="browse"')]
    assert f'action="{OWN}/undo"' in flash
    back = client.post(
        f"{OWN}/undo", data={"form_token": form_token(flash), "version": version(flash)}
    )
    assert "De laatste stap is teruggenomen." in back.text
    assert stored(review).status == "actieplan"
    assert "Ongedaan gemaakt" in back.text
    assert "gebeld" in back.text
    assert f'action="{OWN}/undo"' not in back.text


def test_undo_stands_on_the_page_and_says_of_what(review: Review):
    client = review.browser()
    assert "/undo" not in client.get(OWN).text
    send(client, "assign", owner="Finance")
    page = review.browser(by="Bram").get(OWN).text
    assert "Het laatst gewijzigd: afdeling: Customer Service → Finance (Anna)" in page
    send(client, "undo")
    assert stored(review).owner == "Customer Service"


def test_back_to_the_plan_asks_for_a_reason(review: Review):
    client, store = review.browser(), review.site.store
    store.update_action("A-K-0001", at=NOW, by="Bram", status=ActionState.UITGEVOERD)
    refused = send(client, "step", status="actieplan", note="  ")
    assert refused.status_code == 422
    assert "Vul in waarom de actie teruggaat naar het plan." in refused.text
    assert stored(review).status == "uitgevoerd"
    send(client, "step", status="actieplan", note="niet gelukt")
    assert stored(review).status == "actieplan"


def test_another_department(review: Review):
    client = review.browser()
    assert "De actie is toegewezen." in send(client, "assign", owner="Sales").text
    assert stored(review).owner == "Sales"
    again = send(client, "assign", owner="Sales").text
    assert "Er was niets te wijzigen." in again
    assert send(client, "assign", owner="Inkoop").status_code == 400
    assert stored(review).version == 2


def test_another_day_with_a_reason(review: Review):
    client = review.browser()
    page = client.get(OWN).text
    assert re.findall(r'name="soon" value="([^"]+)"', page) == ["2026-03-19", "2026-03-26"]
    moved = send(client, "due", due="2026-03-10", soon="2026-03-19", why="op vakantie").text
    assert "De actie heeft een nieuwe datum." in moved
    assert stored(review).due == date(2026, 3, 19)
    assert "uiterlijk: 10 mrt 2026 → 19 mrt 2026" in moved
    assert review.site.store.action_history("A-K-0001")[-1].why == "op vakantie"
    send(client, "due", due="2026-04-01", why="nog langer")
    assert stored(review).due == date(2026, 4, 1)


@pytest.mark.parametrize("day", ["", "2026-03-11", "2027-06-01", "morgen", "2026-02-30"])
def test_a_day_that_cannot_be_is_refused_and_the_reason_kept(review: Review, day: str):
    refused = send(review.browser(), "due", due=day, why="op vakantie")
    assert refused.status_code == 422
    assert "Kies een dag vanaf vandaag, binnen een jaar." in refused.text
    assert 'value="op vakantie"' in refused.text
    assert stored(review).version == 1


def test_another_day_without_a_reason_is_refused(review: Review):
    refused = send(review.browser(), "due", due="2026-04-01", why=" ")
    assert refused.status_code == 422
    assert "Vul in waarom." in refused.text
    assert 'value="2026-04-01"' in refused.text


def test_a_weekend_is_no_day_to_put_it_off_to(review: Review):
    store = review.site.store
    store.update_action("A-K-0001", at=NOW, by="Bram", due=date(2026, 3, 14))  # a Saturday
    page = review.browser().get(OWN).text
    assert re.findall(r'name="soon" value="([^"]+)"', page) == ["2026-03-23", "2026-03-30"]


def test_the_texts_are_kept(review: Review):
    client = review.browser()
    draft = "Beste {naam},\r\n\r\nWe bellen u morgen.\u202e"
    assert "De tekst is bewaard." in send(client, "draft", draft=draft).text
    send(client, "plan", plan="Wel: mailen.")
    assert stored(review).draft == "Beste {naam},\n\nWe bellen u morgen."
    assert stored(review).wel_niet_later == "Wel: mailen."
    again = send(client, "draft", draft=stored(review).draft)
    assert "Er was niets te wijzigen." in again.text


@pytest.mark.parametrize(
    ("draft", "problem"),
    [
        ("Beste klant,\n\nHet spijt ons.", "spreek de klant bij naam aan"),
        ("Het spijt ons, {naam}.", "er is geen aanhef met een naam"),
        ("Beste {naam},\n\n{bedrag}", "onbekende invulplek"),
        ("  ", "het bericht is leeg"),
    ],
)
def test_a_message_with_something_wrong_is_not_kept_but_not_lost(review: Review, draft, problem):
    refused = send(review.browser(), "draft", draft=draft)
    assert refused.status_code == 422
    assert problem in refused.text
    assert 'aria-invalid="true" aria-describedby="wrong-draft"' in refused.text
    assert field(refused.text, "draft") == draft.strip()
    assert "We missen uw enthousiasme." in refused.text
    assert stored(review).version == 1


def test_what_was_wrong_with_a_message_before_is_no_reason_to_refuse_it_unchanged(review: Review):
    store = review.site.store
    store.update_action("A-K-0001", at=NOW, by="Bram", draft="Beste klant,")
    assert send(review.browser(), "draft", draft="Beste klant,").status_code == 200


def test_a_note_changes_nothing(review: Review):
    client = review.browser()
    seen = client.get(OWN).text
    assert "De notitie is bewaard." in send(client, "note", seen=seen, note="op vakantie").text
    assert stored(review).version == 1
    send(client, "step", seen=seen, status="uitgevoerd")
    assert stored(review).status == "uitgevoerd"
    assert "op vakantie" in client.get(OWN).text
    send(client, "note", note=" ")
    assert len(review.site.store.action_history("A-K-0001")) == 3


def test_closing_and_reopening(review: Review):
    client, store = review.browser(), review.site.store
    store.update_action("A-K-0001", at=NOW, by="Bram", status=ActionState.UITGEVOERD)
    closed = send(client, "close", outcome="geslaagd", note="blij").text
    assert "De actie is gesloten." in closed
    assert "geslaagd</strong>" in closed
    assert (stored(review).outcome, stored(review).closed_at) == ("geslaagd", NOW)
    refused = send(client, "reopen", note="")
    assert refused.status_code == 422
    assert "Vul in waarom de actie weer opengaat." in refused.text
    assert "De actie is weer open." in send(client, "reopen", note="belde weer").text
    assert not stored(review).closed
    assert "De laatste stap is teruggenomen." in send(client, "undo").text
    assert stored(review).outcome == "geslaagd"


def test_a_false_alarm_judges_the_shift_until_it_is_undone(false_alarm: Review):
    client, store = false_alarm.browser(), false_alarm.site.store
    closed = send(client, "close", outcome="vals alarm", note="andere klant").text
    assert "telt nu ook zo" in closed
    assert [(one.shift_id, one.real) for one in store.verdicts()] == [("V-0001", False)]
    send(client, "undo")
    assert store.verdicts() == ()
    assert not stored(false_alarm).closed


def test_who_comes_second_sees_what_the_first_did_and_keeps_what_was_typed(review: Review):
    anna, bram = review.browser(), review.browser(by="Bram")
    seen = bram.get(OWN).text
    send(anna, "draft", draft="Beste {naam},\n\nVan Anna.")
    typed = "Beste {naam},\n\nVan Bram."
    refused = send(bram, "draft", seen=seen, draft=typed)
    assert refused.status_code == 409
    assert "Anna heeft deze actie intussen gewijzigd (12 mrt 2026, 12:00)" in refused.text
    assert "conceptbericht aangepast" in refused.text
    assert field(refused.text, "draft") == typed
    assert "Van Anna." in refused.text
    assert stored(review).draft.endswith("Van Anna.")
    send(bram, "draft", seen=refused.text, draft=typed)
    assert stored(review).draft == typed


@pytest.mark.parametrize(
    ("verb", "fields", "kept"),
    [
        ("step", {"status": "uitgevoerd", "note": "gebeld"}, ">gebeld</textarea>"),
        ("close", {"outcome": "vals alarm", "note": "andere"}, ">andere</textarea>"),
        ("assign", {"owner": "Finance"}, '<option value="Finance" selected>'),
        ("due", {"due": "2026-04-01", "why": "vakantie"}, 'value="vakantie"'),
        ("plan", {"plan": "Wel: mailen."}, ">Wel: mailen.</textarea>"),
        ("undo", {}, ""),
    ],
)
def test_no_step_overwrites_what_somebody_did_since(review: Review, verb, fields, kept):
    bram, store = review.browser(by="Bram"), review.site.store
    seen = bram.get(OWN).text
    store.update_action("A-K-0001", at=NOW, by="Anna", owner="Sales")
    before = stored(review)
    refused = send(bram, verb, seen=seen, **fields)
    assert refused.status_code == 409
    assert "afdeling: Customer Service → Sales" in refused.text
    assert kept in refused.text
    assert stored(review) == before


def test_an_analysis_that_changed_it_is_named_as_such(review: Review):
    bram, store = review.browser(by="Bram"), review.site.store
    seen = bram.get(OWN).text
    store.merge_actions([action("K-0001", evidence=("f2", "f3"), reason="Erger.")], at=NOW)
    assert (
        "analyse heeft deze actie intussen" in send(bram, "assign", seen=seen, owner="Sales").text
    )


def test_a_step_that_the_life_cycle_lacks_changes_nothing(review: Review):
    client = review.browser()
    assert send(client, "step", status="gemeten").status_code == 409
    assert send(client, "close", outcome="geslaagd").status_code == 409
    assert send(client, "reopen", note="x").status_code == 409
    assert send(client, "undo").status_code == 409
    for verb, wrong in (("step", {"status": "x"}), ("close", {"outcome": "x"})):
        assert send(client, verb, **wrong).status_code == 400
    for number in ("", "-1", "x", "9" * 30):
        assert send(client, "assign", owner="Sales", version=number).status_code == 409
    assert stored(review).version == 1


def test_an_action_that_is_not_there(review: Review):
    client = review.browser()
    page = client.get(OWN).text
    assert client.get("/actions/nergens").status_code == 404
    fields = {"form_token": form_token(page), "version": "1", "owner": "Sales"}
    assert client.post("/actions/nergens/assign", data=fields).status_code == 404
    assert review.bugs == []


def test_going_through_the_list_stays_within_the_filter(review: Review):
    store = review.site.store
    more = [action(f"K-{n:04}", due=TODAY + timedelta(days=n), owner="Sales") for n in (2, 3)]
    store.merge_actions([action("K-0001"), action("K-0009", owner="Finance"), *more], at=NOW)
    client = review.browser()
    page = client.get("/actions/A-K-0002?department=Sales").text
    assert 'href="/actions/A-K-0003?department=Sales" rel="next"' in page
    assert 'rel="prev"' not in page
    assert 'href="/actions?department=Sales" data-key="l"' in page
    after = client.post(
        "/actions/A-K-0002/assign",
        data={"form_token": form_token(page), "version": "1", "owner": "Finance",
              "department": "Sales"},
    )  # fmt: skip
    assert str(after.url).endswith("/actions/A-K-0002?department=Sales")


def test_the_history_tells_who_did_what_and_when(review: Review):
    store = review.site.store
    store.update_action("A-K-0001", at=NOW, by="Bram", status=ActionState.UITGEVOERD, why="gebeld")
    store.measure_actions({"A-K-0001": {"tone_before": 1.0, "tone_after": 3.5}}, at=NOW)
    store.close_action("A-K-0001", Outcome.GESLAAGD, at=NOW, by="Anna")
    text = words(review.browser().get(OWN).text)
    assert "Gewijzigd Bram, 12 mrt 2026, 12:00 stap: actieplan → uitgevoerd gebeld" in text
    assert "gemiddelde toon: 1,0 → 3,5" in text
    assert "Gesloten Anna, 12 mrt 2026, 12:00 uitkomst: geslaagd" in text
    assert "Geopend analyse, 12 mrt 2026, 12:00 stap: actieplan 1 reactie" in text


def test_escalation_is_told(review: Review):
    review.site.store.escalate(date(2026, 6, 1), at=NOW)
    assert "gemeld aan" in review.browser().get(OWN).text


def test_everything_can_be_done_without_script(review: Review):
    page = review.browser().get(OWN).text
    outside = re.sub(r"<(script|style)>.*?</\1>", "", page, flags=re.DOTALL)
    buttons = re.findall(r"<button[^>]*>", outside)
    assert [one for one in buttons if "hidden" in one] == [
        '<button type="button" data-copy="draft" data-done="Gekopieerd" hidden>'
    ]
    assert not re.search(r"\son\w+=", outside)
    verbs = set(re.findall(rf'action="{OWN}/(\w+)"', outside))
    assert verbs == {"step", "close", "note", "assign", "due", "plan", "draft"}


def test_the_page_of_a_shift_links_to_the_action(review: Review):
    page = review.browser().get("/shifts/V-0001").text
    assert f'<a href="{OWN}">Persoonlijk contact · Customer Service' in page


def test_hostile_words_are_shown_as_words(review: Review):
    store = review.site.store
    feedback, scores = said("K-x", dict.fromkeys(("f1", "f2", "f3"), HOSTILE))
    store.add_feedback(feedback)
    store.save_scores(scores)
    store.save_shifts([shift(1, customer_id="K-x", kind=ShiftKind.VERKOELING, after=Tone.BOOS)])
    bad = action("K-x", reason=HOSTILE, draft=HOSTILE, owner=HOSTILE, wel_niet_later=HOSTILE,
                 kind=HOSTILE, complaint_theme=HOSTILE, cause="verkoeling")  # fmt: skip
    structural = replace(bad, action_id="A-T", loop="outer", customer_id=None, theme_id=HOSTILE)
    store.merge_actions([bad, structural], at=NOW)
    store.update_action("A-K-x", at=NOW, by=HOSTILE, why=HOSTILE, owner=f"x{HOSTILE}")
    store.note_action("A-K-x", HOSTILE, at=NOW, by=HOSTILE)
    client = review.browser(by=HOSTILE)
    pages = [client.get(address).text for address in ("/actions", "/actions/A-K-x", "/actions/A-T")]
    for verb, name in (("draft", "draft"), ("due", "why"), ("step", "note"), ("assign", "owner")):
        given = {"form_token": form_token(pages[1]), "version": "0", "status": "uitgevoerd"}
        pages.append(client.post(f"/actions/A-K-x/{verb}", data=given | {name: HOSTILE}).text)
    assert review.bugs == []
    for page in pages:
        assert_shown_as_words(page)
        assert "60481729" not in page


def test_the_page_in_english(open_review, workspace):
    client = open_review(workspace, settings=Settings(language="en")).browser()
    page = client.get(OWN).text
    assert "What it rests on" in page
    assert "Is carried out" in page
    refused = send(client, "draft", draft="Beste klant,")
    assert "the opening is generic" in refused.text
