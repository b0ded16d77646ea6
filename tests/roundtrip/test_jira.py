import csv
import dataclasses
import io

from hypothesis import given
from hypothesis import strategies as st

from klankbord.roundtrip import Form

from .builders import QUOTES, THEMES, action, bytes_of, structural


def issues(actions, **more):
    text = bytes_of(actions, Form.JIRA, **more).decode("utf-8")
    assert not text.startswith("\ufeff"), "the mark would become part of the first heading"
    header, *rows = csv.reader(io.StringIO(text, newline=""))
    return header, rows


def test_the_columns_that_the_importer_maps() -> None:
    header, (one, two) = issues([action(), structural(priority=0.0)], themes=THEMES)
    assert header == [
        "Summary", "Description", "Issue Type", "Priority", "Due Date",
        "Labels", "Labels", "Labels", "Labels", "External issue ID",
    ]  # fmt: skip
    assert one[0] == "Herstelgesprek: K-0A9BZVTW12"
    assert one[2:5] == ["Task", "Highest", "2026-04-02"]
    assert one[5:] == ["klankbord", "Customer-Service", "herstelgesprek", "inner", "inner-1"]
    assert two[3] == "Low"
    assert two[7] == "structureel-verbeteren"
    assert "Afdeling: Distributie" in two[1].splitlines()
    assert DRAFT_START not in one[1]


DRAFT_START = "Beste {naam}"


def test_quotes_only_when_asked_and_without_working_markup() -> None:
    evil = "!http://x.invalid/a.png! [~admin] [klik|http://x] {html}"
    quotes = {"inner-1": (dataclasses.replace(QUOTES["inner-1"][0], text=evil),)}
    _, (plain,) = issues([action()])
    assert "x.invalid" not in plain[1]
    _, (told,) = issues([action()], quotes=quotes)
    assert r"\!http://x.invalid/a.png\! \[~admin] \[klik\|http://x] \{html}" in told[1]


@given(st.text(st.characters(codec="utf-8"), max_size=400))
def test_no_text_breaks_a_row(text: str) -> None:
    made = [action(reason=text, owner=text, kind=text, customer_id=text, draft=text)]
    header, (one,) = issues(made, quotes=QUOTES)
    assert len(one) == len(header)
    assert len(one[0]) <= 255
    assert "\n" not in one[0]
    assert all(" " not in label for label in one[5:9])
