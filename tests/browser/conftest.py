"""Chromium as people have it, one report to open in it, and people who visit a review page."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from klankbord.report import build, write_html
from report.builders import world

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page
    from reviewing import Served

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
_LISTEN = """
window.violations = [];
document.addEventListener("securitypolicyviolation", (event) =>
  window.violations.push(`${event.violatedDirective} ${event.blockedURI} ${event.sample}`));
"""


@dataclass
class Visit:
    """A page in a browser, and everything about it that went wrong."""

    page: Page
    own: str = "file://"  # how the addresses begin that it may ask for
    requests: list[str] = field(default_factory=list)
    console: list[str] = field(default_factory=list)
    dialogs: list[str] = field(default_factory=list)

    def listen(self) -> None:
        """Note requests, complaints and dialogs."""
        self.page.add_init_script(_LISTEN)
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("console", lambda told: self.console.append(f"{told.type} {told.text}"))
        self.page.on("pageerror", lambda error: self.console.append(str(error)))
        self.page.on("dialog", self._dismiss)

    def _dismiss(self, dialog: Any) -> None:
        self.dialogs.append(dialog.message)
        dialog.dismiss()

    def complaints(self) -> list[str]:
        """Return everything that should not have happened."""
        asked = [url for url in self.requests if not url.startswith((self.own, "data:"))]
        violations = self.page.evaluate("window.violations")
        return asked + self.console + self.dialogs + violations


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """A headless Chromium of this machine; nothing is downloaded."""
    playwright = pytest.importorskip(
        "playwright.sync_api", reason="Playwright is not installed: pip install '.[dev]'"
    )
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        pytest.skip("there is no Chromium here: apt-get install chromium")
    root = getattr(os, "geteuid", lambda: 1)() == 0
    with playwright.sync_playwright() as running:
        browser = running.chromium.launch(
            executable_path=found,
            args=["--disable-dev-shm-usage", *(["--no-sandbox"] if root else [])],
        )
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def report_page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of the small world of the report's own tests."""
    path = tmp_path_factory.mktemp("report") / "rapport.html"
    write_html(build(**world()), path)
    return path


@pytest.fixture
def visit(chromium: Browser, report_page: Path) -> Iterator[Callable[..., Visit]]:
    """Opens the report, or another file, in a window of so many pixels without network."""
    contexts = []

    def opened(path: Path = report_page, *, width: int = 1440, **options: Any) -> Visit:
        context = chromium.new_context(
            offline=True,
            service_workers="block",
            viewport={"width": width, "height": 900},
            **options,
        )
        contexts.append(context)
        made = Visit(context.new_page())
        made.listen()
        made.page.goto(path.as_uri())
        return made

    yield opened
    for context in contexts:
        context.close()


@pytest.fixture
def person(chromium: Browser) -> Iterator[Callable[..., Visit]]:
    """Lets somebody with a browser of their own come in to a site that is being served."""
    contexts = []

    def came(
        served: Served, by: str = "Anna", *, width: int = 1440, path: str = "", **options: Any
    ) -> Visit:
        context = chromium.new_context(viewport={"width": width, "height": 900}, **options)
        context.set_default_timeout(10_000)
        contexts.append(context)
        made = Visit(context.new_page(), own=f"{served.root}/")
        made.listen()
        if by:
            made.page.goto(served.site.new_address())
            made.page.get_by_label("Naam").fill(by)
            made.page.get_by_role("button", name="Beginnen").click()
        if path:
            made.page.goto(served.root + path)
        return made

    yield came
    for context in contexts:
        context.close()
