"""Measure how long the pages of the review take with ten thousand tone shifts and actions.

    python scripts/bench_review.py                 # 10,000 shifts, 120,000 pieces of feedback
    python scripts/bench_review.py --shifts 2000

Every page goes through the whole application, guard included, over Starlette's test client.
"""

from __future__ import annotations

import argparse
import re
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from urllib.parse import quote

import numpy as np
import pyarrow as pa
from starlette.testclient import TestClient

import bench_themes_review
from klankbord.loop import ActionState, Outcome, departments
from klankbord.records import Action, Quote, ToneShift
from klankbord.review.app import build_app, build_site
from klankbord.schema import (
    FEEDBACK,
    SCORES,
    TONE_PROBABILITIES,
    TONES,
    ShiftKind,
    Tone,
    conform,
)
from klankbord.settings import Settings
from klankbord.store import Workspace

AS_OF = datetime(2026, 3, 12, 11, tzinfo=UTC)
HOST = "127.0.0.1:8000"
PIECES = 12  # of each customer
VERBATIM = "De monteur kwam netjes op tijd en legde alles rustig uit. " * 4
LIMIT_MS = 200.0
LOOK_SECONDS = 1.0  # a person looks longer
SEED = 7
NAMES = ("Anna", "Bram", "Customer Service", "Sales")


def fill(store: Workspace, number: int) -> None:
    """Write shifts, what their customers said and their open actions."""
    feedback, scores = tables(number)
    store.add_feedback(feedback)
    store.save_scores(scores)
    store.save_shifts(shift(customer) for customer in range(number))
    store.merge_actions((action(customer) for customer in range(number)), at=AS_OF)
    bench_themes_review.fill(store, feedback["feedback_id"].to_pylist(), VERBATIM)
    store.record_run({"findings": {"complaining": feedback.num_rows}}, as_of=AS_OF)
    for customer in range(0, number, 5):
        store.judge_shift(shift(customer), real=customer % 2 == 0, at=AS_OF, by="Anna")
    for customer in range(1, number, 10):
        later = AS_OF.date() + timedelta(days=customer % 9)
        store.assign_shift(f"V-{customer:06}", NAMES[customer % len(NAMES)], at=AS_OF, by="Anna")
        store.snooze_shift(f"V-{customer + 1:06}", later, at=AS_OF, by="Anna")
        store.correct_tone(f"f{customer * PIECES}", Tone.NEUTRAAL, at=AS_OF, by="Anna")
        store.update_action(
            f"A-{customer:06}", at=AS_OF, by="Anna", status=ActionState.UITGEVOERD, why="gebeld"
        )
        if customer % 2 == 0:
            store.close_action(f"A-{customer:06}", Outcome.GESLAAGD, at=AS_OF, by="Anna")


def tables(number: int) -> tuple[pa.Table, pa.Table]:
    """Return the feedback of every customer and its scores: enthusiastic first, then neutral."""
    rows = number * PIECES
    random = np.random.default_rng(SEED)
    customer, place = np.divmod(np.arange(rows), PIECES)
    ids = [f"f{own}" for own in range(rows)]
    level = np.where(place < PIECES // 2, 4, 2) - random.integers(0, 2, rows)
    probabilities = np.full((rows, len(TONES)), 0.05)
    probabilities[np.arange(rows), level] = 0.8
    day = [AS_OF - timedelta(days=int(20 * (PIECES - at)), minutes=int(at)) for at in place]
    feedback = {
        "feedback_id": ids, "source": ["bench"] * rows, "channel": ["survey"] * rows,
        "customer_id": [f"K-{own:06}" for own in customer], "author_role": ["customer"] * rows,
        "verbatim": [f"{VERBATIM}{own}" for own in range(rows)], "received_at": day,
        "attributes": ["{}"] * rows,
    }  # fmt: skip
    scores = {
        "feedback_id": ids, "tone": [TONES[own].value for own in level],
        **{name: probabilities[:, at] for at, name in enumerate(TONE_PROBABILITIES)},
        **dict.fromkeys(("valence", "enthusiasm", "tone_sd"), np.full(rows, 0.5)),
        **dict.fromkeys(
            ("mixed", "churn_cue", "ambassador_cue", "unresolved", "non_answer"),
            np.zeros(rows, dtype=bool),
        ),
        "cues": [[]] * rows, "scored_by": ["bench"] * rows,
    }  # fmt: skip
    return conform(pa.table(feedback), FEEDBACK), conform(pa.table(scores), SCORES)


def shift(customer: int) -> ToneShift:
    """Return the shift of one customer."""
    first = customer * PIECES
    kinds = tuple(ShiftKind)
    return ToneShift(
        shift_id=f"V-{customer:06}", customer_id=f"K-{customer:06}",
        kind=kinds[customer % len(kinds)], before=Tone.ENTHOUSIAST, after=Tone.NEUTRAAL,
        before_at=AS_OF - timedelta(days=120), after_at=AS_OF - timedelta(days=20),
        probability=0.9, expected_fdr=0.05, value_eur=1200.0, channels=("survey",),
        before_quote=Quote(f"f{first}", VERBATIM.strip(), AS_OF, "survey", Tone.ENTHOUSIAST),
        after_quote=Quote(f"f{first + 11}", VERBATIM.strip(), AS_OF, "survey", Tone.NEUTRAAL),
        explanation="Van enthousiast naar neutraal sinds 20 februari.", priority=1.0,
        evidence=tuple(f"f{first + at}" for at in range(PIECES)),
    )  # fmt: skip


def action(customer: int) -> Action:
    """Return the open action of one customer."""
    owners = departments()
    return Action(
        action_id=f"A-{customer:06}", loop="inner", kind="persoonlijk contact",
        customer_id=f"K-{customer:06}", theme_id=None, owner=owners[customer % len(owners)],
        due=date(2026, 3, 2) + timedelta(days=customer % 30), priority=customer % 997 / 1000,
        status="actieplan", reason="Koelde af sinds 20 februari.", cause="verkoeling",
        evidence=tuple(f"f{customer * PIECES + at}" for at in range(PIECES)),
        wel_niet_later="Wel: bellen.", draft=f"Beste {{naam}},\n\n{VERBATIM}",
    )  # fmt: skip


def visits(client: TestClient, number: int, rounds: int) -> Iterator[tuple[str, float]]:
    """Yield the kind of page and the milliseconds it took, of a working reviewer."""
    random = np.random.default_rng(SEED)
    for _ in range(rounds):
        own = f"/shifts/V-{int(random.integers(number)):06}"
        last = max(1, number // 25)
        states = ("open", "judged", "all")
        addresses = {
            "first page": "/shifts",
            "some page": f"/shifts?page={random.integers(1, last)}&state=all",
            "last page": f"/shifts?page={last}",
            "snoozed": f"/shifts?state=snoozed&page={random.integers(1, 1 + last // 20)}",
            "mine": "/shifts?who=me",
            "nobody's": f"/shifts?who=nobody&page={random.integers(1, last)}",
            "corrections": f"/tones?page={random.integers(1, 1 + last // 10)}",
            "common words": f"/tones?q=monteur&page={random.integers(1, 20)}",
            "rare words": f"/tones?q=uit.%20{random.integers(number * PIECES)}",
            "a customer's words": f"/tones?q=K-{random.integers(number):06}",
            "one kind": f"/shifts?kind=stilte&state={states[int(random.integers(3))]}",
            "one shift": own,
            "one shift, one kind": f"{own}?kind=verkoeling",
        }
        for name, address in addresses.items():
            began = time.perf_counter()
            page = client.get(address)
            yield name, 1000 * (time.perf_counter() - began)
            page.raise_for_status()
        following = re.search(r'href="([^"]+)" rel="next"', page.text)
        if following:
            time.sleep(LOOK_SECONDS)
            began = time.perf_counter()
            client.get(following[1].replace("&amp;", "&"))
            yield "the next shift", 1000 * (time.perf_counter() - began)
            time.sleep(LOOK_SECONDS)
        page = client.get(own)
        fields = dict(re.findall(r'name="(form_token|version)" value="([^"]+)"', page.text))
        began = time.perf_counter()
        client.post(f"{own}/verdict", data=fields | {"verdict": "real", "note": "x"})
        yield "judge, and the next", 1000 * (time.perf_counter() - began)
        page = client.get(own)
        fields = dict(re.findall(r'name="(form_token|version|seen)" value="([^"]+)"', page.text))
        piece = re.findall(r'name="feedback_id" value="([^"]+)"', page.text)[-1]
        began = time.perf_counter()
        client.post(f"{own}/tone", data=fields | {"feedback_id": piece, "tone": "neutraal"})
        yield "correct a tone", 1000 * (time.perf_counter() - began)
        began = time.perf_counter()
        client.post(f"{own}/assign", data=fields | {"assignee": "Bram"})
        yield "assign", 1000 * (time.perf_counter() - began)


def visits_of_actions(client: TestClient, number: int, rounds: int) -> Iterator[tuple[str, float]]:
    """Yield the kind of page and the milliseconds it took, of somebody who follows actions."""
    random = np.random.default_rng(SEED)
    owners = departments()
    for _ in range(rounds):
        own = f"/actions/A-{int(random.integers(number)):06}"
        owner = quote(owners[int(random.integers(len(owners)))])
        addresses = {
            "board": "/actions",
            "board, some page": f"/actions?page={random.integers(1, max(2, number // 25))}",
            "board, by priority": "/actions?order=priority",
            "board, a department": f"/actions?department={owner}&step=actieplan&shown=late",
            "board, closed": "/actions?shown=closed",
            "one action": own,
        }
        for name, address in addresses.items():
            began = time.perf_counter()
            page = client.get(address)
            yield name, 1000 * (time.perf_counter() - began)
            page.raise_for_status()
        fields = dict(re.findall(r'name="(form_token|version)" value="([^"]+)"', page.text))
        began = time.perf_counter()
        client.post(f"{own}/assign", data=fields | {"owner": "Finance"}).raise_for_status()
        yield "assign, and again", 1000 * (time.perf_counter() - began)


def main() -> None:
    """Fill a workspace, visit the pages, print the table and fail above the limit."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--shifts", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=60)
    given = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as folder,
        Workspace.open(Path(folder) / "klankbord.db") as store,
    ):
        fill(store, given.shifts)
        for time_of in ("the first start after an analysis", "a later start"):
            began = time.perf_counter()
            site = build_site(store, Settings(), host=HOST, announce=print, on_bug=print)
            site.pictures.prepare()
            print(f"{time_of}: ready after {time.perf_counter() - began:.1f} s")
        with TestClient(build_app(site), base_url=f"http://{HOST}") as client:
            page = client.get(f"/enter?token={site.access.new_token()}").text
            fields = dict(re.findall(r'name="(form_token)" value="([^"]+)"', page))
            client.post("/name", data=fields | {"name": "Anna"})
            took: dict[str, list[float]] = {}
            for each in (visits, visits_of_actions):
                for name, milliseconds in each(client, given.shifts, given.rounds):
                    took.setdefault(name, []).append(milliseconds)
            page = client.get("/themes/" + bench_themes_review.LARGEST).text
            token = dict(re.findall(r'name="(form_token)" value="([^"]+)"', page))
            for name, milliseconds in bench_themes_review.visits(client, given.rounds, token):
                took.setdefault(name, []).append(milliseconds)
        site.pictures.close()
    for name, times in took.items():
        middle, most = np.percentile(times, (50, 95))
        print(f"{name:22} median {middle:6.1f} ms   p95 {most:6.1f} ms")
    slow = [name for name, times in took.items() if np.percentile(times, 95) > LIMIT_MS]
    if slow:
        raise SystemExit(f"p95 above {LIMIT_MS:.0f} ms: {', '.join(slow)}")


if __name__ == "__main__":
    main()
