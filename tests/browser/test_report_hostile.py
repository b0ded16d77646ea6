"""Hostile words in every field of the report, as a browser takes them."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from looking import POKE, structure

from hostile import PAYLOADS, REPORT_CODES, batches, spoiled
from klankbord.report import build, write_html
from klankbord.report.model import Report
from report.builders import world

pytestmark = pytest.mark.browser

CODES = REPORT_CODES | {"points", "marks", "ticks"}  # axes have a test without a browser
DRAWN = 6  # cards and themes with pictures; those of all words have a test without a browser


def crowded(words: Sequence[str]) -> Report:
    """Return a report with a card, a theme, an action and so on for each of the words.

    What there is only one of gets all of them.
    """

    def put(together: str) -> Callable[[str], str]:
        return lambda text: f"{text} {together}"

    report = spoiled(build(**world()), put(" ".join(words)), CODES)
    plain = build(**world())

    def each(rows: Sequence[Any], **renumbered: Callable[[int], Any]) -> tuple[Any, ...]:
        return tuple(
            dataclasses.replace(
                spoiled(rows[at % len(rows)], put(one), CODES),
                **{name: number(at) for name, number in renumbered.items()},
            )
            for at, one in enumerate(words)
        )

    replace, accounts = dataclasses.replace, plain.shifts.accounts
    count = len(words)
    cards = each(plain.shifts.rows, rank=lambda at: at + 1)
    found = each(plain.themes.rows, theme_id=lambda at: f"t{at}")
    few = [replace(row, timeline=None) for row in cards[DRAWN:]]
    rest = [
        replace(row, spark=None, impact=replace(row.impact, value=None)) for row in found[DRAWN:]
    ]
    shifts = replace(
        report.shifts,
        rows=(*cards[:DRAWN], *few),
        shown=count,
        kinds=each(plain.shifts.kinds),
        accounts=replace(report.shifts.accounts, rows=each(accounts.rows)),
    )
    themes = replace(
        report.themes,
        rows=(*found[:DRAWN], *rest),
        shown=count,
        gap=replace(report.themes.gap, rows=each(plain.themes.gap.rows)),
    )
    groups = each(plain.actions.groups)
    groups = tuple(
        replace(group, rows=(spoiled(plain.actions.groups[0].rows[0], put(one), CODES),))
        for group, one in zip(groups, words, strict=True)
    )
    overview = replace(
        report.overview,
        sources=each(plain.overview.sources),
        things=each(plain.overview.things),
        figures=each(plain.overview.figures),
    )
    method = replace(report.method, rejected=each(plain.method.rejected))
    return replace(
        report,
        shifts=shifts,
        themes=themes,
        actions=replace(report.actions, groups=groups),
        overview=overview,
        method=method,
    )


@pytest.mark.parametrize("words", batches(60), ids=lambda words: f"{len(words)}")
def test_no_word_becomes_part_of_the_page(
    words: tuple[str, ...], visit: Callable, tmp_path: Path
) -> None:
    write_html(crowded(["onschuldig"] * len(words)), tmp_path / "plain.html")
    write_html(crowded(words), tmp_path / "hostile.html")
    plain, hostile = visit(tmp_path / "plain.html"), visit(tmp_path / "hostile.html")
    assert structure(hostile.page) == structure(plain.page)
    hostile.page.evaluate(POKE)
    hostile.page.locator("input[type=search]").first.fill(words[0])
    assert hostile.page.evaluate("document.querySelectorAll('a').length") > len(words)
    schemes = "[...new Set([...document.querySelectorAll('a')].map((a) => a.protocol))]"
    assert hostile.page.evaluate(schemes) == ["file:"]
    assert "ALARM" not in hostile.page.evaluate("document.title").split("alert(")[0]
    assert hostile.complaints() == []


def test_the_alarm_would_be_heard(visit: Callable, tmp_path: Path) -> None:
    """A page without our policy and without escaping sets it off."""
    (tmp_path / "lek.html").write_text(
        f"<!doctype html><p>{PAYLOADS['event-0']}</p><img src=https://kwaad.invalid/a.png>", "utf-8"
    )
    leaking = visit(tmp_path / "lek.html")
    leaking.page.wait_for_function("document.title.startsWith('ALARM')")
    told = leaking.complaints()
    assert "ALARM" in told
    assert any("kwaad.invalid" in line for line in told)
    policy = "<meta http-equiv=Content-Security-Policy content=\"default-src 'none'\">"
    (tmp_path / "dicht.html").write_text(f"<!doctype html>{policy}{PAYLOADS['event-0']}", "utf-8")
    closed = visit(tmp_path / "dicht.html")
    closed.page.wait_for_function("window.violations.length > 0")
    assert any(line.startswith(("script-src", "img-src")) for line in closed.complaints())
