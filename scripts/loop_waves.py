"""Run the demonstration wave by wave, so that the closed loop is seen to turn.

    python scripts/loop_waves.py [--out FOLDER]

Three quarters are analysed one after the other in one workspace. In between, the departments are
played: of the actions towards one customer every other one is carried out two days after the
plan, one in ten is called a false alarm, and the rest waits; every other structural improvement is
carried out after two weeks and closed once it is measured. What the loop then does is counted,
nothing is planted for it.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import Counter
from datetime import date, datetime, timedelta
from pathlib import Path

from environment import ROOT
from klankbord.cli import run
from klankbord.loop.lifecycle import Happening
from klankbord.records import Action
from klankbord.store import Workspace

EXPORTS = ROOT / "corpora" / "demo" / "exports"
WAVES = (
    ("enquete-golf-1.csv", range(1, 4)),
    ("enquete-golf-2.csv", range(4, 7)),
    ("enquete-golf-3.xlsx", range(7, 10)),
)
COUNTED = tuple(Happening)


def main() -> None:
    """Analyse the three waves, play the departments, and print what happened to the actions."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, help="keep workspace and reports in this folder")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        out = asked.out or Path(temporary)
        out.mkdir(parents=True, exist_ok=True)
        workspace = out / "klankbord.db"
        before: Counter[str] = Counter()
        print("| Wave | open | " + " | ".join(COUNTED) + " |")
        print("|---" * (2 + len(COUNTED)) + "|")
        for number, (survey, months) in enumerate(WAVES, start=1):
            sources = [EXPORTS / survey, EXPORTS / "klanten.csv", *calls(months)]
            call("analyse", *sources, "--out", out / f"golf-{number}", "--quiet", at=workspace)
            with Workspace.open(workspace) as store:
                day = store.runs()[-1].as_of
                now = happened(store)
                left = store.actions(open_only=True)
            told = " | ".join(str(now[name] - before[name]) for name in COUNTED)
            print(f"| {number} ({day:%d-%m-%Y}) | {len(left)} | {told} |", flush=True)
            if number < len(WAVES):
                play(workspace, left, day)
                with Workspace.open(workspace) as store:
                    played = happened(store)
                told = " | ".join(str(played[name] - now[name]) for name in COUNTED)
                print(f"| people | | {told} |", flush=True)
                before = played
        print()
        for command in (["impact"], ["actions", "said-done"], ["metrics", "--period", "quarter"]):
            print(f"klankbord {' '.join(command)}\n", flush=True)
            call(*command, at=workspace)
            print()


def calls(months: range) -> list[Path]:
    """Return the files with conversations of these months."""
    folder = EXPORTS / "gesprekken"
    names = [name for month in months for name in (f"*2026-{month:02}.txt", f"2026-{month:02}-*")]
    return sorted(path for name in names for path in folder.glob(name))


def play(workspace: Path, left: tuple[Action, ...], analysed: datetime) -> None:
    """Let people carry out part of the list, as told at the top."""
    inner = [action for action in left if action.loop == "inner"]
    for place, action in enumerate(inner):
        done = analysed.date() + timedelta(days=2)
        if place % 10 == 9:
            close(workspace, action, "vals alarm", done)
        elif place % 2 == 0:
            step(workspace, action, "uitgevoerd", done)
            close(workspace, action, "geslaagd", done + timedelta(days=14))
    outer = [action for action in left if action.loop == "outer"]
    for action in [action for action in outer if action.status == "gemeten"]:
        close(workspace, action, "geslaagd", analysed.date() + timedelta(days=1))
    for action in [action for action in outer if action.status == "actieplan"][::2]:
        done = analysed.date() + timedelta(days=14)
        step(workspace, action, "gecommuniceerd", done - timedelta(days=7))
        step(workspace, action, "uitgevoerd", done)


def step(workspace: Path, action: Action, status: str, day: date) -> None:
    """Take an action a step further on a day."""
    call("actions", "update", action.action_id, "--status", status, "--on", day,
         "--by", "Demo", "--quiet", at=workspace)  # fmt: skip


def close(workspace: Path, action: Action, outcome: str, day: date) -> None:
    """Close an action on a day."""
    call("actions", "close", action.action_id, outcome, "--on", day, "--by", "Demo", "--quiet",
         at=workspace)  # fmt: skip


def happened(store: Workspace) -> Counter[str]:
    """Count the events in the histories of all actions."""
    histories = store.action_histories().values()
    return Counter(event.event for events in histories for event in events)


def call(*arguments: object, at: Path) -> None:
    """Run a klankbord command on a workspace; stop where it fails."""
    code = run([*map(str, arguments), "--workspace", str(at)])
    if code:
        sys.exit(code)


if __name__ == "__main__":
    main()
