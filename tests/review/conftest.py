import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

pytest.importorskip("starlette", reason="starlette is not installed: pip install '.[review]'")

from starlette.testclient import TestClient

from klankbord.records import Action, Quote, ToneShift
from klankbord.review.access import Access
from klankbord.review.app import build_app, build_site
from klankbord.review.site import Site
from klankbord.schema import FEEDBACK, SCORES, ShiftKind, Tone, conform
from klankbord.settings import Settings
from klankbord.store import Workspace

from . import theme_builders

NOW = datetime(2026, 3, 12, 11, tzinfo=UTC)
HOST = "127.0.0.1:8123"
WORDS = {
    "f1": "Vorige week. Wat een topservice! Ik ben er heel blij mee.",
    "f2": "Prima, bedankt.",
    "f3": "Gewoon gekregen wat ik bestelde.",
}
SAID = {"f1": Tone.ENTHOUSIAST, "f2": Tone.NEUTRAAL, "f3": Tone.NEUTRAAL}


def shift(number: int, **more: Any) -> ToneShift:
    fields = {
        "shift_id": f"V-{number:04}", "customer_id": f"K-{number:04}",
        "kind": ShiftKind.VERKOELING, "before": Tone.ENTHOUSIAST, "after": Tone.NEUTRAAL,
        "before_at": NOW - timedelta(days=30), "after_at": NOW - timedelta(days=3),
        "probability": 0.84, "expected_fdr": 0.08, "value_eur": 1200.0, "channels": ("survey",),
        "before_quote": Quote("f1", "Wat een topservice!", NOW, "survey", Tone.ENTHOUSIAST),
        "after_quote": Quote("f2", "Prima, bedankt.", NOW, "survey", Tone.NEUTRAAL),
        "explanation": "Was enthousiast en is nu neutraal.", "priority": 1.0,
        "evidence": ("f1", "f2"),
    }  # fmt: skip
    return ToneShift(**(fields | more))


def action(customer: str, **more: Any) -> Action:
    fields = {
        "action_id": f"A-{customer}", "loop": "inner", "kind": "persoonlijk contact",
        "customer_id": customer, "theme_id": None, "owner": "Customer Service",
        "due": date(2026, 3, 10), "priority": 0.5, "status": "actieplan",
        "reason": "Koelde af.", "evidence": ("f2",), "wel_niet_later": "Wel: bellen.",
        "draft": "Beste {naam},\n\nWe missen uw enthousiasme.",
    }  # fmt: skip
    return Action(**(fields | more))


def said(customer: str = "K-0001", words: dict[str, str] = WORDS) -> tuple[pa.Table, pa.Table]:
    rows = [
        {"feedback_id": own, "source": "csv", "channel": "survey", "customer_id": customer,
         "author_role": "customer", "verbatim": text, "attributes": "{}",
         "received_at": NOW - timedelta(days=40 - 10 * at), "score_metric": "nps",
         "score_value": 9.0, "question": "Hoe was het?"}
        for at, (own, text) in enumerate(words.items())
    ]  # fmt: skip
    feedback = conform(pa.Table.from_pylist(rows, schema=FEEDBACK), FEEDBACK)
    scored = [
        {"feedback_id": own, "tone": SAID[own].value,
         **{f"p_{tone.value}": 0.8 if tone is SAID[own] else 0.05 for tone in Tone},
         "valence": 0.1, "enthusiasm": 0.1, "tone_sd": 0.1, "mixed": False, "churn_cue": False,
         "ambassador_cue": False, "unresolved": False, "non_answer": False, "cues": [],
         "scored_by": "test"}
        for own in words
    ]  # fmt: skip
    return feedback, conform(pa.Table.from_pylist(scored, schema=SCORES), SCORES)


@pytest.fixture
def workspace(address: Path | str) -> Iterator[Workspace]:
    """A workspace with sixty shifts and the words of one customer, on each kind of database."""
    with Workspace.open(address) as opened:
        feedback, scores = said()
        opened.add_feedback(feedback)
        opened.save_scores(scores)
        kinds = (ShiftKind.VERKOELING, ShiftKind.VERKOELING, ShiftKind.ESCALATIE)
        opened.save_shifts([shift(n, kind=kinds[n % 3]) for n in range(1, 61)])
        opened.merge_actions([action("K-0001")], at=NOW)
        theme_builders.fill(opened)
        opened.record_run({}, as_of=NOW)
        yield opened


@dataclass
class Review:
    """A site with its clock, and the browsers that visit it."""

    site: Site
    clock: list[float]
    told: list[str] = field(default_factory=list)
    bugs: list[Exception] = field(default_factory=list)

    def browser(self, *, by: str = "Anna", enter: bool = True, **more: Any) -> TestClient:
        """A browser of somebody who came in with a token of their own."""
        client = TestClient(build_app(self.site), base_url=f"http://{self.site.host}", **more)
        if enter:
            client.get(f"/enter?token={self.site.access.new_token()}")
            if by:
                post(client, "/name", name=by)
        return client


def form_token(page: str) -> str:
    found = re.search(r'name="form_token" value="([^"]+)"', page)
    assert found, "no form on this page"
    return found[1]


def version(page: str) -> str:
    found = re.findall(r'name="version" value="(\d+)"', page)
    assert found, "no version on this page"
    return str(found[-1])


def post(client: TestClient, path: str, *, seen: str = "", **fields: str) -> Any:
    """Post a form as the browser would, from the page that was seen (else the page of names)."""
    page = seen or client.get("/name").text
    given = {"form_token": form_token(page)} | fields
    if "/verdict" in path or "/undo" in path:
        given = {"version": fields.get("version") or version(page)} | given
    return client.post(path, data=given)


@pytest.fixture
def open_review() -> Callable[..., Review]:
    def opened(store: Workspace, **changes: Any) -> Review:
        clock = [0.0]
        told: list[str] = []
        bugs: list[Exception] = []
        site = build_site(
            store,
            changes.pop("settings", Settings()),
            host=HOST,
            access=Access(clock=lambda: clock[0]),
            announce=told.append,
            on_bug=bugs.append,
            now=lambda: NOW,
        )
        return Review(replace(site, **changes), clock, told, bugs)

    return opened


@pytest.fixture
def review(workspace: Workspace, open_review: Callable[..., Review]) -> Review:
    return open_review(workspace)


def assert_shown_as_words(page: str) -> None:
    """What somebody wrote stands on a page as words, whatever it was written to be."""
    assert page.count("<script>") == page.count("</script>") == 1
    assert page.count("</style>") == 1
    assert "<img" not in page
    assert "<svg onload" not in page
    assert "\u202e" not in page
    assert not re.search(r'(?:href|src|action)="(?:https?:|//|javascript:)', page)
