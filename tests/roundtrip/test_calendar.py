import re
from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from klankbord.roundtrip import Form

from .builders import HOSTILE, QUOTES, THEMES, action, bytes_of, structural

NAME = re.compile(r"[A-Z][A-Z0-9-]*\Z")
REQUIRED = {"UID", "DTSTAMP", "SEQUENCE", "DTSTART", "DTEND", "SUMMARY", "DESCRIPTION", "STATUS"}


def parsed(raw: bytes) -> list[dict[str, str]]:
    """Return the events of an iCalendar file; fails where it breaks a rule of RFC 5545."""
    assert raw.endswith(b"\r\n")
    lines = raw[:-2].split(b"\r\n")
    assert not [line for line in lines if b"\n" in line or b"\r" in line]
    assert max(map(len, lines)) <= 75
    for line in lines:
        line.decode("utf-8")  # no character is cut in two
    text = raw.decode("utf-8").replace("\r\n ", "")
    stack: list[str] = []
    events: list[dict[str, str]] = []
    for line in text[:-2].split("\r\n"):
        head, colon, value = line.partition(":")
        assert colon, line
        name, *parameters = head.split(";")
        assert NAME.match(name), name
        assert all("=" in parameter for parameter in parameters)
        assert not [c for c in value if ord(c) < 32], value
        if name == "BEGIN":
            stack.append(value)
            events += [{}] if value == "VEVENT" else []
        elif name == "END":
            assert stack.pop() == value
        elif stack[-1] == "VEVENT":
            assert name not in events[-1], f"{name} twice"
            events[-1][name] = unescaped(value) if name in TEXTS else value
    assert stack == []
    assert text.startswith("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:")
    assert all(event.keys() >= REQUIRED for event in events)
    assert len({event["UID"] for event in events}) == len(events)
    return events


TEXTS = ("SUMMARY", "DESCRIPTION", "UID", "CATEGORIES")


def unescaped(value: str) -> str:
    assert not re.search(r"(?<!\\)(?:\\\\)*[;,]", value), "a bare separator in a text"
    assert not re.sub(r"\\[\\;,nN]", "", value).count("\\"), "an unknown escape"
    return re.sub(r"\\(.)", lambda found: "\n" if found[1] in "nN" else found[1], value)


def test_an_event_of_a_whole_day_for_each_action() -> None:
    made = [action(version=4), structural(outcome="geslaagd", status="uitgevoerd")]
    one, two = parsed(bytes_of(made, Form.ICS, themes=THEMES))
    assert one["UID"] == "inner-1@klankbord"
    assert one["SEQUENCE"] == "4"
    assert (one["DTSTART"], one["DTEND"]) == ("20260402", "20260403")
    assert one["DTSTAMP"] == "20260330T000000Z"
    assert one["SUMMARY"] == "Herstelgesprek: K-0A9BZVTW12"
    assert one["CATEGORIES"] == "Customer Service"
    assert one["STATUS"] == "CONFIRMED"
    assert one["TRANSP"] == "TRANSPARENT"
    assert two["STATUS"] == "CANCELLED"
    assert two["SUMMARY"] == "Structureel verbeteren: bezorger, laat"
    raw = bytes_of(made, Form.ICS)
    assert raw.count(b"DTSTART;VALUE=DATE:") == 2


def test_no_customers_words_unless_asked() -> None:
    made = [action(draft="Beste {naam}, GEHEIM", wel_niet_later="GEHEIM")]
    quiet = bytes_of(made, Form.ICS)
    assert b"GEHEIM" not in quiet
    assert b"te laat" not in quiet
    (event,) = parsed(bytes_of(made, Form.ICS, quotes=QUOTES))
    assert "GEHEIM" in event["DESCRIPTION"]
    assert "te laat" in event["DESCRIPTION"]


@given(
    st.text(st.characters(codec="utf-8"), max_size=120),
    st.dates(date(1970, 1, 1), date(2100, 1, 1)),
)
def test_no_text_breaks_the_calendar(text: str, due: date) -> None:
    made = [action(reason=text, owner=text, kind=text, customer_id=text, due=due)]
    (event,) = parsed(bytes_of(made, Form.ICS))
    assert event["UID"] == "inner-1@klankbord"
    assert event["DTSTART"] == f"{due:%Y%m%d}" or due.year < 1000


def test_text_that_looks_like_a_calendar_stays_text() -> None:
    trick = "x\r\nEND:VEVENT\r\nBEGIN:VALARM\nATTACH:http://x.invalid"
    (event,) = parsed(bytes_of([action(reason=trick, customer_id=trick)], Form.ICS))
    assert "END:VEVENT" in event["DESCRIPTION"]
    assert len(parsed(bytes_of([action(reason=HOSTILE)], Form.ICS))) == 1
    assert parsed(bytes_of([], Form.ICS)) == []
