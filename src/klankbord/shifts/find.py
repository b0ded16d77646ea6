"""The whole search for tone shifts: believe, decide, locate, explain, rank."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from klankbord.moments import DAY_US, TIMEZONE, microseconds, moment
from klankbord.records import Progress, ToneShift, silent
from klankbord.schema import TONES, ShiftKind
from klankbord.shifts import describe, explain, paradox, policy
from klankbord.shifts.conversation import converse, worst
from klankbord.shifts.findings import Finding, ShiftFindings, TimelinePoint
from klankbord.shifts.histories import (
    CHANNELS,
    Bools,
    Histories,
    Ints,
    Pieces,
    gather,
)
from klankbord.shifts.learning import learn
from klankbord.shifts.policy import Claims
from klankbord.shifts.silence import Silence, listen
from klankbord.shifts.trajectories import (
    Dynamics,
    Sequences,
    daily,
    final_masses,
    newest,
    offsets_of,
    smooth,
)
from klankbord.values import customer_values

LEAST_PIECES = 3
MOST_CONTACTS = 500  # days with words, the last ones, on which a customer is judged
STAGE = "tone shifts"
_STEPS = 5


def find_shifts(
    feedback: pa.Table,
    scores: pa.Table,
    customers: pa.Table,
    *,
    fdr: float,
    as_of: datetime,
    language: str = "nl",
    timezone: str = TIMEZONE,
    progress: Progress = silent,
) -> ShiftFindings:
    """Find the customers whose tone changed, up to and including `as_of`.

    Days are those of `timezone`; explanations are in `language` (nl or en). `fdr` is the share of
    false alarms tolerated among the shifts of each kind, and so of the whole list. A customer with
    fewer than three usable pieces (a conversation on one day is one) is counted as too few,
    unless a conversation of three turns could be judged.
    """
    progress(STAGE, 0, _STEPS)
    as_of = as_of if as_of.tzinfo else as_of.replace(tzinfo=UTC)
    histories = gather(feedback, scores, as_of, timezone)
    words = histories.pieces.take(histories.pieces.usable)
    judged = _enough(words, len(histories.customers))
    words_judged = _latest(words.take(judged[words.customer]))
    sequences = daily(words_judged)
    codes = words_judged.customer[sequences.contact[sequences.start[:-1]]]
    progress(STAGE, 1, _STEPS)

    dynamics = learn(sequences)
    masses = final_masses(sequences, dynamics, policy.allowed_states())
    progress(STAGE, 2, _STEPS)

    silence = listen(histories.pieces, _left_at(histories, customers))
    contrary = paradox.contradict(words_judged, sequences, dynamics)
    held = converse(histories.pieces)
    ending = worst(held)
    claims = [
        *policy.journey_claims(masses, codes),
        Claims(ShiftKind.PARADOX, codes[contrary.sequence], contrary.probability),
        _silent_claims(silence, judged),
        Claims(ShiftKind.GESPREK, held.customer[ending], held.probability[ending]),
    ]
    progress(STAGE, 3, _STEPS)

    findings: list[Finding] = []
    for chosen in policy.select(claims, fdr):
        which = np.searchsorted(codes, chosen.customer)
        if chosen.kind is ShiftKind.GESPREK:
            own = ending[np.searchsorted(held.customer[ending], chosen.customer)]
            findings += describe.conversations(chosen, held, own)
        elif chosen.kind is ShiftKind.STILTE:
            findings += describe.silences(chosen, silence, words_judged, sequences, dynamics, which)
        elif chosen.kind is ShiftKind.PARADOX:
            findings += describe.paradoxes(
                chosen, contrary, words_judged, sequences, dynamics, which
            )
        else:
            findings += describe.journeys(chosen, words_judged, sequences, dynamics, which)
    progress(STAGE, 4, _STEPS)

    telling = explain.Telling(as_of, language, timezone)
    shifts = _ranked(findings, histories, feedback, customers, telling)
    timelines = _timelines(findings, words, histories, feedback, dynamics)
    judged[held.customer] = True
    progress(STAGE, _STEPS, _STEPS)
    return ShiftFindings(
        shifts=shifts,
        expected_false=float(sum(1 - shift.probability for shift in shifts)),
        customers_judged=int(judged.sum()),
        customers_too_few=int((~judged).sum()),
        timelines=timelines,
    )


def _enough(words: Pieces, customers: int) -> Bools:
    """Tell which customers have three usable pieces on two days; a day's conversation is one."""
    if not len(words):
        return np.zeros(customers, dtype=bool)
    alone = np.bincount(words.customer[words.conversation < 0], minlength=customers)
    turns = words.take(words.conversation >= 0)
    order = np.lexsort((turns.conversation, turns.day, turns.customer))
    turns = turns.take(order)
    talks = offsets_of(turns.customer, turns.day, turns.conversation)[:-1]
    together = np.bincount(turns.customer[talks], minlength=customers)
    days = offsets_of(words.customer, words.day)[:-1]
    contacts = np.bincount(words.customer[days], minlength=customers)
    return np.asarray((alone + together >= LEAST_PIECES) & (contacts >= 2))


def _latest(words: Pieces) -> Pieces:
    """Return the pieces of the last MOST_CONTACTS days of each customer."""
    days = offsets_of(words.customer, words.day)
    kept = newest(offsets_of(words.customer[days[:-1]]), MOST_CONTACTS)
    return words.take(np.repeat(kept, np.diff(days)))


def _silent_claims(silence: Silence, eligible: Bools) -> Claims:
    listed = np.flatnonzero(eligible[silence.customer])
    return Claims(ShiftKind.STILTE, silence.customer[listed], silence.probability[listed])


def _left_at(histories: Histories, customers: pa.Table) -> Ints:
    """Return the moment each customer cancelled, or the end of time."""
    left = np.full(len(histories.customers), np.iinfo(np.int64).max, dtype=np.int64)
    gone = customers.select(["customer_id", "cancelled_at"]).filter(
        pc.is_valid(customers["cancelled_at"])
    )
    if gone.num_rows and len(left):
        code = pc.index_in(gone["customer_id"], value_set=histories.customers)
        at = gone["cancelled_at"].cast(pa.int64()).to_numpy()
        known = pc.is_valid(code).to_numpy()
        where = pc.fill_null(code, 0).to_numpy().astype(np.int64)[known]
        np.minimum.at(left, where, at[known])
    return left


def _ranked(
    findings: list[Finding],
    histories: Histories,
    feedback: pa.Table,
    customers: pa.Table,
    telling: explain.Telling,
) -> tuple[ToneShift, ...]:
    if not findings:
        return ()
    ids = {f.customer: histories.customers[f.customer].as_py() for f in findings}
    worth = customer_values(feedback, customers)
    values = {customer: worth[customer] for customer in ids.values() if customer in worth}
    weights = policy.value_weights(values)
    rows = explain.needed_rows(findings)
    cited = histories.pieces.take(np.isin(histories.pieces.row, np.array(sorted(rows))))
    tones = dict(zip(cited.row.tolist(), cited.tone.tolist(), strict=True))
    known = explain.passages(feedback, rows, tones)
    rates = policy.running_rate(np.array([f.probability for f in findings]))
    shifts = []
    for finding, rate in zip(findings, rates, strict=True):
        customer_id = ids[finding.customer]
        days_ago = (microseconds(telling.as_of) - finding.after_at) / DAY_US
        key = policy.priority(
            finding.kind, finding.probability, finding.size, weights.get(customer_id, 1.0),
            days_ago,
        )  # fmt: skip
        shifts.append(
            explain.tell(
                finding, customer_id, values.get(customer_id), known, telling,
                expected_fdr=float(rate), priority=key,
            )
        )  # fmt: skip
    return tuple(sorted(shifts, key=lambda s: (-s.priority, s.shift_id)))


def _timelines(
    findings: list[Finding],
    words: Pieces,
    histories: Histories,
    feedback: pa.Table,
    dynamics: Dynamics,
) -> dict[str, tuple[TimelinePoint, ...]]:
    flagged = np.unique(np.array([f.customer for f in findings], dtype=np.int64))
    own = words.take(np.isin(words.customer, flagged))
    if not len(own):
        return {}
    sequences: Sequences = daily(own)
    mean, low, high = describe.bands(smooth(sequences, dynamics))
    contact: Ints = np.repeat(np.arange(len(mean)), np.diff(sequences.contact))
    ids = feedback["feedback_id"].take(pa.array(own.row)).to_pylist()
    result: dict[str, list[TimelinePoint]] = {}
    names = histories.customers.take(pa.array(own.customer)).to_pylist()
    for i, name in enumerate(names):
        at = contact[i]
        result.setdefault(name, []).append(
            TimelinePoint(
                received_at=moment(own.at[i]),
                mean_rank=float(mean[at]),
                low=float(low[at]),
                high=float(high[at]),
                channel=CHANNELS[own.channel[i]].value,
                feedback_id=ids[i],
                tone=TONES[own.tone[i]],
            )
        )
    return {name: tuple(points) for name, points in result.items()}
