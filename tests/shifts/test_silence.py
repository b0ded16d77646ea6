from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from klankbord.schema import CUSTOMERS
from klankbord.shifts import find_shifts
from klankbord.shifts.falls import fall
from klankbord.shifts.histories import gather
from klankbord.shifts.silence import Rhythms, fit_rhythm, listen, stopped_probability

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


def fell(*rows: list[float]):
    values = np.concatenate([np.array(row, dtype=float) for row in rows])
    owner = np.repeat(np.arange(len(rows)), [len(row) for row in rows])
    at = np.concatenate([np.arange(len(row)) for row in rows])
    return fall(values, np.log(values), owner, at, len(rows))


@pytest.mark.parametrize("late", [2, 4, 8])
def test_a_fall_is_found_wherever_it_began(late):
    shrunk = [100.0, 90.0, 110.0, 95.0] * 3
    shrunk[-late:] = [18.0, 22.0] * (late // 2)
    rng = np.random.default_rng(0)
    steady = [list(100 * np.exp(rng.normal(0, 0.3, 12))) for _ in range(60)]
    found = fell(shrunk, *steady)
    assert found.probability[0] > 0.8
    assert found.probability[1:].max() < 0.5
    assert found.since[0] == 12 - late
    assert found.before[0] == pytest.approx(98, abs=3)
    assert found.after[0] == pytest.approx(20, abs=1)


def test_a_longer_answer_never_counts_as_shrunk():
    found = fell([10.0] * 5 + [80.0] * 4, [5.0] * 7, [20.0] * 4)
    assert found.probability[0] == 0
    assert found.probability[1] < 0.05
    assert found.probability[2] == 0


QUESTION, STATEMENT = "Wanneer komt mijn factuur?", "Alles is geregeld."


def asking(name: str, pattern: str, channel: str = "email") -> list[Piece]:
    """Return a contact a month, with a question where the pattern has a question mark."""
    return [
        Piece(name, 10.0 + 30 * i, 2, channel=channel, text=QUESTION if c == "?" else STATEMENT)
        for i, c in enumerate(reversed(pattern))
    ]


def some_questions(seed: int = 0) -> list[Piece]:
    rng = np.random.default_rng(seed)
    pieces: list[Piece] = []
    for i in range(150):
        rate = rng.beta(1, 2)
        pattern = "".join(np.where(rng.random(int(rng.integers(6, 14))) < rate, "?", "."))
        pieces += asking(f"vraagt{i:03d}", pattern)
    return pieces


def vanished(pieces: list[Piece]):
    histories = gather(*tables(pieces), AS_OF)
    found = listen(histories.pieces).vanished
    names = histories.customers.take(np.unique(histories.pieces.customer)).to_pylist()
    return found, names


def test_questions_that_vanish():
    pieces = [
        *some_questions(),
        *asking("vraagt niets meer", "???????.????????............"),
        *asking("vroeg een keer", "?..............."),
        *asking("vraagt nog", "???????.????????...........?"),
        *asking("vroeg nooit", "................"),
        *asking("te kort", "??.."),
    ]
    found, names = vanished(pieces)
    chance = dict(zip(names, found.probability, strict=True))
    assert chance["vraagt niets meer"] > 0.8
    for name in ("vroeg een keer", "vraagt nog", "vroeg nooit", "te kort"):
        assert chance[name] == 0
    others = [p for name, p in chance.items() if name.startswith("vraagt0")]
    assert np.mean([p > 0.5 for p in others]) <= 0.02
    at = names.index("vraagt niets meer")
    assert (found.asked[at], found.earlier[at], found.later[at]) == (15, 16, 12)


def test_going_over_to_a_channel_without_questions_is_no_news():
    mails = asking("stapt over", "????????????........")
    moved = [replace(p, channel="review" if p.text == STATEMENT else "email") for p in mails]
    reviews = [p for i in range(60) for p in asking(f"recensent{i:02d}", "......", "review")]
    found, names = vanished([*some_questions(), *reviews, *moved])
    assert found.probability[names.index("stapt over")] < 0.1
    found, names = vanished(
        [*some_questions(), *reviews, *asking("blijft", "????????????........")]
    )
    assert found.probability[names.index("blijft")] > 0.8


def test_nobody_who_ever_asks():
    found, _ = vanished([p for i in range(20) for p in asking(f"stil{i}", "........")])
    assert found.probability.tolist() == [0.0] * 20


def test_a_question_mark_inside_an_address_is_no_question():
    texts = {
        "Hoe kan dat?": True,
        "‘Hoe kan dat?’, vroeg ik.": True,
        "Zie https://voorbeeld.nl/?id=3": False,
        "": False,
    }
    pieces = [Piece("klant", 10.0 - i, 2, text=text) for i, text in enumerate(texts)]
    histories = gather(*tables(pieces), AS_OF)
    assert histories.pieces.question.tolist() == list(texts.values())


def test_a_day_of_questions_is_one_contact():
    day = [
        Piece("een dag", 300.0, 2, channel="chat", text=QUESTION, conversation="g", turn=i)
        for i in range(9)
    ]
    later = asking("een dag", "..........", "chat")
    found, names = vanished([*some_questions(), *day, *later])
    assert found.probability[names.index("een dag")] == 0


def test_vanished_questions_are_told():
    pieces = [*some_questions(), *asking("klant", "???????.????????............")]
    feedback, scores = tables(pieces)
    none = CUSTOMERS.empty_table()
    for language, told in (
        ("nl", "Stelde in 15 van de 16 contacten"),
        ("en", "Asked a question in 15"),
    ):
        found = find_shifts(feedback, scores, none, fdr=0.2, as_of=AS_OF, language=language)
        (shift,) = (s for s in found.shifts if s.customer_id == "klant")
        assert shift.explanation.startswith(told)
        assert shift.before_quote.text == QUESTION
