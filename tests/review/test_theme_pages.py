"""The pages of themes, as a person without script uses them."""

import re
import threading
from datetime import timedelta

import pytest

from klankbord.outputs.theme_edits import Remark, edit_theme
from klankbord.settings import Settings
from klankbord.themes import edits

from .conftest import NOW, Review, assert_shown_as_words, post
from .test_shifts import HOSTILE
from .theme_builders import COURIER, GONE, HEAD, LOST, PARCEL, counted, known, mention

PATH = f"/themes/{COURIER}"


def labels(page: str) -> list[str]:
    """The themes of a list, without heads that only stand there for what is under them."""
    return re.findall(r"data-row><bdi>([^<]+)</bdi>", page)


def plain(page: str) -> str:
    shown = re.sub(r"<(style|script)>.*?</\1>", "", page, flags=re.DOTALL)
    return re.sub(r"\s+", " ", re.sub("<[^>]+>", "", shown))


def seen_version(page: str) -> str:
    return re.findall(r'name="version" value="(\d+)"', page)[-1]


def edit(client, verb: str, theme_id: str = COURIER, *, seen: str = "", **fields: str):
    """Send a form of the page of a theme as it was seen, or as it is now."""
    page = seen or client.get(f"/themes/{theme_id}").text
    given = {"version": seen_version(page)} | fields
    return post(client, f"/themes/{theme_id}/{verb}", seen=page, **given)


def stored(review: Review, theme_id: str = COURIER):
    return next(one for one in review.site.store.known_themes() if one.theme_id == theme_id)


def edit_as_bram(review: Review, change) -> None:
    remark = Remark(NOW + timedelta(minutes=1), "Bram", "omdat")
    edit_theme(review.site.store, lambda known, _: change(known), remark,
               language="nl", timezone="Europe/Amsterdam")  # fmt: skip


# --- the list -------------------------------------------------------------------------------------


def test_the_list_tells_each_theme_under_its_head(review: Review):
    page = review.browser().get("/themes").text
    assert labels(page) == ["Te late levering", "bezorger, laat", "pakket, laat", "fiets"]
    text = plain(page)
    assert "4 actieve thema’s" in text
    assert "(onderdeel van Te late levering)" in text
    assert "30,0%" in text
    assert '<svg class="chart spark"' in page
    assert "fiets nieuw" in text


def test_filters_and_marks(review: Review):
    client = review.browser()
    edit(client, "merge", PARCEL, value=COURIER)
    edit(client, "pin", LOST)
    edit(client, "forbid", GONE)
    active = client.get("/themes").text
    assert " gaat op in bezorger, laat" in plain(active)
    assert "fiets nieuw vastgezet" in plain(active)
    assert "1 wijziging geldt vanaf de volgende analyse." in plain(active)
    aside = client.get("/themes?state=aside").text
    assert labels(aside) == ["pakket, laat", "weg, laat"]
    assert "Hoofdthema van de thema’s hieronder" in plain(aside)
    assert ") verborgen 0 –" in plain(aside)
    everything = client.get("/themes?state=all").text
    assert len(labels(everything)) == 5
    assert labels(client.get("/themes?state=nonsens&page=²").text) == labels(active)


def test_hundreds_of_themes_come_in_pages_that_say_which_head_they_are_under(review: Review):
    store = review.site.store
    subs = [counted(f"{HEAD}-{at:03}", f"sub {at:03}") for at in range(60)]
    store.save_themes([counted(HEAD, "Te late levering", None), *subs])
    store.save_known_themes([known(one.theme_id, one.label) for one in subs])
    client = review.browser()
    pages = [client.get(f"/themes?page={page}").text for page in (1, 2, 3, 99)]
    assert [len(labels(page)) for page in pages] == [25, 25, 11, 11]
    assert labels(pages[1])[0] == "sub 024"
    assert all(page.count('class="head context"') == bool(at) for at, page in enumerate(pages))
    assert "Pagina 3 van 3" in pages[3]


def test_before_the_first_analysis_there_is_nothing(open_review, blank_address):
    from klankbord.store import Workspace

    with Workspace.open(blank_address()) as store:
        page = open_review(store).browser().get("/themes")
        assert page.status_code == 200
        assert "Te weinig klachten" in plain(page.text)
        assert open_review(store).browser().get(PATH).status_code == 404


# --- one theme ------------------------------------------------------------------------------------


def test_one_theme_with_what_customers_say_of_it(review: Review):
    long = "Vooraf ging het goed. " * 60 + "De bezorger kwam veel te laat." + " Verder niets." * 60
    mention(review.site.store, COURIER, [
        ("Nou. De bezorger was te laat! En nu?", "De bezorger was te laat!"),
        ("te laat", "te laat"), (long, "De bezorger kwam veel te laat."),
    ], at=NOW)  # fmt: skip
    mention(review.site.store, PARCEL, [("Pakket weg.", "Pakket weg.")])
    client = review.browser()
    page = client.get(PATH).text
    assert "Nou. <mark>De bezorger was te laat!</mark> En nu?" in page
    assert ">te laat</blockquote>" in page
    text = plain(page)
    assert "In de woorden van klanten (3 meldingen)" in text
    assert "ontevreden" in text
    assert "Subthema van Te late levering" in text
    assert "laat, bezorger" in text
    assert "Lijkt op" in text
    assert re.findall(r'href="/themes/([^"]+)"><bdi>', page)[1:] == [PARCEL, LOST]
    assert '<svg class="chart trend"' in page
    short, whole = page.split("Hele reactie")
    assert short.count("Vooraf ging het goed.") < 15
    assert whole.count("Vooraf ging het goed.") == 60
    head = plain(client.get(f"/themes/{HEAD}").text)
    assert "(4 meldingen)" in head
    assert "Subthema’s" in head


def test_mentions_come_in_pages_the_latest_first(review: Review):
    store = review.site.store
    words = [(f"Melding {at:03} is te laat", "te laat") for at in range(60)]
    for at, one in enumerate(words):
        mention(store, f"x{at:03}", [one], at=NOW - timedelta(hours=at) if at < 59 else None)
    with store.transaction():
        segments = store.segments()
        ids = [COURIER if own.startswith("x") else None for own in
               segments["feedback_id"].to_pylist()]  # fmt: skip
        place = segments.schema.get_field_index("theme_id")
        store.save_segments(segments.set_column(place, segments.schema.field(place), [ids]))
    client = review.browser()
    found = [
        re.findall(r"Melding (\d+) is", client.get(f"{PATH}?said={page}").text)
        for page in (1, 2, 3, 99)
    ]
    assert [len(one) for one in found] == [25, 25, 10, 10]
    assert found[0] + found[1] + found[2] == [f"{at:03}" for at in range(60)]
    middle = client.get(f"{PATH}?said=2").text
    assert f'href="{PATH}#h-said"' in middle
    assert f'href="{PATH}?said=3#h-said"' in middle


@pytest.mark.parametrize(
    "path", ["/themes/weg", "/themes/levertijd-", "/themes/%00", "/themes/a/b"]
)
def test_a_theme_that_is_not_there(review: Review, path: str):
    assert review.browser().get(path).status_code in (404, 405)


def test_a_theme_nobody_mentions_can_still_be_edited(review: Review):
    client = review.browser()
    page = client.get(f"/themes/{GONE}").text
    assert "noemde niemand dit thema" in page
    assert "weg, laat" in edit(client, "pin", GONE).text
    assert stored(review, GONE).pinned


# --- editing --------------------------------------------------------------------------------------


def test_a_new_name_counts_at_once_and_is_kept_with_who_when_and_why(review: Review):
    client = review.browser()
    after = edit(client, "rename", value="  Bezorger te laat ", why="zo heet het hier")
    assert after.url.path == PATH
    text = plain(after.text)
    assert "Het thema heet nu ‘Bezorger te laat’." in text
    assert "Gevonden als bezorger, laat" in text
    assert "Naam van zoals gevonden naar ‘Bezorger te laat’ Anna, 12 mrt 2026, 12:00" in text
    assert "zo heet het hier" in text
    assert "Bezorger te laat" in labels(client.get("/themes").text)
    (made,) = review.site.store.theme_edits()
    assert (made.by, made.at, made.why) == ("Anna", NOW, "zo heet het hier")
    back = edit(client, "rename", off="1")
    assert stored(review).name == ""
    assert "Het thema heet nu ‘bezorger, laat’." in plain(back.text)


def test_a_department_counts_at_once(review: Review):
    client = review.browser()
    assert "‘bezorger, laat’ hoort nu bij Finance." in plain(
        edit(client, "assign", value="Finance").text
    )
    assert "Finance" in plain(client.get("/themes").text)
    assert "volgt weer de afdeling" in plain(edit(client, "assign", value="").text)


@pytest.mark.parametrize(
    ("verb", "field", "said", "back"),
    [
        ("pin", "pinned", "is vastgezet", "is niet langer vastgezet"),
        ("forbid", "forbidden", "verdwijnt bij de volgende analyse", "mag vanaf de volgende"),
        ("split", "divide", "De volgende analyse splitst", "wordt niet gesplitst"),
    ],
)
def test_switches_go_on_and_off(review: Review, verb: str, field: str, said: str, back: str):
    client = review.browser()
    assert said in plain(edit(client, verb).text)
    assert getattr(stored(review), field)
    assert back in plain(edit(client, verb, off="1").text)
    assert not getattr(stored(review), field)


def test_merging_offers_the_themes_under_the_same_head_first(review: Review):
    client = review.browser()
    page = client.get(PATH).text
    groups = re.findall(r'<optgroup label="([^"]+)">(.*?)</optgroup>', page, flags=re.DOTALL)
    offered = {label: re.findall(r'value="([^"]+)"', options) for label, options in groups}
    assert offered == {
        "Onder hetzelfde hoofdthema": [HEAD, PARCEL, GONE],
        "Andere thema’s": [LOST],
    }
    after = edit(client, "merge", value=PARCEL)
    assert "gaat vanaf de volgende analyse op in ‘pakket, laat’" in plain(after.text)
    assert "Wat hier besloten is, geldt vanaf de volgende analyse." in plain(after.text)
    assert stored(review).merged_into == PARCEL
    edit(client, "merge", off="1")
    assert stored(review).merged_into is None


def test_a_head_is_not_offered_what_it_cannot(review: Review):
    client = review.browser()
    page = client.get(f"/themes/{HEAD}").text
    assert re.findall(r'<details id="form-(\w+)"', page) == ["rename", "assign", "pin", "forbid"]
    refused = edit(client, "merge", HEAD, seen=page, value=LOST)
    assert refused.status_code == 422
    assert "Te late levering" in edit(client, "pin", HEAD).text


@pytest.mark.parametrize(
    ("verb", "fields", "said"),
    [
        ("rename", {"value": "Pakket,  LAAT"}, "‘pakket, laat’ heet al zo"),
        ("rename", {"value": " ?! "}, "ten minste één letter of cijfer"),
        ("rename", {"value": "x" * 61}, "ten hoogste 60 tekens"),
        ("rename", {"value": "bezorger, laat", "off": "1"}, "Dat is al zo"),
        ("merge", {"value": ""}, "Kies een thema uit de lijst"),
        ("merge", {"value": "bestaat-niet"}, "Kies een thema uit de lijst"),
        ("merge", {"value": COURIER}, "niet in zichzelf"),
        ("assign", {"value": "Inkoop"}, "Kies een afdeling"),
        ("undo", {}, "niets meer ongedaan te maken"),
    ],
)
def test_what_is_refused_says_why_and_keeps_what_was_typed(review: Review, verb, fields, said):
    client = review.browser()
    before = review.site.store.known_themes()
    refused = edit(client, verb, why="daarom <i>", **fields)
    assert refused.status_code == 422
    assert said in plain(refused.text)
    if verb != "undo":
        opened = re.search(rf'<details id="form-{verb}" open.*?</details>', refused.text, re.DOTALL)
        assert opened
        assert 'value="daarom &lt;i&gt;"' in opened[0]
        assert f'id="{verb}-wrong"' in opened[0]
    if verb == "rename":
        assert f'value="{fields["value"]}"' in refused.text
    assert review.site.store.known_themes() == before
    assert review.site.store.theme_edits() == ()


def test_contradictions_are_refused_by_name(review: Review):
    client = review.browser()
    edit(client, "pin")
    assert "niet tegelijk verborgen en vastgezet" in plain(edit(client, "forbid").text)
    edit(client, "merge", PARCEL, value=COURIER)
    refused = edit(client, "merge", GONE, value=PARCEL)
    assert "Kies ‘bezorger, laat’, waar de meldingen terechtkomen" in plain(refused.text)
    edit(client, "pin", off="1")
    assert "‘pakket, laat’ gaat op in dit thema" in plain(edit(client, "forbid").text)


def test_a_verb_that_there_is_not(review: Review):
    assert edit(review.browser(), "constructor").status_code == 404


def test_undo_takes_back_the_last_edit_of_this_theme(review: Review):
    client = review.browser()
    after = edit(client, "rename", value="Eerste").text
    assert f'action="{PATH}/undo"' in after
    edit_as_bram(review, lambda known: edits.pin(known, PARCEL))
    back = post(client, f"{PATH}/undo", seen=after, version=seen_version(after))
    assert "de laatste wijziging is ongedaan gemaakt" in plain(back.text)
    assert "Ongedaan gemaakt: naam van ‘Eerste’ naar zoals gevonden" in plain(back.text)
    assert stored(review).name == ""
    assert stored(review, PARCEL).pinned
    assert f'action="{PATH}/undo"' not in back.text


def test_who_comes_second_sees_what_the_first_did_and_loses_nothing(review: Review):
    bram = review.browser(by="Bram")
    seen = bram.get(PATH).text
    edit(review.browser(), "rename", value="Van Anna", why="afspraak")
    refused = edit(bram, "rename", seen=seen, value="Van Bram", why="mijn reden")
    assert refused.status_code == 409
    text = plain(refused.text)
    assert "Naam van zoals gevonden naar ‘Van Anna’ (Anna, 12 mrt 2026, 12:00)" in text
    assert 'value="Van Bram"' in refused.text
    assert 'value="mijn reden"' in refused.text
    assert stored(review).name == "Van Anna"
    edit(bram, "rename", seen=refused.text, value="Van Bram")
    assert stored(review).name == "Van Bram"
    for wrong in ("", "-1", "x", "²", "9" * 30):
        assert edit(bram, "pin", version=wrong).status_code == 409


def test_an_undo_of_what_somebody_changed_since_is_refused(review: Review):
    client = review.browser()
    after = edit(client, "rename", value="Eerste").text
    edit_as_bram(review, lambda known: edits.rename(known, COURIER, "Tweede"))
    refused = post(client, f"{PATH}/undo", seen=after, version=seen_version(after))
    assert refused.status_code == 409
    assert stored(review).name == "Tweede"


def test_edits_of_two_people_at_the_same_moment_are_both_kept(review: Review):
    people = [review.browser(by=name) for name in ("Anna", "Bram")]
    own = (COURIER, PARCEL)
    pages = [who.get(f"/themes/{one}").text for who, one in zip(people, own, strict=True)]
    answers: list[int] = []

    def work(who, one, page):
        answers.append(edit(who, "rename", one, seen=page, value=f"naam {one}").status_code)

    threads = [
        threading.Thread(target=work, args=given) for given in zip(people, own, pages, strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [200, 200]
    assert stored(review).name == f"naam {COURIER}"
    assert stored(review, PARCEL).name == f"naam {PARCEL}"


def test_what_others_and_analyses_change_shows_on_the_next_page(review: Review):
    client, store = review.browser(), review.site.store
    client.get("/themes")
    edit_as_bram(review, lambda known: edits.rename(known, COURIER, "Van Bram"))
    assert "Van Bram" in labels(client.get("/themes").text)
    store.save_themes([counted(HEAD, "Te late levering", None)])
    store.record_run({}, as_of=NOW)
    assert labels(client.get("/themes").text) == ["Te late levering"]


def test_themes_of_before_they_were_kept_can_be_seen_but_not_edited(review: Review):
    review.site.store.save_known_themes([])
    client = review.browser()
    page = client.get(PATH).text
    assert "oudere versie van Klankbord" in plain(page)
    assert "<details id=" not in page
    given = {"value": "x", "version": "0"}
    assert post(client, f"{PATH}/rename", seen=client.get("/themes").text, **given)


def test_hostile_words_are_only_words(review: Review):
    store = review.site.store
    bad = HOSTILE
    store.save_themes([counted(HEAD, bad, None), counted(COURIER, bad, keywords=(bad,))])
    store.save_known_themes([
        known(COURIER, bad, keywords=(bad,), name=bad, owner=bad), known(PARCEL, bad + "2"),
    ])  # fmt: skip
    mention(store, COURIER, [(f"{bad} midden {bad}", "midden")])
    edit_as_bram(review, lambda known: edits.merge(known, PARCEL, COURIER))
    client = review.browser()
    pages = [client.get("/themes?state=all").text, client.get(PATH).text,
             edit(client, "rename", value=bad, why=bad).text,
             edit(client, "merge", value=bad, why=bad).text,
             edit(client, "rename", value="x", why=bad, version="99").text,
             client.get(f"/themes/{PARCEL}").text]  # fmt: skip
    assert review.bugs == []
    for page in pages:
        assert_shown_as_words(page)
        assert "&lt;script&gt;alert(1)" in page


def test_the_pages_in_english(open_review, workspace):
    client = open_review(workspace, settings=Settings(language="en")).browser()
    assert "4 active themes" in plain(client.get("/themes").text)
    assert "Sub-theme of" in plain(client.get(PATH).text)
    assert "Pick" not in plain(client.get(PATH).text)
    assert "is called ‘New’ now" in plain(edit(client, "rename", value="New").text)
