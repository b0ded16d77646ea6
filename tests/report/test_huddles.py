import re
import shutil
import subprocess
from datetime import date
from pathlib import Path

import pytest

from klankbord.loop.huddle import Huddle, HuddleAction, HuddleQuote, HuddleTheme, ToOuter
from klankbord.report import write_huddles
from klankbord.report.html import render_huddles
from klankbord.report.huddles import MOST_DUE, MOST_LATE, MOST_TO_OUTER, huddle_sheet
from klankbord.report.wording import Wording
from klankbord.settings import Settings

from .builders import HOSTILE
from .test_html import Page, policy_of

TODAY = date(2026, 3, 12)


def action(at: int, **more: object) -> HuddleAction:
    fields = {
        "action_id": f"inner-{at}",
        "kind": "persoonlijk contact",
        "subject": f"K-{at:010}",
        "due": TODAY,
        "status": "actieplan",
        "escalation": 0,
    }
    return HuddleAction(**(fields | more))


def sheet(department: str = "Sales", words: str = "", actions: int = 2) -> Huddle:
    return Huddle(
        department=department,
        question=f"{words}Welke belofte deden we?",
        since=date(2026, 3, 5),
        today=TODAY,
        until=date(2026, 3, 18),
        language="nl",
        theme=HuddleTheme("prijs", f"{words}Prijs", 12, "stijgend"),
        quotes=tuple(HuddleQuote(f"K-{at}", f"{words}Te duur {at}") for at in range(3)),
        closed={"inner": {"geslaagd": 2, "vals alarm": 1}, "outer": {}},
        late=tuple(action(at, due=date(2026, 3, 2), escalation=1) for at in range(actions)),
        due=tuple(action(at) for at in range(actions)),
        to_outer=tuple(
            ToOuter(f"t{at}", f"{words}Levertijd", None if at else 7, "Distributie", at == 0)
            for at in range(actions)
        ),
    )


def test_everything_is_in_words() -> None:
    found = huddle_sheet(sheet(), Wording())
    assert found.period == "5 maart 2026 tot en met 12 maart 2026"
    assert found.theme_detail == "12 meldingen, stijgend"
    assert [(count.count_text, count.ends) for count in found.closed] == [
        ("3", "2 geslaagd en 1 vals alarm"), ("0", "")
    ]  # fmt: skip
    assert found.late.lines[0].told == "afdelingshoofd"
    assert found.due.heading == "Af te ronden tot en met 18 maart 2026"
    assert found.to_outer == (
        ("Levertijd", "7 klanten, eigenaar Distributie (verbetering loopt al)"),
        ("Levertijd", "minder dan 5 klanten, eigenaar Distributie"),
    )


def test_what_does_not_fit_is_counted() -> None:
    found = huddle_sheet(sheet(actions=50), Wording())
    assert len(found.late.lines) == MOST_LATE
    assert found.due.rest == f"Nog {50 - MOST_DUE} acties: zie acties.xlsx."
    assert found.to_outer_rest == f"Nog {50 - MOST_TO_OUTER} onderwerpen."


def test_a_strict_page_without_script_and_nothing_unescaped() -> None:
    settings = Settings(company=HOSTILE)
    sheets = [sheet("Sales", HOSTILE), sheet("Customer Service", HOSTILE)]
    page = Page(render_huddles(sheets, settings=settings))
    assert page.wrong == []
    assert policy_of(page)["script-src"] == "'none'"
    assert page.all("script") == page.all("img") == []
    assert [part["id"] for part in page.all("article")] == ["Sales", "Customer-Service"]
    assert not any(name.startswith("on") for _, given in page.tags for name in given)


def test_same_sheets_same_bytes_and_english(tmp_path: Path) -> None:
    for name in ("a.html", "b.html"):
        write_huddles([sheet()], tmp_path / name, settings=Settings(language="en"))
    assert (tmp_path / "a.html").read_bytes() == (tmp_path / "b.html").read_bytes()
    assert "What do we agree?" in (tmp_path / "a.html").read_text("utf-8")


@pytest.mark.browser
def test_a_full_department_is_one_sheet_of_paper(tmp_path: Path) -> None:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        pytest.skip("no Chromium on this machine")
    words = "Een lange tekst van een klant met veel woorden erin, en dan nog wat meer. " * 4
    names = ("Sales", "Distributie", "Finance")
    sheets = [sheet(name, words, actions=50) for name in names]
    page, printed = tmp_path / "huddle.html", tmp_path / "huddle.pdf"
    write_huddles(sheets, page, settings=Settings(company="Voorbeeld BV"), notice=words)
    subprocess.run(
        [
            chromium, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
            f"--user-data-dir={tmp_path / 'profile'}", "--no-pdf-header-footer",
            f"--print-to-pdf={printed}", page.as_uri(),
        ],
        capture_output=True, timeout=120, check=True,
    )  # fmt: skip
    assert len(re.findall(rb"/Type\s*/Page\b", printed.read_bytes())) == len(names)
