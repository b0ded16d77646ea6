"""Themes for `bench_review.py`: a list of hundreds, one of which is mentioned very often."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import date, timedelta

import numpy as np
import pyarrow as pa
from starlette.testclient import TestClient

from klankbord.records import KnownTheme, Theme
from klankbord.schema import SEGMENTS, conform
from klankbord.store import Workspace
from klankbord.themes.codeframe import codeframe

THEMES = 300
WEEKS = 104
MENTIONS = 20_000  # of the largest theme
DIMENSIONS = 384
SEED = 7
DAY = date(2026, 3, 9)
HEADS = tuple(codeframe())
LARGEST = f"{HEADS[0]}-t0"


def fill(store: Workspace, feedback_ids: list[str], verbatim: str) -> None:
    """Write themes, what is known of them and the segments that mention them."""
    random = np.random.default_rng(SEED)
    store.save_themes(theme(at) for at in range(THEMES))
    store.save_known_themes(known(at, random) for at in range(THEMES))
    end = verbatim.index(".") + 1
    order = random.permutation(len(feedback_ids))
    mentioned = min(MENTIONS, len(order) // 2)
    themes = [LARGEST] * mentioned
    themes += [name(int(at)) for at in random.integers(1, THEMES, len(order) - mentioned)]
    columns = {
        "feedback_id": [feedback_ids[at] for at in order], "segment": [0] * len(order),
        "start": [0] * len(order), "end": [end] * len(order),
        "text": [verbatim[:end]] * len(order), "theme_id": themes,
    }  # fmt: skip
    store.save_segments(conform(pa.table(columns), SEGMENTS))


def name(at: int) -> str:
    """Return the id of the theme at a place."""
    return f"{HEADS[at % len(HEADS)]}-t{at}"


def theme(at: int) -> Theme:
    """Return one theme of a run, with two years of weeks."""
    start = DAY - timedelta(weeks=WEEKS)
    weekly = tuple(
        (start + timedelta(weeks=week), (week * (at + 3)) % 17, 200) for week in range(WEEKS)
    )
    mentions = MENTIONS if at == 0 else 50 + at
    return Theme(
        theme_id=name(at), parent_id=HEADS[at % len(HEADS)], label=f"monteur, afspraak {at}",
        keywords=("monteur", "afspraak"), mentions=mentions, share=mentions / 60_000,
        trend="stabiel", trend_p=0.4, weekly=weekly, value_eur=None, owner="Operations",
        quotes=(), evidence=tuple(f"f{one}" for one in range(50)),
    )  # fmt: skip


def known(at: int, random: np.random.Generator) -> KnownTheme:
    """Return what lasts of one theme."""
    centre = random.normal(size=DIMENSIONS)
    return KnownTheme(
        theme_id=name(at), parent_id=HEADS[at % len(HEADS)], label=f"monteur, afspraak {at}",
        keywords=("monteur", "afspraak"), encoder="bench",
        centre=tuple((centre / np.linalg.norm(centre)).tolist()),
        terms=tuple((f"woord{one}", 0.2) for one in range(25)), found_at=DAY, seen_at=DAY,
    )  # fmt: skip


def visits(client: TestClient, rounds: int, fields: dict[str, str]) -> Iterator[tuple[str, float]]:
    """Yield the kind of page and the milliseconds it took, of somebody who edits themes."""
    random = np.random.default_rng(SEED)
    for turn in range(rounds):
        own = f"/themes/{name(int(random.integers(THEMES)))}"
        last = MENTIONS // 25
        addresses = {
            "themes": "/themes",
            "themes, some page": f"/themes?page={random.integers(1, THEMES // 25)}",
            "one theme": own,
            "the largest theme": f"/themes/{LARGEST}",
            "its mentions, anywhere": f"/themes/{LARGEST}?said={random.integers(1, last)}",
            "its last mentions": f"/themes/{LARGEST}?said={last}",
            "its head": f"/themes/{HEADS[0]}",
        }
        for kind, address in addresses.items():
            began = time.perf_counter()
            page = client.get(address)
            yield kind, 1000 * (time.perf_counter() - began)
            page.raise_for_status()
        given = fields | {"version": str(turn), "value": f"Monteur {turn}"}
        began = time.perf_counter()
        answer = client.post(f"/themes/{LARGEST}/rename", data=given, follow_redirects=False)
        yield "rename a theme", 1000 * (time.perf_counter() - began)
        if answer.status_code != 303:
            raise SystemExit(f"renaming was answered with {answer.status_code}")
