"""Searching and filtering the verbatims of themes, and reading them without script."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from klankbord.report import build, write_html
from report.builders import START, feedback_table, segment_table, world

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser


@pytest.fixture
def page_file(tmp_path: Path) -> Path:
    rows = [
        {
            "feedback_id": f"m{at}",
            "verbatim": f"Veel te duur, zei ik al {at} keer",
            "received_at": START + timedelta(days=at),
            "channel": "chat" if at % 2 else "review",
        }
        for at in range(4)
    ]
    feedback = feedback_table(rows)
    ids = feedback["feedback_id"].to_pylist()
    segments = segment_table(ids, [str(row["verbatim"]) for row in rows], ["prijs"] * 4)
    path = tmp_path / "rapport.html"
    write_html(build(**world() | {"feedback": feedback, "segments": segments}), path)
    return path


def test_quotes_are_found_by_word_and_narrowed_by_channel(
    chromium: Browser, page_file: Path
) -> None:
    page = chromium.new_page()
    page.goto(page_file.as_uri())
    output = page.locator("[data-search] output")
    page.fill("#zoek", "zei ik al")
    assert output.text_content() == "1 thema’s en 4 citaten gevonden"
    assert page.locator(".voices > details:visible").count() == 1
    assert page.locator(".quote:visible", has_text="zei ik al").count() == 4
    page.select_option("#zoek-kanaal", "chat")
    assert page.locator(".quote:visible", has_text="zei ik al").count() == 2
    page.select_option("#zoek-toon", "ontevreden")
    page.fill("#zoek", "")
    assert output.text_content() == "1 thema’s en 2 citaten gevonden"
    page.select_option("#zoek-kanaal", "")
    page.select_option("#zoek-toon", "")
    assert output.text_content() == ""
    assert page.locator(".voices > details:visible").count() == 3
    assert page.locator(".more-quotes[open]").count() == 0
    page.close()


def test_without_script_every_quote_can_be_unfolded(chromium: Browser, page_file: Path) -> None:
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(page_file.as_uri())
    assert not page.locator("[data-search]").is_visible()
    summary = page.locator(".voices > details:not([open]) > summary")
    while summary.count():
        summary.first.click()
    page.locator(".more-quotes > summary").first.click()
    assert page.locator(".quote:visible", has_text="zei ik al").count() == 4
    context.close()
