"""Customers who fall silent in one of five ways, among many who do not, and who is heard.

A customer writes by e-mail at a rhythm of their own and may be in the panel of a survey that
comes in waves; of the others a survey asks somebody else every time. Questions come in bursts,
lengths scatter, some customers are away for a while, some joined late, and how many answer differs
from wave to wave. One in ten is planted: from a turn on the customer stops for good, writes a
third of the usual length, writes a quarter as often, asks nothing any more, or answers no wave.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from klankbord.moments import DAY_US, microseconds
from klankbord.schema import FEEDBACK, SCORES
from klankbord.shifts.histories import Bools, Floats, Ints, gather
from klankbord.shifts.policy import keep
from klankbord.shifts.silence import Silence, listen
from planted_histories import AS_OF
from shift_runs import share

STEADY, STOPPED, SHORTER, RARER, ASKS, WAVES = (
    "steady", "stopped", "shorter", "rarer", "questions", "waves",
)  # fmt: skip
TOGETHER = "all five, on one list"
SIGNALS = (STOPPED, SHORTER, RARER, ASKS, WAVES)
PLANTED = 0.02  # of the customers, each
TRUE_OF = {signal: (signal,) for signal in SIGNALS} | {WAVES: (WAVES, STOPPED)}
DAYS = 730
GAPS = (10.0, 120.0)  # mean days between two messages, log-uniform over customers
PANEL, JOINED_LATE, AWAY = 0.6, 0.3, 0.1  # shares of the customers
AWAY_DAYS = 60
WAVE_EVERY, WAVE_LASTS = 60, 14  # days
TURNOUT = (3.0, 1.5)  # chance to answer a wave, Beta over customers …
WAVE_LUCK = 0.15  # … times one that differs by wave, this much at most from one
SAMPLED = 0.25  # invited to each wave of the other survey, of those outside the panel
ISSUE = 0.25  # chance that an issue begins or ends between two messages
LEAST_BEFORE, LEAST_AFTER = 5, 3  # pieces around a turn, of those whose recall is told apart


@dataclass(frozen=True, eq=False)
class Crowd:
    """One entry per piece, and one per customer."""

    owner: Ints
    day: Ints  # before AS_OF
    source: np.ndarray  # of str
    length: Ints
    asked: Bools
    kind: np.ndarray  # (customers,) of str
    seen: Bools  # (customers,) pieces enough before the turn, and days enough after it


def draw(customers: int, seed: int) -> Crowd:
    """Return a crowd."""
    rng = np.random.default_rng(seed)
    shares = [1 - PLANTED * len(SIGNALS), *[PLANTED] * len(SIGNALS)]
    kind = rng.choice([STEADY, *SIGNALS], customers, p=shares)
    luck = 1 + WAVE_LUCK * rng.uniform(-1, 1, DAYS // WAVE_EVERY)
    drawn = [_customer(rng, kind[c], luck) for c in range(customers)]
    owner = np.repeat(np.arange(customers), [len(pieces[0]) for pieces, _ in drawn])
    day, source, length, asked = (
        np.concatenate(c) for c in zip(*(p for p, _ in drawn), strict=True)
    )
    seen = np.array([enough for _, enough in drawn])
    return Crowd(owner, DAYS - day, source, length, asked, kind, seen)


def _customer(
    rng: np.random.Generator, kind: str, luck: Floats
) -> tuple[tuple[Ints, np.ndarray, Ints, Bools], bool]:
    """Return day, source, length and question of each piece, and whether the turn can be seen."""
    begin = rng.uniform(0, 0.6 * DAYS) if rng.random() < JOINED_LATE else 0.0
    turn = begin + rng.uniform(0.3, 0.85) * (DAYS - begin) if kind != STEADY else np.inf
    panel = kind == WAVES or rng.random() < PANEL
    written = _messages(rng, begin, turn if kind == RARER else np.inf)
    waves = _answered(rng, luck, 1.0 if panel else SAMPLED)
    waves = waves[waves >= begin]
    if kind == WAVES:
        waves = waves[waves < turn]
    day = np.concatenate([written, waves])
    source = np.repeat(["mail", "panel" if panel else "sample"], [len(written), len(waves)])
    asked = np.append(_questions(rng, written, turn if kind == ASKS else np.inf), waves < 0)
    usual = rng.normal(4.3, 0.6)
    length = np.exp(rng.normal(usual, 0.7, len(day)))
    length = np.where((kind == SHORTER) & (day >= turn), length / 3, length)
    kept = day < (turn if kind == STOPPED else DAYS)
    if rng.random() < AWAY:
        left = rng.uniform(0, DAYS - AWAY_DAYS)
        kept &= (day < left) | (day > left + AWAY_DAYS)
    counted = day[source == "panel"] if kind == WAVES else day
    later = DAYS - turn >= LEAST_AFTER * WAVE_EVERY if kind in (WAVES, STOPPED) else True
    enough = (counted < turn).sum() >= LEAST_BEFORE and later
    if kind not in (WAVES, STOPPED):
        enough = enough and (counted >= turn).sum() >= LEAST_AFTER
    columns = (day.astype(np.int64), source, np.maximum(length, 2).astype(np.int64), asked)
    return tuple(column[kept] for column in columns), bool(enough)  # type: ignore[return-value]


def _messages(rng: np.random.Generator, begin: float, rarer_from: float) -> Floats:
    usual = np.exp(rng.uniform(*np.log(GAPS)))
    regular = rng.choice([1.0, 2.0, 6.0])
    found, now = [], begin + rng.random() * usual
    while now < DAYS:
        found.append(now)
        now += rng.gamma(regular, usual / regular) * (4 if now >= rarer_from else 1)
    return np.array(found)


def _answered(rng: np.random.Generator, luck: Floats, invited: float) -> Floats:
    chance = rng.beta(*TURNOUT) * luck * invited
    answers = np.flatnonzero(rng.random(len(luck)) < chance)
    return answers * WAVE_EVERY + rng.uniform(0, WAVE_LASTS, len(answers))


def _questions(rng: np.random.Generator, day: Floats, none_from: float) -> Bools:
    """Return which messages ask: nearly all while an issue lasts, else some of them."""
    usual = rng.beta(5, 2) if np.isfinite(none_from) else rng.beta(0.8, 1.2)
    begins = np.cumsum(rng.random(len(day)) < ISSUE) % 2
    chance = np.clip(usual + np.where(begins == 1, 0.25, -0.15), 0.02, 0.95)
    return np.asarray((rng.random(len(day)) < chance) & (day < none_from))


def hear(crowd: Crowd) -> dict[str, Floats]:
    """Return the probability of each signal, of every customer."""
    n = len(crowd.owner)
    texts = [
        "x" * size + "?" * int(ask) for size, ask in zip(crowd.length, crowd.asked, strict=True)
    ]
    columns = {
        "feedback_id": pa.array(np.arange(n)).cast(pa.string()),
        "source": pa.array(crowd.source.tolist()),
        "channel": pa.array(["email" if s == "mail" else "survey" for s in crowd.source]),
        "customer_id": pa.array(crowd.owner).cast(pa.string()),
        "author_role": pa.repeat("customer", n),
        "verbatim": pa.array(texts),
        "received_at": pa.array(
            microseconds(AS_OF) - crowd.day * DAY_US, pa.timestamp("us", tz="UTC")
        ),
        "attributes": pa.repeat("{}", n),
    }
    feedback = pa.table(
        [columns.get(f.name, pa.nulls(n, f.type)).cast(f.type) for f in FEEDBACK], schema=FEEDBACK
    )
    histories = gather(feedback, SCORES.empty_table(), AS_OF)
    silence = listen(histories.pieces)
    who = np.array(histories.customers.take(silence.customer).to_pylist(), dtype=np.int64)
    found = {}
    for signal, chance in chances(silence).items():
        found[signal] = np.zeros(len(crowd.kind))
        found[signal][who] = chance
    return found


def chances(silence: Silence) -> dict[str, Floats]:
    """Return the probability of each signal, by its name here."""
    return {
        STOPPED: silence.stopped,
        SHORTER: silence.shorter.probability,
        RARER: silence.rarer.probability,
        ASKS: silence.vanished.probability,
        WAVES: silence.skipped.probability,
    }


@dataclass
class Tally:
    """Counts over the runs of one signal."""

    listed: int = 0
    false: int = 0
    stated: float = 0.0  # expected to be false
    planted: int = 0
    found: int = 0
    seen: int = 0
    found_seen: int = 0

    def add(self, crowd: Crowd, listed: Ints, right: Bools, stated: float, of: Bools) -> None:
        """Count one list; `right` and `of` tell of each customer whether it is true, or wanted."""
        hit = np.zeros(len(crowd.kind), dtype=bool)
        hit[listed] = True
        self.listed += len(listed)
        self.false += int((hit & ~right).sum())
        self.stated += stated
        self.planted += int(of.sum())
        self.found += int((of & hit).sum())
        self.seen += int((of & crowd.seen).sum())
        self.found_seen += int((of & crowd.seen & hit).sum())


def tally(customers: int, seeds: Iterable[int], fdr: float) -> dict[str, Tally]:
    """Return the counts of each signal listed by itself, and of the one list of the strongest."""
    counts = {name: Tally() for name in (*SIGNALS, TOGETHER)}
    for seed in seeds:
        crowd = draw(customers, seed)
        heard = hear(crowd)
        for signal in SIGNALS:
            listed = keep(heard[signal], fdr)
            right = np.isin(crowd.kind, TRUE_OF[signal])
            stated = float((1 - heard[signal][listed]).sum())
            counts[signal].add(crowd, listed, right, stated, crowd.kind == signal)
        every = np.stack([heard[signal] for signal in SIGNALS])
        told = every.argmax(axis=0)
        true = np.stack([np.isin(crowd.kind, TRUE_OF[signal]) for signal in SIGNALS])
        right = true[told, np.arange(customers)]
        listed = keep(every.max(axis=0), fdr)
        stated = float((1 - every.max(axis=0)[listed]).sum())
        counts[TOGETHER].add(crowd, listed, right, stated, crowd.kind != STEADY)
    return counts


def silence_table(customers: int, seeds: Iterable[int], fdr: float) -> Iterable[str]:
    """Yield the table of the signals of silence."""
    planted = PLANTED * len(SIGNALS)
    yield "\n## Silence, by signal\n"
    yield f"Made-up customers, {1 - planted:.0%} without a change, over {DAYS} days."
    yield f"\n| Signal | false alarms, {fdr:.0%} asked | stated | found, of all | of clear turns |"
    yield "|---|---|---:|---|---|"
    for name, counts in tally(customers, seeds, fdr).items():
        stated = f"{counts.stated / counts.listed:.3f}" if counts.listed else "–"
        yield (
            f"| {name} | {share(counts.false, counts.listed)} | {stated} |"
            f" {share(counts.found, counts.planted)} | {share(counts.found_seen, counts.seen)} |"
        )
    yield (
        f"\nA turn is clear with at least {LEAST_BEFORE} pieces (or waves) before it and"
        f" {LEAST_AFTER} after, or {LEAST_AFTER * WAVE_EVERY} days of silence."
    )
