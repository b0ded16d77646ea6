"""A person who is in lets a colleague in, with an address that works once and not for long."""

import re
from dataclasses import replace
from html import unescape

from klankbord.review.access import MOST_TOKENS, UNUSED_SECONDS

from .conftest import HOST, Review, form_token, post


def invited(client) -> str:
    """Ask for an address for a colleague and return it."""
    page = post(client, "/invite").text
    found = re.search(r"<textarea[^>]*>([^<]+)</textarea>", page)
    assert found, "no address on this page"
    return unescape(found[1])


def test_a_colleague_comes_in_under_a_name_of_their_own(review: Review):
    anna = review.browser()
    address = invited(anna)
    assert address.startswith(f"http://{HOST}/enter?token=")
    bram = review.browser(enter=False)
    assert bram.get(address).url.path == "/name"
    assert "Bram" in post(bram, "/name", name="Bram").text
    assert "Anna" in anna.get("/shifts").text
    assert review.told == []
    assert review.browser(enter=False).get(address).status_code == 403


def test_the_address_is_shown_once_and_to_one_session(review: Review):
    anna, bram = review.browser(), review.browser(by="Bram")
    token = form_token(anna.get("/invite").text)
    assert (
        anna.post("/invite", data={"form_token": token}, follow_redirects=False).headers["location"]
        == "/invite"
    )
    assert "/enter?token=" not in bram.get("/invite").text
    assert "/enter?token=" in anna.get("/invite").text
    assert "/enter?token=" not in anna.get("/invite").text


def test_several_colleagues_can_be_invited(review: Review):
    anna = review.browser()
    addresses = [invited(anna) for _ in range(3)]
    assert len(set(addresses)) == 3
    for address in addresses:
        assert review.browser(enter=False).get(address).status_code == 200


def test_only_who_is_in_and_has_a_name_invites(review: Review):
    stranger, nameless = review.browser(enter=False), review.browser(by="")
    assert stranger.get("/invite").status_code == 401
    assert stranger.post("/invite").status_code == 401
    assert nameless.get("/invite").url.path == "/name"
    assert "/enter?token=" not in post(nameless, "/invite").text
    anna = review.browser()
    assert anna.post("/invite", data={"form_token": "x"}).status_code == 403


def test_an_address_expires_unused_and_a_new_one_is_told(review: Review):
    address = invited(review.browser())
    review.clock[0] += UNUSED_SECONDS + 1
    late = review.browser(enter=False)
    refused = late.get(address)
    assert refused.status_code == 403
    assert "verlopen" in refused.text
    assert late.get(address).status_code == 403
    (told,) = review.told
    assert late.get(told).status_code == 200


def test_an_address_works_until_the_last_moment(review: Review):
    address = invited(review.browser())
    review.clock[0] += UNUSED_SECONDS
    assert review.browser(enter=False).get(address).status_code == 200


def test_of_many_unused_addresses_the_oldest_end(review: Review):
    tokens = [review.site.access.new_token() for _ in range(MOST_TOKENS + 1)]
    codes = [review.browser(enter=False).get(f"/enter?token={tokens[at]}").status_code
             for at in (0, 1, -1)]  # fmt: skip
    assert codes == [403, 200, 200]


def test_it_says_from_where_the_address_works(review: Review):
    assert "alleen op deze computer" in review.browser().get("/invite").text
    site = replace(review.site, host="192.168.1.20:8123")
    away = Review(site, review.clock).browser()
    page = away.get("/invite").text
    assert "computer in het netwerk" in page
    assert "niets naar buiten" not in page.replace("verder gaat er niets naar buiten", "")
    assert invited(away).startswith("http://192.168.1.20:8123/enter?token=")


def test_an_address_of_version_six_is_known_as_this_computer(review: Review):
    assert replace(review.site, host="[::1]:8123").on_loopback
    assert not replace(review.site, host="[fe80::1]:8123").on_loopback
