from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from klankbord.shifts import trajectories
from klankbord.shifts.learning import Expectation, before_learning, generator, learn
from klankbord.shifts.sequences import Sequences, ragged
from klankbord.shifts.trajectories import (
    STATES,
    Dynamics,
    exponential,
    final_masses,
    likelihood,
    settled_since,
    smooth,
    turning_mass,
)


def random_sequences(lengths: list[int], seed: int, most_pieces: int = 1) -> Sequences:
    rng = np.random.default_rng(seed)
    contacts = sum(lengths)
    pieces = rng.integers(1, most_pieces + 1, contacts)
    total = int(pieces.sum())
    return Sequences(
        probabilities=rng.dirichlet(np.full(5, 0.4), total).astype(np.float32) * 0.98
        + np.float32(0.004),
        channel=rng.integers(0, 3, total).astype(np.int8),
        weight=np.where(rng.random(total) < 0.3, 0.5, 1.0) if most_pieces > 1 else np.ones(total),
        contact=np.concatenate([[0], np.cumsum(pieces)]).astype(np.int64),
        gap=rng.integers(0, 12, contacts).astype(np.int64),
        start=np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
    )


def random_dynamics(sequences: Sequences, seed: int) -> Dynamics:
    rng = np.random.default_rng(seed)
    base = before_learning(sequences, Expectation())
    return Dynamics(
        prior=base.prior,
        initial=rng.dirichlet(np.ones(5)),
        rates=generator(rng.random((5, 5)) * 0.3),
        emission=rng.dirichlet(np.ones(5), (6, 5)),
        durations=base.durations,
    )


def enumerate_paths(sequences: Sequences, dynamics: Dynamics, index: int):
    """Yield every path of one sequence with its unnormalised weight."""
    low, high = sequences.start[index], sequences.start[index + 1]
    weight = likelihood(sequences, dynamics)[low:high]
    matrices = dynamics.transitions()
    for path in product(range(STATES), repeat=int(high - low)):
        p = dynamics.initial[path[0]] * weight[0, path[0]]
        for t in range(1, len(path)):
            p *= matrices[sequences.gap[low + t]][path[t - 1], path[t]] * weight[t, path[t]]
        yield path, p


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_posterior_equals_enumeration_of_all_paths(seed):
    sequences = random_sequences([4, 1, 5, 2], seed, most_pieces=3)
    dynamics = random_dynamics(sequences, seed)
    posterior = smooth(sequences, dynamics)
    for index in range(len(sequences)):
        low = sequences.start[index]
        expected = np.zeros((sequences.start[index + 1] - low, STATES))
        for path, p in enumerate_paths(sequences, dynamics, index):
            expected[np.arange(len(path)), list(path)] += p
        expected /= expected.sum(axis=1, keepdims=True)
        assert np.allclose(posterior[low : sequences.start[index + 1]], expected, atol=1e-10)


@pytest.mark.parametrize(
    ("visited", "settled"), [((4,), (0, 1, 2)), ((3, 4), (0, 1)), ((0, 1), (3, 4)), ((0,), (2,))]
)
def test_joint_claim_and_its_turn_equal_enumeration(visited, settled, monkeypatch):
    monkeypatch.setattr(trajectories, "BATCH", 3)
    sequences = random_sequences([5, 1, 3, 4], 5)
    dynamics = random_dynamics(sequences, 5)
    was, now = np.isin(range(5), visited), np.isin(range(5), settled)
    masses = final_masses(sequences, dynamics, np.stack([was | True, ~was]))
    probability = (masses[:, 0] - masses[:, 1])[:, now].sum(axis=1)
    turning = turning_mass(sequences, dynamics, was, now)
    for index in range(len(sequences)):
        low, high = sequences.start[index], sequences.start[index + 1]
        total, joint, at = 0.0, 0.0, np.zeros(high - low)
        for path, p in enumerate_paths(sequences, dynamics, index):
            total += p
            if path[-1] in settled and set(path) & set(visited):
                joint += p
                turn = max(t for t in range(len(path)) if path[t] not in settled) + 1
                at[turn] += p
        assert probability[index] == pytest.approx(joint / total, abs=1e-10)
        assert np.allclose(turning[low:high], at / total, atol=1e-10)
        assert turning[low:high].sum() == pytest.approx(probability[index], abs=1e-10)


def test_settled_since_equals_enumeration():
    sequences = random_sequences([5, 4], 8)
    dynamics = random_dynamics(sequences, 8)
    since = np.array([2, 5 + 1])
    flat = np.isin(range(5), (0, 1, 2))
    found = settled_since(sequences, dynamics, flat, since)
    for index in range(2):
        step = since[index] - sequences.start[index]
        paths = list(enumerate_paths(sequences, dynamics, index))
        stay = sum(p for path, p in paths if all(s in (0, 1, 2) for s in path[step:]))
        assert found[index] == pytest.approx(stay / sum(p for _, p in paths), abs=1e-10)


def test_exponential_agrees_with_scipy():
    from scipy.linalg import expm

    matrices = np.random.default_rng(0).normal(size=(7, 10, 10)) * 4
    assert np.allclose(exponential(matrices), expm(matrices), rtol=1e-9)
    assert np.allclose(exponential(np.zeros((2, 5, 5))), np.eye(5))


@given(
    lengths=st.lists(st.integers(1, 9), min_size=1, max_size=12),
    seed=st.integers(0, 10_000),
    pieces=st.integers(1, 3),
)
@settings(max_examples=40, deadline=None)
def test_posteriors_are_distributions(lengths, seed, pieces):
    sequences = random_sequences(lengths, seed, pieces)
    dynamics = learn(sequences)
    posterior = smooth(sequences, dynamics)
    assert np.allclose(posterior.sum(axis=1), 1)
    assert (posterior >= 0).all()
    assert np.allclose(dynamics.emission.sum(axis=2), 1)
    assert np.allclose(dynamics.rates.sum(axis=1), 0, atol=1e-9)
    assert dynamics.initial.sum() == pytest.approx(1)


@given(
    lengths=st.lists(st.integers(1, 7), min_size=2, max_size=12),
    seed=st.integers(0, 10_000),
    data=st.data(),
)
@settings(max_examples=25, deadline=None)
def test_order_of_customers_does_not_matter(lengths, seed, data):
    sequences = random_sequences(lengths, seed, 2)
    order = np.array(data.draw(st.permutations(range(len(lengths)))))
    shuffled = sequences.take(order)
    posterior = smooth(sequences, learn(sequences))
    contacts, _ = ragged(sequences.start, order)
    assert np.allclose(smooth(shuffled, learn(shuffled)), posterior[contacts], atol=1e-9)


def simulated(rates, emission, customers, contacts, seed):
    rng = np.random.default_rng(seed)
    base = Expectation()
    months = np.array(base.durations)
    matrices = exponential(rates[None] * months[:, None, None])
    gap = rng.integers(3, 9, (customers, contacts))
    state = np.empty((customers, contacts), dtype=int)
    state[:, 0] = rng.choice(5, customers)
    for t in range(1, contacts):
        cumulative = matrices[gap[:, t], state[:, t - 1]].cumsum(axis=1)
        state[:, t] = (rng.random(customers)[:, None] > cumulative).sum(axis=1)
    state = np.minimum(state, 4)
    tone = (rng.random(state.size)[:, None] > emission.cumsum(axis=1)[state.ravel()]).sum(axis=1)
    tone = np.minimum(tone, 4)
    q = np.full((tone.size, 5), 0.002)
    q[np.arange(tone.size), tone] = 0.992
    n = tone.size
    return Sequences(
        q.astype(np.float32), np.zeros(n, dtype=np.int8), np.ones(n), np.arange(n + 1),
        gap.ravel(), np.arange(0, n + 1, contacts),
    )  # fmt: skip


def test_learning_recovers_rates_and_expression():
    rates = generator(np.full((5, 5), 0.002))
    rates[4, 2] += 0.05
    rates = generator(rates)
    emission = np.full((5, 5), 0.03) + 0.85 * np.eye(5)
    sequences = simulated(rates, emission, 4000, 8, seed=4)
    dynamics = learn(sequences)
    assert dynamics.rates[4, 2] == pytest.approx(rates[4, 2], rel=0.2)
    assert np.abs(dynamics.rates - rates)[~np.eye(5, dtype=bool)].max() < 0.012
    assert np.abs(dynamics.emission[0] - emission).max() < 0.04


def test_little_data_stays_near_the_prior():
    sequences = random_sequences([3], 1)
    dynamics = learn(sequences)
    prior = before_learning(sequences, Expectation())
    assert np.abs(dynamics.rates - prior.rates).max() < 0.02
    assert np.abs(dynamics.emission - prior.emission).max() < 0.1


def test_a_flat_channel_is_learned_and_one_without_data_speaks_like_all():
    rng = np.random.default_rng(2)
    customers, contacts = 600, 8
    state = np.repeat(rng.choice([2, 4], customers), contacts)
    call = rng.random(state.size) < 0.4
    tone = np.where(call & (state == 4), rng.choice([2, 4], state.size, p=[0.6, 0.4]), state)
    q = np.full((tone.size, 5), 0.01)
    q[np.arange(tone.size), tone] = 0.96
    n = tone.size
    sequences = Sequences(
        q.astype(np.float32), call.astype(np.int8), np.ones(n), np.arange(n + 1),
        np.full(n, 5), np.arange(0, n + 1, contacts),
    )  # fmt: skip
    emission = learn(sequences).emission
    assert emission[1][4, 2] > 0.4
    assert emission[0][4, 2] < 0.1
    pooled = 0.6 * emission[0][4, 2] + 0.4 * emission[1][4, 2]
    assert emission[3][4, 2] == pytest.approx(pooled, abs=0.08)


def test_same_day_pieces_count_less_than_two_days():
    certain = np.tile([[0.02, 0.02, 0.9, 0.03, 0.03]], (2, 1)).astype(np.float32)
    dynamics = before_learning(random_sequences([3], 0), Expectation())
    parts = {"channel": np.zeros(2, dtype=np.int8), "weight": np.ones(2)}
    together = Sequences(certain, **parts, contact=np.array([0, 2]), gap=np.zeros(1, dtype=int),
                         start=np.array([0, 1]))  # fmt: skip
    apart = Sequences(certain, **parts, contact=np.array([0, 1, 2]), gap=np.zeros(2, dtype=int),
                      start=np.array([0, 2]))  # fmt: skip
    single = apart.slice(0, 1).take(np.array([0]))
    assert smooth(together, dynamics)[0, 2] < smooth(apart, dynamics)[0, 2]
    assert smooth(together, dynamics)[0, 2] > 0.5
    assert len(single) == 1
