"""The benchmark of tone shifts judges rightly, and the search keeps what it promises there."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from klankbord.schema import ShiftKind

SCRIPTS = Path(__file__).parents[2] / "scripts"


@pytest.fixture(scope="module")
def bench():
    sys.path.insert(0, str(SCRIPTS))
    import bench_shifts

    yield bench_shifts
    sys.path.remove(str(SCRIPTS))


@pytest.fixture(scope="module")
def runs(bench):
    import shift_runs

    return shift_runs


def histories(bench, *states: list[int]):
    owner = np.repeat(np.arange(len(states)), [len(own) for own in states])
    state = np.concatenate(states)
    day = np.concatenate([30 * np.arange(len(own))[::-1] + 1 for own in states])
    nothing = np.full(len(states), bench.planted.STABLE), np.full(len(states), -1)
    return bench.Histories(owner, day, np.zeros(len(owner), int), state, state, *nothing)


def test_a_claim_is_true_of_the_planted_states(bench, runs):
    found = runs.truths(histories(bench, [4, 4, 2], [4, 2, 4], [3, 1], [1, 0], [0, 3], [0, 2]))
    assert found[ShiftKind.VERKOELING].tolist() == [True, False, False, False, False, False]
    assert found[ShiftKind.TELEURSTELLING].tolist() == [False, False, True, False, False, False]
    assert found[ShiftKind.ESCALATIE].tolist() == [False, False, False, True, False, False]
    assert found[ShiftKind.HERSTEL].tolist() == [False, False, False, False, True, True]


def test_nine_in_ten_customers_are_planted_without_a_shift(bench, runs):
    drawn = bench.planted.draw(20_000, seed=3)
    anything = np.logical_or.reduce(list(runs.truths(drawn).values()))
    assert 0.07 < anything.mean() < 0.1
    calm = np.isin(drawn.kind, ("stable", "noisy", "seasonal", "one bad day"))
    assert not anything[calm].any()
    assert drawn.day.min() >= 0


def test_the_past_of_a_turn_is_what_there_was_then(bench):
    drawn = bench.planted.draw(2_000, seed=3)
    early = bench.take(drawn, drawn.until(1))
    turned = drawn.turn >= 0
    count = np.diff(early.start())
    assert (count[turned] == drawn.turn[turned] + 1).all()
    assert (count[~turned] == np.diff(drawn.start())[~turned]).all()


@pytest.mark.parametrize("name", ["last against mean", "reliable change, BH", "CUSUM", "slope, BH"])
def test_every_detector_scores_a_drop_above_a_level_history(bench, name):
    drawn = histories(bench, [4, 4, 4, 4, 2, 2], [4, 4, 4, 4, 4, 4], [2, 2, 2, 2, 4, 4])
    drop, level, rise = bench.DETECTORS[name](
        drawn.state.astype(float), drawn.day, drawn.start()
    ).score
    assert drop > max(level, rise)


def test_pelt_scores_a_drop_above_a_level_history(bench):
    pytest.importorskip("ruptures")
    drawn = histories(bench, [4, 4, 4, 4, 2, 2], [4, 4, 4, 4, 4, 4])
    drop, level = bench.DETECTORS["ruptures PELT"](
        drawn.state.astype(float), drawn.day, drawn.start()
    ).score
    assert drop == pytest.approx(2)
    assert level == 0


def test_a_reader_that_is_always_right_and_one_that_is_not(bench):
    tone = bench.planted.draw(2_000, seed=1).expressed
    assert (bench.planted.misread(tone, 1.0, 0).argmax(axis=1) == tone).all()
    read = bench.planted.misread(tone, 0.8, 0)
    assert read.sum(axis=1) == pytest.approx(1)
    assert (read.argmax(axis=1) == tone).mean() == pytest.approx(0.8, abs=0.03)


@pytest.mark.parametrize(("accuracy", "recall"), [(1.0, 0.8), (0.9, 0.5)])
def test_the_list_keeps_its_promise_on_seeds_nobody_tuned_on(bench, accuracy, recall):
    def reader(drawn, seed):
        return bench.planted.misread(drawn.expressed, accuracy, seed)

    runs = [bench.run(2_000, seed, reader, 0.1, None) for seed in (200, 201)]
    listed = [(one, c, kind) for one in runs for c, kinds in one.listed.items() for kind in kinds]
    assert 1 - np.mean([one.right(c, kind) for one, c, kind in listed]) <= 0.12

    def caught(one, who):
        flags = [set(one.listed.get(int(customer), ())) for customer in np.flatnonzero(who)]
        return [bool(kinds & set(bench.DROPS)) for kinds in flags]

    cooled, bad = [], []
    for one in runs:
        kind = one.histories.kind
        cooled += caught(one, (kind == bench.planted.COOLING) & bench.shaped(one.histories, 3, 2))
        bad += caught(one, kind == bench.planted.BAD_DAY)
    assert np.mean(cooled) >= recall
    assert np.mean(bad) <= 0.03


def test_shares_come_with_an_interval(bench):
    assert bench.share(0, 0) == "–"
    assert bench.share(8, 10).startswith("0.800 (0.4")
    drawn = histories(bench, [4, 2])
    assert replace(drawn, turn=np.array([1])).until(0).tolist() == [True, False]
