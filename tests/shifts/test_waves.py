from __future__ import annotations

import numpy as np
import pytest

from klankbord.moments import DAY_US
from klankbord.schema import CUSTOMERS
from klankbord.shifts import find_shifts
from klankbord.shifts.histories import gather
from klankbord.shifts.silence import listen
from klankbord.shifts.waves import Turnout, dropped_probability, fit_turnout, waves_of

from .builders import AS_OF, Piece, tables

WAVES, EVERY = 10, 60


def drawn_turnout(customers: int, seed: int, waves: int = 12):
    """Draw answers from the model itself, and who dropped out before the last wave."""
    rng = np.random.default_rng(seed)
    chance = rng.beta(3.0, 1.5, customers)[:, None]
    stays = rng.geometric(rng.beta(0.5, 8.0, customers))  # waves, until the customer is gone
    wave = np.arange(1, waves + 1)
    answered = (rng.random((customers, waves)) < chance) & (wave < stays[:, None])
    until = (answered * wave).max(axis=1)
    gone = stays <= waves
    return Turnout(answered.sum(axis=1), until, np.full(customers, waves)), gone


def test_probability_of_having_dropped_out_is_calibrated():
    turnout, gone = drawn_turnout(8000, seed=1)
    p = dropped_probability(fit_turnout(turnout), turnout)
    for low, high in ((0.0, 0.2), (0.3, 0.7), (0.85, 1.0)):
        chosen = (p >= low) & (p <= high)
        assert chosen.sum() > 100
        assert gone[chosen].mean() == pytest.approx(p[chosen].mean(), abs=0.06)


def test_the_model_is_that_of_the_paper_written_out():
    from scipy.special import beta

    a, b, c, d = 1.2, 0.75, 0.65, 2.8
    x, t, n = 2, 3, 6
    active = beta(a + x, b + n - x) / beta(a, b) * beta(c, d + n) / beta(c, d)
    gone = sum(
        beta(a + x, b + t - x + i) / beta(a, b) * beta(c + 1, d + t + i) / beta(c, d)
        for i in range(n - t)
    )
    turnout = Turnout(*(np.array([value]) for value in (x, t, n)))
    (found,) = dropped_probability(np.array([a, b, c, d]), turnout)
    assert found == pytest.approx(gone / (active + gone))


def answers(name: str, waves, seed: int = 0) -> list[Piece]:
    rng = np.random.default_rng(seed)
    return [
        Piece(name, 20.0 + EVERY * (WAVES - 1 - w) - float(rng.integers(0, 10)), 3) for w in waves
    ]


def panel(chance: float = 0.9, size: int = 150, seed: int = 0) -> list[Piece]:
    rng = np.random.default_rng(seed)
    pieces: list[Piece] = []
    for i in range(size):
        pieces += answers(f"panel{i:03d}", np.flatnonzero(rng.random(WAVES) < chance), seed=i)
    return pieces


def skipped(pieces: list[Piece], left: dict[str, float] | None = None):
    histories = gather(*tables(pieces), AS_OF)
    names = histories.customers.to_pylist()
    left_at = np.full(len(names), np.iinfo(np.int64).max)
    for name, days_ago in (left or {}).items():
        left_at[names.index(name)] = AS_OF.timestamp() * 1_000_000 - days_ago * DAY_US
    found = listen(histories.pieces, left_at).skipped
    return found, names


def test_who_no_longer_answers_is_heard_and_others_are_not():
    pieces = [
        *panel(),
        *answers("weg", range(1, 6)),
        *answers("sloeg er een over", range(9)),
        *answers("een keer", [3]),
        *answers("is er nog", [0, 1, 2, 3, 9]),
    ]
    found, names = skipped(pieces)
    chance = dict(zip(names, found.probability, strict=True))
    assert chance["weg"] > 0.9
    for name in ("sloeg er een over", "een keer", "is er nog"):
        assert chance[name] == 0
    assert max(p for name, p in chance.items() if name.startswith("panel")) < 0.5
    at = names.index("weg")
    assert (found.answered[at], found.waves[at], found.skipped[at]) == (5, 5, 4)


def test_skipping_says_little_where_few_are_asked_every_time():
    chance, names = skipped([*panel(0.3, size=400), *answers("klant", [0, 3, 5])])
    assert 0 <= chance.probability[names.index("klant")] < 0.3


def test_waves_after_a_customer_cancelled_are_not_skipped():
    pieces = [*panel(), *answers("weg", range(1, 6))]
    found, names = skipped(pieces, {"weg": 4.0 * EVERY})
    assert found.probability[names.index("weg")] == 0


def test_a_wave_that_is_still_running_is_not_skipped():
    pieces = [p for p in panel() if p.days_ago > EVERY]
    soon = [Piece(f"panel{i:03d}", 1.0, 3) for i in range(30)]
    found, names = skipped([*pieces, *soon, *answers("klant", range(1, 8))])
    assert found.probability[names.index("klant")] == 0  # skipped one wave and the running one
    found, names = skipped([*panel(), *answers("klant", range(1, 8))])
    assert found.probability[names.index("klant")] > 0.1


def test_no_waves():
    rng = np.random.default_rng(0)
    steady = [Piece(f"k{i % 60}", float(d), 3) for i, d in enumerate(rng.uniform(1, 600, 900))]
    assert not skipped(steady)[0].probability.any()
    assert not skipped(answers("de enige", range(5)))[0].probability.any()
    three = [p for p in panel() if p.days_ago < 3 * EVERY]
    assert not skipped([*three, *answers("weg", [7])])[0].probability.any()
    others = [Piece(p.customer, p.days_ago, 3, channel="review") for p in panel()]
    assert not skipped(others)[0].probability.any()


def test_stragglers_belong_to_the_wave_before():
    days = np.repeat(np.arange(5) * EVERY, 30)
    day = np.append(days, [25, 2 * EVERY + 20])
    order = np.argsort(day, kind="stable")
    wave, opened = waves_of(day[order], day[order] * DAY_US)
    assert (opened // DAY_US).tolist() == [0, 60, 120, 180, 240]
    assert wave[day[order] == 25].tolist() == [0]
    assert wave[day[order] == 2 * EVERY + 20].tolist() == [2]


def test_skipped_waves_are_told():
    mails = [Piece("weg", 5.0 + 40 * i, 3, channel="email") for i in range(15)]
    feedback, scores = tables([*panel(), *answers("weg", range(1, 6)), *mails])
    told = {
        "nl": "Antwoordde op 5 van 5 enquêterondes, en sinds",
        "en": "Answered 5 of 5 survey waves, and since",
    }
    for language, sentence in told.items():
        found = find_shifts(
            feedback, scores, CUSTOMERS.empty_table(), fdr=0.1, as_of=AS_OF, language=language
        )
        (shift,) = (s for s in found.shifts if s.customer_id == "weg")
        assert shift.explanation.startswith(sentence)
        assert shift.before_quote.channel == "survey"
        assert shift.before_quote.received_at < shift.after_at < shift.after_quote.received_at
