"""Count what the interpreter does for a row in each stage that every row goes through.

    python scripts/bench_hot_path.py                  # what is counted and timed now
    python scripts/bench_hot_path.py --bounds         # the bounds of tests/test_hot_path.py, anew
    python scripts/bench_hot_path.py --score 1000     # only read the tone of so many answers

A step is a line of Python, a call of a function written in Python or of one written in C: how many
there are does not depend on the machine or on what else it does, so work per row that creeps in
shows. What C does inside a call is timed, in times the processor time of a fixed piece of work that
takes turns with the stages; the least of several rounds counts, each on other texts.
"""

from __future__ import annotations

import argparse
import gc
import json
import math
import os
import random
import re
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "RAYON_NUM_THREADS")
for _name in THREADS:  # before numpy is there: a waiting thread takes processor time too
    os.environ.setdefault(_name, "1")

import numpy as np  # noqa: E402

from bench_answers import answers, write_export  # noqa: E402
from bench_stages import Watch, score, take_in  # noqa: E402

ROWS = 2_000
WARM_ROWS, WARM_SEED, COUNTED_SEED, FIRST_SEED = 500, 99, 1, 2
ROUNDS = 5
STEPS_ROOM, TIMES_ROOM = 1.15, 2.0  # above what is found now
LEAST = 1.0  # bound of a time: what takes less is too short to tell
WORDS = 40_000  # of the fixed piece of work


@dataclass(frozen=True)
class Found:
    """What was found, by stage."""

    steps: Mapping[str, float]  # for a row
    times: Mapping[str, float]  # the processor time of `fixed_work`, for 2,000 rows


class Steps:
    """Counts steps while a stage is at work, in every thread that it starts."""

    def __init__(self) -> None:
        self.count: Counter[str] = Counter()

    @contextmanager
    def __call__(self, stage: str) -> Iterator[None]:
        """Count what happens inside as `stage`."""
        seen = 0

        def line(frame: FrameType, event: str, arg: object) -> Any:  # noqa: ANN401, ARG001
            nonlocal seen
            seen += event in ("line", "call")
            return line

        def call(frame: FrameType, event: str, arg: object) -> None:  # noqa: ARG001
            nonlocal seen
            seen += event == "c_call"

        before = [(module, module.gettrace(), module.getprofile()) for module in (sys, threading)]
        gc.disable()
        for module, _, _ in before:
            module.settrace(line)
            module.setprofile(call)
        try:
            yield
        finally:
            for module, trace, profile in before:
                module.settrace(trace)
                module.setprofile(profile)
            gc.enable()
        self.count[stage] += seen


class Times:
    """Keeps the least processor time of each stage, and of the fixed work done before each."""

    def __init__(self) -> None:
        self.round: Counter[str] = Counter()
        self.least: dict[str, float] = {}
        self.fixed = math.inf

    @contextmanager
    def __call__(self, stage: str) -> Iterator[None]:
        """Time what happens inside as `stage`."""
        begin = time.process_time()
        fixed_work()
        between = time.process_time()
        yield
        self.round[stage] += time.process_time() - between
        self.fixed = min(self.fixed, between - begin)

    def next_round(self) -> None:
        """Begin anew."""
        for stage, seconds in self.round.items():
            self.least[stage] = min(seconds, self.least.get(stage, math.inf))
        self.round.clear()


def fixed_work() -> int:
    """Look words up, count them and sort numbers: always the same."""
    numbers = np.random.default_rng(1).random(WORDS)
    text = " ".join(f"w{int(number * 1000)}" for number in numbers)
    count: dict[str, int] = {}
    for word in re.findall(r"\w+", text):
        count[word] = count.get(word, 0) + 1
    order = np.argsort(numbers, kind="stable")
    return len(count) + int(np.unique(numbers[order]).searchsorted(0.5))


def walk(rows: int, seed: int, watch: Watch, model: Any) -> None:  # noqa: ANN401
    """Take a new export through every stage that each row goes through."""
    from klankbord.settings import Settings
    from klankbord.store import Workspace

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_export(folder / "export.csv", rows, seed=seed)
        settings = Settings(tier="fast", key_file=str(folder / "key"))
        with Workspace.open(folder / "klankbord.db") as store:
            take_in(store, folder / "export.csv", settings, watch)
            score(store, model, watch)


def read_tone(number: int) -> None:
    """Load the fast model and let it read so many answers."""
    from klankbord.models import load_tone_model

    chance = random.Random(COUNTED_SEED)  # noqa: S311 - reproducible, not secret
    texts = [text for text, _ in answers(number, chance)]
    load_tone_model(tier="fast").predict(texts, [""] * number)


def find(rounds: int = ROUNDS) -> Found:
    """Count the steps of one walk and time some others."""
    from klankbord.models import load_tone_model

    model = load_tone_model(tier="fast")
    walk(WARM_ROWS, WARM_SEED, _unwatched, model)
    steps, times = Steps(), Times()
    walk(ROWS, COUNTED_SEED, steps, model)
    for number in range(rounds):
        walk(ROWS, FIRST_SEED + number, times, model)
        times.next_round()
    return Found(
        {stage: seen / ROWS for stage, seen in steps.count.items()},
        {stage: seconds / times.fixed for stage, seconds in times.least.items()},
    )


def _unwatched(stage: str) -> AbstractContextManager[None]:  # noqa: ARG001
    return nullcontext()


def main() -> None:
    """Print what was found."""
    parser = argparse.ArgumentParser(description="Count and time the stages for every row.")
    parser.add_argument("--bounds", action="store_true", help="print the bounds for the test")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument(
        "--score", type=int, metavar="N", help="only read the tone of N answers: for valgrind"
    )
    arguments = parser.parse_args()
    if arguments.score is not None:
        read_tone(arguments.score)
        return
    found = find()
    if arguments.json:
        print(json.dumps({"steps": found.steps, "times": found.times}))
    elif arguments.bounds:
        print("STEPS = {")
        for stage, steps in found.steps.items():
            print(f'    "{stage}": {math.ceil(steps * STEPS_ROOM)},')
        print("}\nTIMES = {")
        for stage, times in found.times.items():
            print(f'    "{stage}": {max(times * TIMES_ROOM, LEAST):.2g},')
        print("}")
    else:
        print(f"{'':20}{'steps a row':>12}{'x fixed work':>14}")
        for stage, steps in found.steps.items():
            print(f"{stage:20}{steps:>12.1f}{found.times[stage]:>14.2f}")


if __name__ == "__main__":
    main()
