"""Measure the search for tone shifts on planted histories, beside what people use instead.

    python scripts/bench_shifts.py                      # with a simulated reader of tone
    python scripts/bench_shifts.py --data DIR           # also end to end, on real texts
    python scripts/bench_shifts.py --data DIR --out F   # also write the tables to F
    python scripts/bench_shifts.py --silence            # only the signals of silence
    python scripts/bench_shifts.py --speed 1000000      # a million customers, eight contacts each

How the histories are made stands in planted_histories.py and silence_runs.py, the others in
other_detectors.py. A flag is right when what it claims is true of the planted states: "was
enthousiast, is now neutraal or lower". Wavering customers, seasons and a single bad day make no
claim true.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
from sklearn.metrics import average_precision_score

import planted_histories as planted
from klankbord.models import load_tone_model
from klankbord.schema import ShiftKind
from klankbord.shifts import find_shifts
from klankbord.shifts.conversation import converse
from klankbord.shifts.histories import Bools, Ints, gather
from klankbord.shifts.judged import LEAST_PIECES
from klankbord.shifts.learning import learn
from klankbord.shifts.policy import allowed_states, journey_claims, keep
from klankbord.shifts.sequences import Sequences
from klankbord.shifts.trajectories import final_masses
from other_detectors import DETECTORS, NEVER
from planted_histories import AS_OF, LEVELS, Histories
from shift_runs import DROPS, JOURNEY_KINDS, TUNING_SEED, Reader, Run, run, share, take, tuned
from silence_runs import silence_table

FIRST_SEED = 100  # what was chosen was chosen on the seeds below the first
DELAYS = (1, 2, 3, 4)
LENGTH_BANDS = ((2, 4), (5, 7), (8, 12))
TURN_TEXT = "x" * 60  # as long as a turn that weighs as much as an answer
BEFORE, AFTER = 3, 2  # contacts before and after a turn, of the recall that is promised


def shaped(histories: Histories, before: int, after: int) -> Bools:
    """Tell whose turn has so many contacts before and after it."""
    count = np.diff(histories.start())
    return (histories.turn >= before) & (count - histories.turn >= after)


def found_of(runs: Iterable[Run], who: Callable[[Run], Bools], kinds: Iterable[ShiftKind]) -> str:
    """Return the share of some customers who are listed rightly, under any of `kinds`."""
    wanted, right = 0, 0
    for one in runs:
        for customer in np.flatnonzero(who(one)):
            wanted += 1
            right += any(
                kind in kinds and one.right(customer, kind) for kind in one.listed.get(customer, [])
            )
    return share(right, wanted)


def false_of(runs: Iterable[Run], kinds: Iterable[ShiftKind]) -> str:
    """Return the realised share of false alarms on the list of `kinds`."""
    flags = [
        one.right(customer, kind)
        for one in runs
        for customer, listed in one.listed.items()
        for kind in listed
        if kind in kinds
    ]
    return share(len(flags) - sum(flags), len(flags))


def print_quality(title: str, runs: list[Run], fdr: float) -> Iterable[str]:
    """Yield the tables of one reader."""
    yield f"\n## {title}\n"
    everything = (*JOURNEY_KINDS, ShiftKind.STILTE, ShiftKind.PARADOX, ShiftKind.GESPREK)
    stated = sum(one.expected_false for one in runs) / max(
        sum(len(kinds) for one in runs for kinds in one.listed.values()), 1
    )
    yield "| Of the list | |"
    yield "|---|---|"
    yield f"| false alarms, {fdr:.0%} asked, {stated:.1%} stated | {false_of(runs, everything)} |"
    for kind in (*JOURNEY_KINDS, ShiftKind.STILTE):
        yield f"| false alarms of {kind.value} | {false_of(runs, (kind,))} |"
    promised = (ShiftKind.VERKOELING, *DROPS)
    yield (
        f"| verkoeling found, ≥ {BEFORE} contacts before and ≥ {AFTER} after | "
        + found_of(
            runs,
            lambda one: (
                (one.histories.kind == planted.COOLING) & shaped(one.histories, BEFORE, AFTER)
            ),
            promised,
        )
        + " |"
    )
    for kind in (planted.COOLING, planted.DISAPPOINTED, planted.ANGRY, planted.DRIFT):
        line = found_of(runs, lambda one, kind=kind: one.histories.kind == kind, DROPS)
        yield f"| {kind} found, of all | {line} |"
    line = found_of(runs, lambda one: one.histories.kind == planted.RECOVERED, (ShiftKind.HERSTEL,))
    yield f"| herstel found, of all | {line} |"
    line = found_of(runs, lambda one: one.histories.kind == planted.SILENT, (ShiftKind.STILTE,))
    yield f"| stilte found, of all | {line} |"
    for low, high in LENGTH_BANDS:
        line = found_of(
            runs,
            lambda one, low=low, high=high: (
                one.dropped
                & (np.diff(one.histories.start()) >= low)
                & (np.diff(one.histories.start()) <= high)
            ),
            DROPS,
        )
        yield f"| any drop found, {low}–{high} contacts | {line} |"
    for kind in (planted.BAD_DAY, planted.NOISY, planted.SEASONAL, planted.STABLE):
        wanted = sum(int((one.histories.kind == kind).sum()) for one in runs)
        wrong = sum(
            any(not one.right(c, k) and k in JOURNEY_KINDS for k in one.listed.get(int(c), []))
            for one in runs
            for c in np.flatnonzero(one.histories.kind == kind)
        )
        yield f"| flagged wrongly, of those who had: {kind} | {share(wrong, wanted)} |"

    yield "\n| Detector | AUPR any drop | AUPR verkoeling | false alarms | drops found |"
    yield "|---|---:|---:|---|---|"
    for name in ("Klankbord", *DETECTORS):
        yield _row(name, runs)


def _row(name: str, runs: list[Run]) -> str:
    any_drop, cooling, flags, right, wanted = [], [], 0, 0, 0
    for one in runs:
        if name == "Klankbord":
            score = np.maximum.reduce([one.probability[kind] for kind in DROPS])
            warm = one.probability[ShiftKind.VERKOELING]
            flagged = np.zeros(len(score), dtype=bool)
            flagged[[c for c, kinds in one.listed.items() if set(kinds) & set(DROPS)]] = True
        else:
            score, flagged = one.scores[name], one.flagged[name]
            warm = np.where(_was_fan(one.histories), score, NEVER)
        enough = np.diff(one.histories.start()) >= LEAST_PIECES  # "te weinig gegevens" else
        any_drop.append(average_precision_score(one.dropped[enough], score[enough]))
        truth = one.true[ShiftKind.VERKOELING]
        cooling.append(average_precision_score(truth[enough], warm[enough]))
        flags += int(flagged.sum())
        right += int((flagged & one.dropped).sum())
        wanted += int(one.dropped.sum())
    return (
        f"| {name} | {np.mean(any_drop):.3f} | {np.mean(cooling):.3f} |"
        f" {share(flags - right, flags)} | {share(right, wanted)} |"
    )


def _was_fan(histories: Histories) -> Bools:
    """Tell who expressed enthousiast before the last contact: a gift to the other detectors."""
    start = histories.start()
    earlier = np.ones(len(histories.owner), dtype=bool)
    earlier[start[1:] - 1] = False
    return np.logical_or.reduceat((histories.expressed == LEVELS - 1) & earlier, start[:-1])


def delays(customers: int, seeds: Iterable[int], reader: Reader, fdr: float) -> Iterable[str]:
    """Yield how many contacts after the turn a drop is on the list."""
    yield "\n| Contacts after the turn | drops on the list |"
    yield "|---:|---|"
    for after in DELAYS:
        wanted = right = 0
        for seed in seeds:
            histories = planted.draw(customers, seed)
            probabilities = reader(histories, seed)
            kept = histories.until(after)
            early = take(histories, kept)
            tables = planted.tables(early, probabilities[kept])
            found = find_shifts(*tables, fdr=fdr, as_of=AS_OF)
            drops = {int(s.customer_id) for s in found.shifts if s.kind in DROPS}
            turned = np.isin(histories.kind, (planted.COOLING, planted.DISAPPOINTED, planted.ANGRY))
            turned &= shaped(histories, BEFORE, max(DELAYS))
            wanted += int(turned.sum())
            right += sum(int(c) in drops for c in np.flatnonzero(turned))
        yield f"| {after} | {share(right, wanted)} |"


def conversations(talks: int, seeds: Iterable[int], reader: Reader, fdr: float) -> Iterable[str]:
    """Yield how well drops inside a conversation are found, beside two simple rules."""
    names = ("Klankbord", "last turn against the others", "last turn against first")
    areas: dict[str, list[float]] = {name: [] for name in names}
    flags = right = wanted = back = 0
    won_back = 0
    for seed in seeds:
        histories = planted.draw_talks(talks, seed)
        probabilities = reader(histories, seed)
        verbatim = [TURN_TEXT] * len(histories.owner)
        feedback, scores, _ = planted.tables(histories, probabilities, verbatim, talks=True)
        gathered = gather(feedback, scores, AS_OF)
        found = converse(gathered.pieces)
        who = np.array(gathered.customers.take(found.customer).to_pylist(), dtype=np.int64)
        chance = np.zeros(talks)
        chance[who] = found.probability
        dropped = histories.kind == "gesprek"
        start = histories.start()
        rank = probabilities @ np.arange(LEVELS)
        last = DETECTORS["last against mean"](rank, histories.day, start).score
        areas["Klankbord"].append(average_precision_score(dropped, chance))
        areas["last turn against the others"].append(average_precision_score(dropped, last))
        areas["last turn against first"].append(
            average_precision_score(dropped, rank[start[:-1]] - rank[start[1:] - 1])
        )
        kept = who[keep(found.probability, fdr)]
        flags, right = flags + len(kept), right + int(dropped[kept].sum())
        wanted += int(dropped.sum())
        recovered = histories.kind == planted.RECOVERED
        won_back += int(recovered.sum())
        back += int(recovered[kept].sum())
    yield "\n| Conversations | |"
    yield "|---|---|"
    yield f"| false alarms, {fdr:.0%} asked | {share(flags - right, flags)} |"
    yield f"| drops found | {share(right, wanted)} |"
    yield f"| flagged wrongly, of those won back | {share(back, won_back)} |"
    for name in names:
        yield f"| AUPR: {name} | {np.mean(areas[name]):.3f} |"


def readers(data: Path | None, tiers: Iterable[str], *, tuning: bool) -> dict[str, Reader]:
    """Return the ways in which tone is read; one half of the texts is for tuning."""

    def simulated(accuracy: float) -> Reader:
        return lambda histories, seed: planted.misread(histories.expressed, accuracy, seed)

    def real(texts: planted.Texts) -> Reader:
        return lambda histories, seed: texts.probabilities[planted.tell(histories, texts, seed)]

    found = {"Tone always read right": simulated(1.0)}
    found |= {f"Tone read right in {a:.0%} (simulated)": simulated(a) for a in (0.9, 0.8)}
    if data is not None:
        for tier in tiers:
            texts = planted.read_texts(data, load_tone_model(tier=tier), half=0 if tuning else 1)
            right = (texts.probabilities.argmax(axis=1) == texts.level).mean()
            found[
                f"End to end, {tier} tier: {len(texts.texts)} unseen texts, {right:.1%} read right"
            ] = real(texts)
    return found


def speed(customers: int, contacts: int = 8) -> None:
    """Print how fast the belief, and then the whole search, is over evenly long histories."""
    rng = np.random.default_rng(0)
    owner = np.repeat(np.arange(customers), contacts)
    state = rng.choice(LEVELS, customers, p=planted.SHARES)
    drop = (rng.random(customers) < 0.1) & (state == LEVELS - 1)
    turned = drop[owner] & (np.tile(np.arange(contacts), customers) >= contacts // 2)
    tone: Ints = np.where(turned, 2, state[owner])
    probabilities = planted.misread(tone, 0.8, 0)
    rows = len(owner)
    day = np.tile(np.arange(contacts)[::-1] * 60 + 1, customers) + rng.integers(0, 50, rows)
    sequences = Sequences(
        probabilities.astype(np.float32),
        np.zeros(rows, dtype=np.int8),
        np.ones(rows),
        np.arange(rows + 1),
        rng.integers(4, 8, rows),
        np.arange(0, rows + 1, contacts),
    )
    begin = time.perf_counter()
    dynamics = learn(sequences)
    learned = time.perf_counter()
    journey_claims(final_masses(sequences, dynamics, allowed_states()), np.arange(customers))
    done = time.perf_counter()
    print(
        f"belief: {customers} customers x {contacts} = {rows} rows: learn {learned - begin:.1f} s,"
        f" probabilities {done - learned:.1f} s, {rows / (done - begin):,.0f} rows/s"
    )
    del sequences
    nothing = np.full(customers, planted.STABLE), np.full(customers, -1)
    histories = Histories(owner, day, np.zeros(rows, dtype=np.int64), tone, tone, *nothing)
    given = planted.tables(histories, probabilities)
    begin = time.perf_counter()
    found = find_shifts(*given, fdr=0.1, as_of=AS_OF)
    seconds = time.perf_counter() - begin
    print(
        f"find_shifts, tables to {len(found.shifts)} explained shifts: {seconds:.1f} s,"
        f" {rows / seconds:,.0f} rows/s"
    )


def main() -> None:
    """Run what the arguments ask for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, help="folder with tone/*.tsv, for real texts")
    parser.add_argument("--tier", nargs="*", default=["cascade"], help="tone tiers, end to end")
    parser.add_argument("--customers", type=int, default=3000)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--fdr", type=float, default=0.10)
    parser.add_argument(
        "--tuning", action="store_true", help="on the seeds and texts to choose with"
    )
    parser.add_argument("--out", type=Path, help="file to write the tables to as well")
    parser.add_argument("--silence", action="store_true", help="only the signals of silence")
    parser.add_argument("--speed", type=int, default=0, help="customers in the speed test")
    options = parser.parse_args()
    if options.speed:
        speed(options.speed)
        return
    first = TUNING_SEED + 1 if options.tuning else FIRST_SEED
    seeds = range(first, first + options.seeds)
    lines = []

    def say(line: str) -> None:
        print(line, flush=True)
        lines.append(line)

    say("# Tone shifts on planted histories\n")
    say(f"{options.seeds} × {options.customers} customers, {1 - _planted():.0%} without a shift.")
    ways = {} if options.silence else readers(options.data, options.tier, tuning=options.tuning)
    for title, reader in ways.items():
        thresholds = tuned(options.customers, reader, options.fdr)
        runs = [run(options.customers, seed, reader, options.fdr, thresholds) for seed in seeds]
        for line in print_quality(title, runs, options.fdr):
            say(line)
        for line in conversations(options.customers, seeds, reader, options.fdr):
            say(line)
        for line in delays(options.customers, seeds, reader, options.fdr):
            say(line)
    for line in silence_table(options.customers, seeds, options.fdr):
        say(line)
    if options.out:
        options.out.write_text("\n".join(lines) + "\n", "utf-8")


def _planted() -> float:
    controls = (planted.STABLE, planted.NOISY, planted.SEASONAL, planted.BAD_DAY)
    return 1 - sum(planted.KINDS[kind] for kind in controls)


if __name__ == "__main__":
    main()
