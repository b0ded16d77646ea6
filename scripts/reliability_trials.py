"""Trials: an analysis that is killed or meets a fault, what is left of it, and the next one.

Every trial starts from a copy of the same workspace and outputs: last month's export was analysed,
and people worked on what came of it. This month's export is then analysed, with the disturbance;
then again, without, which has to end in what an undisturbed analysis ends in.
"""

from __future__ import annotations

import json
import random
import shutil
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from reliability_exports import Exports, write_exports
from reliability_process import (
    KILL_AFTER,
    KILL_BEFORE,
    KINDS,
    Ended,
    Fault,
    finish,
    kill_after,
)
from reliability_state import State, integrity, one_run_wrote, state_of


@dataclass(frozen=True)
class Prepared:
    """Where trials start, and where an undisturbed analysis ends."""

    folder: Path
    exports: Exports
    before: State
    undisturbed: State
    seconds: float  # that an analysis takes
    points: list[str]  # at which it can go wrong

    def trial(self, name: str) -> Trial:
        """Copy the workspace and the outputs to a place of their own."""
        place = self.folder / name
        place.mkdir()
        shutil.copy(self.folder / "start.db", place / "klankbord.db")
        shutil.copytree(self.folder / "start", place / "rapport")
        return Trial(place, self)


@dataclass
class Trial:
    """One disturbed analysis."""

    place: Path
    prepared: Prepared
    faults: list[str] = field(default_factory=list)  # what went wrong with the proof

    @property
    def arguments(self) -> list[str]:
        """The command."""
        return _analyse(self.prepared.exports.now, self.place)

    def check_left(self, *, whole_outputs: bool) -> State:
        """Look at what a disturbance left; returns it."""
        found = integrity(self.place / "klankbord.db")
        if found != "ok":
            self.faults.append(f"integrity after the disturbance: {found}")
        left = self._state()
        before = self.prepared.before
        if lost := left.misses_of_people(before):
            self.faults.append(f"lost of people: {', '.join(lost)}")
        if lost_rows := _ids(before) - _ids(left):
            self.faults.append(f"{len(lost_rows)} earlier rows lost")
        known = set(before.files.items()) | set(self.prepared.undisturbed.files.items())
        if not set(left.files.items()) <= known or before.files.keys() - left.files.keys():
            self.faults.append("an output is neither the old nor the new one")
        if whole_outputs and not one_run_wrote(self.place / "rapport"):
            self.faults.append("outputs of two runs lie together")
        return left

    def check_next(self) -> None:
        """Analyse again and compare with an undisturbed analysis."""
        ended = finish(self.arguments, self.place / "said")
        if ended.code:
            self.faults.append(f"the next analysis failed: {ended.said}")
            return
        found = integrity(self.place / "klankbord.db")
        if found != "ok":
            self.faults.append(f"integrity after the next analysis: {found}")
        now, undisturbed = self._state(), self.prepared.undisturbed
        if differing := undisturbed.differences(now):
            self.faults.append(f"differs: {', '.join(differing)}")
        if now.drafts:
            self.faults.append(f"{now.drafts} drafts left behind")
        lost = len(_ids(undisturbed) - _ids(now))
        more = len(now.tables["feedback"]) - len(undisturbed.tables["feedback"])
        if lost or more:
            self.faults.append(f"{lost} rows lost, {more} too many")

    def check_said(self, ended: Ended) -> None:
        """Check that an error was told as one line and a next step."""
        one_line = len(ended.said) == 2 and ended.said[0].startswith("error: ")
        if ended.code != 1 or not one_line or not ended.said[1].startswith("  try: "):
            self.faults.append(f"exit {ended.code}, said: {' / '.join(ended.said)}")

    def reached(self, left: State) -> str:
        """Name the stage that the workspace says was reached."""
        before, undisturbed = self.prepared.before, self.prepared.undisturbed
        if left.run["run.json"] == undisturbed.run["run.json"]:
            return "done"
        if left.run["latest run"] != before.run["latest run"]:
            return "writing outputs"
        if len(left.tables["score"]) > len(before.tables["score"]):
            return "finding"
        if len(left.tables["import_record"]) > len(before.tables["import_record"]):
            return "scoring"
        stored = len(left.tables["feedback"]) > len(before.tables["feedback"])
        return "importing" if stored or left.tables["import_begun"] else "starting"

    def _state(self) -> State:
        return state_of(self.place / "klankbord.db", self.place / "rapport")

    def close(self) -> list[str]:
        """Remove the files; returns what went wrong."""
        shutil.rmtree(self.place)
        return self.faults


def prepare(folder: Path, rows: int) -> Prepared:
    """Make the start of all trials, and an undisturbed analysis to compare with."""
    exports = write_exports(folder, rows)
    start = folder / "begin"
    start.mkdir()
    _well(_analyse(exports.before, start))
    _people(start)
    shutil.copy(start / "klankbord.db", folder / "start.db")
    shutil.copytree(start / "rapport", folder / "start")
    before = state_of(folder / "start.db", start / "rapport")
    new = Prepared(folder, exports, before, before, 0, [])
    trial = new.trial("undisturbed")
    ended = finish(trial.arguments, folder / "said", points=folder / "points")
    if ended.code:
        raise SystemExit(f"the undisturbed analysis failed: {ended.said}")
    undisturbed = state_of(trial.place / "klankbord.db", trial.place / "rapport")
    timed = new.trial("timed")
    again = finish(timed.arguments, folder / "said")
    timed.close()
    return Prepared(folder, exports, before, undisturbed, again.seconds, ended.points)


def kills(prepared: Prepared, number: int, seed: int = 1) -> Iterator[tuple[str, list[str]]]:
    """Kill so many analyses, one in each equal part of its time; yield the stage and the faults."""
    chance = random.Random(seed)  # noqa: S311 - reproducible, not secret
    for each in range(number):
        moment = prepared.seconds * (each + chance.random()) / number
        trial = prepared.trial(f"kill-{each}")
        killed = kill_after(trial.arguments, trial.place / "said", moment)
        left = trial.check_left(whole_outputs=False)
        stage = trial.reached(left) if killed else "done before"
        trial.check_next()
        yield stage, trial.close()


def faults(prepared: Prepared, number: int | None) -> Iterator[tuple[Fault, list[str]]]:
    """Let analyses meet one fault each: a number of them, or each kind at every point."""
    for fault in _chosen(len(prepared.points), number):
        trial = prepared.trial(f"fault-{fault.point}")
        ended = finish(trial.arguments, trial.place / "said", fault=fault)
        by_kill = fault.kind in (KILL_BEFORE, KILL_AFTER)
        trial.check_left(whole_outputs=not by_kill)
        if by_kill and ended.code != -9:
            trial.faults.append(f"exit {ended.code} in place of a kill")
        if not by_kill:
            trial.check_said(ended)
        trial.check_next()
        yield fault, trial.close()


def _chosen(points: int, number: int | None) -> Sequence[Fault]:
    if number is None:
        return [Fault(kind, point) for point in range(points) for kind in KINDS]
    places = [round(each * (points - 1) / max(1, number - 1)) for each in range(number)]
    return [Fault(KINDS[each % len(KINDS)], place) for each, place in enumerate(places)]


def table(counts: Counter[str], bad: Counter[str]) -> list[str]:
    """Return a line for each kind of trial."""
    return [f"  {name:28} {counts[name]:5} trials   {bad[name]} wrong" for name in counts]


def _analyse(source: Path, place: Path) -> list[str]:
    return ["analyse", str(source), "--out", str(place / "rapport"), "--workspace",
            str(place / "klankbord.db"), "--quiet"]  # fmt: skip


def _people(place: Path) -> None:
    """Let people work on what the first analysis found."""
    own = ["--workspace", str(place / "klankbord.db"), "--quiet"]
    listed = _well(["actions", "list", "--format", "json", *own])
    first, second, *_ = (action["action_id"] for action in json.loads("\n".join(listed)))
    _well(["actions", "update", first, "--status", "gecommuniceerd", "--by", "Anna", *own])
    _well(["actions", "update", second, "--why", "wacht op Sales", "--due", "2026-12-18", *own])
    _well(["flags", "--confirm", "1", "--false-alarm", "2", *own])
    themes = json.loads("\n".join(_well(["themes", "list", "--format", "json", *own])))
    _well(["themes", "rename", themes[0]["theme_id"], "Zoals wij het noemen", *own])
    _well(["themes", "pin", themes[-1]["theme_id"], *own])


def _well(arguments: Sequence[str]) -> list[str]:
    said = Path(arguments[arguments.index("--workspace") + 1]).parent / "said"
    ended = finish(arguments, said)
    if ended.code:
        raise SystemExit(f"{' '.join(arguments)}: {ended.said}")
    return ended.said


def _ids(state: State) -> set[str]:
    return {json.loads(row)["feedback_id"] for row in state.tables["feedback"]}
