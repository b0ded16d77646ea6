"""Nobody comes in without a token, and no other site makes a browser do something here."""

import re

import pytest
from starlette.routing import Route

from klankbord.review.access import IDLE_SECONDS, LONGEST_SECONDS
from klankbord.review.app import build_app

from .conftest import HOST, NOW, Review, form_token, post

HERE = {"shift_id": "V-0001", "action_id": "A-K-0001", "label_id": "1", "matter": "uitstel",
        "theme_id": "levertijd-bezorger", "verb": "rename"}  # fmt: skip


def filled(path):
    """Return the address of a route with something that is there."""
    return re.sub(r"{(\w+)(?::int)?}", lambda place: HERE[place[1]], path)


def everything(store):
    return (store.verdicts(), store.shift_counts(NOW.date()), store.actions(),
            store.tone_labels(history=True).to_pylist(),
            store.known_themes(), store.theme_edits(),
            [store.shift_history(f"V-{n:04}") for n in range(1, 4)])  # fmt: skip


def test_a_token_opens_one_session(review: Review):
    token = review.site.access.new_token()
    first, second = review.browser(enter=False), review.browser(enter=False)
    assert first.get("/shifts").status_code == 401
    came = first.get(f"/enter?token={token}", follow_redirects=False)
    cookie = came.headers["set-cookie"].lower()
    assert (came.status_code, came.headers["location"]) == (303, "/")
    assert "httponly" in cookie
    assert "samesite=lax" in cookie  # links in chat and mail work; forms carry a token
    assert token not in cookie
    refused = second.get(f"/enter?token={token}")
    assert refused.status_code == 403
    assert "set-cookie" not in refused.headers
    assert second.get("/shifts").status_code == 401


@pytest.mark.parametrize("token", ["", "x", "ë" * 40, "%00", "a" * 5000])
def test_a_wrong_token_opens_nothing(review: Review, token: str):
    assert review.browser(enter=False).get(f"/enter?token={token}").status_code == 403


def test_guessing_is_slowed_down_and_ends_by_itself(review: Review):
    client = review.browser(enter=False)
    codes = [client.get("/enter?token=x").status_code for _ in range(7)]
    assert codes == [403] * 5 + [429] * 2
    token = review.site.access.new_token()
    assert client.get(f"/enter?token={token}").status_code == 429
    review.clock[0] += 61
    assert client.get(f"/enter?token={token}").status_code == 200


def test_a_session_ends_when_idle_and_a_new_address_is_told(review: Review):
    client = review.browser()
    for _ in range(3):
        review.clock[0] += IDLE_SECONDS - 1
        assert client.get("/shifts").status_code == 200
    review.clock[0] += IDLE_SECONDS + 1
    assert client.get("/shifts").status_code == 401
    assert client.get("/shifts").status_code == 401
    (address,) = review.told
    assert client.get(address).status_code == 200


def test_a_session_ends_after_a_day_of_work_however_busy(review: Review):
    client = review.browser()
    while review.clock[0] < LONGEST_SECONDS:
        assert client.get("/shifts").status_code == 200
        review.clock[0] += IDLE_SECONDS / 2
    review.clock[0] += 1
    assert client.get("/shifts").status_code == 401


def test_leaving_ends_the_session(review: Review):
    client = review.browser()
    cookies = dict(client.cookies)
    assert post(client, "/leave").status_code == 200
    again = review.browser(enter=False, cookies=cookies)
    assert again.get("/shifts").status_code == 401


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1", "localhost:8123", "127.0.0.1:80",
                                  f"{HOST}.evil.example", ""])  # fmt: skip
def test_another_host_name_reaches_nothing(review: Review, host: str):
    client = review.browser()
    refused = client.get("/shifts", headers={"host": host})
    assert refused.status_code == 421
    assert "K-0001" not in refused.text
    token = review.site.access.new_token()
    assert client.get(f"/enter?token={token}", headers={"host": host}).status_code == 421


@pytest.mark.parametrize(
    ("headers", "token"),
    [
        ({}, ""),
        ({}, "wrong"),
        ({"origin": "http://evil.example"}, None),
        ({"origin": "http://127.0.0.1:9999"}, None),
        ({"sec-fetch-site": "cross-site"}, None),
        ({"sec-fetch-site": "same-site", "origin": "null"}, None),
    ],
)
def test_a_form_of_another_site_changes_nothing(review: Review, headers, token):
    client = review.browser()
    page = client.get("/shifts/V-0001").text
    before = everything(review.site.store)
    fields = {"verdict": "real", "version": "0",
              "form_token": form_token(page) if token is None else token}  # fmt: skip
    for path in ("/shifts/V-0001/verdict", "/shifts/V-0001/note", "/leave", "/name"):
        assert client.post(path, data=fields, headers=headers).status_code == 403
    assert everything(review.site.store) == before
    assert client.get("/shifts").status_code == 200


def test_the_form_token_is_of_one_session(review: Review):
    anna, bram = review.browser(), review.browser(by="Bram")
    token = form_token(bram.get("/shifts/V-0001").text)
    fields = {"form_token": token, "verdict": "real", "version": "0"}
    assert anna.post("/shifts/V-0001/verdict", data=fields).status_code == 403


def test_an_own_form_with_origin_null_is_taken(review: Review):
    """So browsers write it where a site asks for no referrer."""
    client = review.browser()
    page = client.get("/shifts/V-0001").text
    fields = {"form_token": form_token(page), "note": "ok"}
    headers = {"origin": "null", "sec-fetch-site": "same-origin"}
    assert client.post("/shifts/V-0001/note", data=fields, headers=headers).status_code == 200
    assert review.site.store.shift_history("V-0001")[0].note == "ok"


def test_only_short_plain_forms_are_read(review: Review):
    client = review.browser()
    token = form_token(client.get("/shifts/V-0001").text)
    path = "/shifts/V-0001/note"
    too_long = client.post(path, data={"form_token": token, "note": "x" * 70_000})
    assert too_long.status_code == 413
    assert client.post(path, json={"form_token": token}).status_code == 415
    assert client.post(path, data={"form_token": token}, files={"a": b"x"}).status_code == 415
    kind = {"content-type": "application/x-www-form-urlencoded"}
    chunked = client.post(path, content=iter([b"form_token=" + token.encode()]), headers=kind)
    assert chunked.status_code == 413
    assert review.site.store.shift_history("V-0001") == ()


def test_reading_pages_changes_nothing(review: Review):
    client = review.browser()
    before = everything(review.site.store)
    gets = [filled(route.path)
            for page in review.site.pages for route in page.routes
            if isinstance(route, Route)]  # fmt: skip
    assert "/shifts/V-0001/verdict" in gets
    for path in gets:
        for method in ("GET", "HEAD"):
            address = f"{path}?verdict=real&note=x&version=0"
            answer = client.request(method, address, follow_redirects=False)
            assert answer.status_code in (200, 405), path
    assert everything(review.site.store) == before


@pytest.mark.parametrize("method", ["PUT", "DELETE", "OPTIONS", "TRACE", "PATCH"])
def test_other_methods_are_refused(review: Review, method: str):
    assert review.browser().request(method, "/shifts").status_code == 405


@pytest.mark.parametrize(("path", "status"), [("/shifts", 200), ("/shifts/V-0001", 200),
                                              ("/nergens", 404), ("/shifts/V-9", 404),
                                              ("/enter?token=x", 403)])  # fmt: skip
def test_every_answer_carries_the_same_strict_headers(review: Review, path: str, status: int):
    answer = review.browser().get(path)
    assert answer.status_code == status
    headers = answer.headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cache-control"] == "no-store"
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy


def test_a_bug_is_told_without_words(review: Review, monkeypatch: pytest.MonkeyPatch):
    client = review.browser()

    def broken(*_arguments, **_more):
        raise ValueError("K-0001 zei: topservice")

    monkeypatch.setattr(type(review.site.store), "listed_shift", broken)
    answer = client.get("/shifts/V-0001")
    assert answer.status_code == 500
    assert "topservice" not in answer.text
    assert [type(error) for error in review.bugs] == [ValueError]


def test_the_name_is_asked_once_before_anything_is_shown(review: Review):
    client = review.browser(by="")
    asked = client.get("/shifts/V-0001")
    assert asked.url.path == "/name"
    assert "K-0001" not in asked.text
    assert post(client, "/name", name="  \u202e ").status_code == 422
    assert "Anna de Vries" in post(client, "/name", name="  Anna\n de   Vries\u202e").text
    assert client.get("/shifts/V-0001").url.path == "/shifts/V-0001"


def test_the_guard_stands_before_every_page(review: Review):
    app = build_app(review.site)
    assert [one.cls.__name__ for one in app.user_middleware] == ["Guard"]
    stranger = review.browser(enter=False)
    for route in app.routes:
        path = filled(route.path)
        if path != "/enter":
            assert stranger.get(path).status_code == 401, path
            assert stranger.post(path).status_code == 401, path
