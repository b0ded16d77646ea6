"""People at the review page, people at the command line and an import, all at once.

Each works in a process of its own and writes down what it was told was done. Afterwards all of
that has to be in the workspace, and nobody may have been told that it was locked.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import os
import random
import re
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from functools import partial
from pathlib import Path

from environment import ROOT
from reliability_exports import write_more
from reliability_process import wait

REVIEWERS, CALLERS = 2, 2
SHIFTS = 40
IMPORTED = 200  # rows of each export
HOST = "127.0.0.1:8000"
CONFLICT = "somebody else changed this action in the meantime"
BUSY = ("kept the workspace busy", "too many people", "locked", "bezig", "te lang")


class Journal:
    """What one worker was told, a line for each thing."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def tell(self, what: str, value: object, seconds: float = 0.0) -> None:
        """Write a line down at once."""
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps([what, value, seconds]) + "\n")


def together(folder: Path, minutes: float) -> int:
    """Let them work on each kind of database; returns how much went wrong."""
    wrong = at_once(str(folder / "samen.db"), folder / "samen", 60 * minutes, "SQLite")
    with _server() as address:
        if address is None:
            print("together on PostgreSQL: skipped, there is none here to start")
            return wrong
        return wrong + at_once(address, folder / "samen-pg", 60 * minutes, "PostgreSQL")


def at_once(address: str, folder: Path, seconds: float, kind: str) -> int:
    """Let them work on one workspace; prints what they did and returns how much went wrong."""
    folder.mkdir()
    _in_child(partial(_fill, address))
    workers: list[tuple[str, Callable[[Journal, float], None]]] = [
        ("import", partial(_import, address, folder)),
        *((f"review-{each}", partial(_review, address, each)) for each in range(REVIEWERS)),
        *((f"actions-{each}", partial(_call, address, each)) for each in range(CALLERS)),
    ]
    processes = [
        _forked(partial(_work, folder / f"{name}.jsonl", work, seconds)) for name, work in workers
    ]
    failed = [name for (name, _), process in zip(workers, processes, strict=True) if wait(process)]
    told = [
        json.loads(line)
        for path in sorted(folder.glob("*.jsonl"))
        for line in path.read_text("utf-8").splitlines()
    ]
    _in_child(partial(_read_back, address, folder / "kept.json"))
    kept = json.loads((folder / "kept.json").read_text("utf-8"))
    edits = [value for what, value, _ in told if what == "edit"]
    lost = len(edits) - len(set(edits) & set(kept["whys"]))
    doubled = len(kept["whys"]) - len(set(kept["whys"]))
    rows = sum(value for what, value, _ in told if what == "rows")
    busy = [value for what, value, _ in told if what == "error" and _is_busy(value)]
    errors = [value for what, value, _ in told if what == "error" and not _is_busy(value)]
    longest = max((each for what, _, each in told if what != "rows"), default=0.0)
    looks = sum(what == "look" for what, *_ in told)
    refused = sum(what == "refused" for what, *_ in told)
    print(
        f"{seconds:.0f} s on {kind}: {rows} rows imported, {looks} pages read, {len(edits)} edits,"
        f" {refused} refused because somebody was first; longest wait of a person {longest:.1f} s"
    )
    print(
        f"  {len(busy)} lock errors, {lost} edits lost, {doubled} doubled,"
        f" {rows - kept['rows']} rows lost, {len(errors)} other errors",
        flush=True,
    )
    for each in (*failed, *errors[:5]):
        print(f"  WRONG: {each}")
    idle = not (rows and edits and looks)
    wrong = len(busy) + lost + doubled + abs(rows - kept["rows"]) + len(errors) + len(failed)
    return wrong + idle


# --- the workers ----------------------------------------------------------------------------------


def _import(address: str, folder: Path, journal: Journal, until: float) -> None:
    from klankbord.cli import run

    number = 0
    while time.monotonic() < until:
        number += 1
        path = write_more(folder / f"{number}.csv", f"n{number}", IMPORTED)
        began = time.monotonic()
        code = run(["import", str(path), "--workspace", address, "--quiet"])
        took = time.monotonic() - began
        if code:
            journal.tell("error", _said(journal), took)
        else:
            journal.tell("rows", IMPORTED, took)


def _call(address: str, own: int, journal: Journal, until: float) -> None:
    """Change actions and list them, at the command line."""
    from klankbord.cli import run

    chance, number = random.Random(own), 0  # noqa: S311 - reproducible, not secret
    days = Days(own)
    while time.monotonic() < until:
        number += 1
        name, why = f"A-{chance.randrange(SHIFTS):06}", f"call {own} {number}"
        verb = [
            "actions",
            "update",
            name,
            "--why",
            why,
            "--due",
            days.next(name),
            "--by",
            "Bram",
        ]
        for arguments, done in ((verb, why), (["actions", "list", "--format", "csv"], "")):
            began = time.monotonic()
            code = run([*arguments, "--workspace", address, "--quiet"])
            took = time.monotonic() - began
            if code and CONFLICT in (said := _said(journal)):
                journal.tell("refused", why, took)
            elif code:
                journal.tell("error", said, took)
            else:
                journal.tell("edit" if done else "look", done, took)


def _review(address: str, own: int, journal: Journal, until: float) -> None:
    """Look at pages, put actions off and write notes, in the browser."""
    from starlette.testclient import TestClient

    from klankbord.review.app import build_app, build_site
    from klankbord.settings import Settings
    from klankbord.store import Workspace

    chance, number = random.Random(100 + own), 0  # noqa: S311 - reproducible, not secret
    days = Days(CALLERS + own)
    with Workspace.open(address) as store:
        site = build_site(
            store, Settings(), host=HOST, announce=lambda _: None,
            on_bug=lambda error: journal.tell("error", f"a bug: {type(error).__name__}"),
        )  # fmt: skip
        with TestClient(build_app(site), base_url=f"http://{HOST}") as client:
            page = client.get(f"/enter?token={site.access.new_token()}").text
            client.post("/name", data=_fields(page) | {"name": f"Anna {own}"})
            while time.monotonic() < until:
                number += 1
                action = f"/actions/A-{chance.randrange(SHIFTS):06}"
                for address_of in ("/shifts", "/themes", "/actions", action):
                    began = time.monotonic()
                    page = client.get(address_of)
                    _tell(journal, "look", address_of, page, began)
                why = f"review {own} {number}"
                form = _fields(page.text) | {"why": why, "due": days.next(action)}
                began = time.monotonic()
                _tell(journal, "edit", why, client.post(f"{action}/due", data=form), began)
                note = f"note {own} {number}"
                form = _fields(page.text) | {"note": note}
                began = time.monotonic()
                _tell(journal, "edit", note, client.post(f"{action}/note", data=form), began)
        site.pictures.close()


def _tell(journal: Journal, what: str, value: str, page, began: float) -> None:  # noqa: ANN001 - httpx's response
    took = time.monotonic() - began
    if page.status_code == 409:
        journal.tell("refused", value, took)
    elif page.status_code >= 400:
        text = " ".join(re.sub(r"<[^>]*>", " ", page.text.partition("<main")[2]).split())
        journal.tell("error", f"{page.status_code} {text[:200]}", took)
    else:
        journal.tell(what, value, took)


def _fields(page: str) -> dict[str, str]:
    return dict(re.findall(r'name="(form_token|version)" value="([^"]+)"', page))


class Days:
    """Days to put actions off to: each edit of one worker asks for another than all others."""

    def __init__(self, worker: int) -> None:
        self._worker = worker
        self._asked = Counter[str]()

    def next(self, action: str) -> str:
        """Return a day within two years that this action does not have yet."""
        self._asked[action] += 1
        later = self._worker + (REVIEWERS + CALLERS) * (self._asked[action] % 150)
        return str(date.today() + timedelta(days=1 + later))  # noqa: DTZ011


def _is_busy(text: str) -> bool:
    return any(word in text for word in BUSY)


# --- processes and databases ----------------------------------------------------------------------


def _fill(address: str) -> None:
    import bench_review
    from klankbord.store import Workspace

    with Workspace.open(address) as store:
        bench_review.fill(store, SHIFTS)


def _read_back(address: str, path: Path) -> None:
    from klankbord.store import Workspace

    with Workspace.open(address) as store:
        store.check_integrity()
        whys = [
            event.why
            for events in store.action_histories().values()
            for event in events
            if event.why.startswith(("call ", "review ", "note "))
        ]
        ids = store.feedback().column("feedback_id").to_pylist()
    rows = sum(bool(re.search(r":n\d+-\d+$", name)) for name in ids)
    path.write_text(json.dumps({"whys": whys, "rows": rows}), "utf-8")


def _work(journal: Path, work: Callable[[Journal, float], None], seconds: float) -> None:
    said = os.open(journal.with_suffix(".said"), os.O_WRONLY | os.O_CREAT, 0o600)
    os.dup2(said, 1)
    os.dup2(said, 2)
    work(Journal(journal), time.monotonic() + seconds)


def _said(journal: Journal) -> str:
    lines = journal._path.with_suffix(".said").read_text("utf-8", "replace").splitlines()
    return " / ".join(lines[-2:])


def _forked(work: Callable[[], None]) -> int:
    child = os.fork()
    if child:
        return child
    code = 70
    try:
        work()
        code = 0
    except Exception as error:  # noqa: BLE001 - the process ends here
        os.write(2, f"{type(error).__name__}: {error}\n".encode())
    finally:
        os._exit(code)


def _in_child(work: Callable[[], None]) -> None:
    if wait(_forked(work)):
        raise SystemExit("a step of the proof failed")


@contextmanager
def _server() -> Iterator[str | None]:
    """Start the PostgreSQL of the tests, where there is one."""
    sys.path.append(str(ROOT / "tests"))
    module = importlib.import_module("postgres_server")
    binaries = module.installed_binaries()
    if binaries is None or importlib.util.find_spec("psycopg") is None:
        yield None
        return
    folder = Path(tempfile.mkdtemp(prefix="klankbord-pg-"))
    server = module.PostgresServer(binaries, folder)
    try:
        server.start()
        server.run("CREATE DATABASE samen")
        yield server.address("samen", scheme="postgresql+psycopg")
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)
