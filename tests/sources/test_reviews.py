"""Review feeds: Kiyoh, Feedback Company, Google, Trustpilot, the app stores."""

import json
from datetime import UTC, datetime

import pytest

from .helpers import read_all, write

KIYOH = {
    "locationId": "1046",
    "locationName": "Fietsen Bol",
    "averageRating": 8.8,
    "numberReviews": 3,
    "reviews": [
        {
            "reviewId": "6a1",
            "reviewAuthor": "Truus",
            "city": "Meppel",
            "rating": 9,
            "reviewContent": [
                {"questionGroup": "DEFAULT_OVERALL", "questionType": "INT", "rating": "9"},
                {"questionGroup": "DEFAULT_ONELINER", "questionType": "TEXT", "rating": "Topzaak"},
                {"questionGroup": "DEFAULT_OPINION", "rating": "Ze denken mee"},
                {"questionGroup": "DEFAULT_RECOMMEND", "questionType": "BOOLEAN", "rating": "true"},
                {
                    "questionGroup": "UNKNOWN",
                    "questionType": "TEXT",
                    "rating": "De parkeerplaats is krap bij drukte",
                    "questionTranslation": "Wat kan er beter?",
                },
            ],
            "dateSince": "2025-02-03T10:00:00.000+01:00",
            "updatedSince": "2025-02-03T11:00:00.000+01:00",
            "reviewLanguage": "nl",
        },
        {
            "reviewId": "6a2",
            "reviewAuthor": "Sjaak",
            "rating": 2,
            "reviewContent": [
                {"questionGroup": "DEFAULT_OVERALL", "rating": "2"},
                {"questionGroup": "DEFAULT_OPINION", "rating": "Nooit meer."},
            ],
            "dateSince": "2025-02-04T10:00:00.000+01:00",
            "updatedSince": "2025-02-04T10:00:00.000+01:00",
        },
        {"reviewId": "6a3", "reviewContent": "kapot", "dateSince": "2025-02-04T10:00:00.000+01:00"},
    ],
}  # fmt: skip


def test_kiyoh_joins_the_oneliner_and_the_opinion(tmp_path):
    got = read_all(write(tmp_path / "feed", json.dumps(KIYOH)))
    assert got.detection.source == "kiyoh"
    first = got.feedback[0]
    assert first["feedback_id"] == "kiyoh:6a1"
    assert first["verbatim"] == "Topzaak. Ze denken mee"
    assert (first["score_metric"], first["score_value"]) == ("grade", 9.0)
    assert first["received_at"] == datetime(2025, 2, 3, 10, tzinfo=UTC)
    assert "Truus" not in json.dumps(got.feedback, default=str)


def test_a_kiyoh_question_nobody_knows_is_its_own_piece(tmp_path):
    got = read_all(write(tmp_path / "feed", json.dumps(KIYOH)))
    asked = [row for row in got.feedback if row["question"] == "Wat kan er beter?"]
    assert [row["verbatim"] for row in asked] == ["De parkeerplaats is krap bij drukte"]
    assert asked[0]["score_value"] is None


def test_a_kiyoh_review_without_answers_is_rejected_and_counted(tmp_path):
    got = read_all(write(tmp_path / "feed", json.dumps(KIYOH)))
    assert [row.reason for row in got.rejected] == ["de vragen van deze review zijn geen lijst"]
    assert got.rows_in == len(got.feedback) + 1


@pytest.mark.parametrize("record_tag", ["reviews", "review"])
def test_kiyoh_as_xml(tmp_path, record_tag):
    text = f"""<?xml version="1.0" encoding="UTF-8"?>
<LocationReviewsFeed><locationName>Fietsen Bol</locationName><reviews>
<{record_tag}><reviewId>x1</reviewId><reviewAuthor>Truus</reviewAuthor><rating>10</rating>
<reviewContent>
<reviewContent><questionGroup>DEFAULT_OVERALL</questionGroup><rating>10</rating></reviewContent>
<reviewContent><questionGroup>DEFAULT_ONELINER</questionGroup>
<rating>Geïnteresseerd &amp; snel</rating></reviewContent>
</reviewContent><dateSince>2025-02-03T10:00:00Z</dateSince>
<updatedSince>2025-02-03T10:00:00Z</updatedSince></{record_tag}>
<{record_tag}><reviewId>x2</reviewId><rating>4</rating>
<reviewContent>
<reviewContent><questionGroup>DEFAULT_OVERALL</questionGroup><rating>4</rating></reviewContent>
</reviewContent><dateSince>2025-02-03T10:00:00Z</dateSince>
<updatedSince>2025-02-03T10:00:00Z</updatedSince></{record_tag}>
</reviews></LocationReviewsFeed>"""
    got = read_all(write(tmp_path / "feed.dat", text))
    assert got.detection.source == "kiyoh"
    assert got.verbatims == ["Geïnteresseerd & snel", ""]
    assert [row["score_value"] for row in got.feedback] == [10.0, 4.0]
    assert "Truus" not in json.dumps(got.feedback, default=str)


def company(value: object, **more: object) -> str:
    review = {
        "id": 77,
        "date_created": "2025-05-01 12:00:00",
        "date_updated": "2025-05-02 12:00:00",
        "total_score": 4,
        "recommends": "Ja",
        "client": {"name": "Gerda", "email": "g@x.nl", "city": "Zwolle"},
        "questions": [
            {"question_id": "open", "type": "open", "title": "Uw ervaring", "value": value},
            {"question_id": "service", "type": "score", "title": "Service", "value": 5},
        ],
        "shop_comment": "Dag Gerda, dank je wel voor je bericht",
        **more,
    }
    return json.dumps({"success": True, "reviews": [review]})


def test_feedback_company(tmp_path):
    got = read_all(write(tmp_path / "r.json", company("Prima geholpen door de monteur")))
    row = got.feedback[0]
    assert row["feedback_id"] == "feedback-company:77"
    assert (row["score_metric"], row["score_value"]) == ("stars", 4.0)
    assert row["verbatim"] == "Prima geholpen door de monteur"
    assert row["received_at"] == datetime(2025, 5, 2, 10, tzinfo=UTC)
    assert len(got.feedback) == 1
    assert "Gerda" not in json.dumps(got.feedback, default=str)


def test_feedback_company_without_an_answer_still_has_its_score(tmp_path):
    got = read_all(write(tmp_path / "r.json", company(None)))
    assert [(row["verbatim"], row["score_value"]) for row in got.feedback] == [("", 4.0)]


@pytest.mark.parametrize("named", ["reviewId", "name"])
def test_google_business_by_either_id(tmp_path, named):
    review = {
        named: "r-9",
        "reviewer": {"displayName": "Anja"},
        "starRating": "TWO",
        "comment": "Koud eten\n\n(Translated by Google)\nCold food",
        "createTime": "2025-02-01T09:00:00.123456789Z",
        "updateTime": "2025-02-05T09:00:00Z",
        "reviewReply": {"comment": "Beste Anja, excuses", "updateTime": "2025-02-06T09:00:00Z"},
    }
    got = read_all(write(tmp_path / "g.json", json.dumps({"reviews": [review]})))
    (row,) = got.feedback
    assert row["feedback_id"] == "google-business:r-9"
    assert (row["verbatim"], row["score_value"]) == ("Koud eten", 2.0)
    assert "Anja" not in json.dumps(row, default=str)


def test_google_play_takes_its_id_from_the_link(tmp_path):
    header = (
        "Package Name,Reviewer Language,Device,Review Submit Date and Time,"
        "Review Last Update Date and Time,Star Rating,Review Title,Review Text,"
        "Developer Reply Text,Review Link\n"
    )
    line = 'nl.app,nl,x,2025-01-01T08:00:00Z,{at},{stars},,"{text}","Hoi Henk, dank",{link}\n'
    link = "https://play.google.com/console/x?reviewId=gp%3AAO-1&corpus=PUBLIC"
    text = (
        header
        + line.format(at="2025-01-01T08:00:00Z", stars=1, text="Crasht", link=link)
        + line.format(at="2025-02-01T08:00:00Z", stars=5, text="Opgelost", link="")
    )
    got = read_all(write(tmp_path / "r.csv", text, "utf-16"))
    assert [row["feedback_id"] for row in got.feedback] == ["google-play:gp:AO-1", ""]
    assert "Henk" not in json.dumps(got.feedback, default=str)


def test_trustpilot_reply_is_not_the_customers_word(tmp_path):
    text = (
        "Domain Url,Review Id,Review Created (UTC),Review Title,Review Content,Review Stars,"
        "Reference Id,Company Reply Date (UTC),Company Reply\n"
        'x.nl,a1,2025-01-01T08:00:00Z,Slecht,"Nooit, meer",1,00123,2025-01-02T08:00:00Z,'
        '"Beste Kees, wat vervelend om te horen"\n'
    )
    got = read_all(write(tmp_path / "t.csv", text))
    (row,) = got.feedback
    assert row["verbatim"] == "Slecht. Nooit, meer"
    assert row["customer_id"] == "00123"
    assert "Kees" not in json.dumps(row, default=str)


def test_the_app_store_feed(tmp_path):
    entry = {
        "author": {"name": {"label": "Wim"}},
        "id": {"label": "123"},
        "im:rating": {"label": "2"},
        "title": {"label": "Traag"},
        "content": {"label": "Duurt lang"},
        "updated": {"label": "2025-03-01T01:00:00-07:00"},
    }
    got = read_all(
        write(
            tmp_path / "f.json",
            json.dumps({"feed": {"title": {"label": "x"}, "entry": [entry, entry]}}),
        )
    )
    assert got.feedback[0]["feedback_id"] == "app-store:123"
    assert got.verbatims[0] == "Traag. Duurt lang"
    assert "Wim" not in json.dumps(got.feedback, default=str)
