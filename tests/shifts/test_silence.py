from __future__ import annotations

import numpy as np
import pytest

from klankbord.shifts.histories import gather
from klankbord.shifts.silence import (
    Rhythms,
    fit_rhythm,
    listen,
    shrunk_probability,
    stopped_probability,
)

from .builders import AS_OF, Piece, history, tables


def drawn_rhythms(customers: int, seed: int, seen: float = 720.0):
    """Draw rhythms from the model itself, and who stopped."""
    rng = np.random.default_rng(seed)
    rows, stopped = [], []
    for rate, drop in zip(
        rng.gamma(4.0, 1 / 60.0, customers), rng.beta(1.0, 12.0, customers), strict=True
    ):
        gaps: list[float] = []
        gone = False
        while not gone:
            gap = rng.gamma(2.5, 1 / rate)
            if sum(gaps) + gap > seen:
                break
            gaps.append(gap)
            gone = len(gaps) >= 2 and rng.random() < drop
        if len(gaps) >= 2:
            total = sum(gaps)
            rows.append((len(gaps), total, np.log(gaps).sum(), seen - total))
            stopped.append(gone)
    return Rhythms(*np.array(rows).T), np.array(stopped)


def test_probability_of_having_stopped_is_calibrated():
    rhythms, gone = drawn_rhythms(8000, seed=1)
    fitted = fit_rhythm(rhythms)
    assert fitted[0] == pytest.approx(2.5, rel=0.1)
    p = stopped_probability(fitted, rhythms)
    for low, high in ((0.0, 0.2), (0.3, 0.7), (0.85, 1.0)):
        chosen = (p >= low) & (p <= high)
        assert chosen.sum() > 100
        assert gone[chosen].mean() == pytest.approx(p[chosen].mean(), abs=0.06)


def test_longer_silence_and_a_steadier_rhythm_are_more_telling():
    silent = np.array([30.0, 120.0, 400.0])
    rhythms = Rhythms(np.full(3, 8.0), np.full(3, 240.0), np.full(3, 27.0), silent)
    loose = stopped_probability(np.array([1.0, 3.0, 90.0, 0.5, 10.0]), rhythms)
    steady = stopped_probability(np.array([4.0, 3.0, 22.0, 0.5, 10.0]), rhythms)
    assert (np.diff(loose) > 0).all()
    assert steady[1] > loose[1]


def voices(seed: int = 0) -> list[Piece]:
    rng = np.random.default_rng(seed)
    pieces: list[Piece] = []
    for i in range(150):
        length = int(rng.integers(8, 14))
        at = 1 + np.cumsum(rng.gamma(3, 10, length))[::-1]
        text = "woord " * 20
        pieces += [Piece(f"actief{i:03d}", float(d), 3, text=text) for d in at]
    return pieces


def test_a_regular_voice_that_stops_is_heard_and_others_are_not():
    stopped = [Piece("gestopt", 400.0 + 30 * i, 3) for i in range(10)]
    burst = [Piece("incident", 400.0 + i, 1) for i in range(10)]
    feedback, scores = tables([*voices(), *stopped, *burst])
    histories = gather(feedback, scores, AS_OF)
    silence = listen(histories.pieces)
    by_name = dict(
        zip(histories.customers.take(silence.customer).to_pylist(), silence.stopped, strict=True)
    )
    assert by_name["gestopt"] > 0.9
    assert by_name["incident"] == 0
    assert sum(p > 0.5 for name, p in by_name.items() if name.startswith("actief")) <= 3


def test_an_export_that_ends_is_no_silence():
    pieces = [Piece(p.customer, p.days_ago + 365, p.tone) for p in voices()]
    histories = gather(*tables(pieces), AS_OF)
    assert (listen(histories.pieces).stopped > 0.5).mean() < 0.02


def test_an_export_that_ends_is_no_silence_beside_one_that_runs_on_under_the_same_name():
    surveys = [Piece(p.customer, p.days_ago + 365, p.tone) for p in voices()]
    reviews = [Piece(f"recensent{i}", float(i), 3, channel="review") for i in range(30)]
    histories = gather(*tables([*surveys, *reviews]), AS_OF)
    assert (listen(histories.pieces).stopped > 0.5).mean() < 0.02


def test_answers_that_shrink():
    shrinking = [
        Piece("krimpt", 300.0 - 30 * i, 3, text="woord " * (25 if i < 6 else 1)) for i in range(10)
    ]
    steady = history("steeds kort", [3] * 10, text="prima")
    histories = gather(*tables([*voices(), *shrinking, *steady]), AS_OF)
    silence = listen(histories.pieces)
    by_name = dict(
        zip(
            histories.customers.take(silence.customer).to_pylist(),
            silence.shorter.probability,
            strict=True,
        )
    )
    assert by_name["krimpt"] > 0.8
    assert by_name["steeds kort"] < 0.1
    assert max(p for name, p in by_name.items() if name.startswith("actief")) < 0.5


def test_contacts_that_grow_rarer():
    slower = np.cumsum([20, 20, 20, 20, 20, 20, 120, 130, 140, 30][::-1])
    slowing = [Piece("trager", float(d), 3) for d in slower]
    bursts = [Piece("druk", 30.0 * i + j, 3) for i in range(12) for j in range(3)]
    histories = gather(*tables([*voices(), *slowing, *bursts]), AS_OF)
    silence = listen(histories.pieces)
    names = histories.customers.take(silence.customer).to_pylist()
    chance = dict(zip(names, silence.rarer.probability, strict=True))
    assert chance["trager"] > 0.8
    assert chance["druk"] < 0.1
    assert np.mean([p > 0.5 for name, p in chance.items() if name.startswith("actief")]) <= 0.02
    at = names.index("trager")
    assert silence.rarer.before[at] == pytest.approx(20, abs=1)
    assert silence.rarer.after[at] == pytest.approx(130, abs=5)


def test_a_longer_answer_never_counts_as_shrunk():
    assert shrunk_probability(np.array([0.0, 2.0]), np.array([0.01, 5.0])).tolist() == [0.0, 0.0]
