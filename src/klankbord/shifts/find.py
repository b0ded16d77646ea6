"""The whole search for tone shifts: believe, decide, locate, explain, rank."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from klankbord.moments import DAY_US, TIMEZONE, microseconds, moment
from klankbord.records import Mapped, Progress, ToneShift, Verdict, in_turn, silent
from klankbord.schema import ShiftKind
from klankbord.shifts import describe, explain, paradox, policy
from klankbord.shifts.behaviour import Behaviour, behave
from klankbord.shifts.cited import Cited, cite
from klankbord.shifts.conversation import converse, worst
from klankbord.shifts.findings import Finding, ShiftFindings
from klankbord.shifts.histories import Bools, Histories, Ints, gather
from klankbord.shifts.judged import judged_words
from klankbord.shifts.learning import learn
from klankbord.shifts.policy import Claims
from klankbord.shifts.sequences import daily
from klankbord.shifts.silence import Silence, listen
from klankbord.shifts.timelines import own_words, timelines
from klankbord.shifts.trajectories import Dynamics, final_masses
from klankbord.values import customer_values

STAGE = "tone shifts"
_STEPS = 5


def find_shifts(
    feedback: pa.Table,
    scores: pa.Table,
    customers: pa.Table,
    *,
    fdr: float,
    as_of: datetime,
    verdicts: Sequence[Verdict] = (),
    language: str = "nl",
    timezone: str = TIMEZONE,
    mapped: Mapped = in_turn,
    progress: Progress = silent,
) -> ShiftFindings:
    """Find the customers whose tone changed, up to and including `as_of`.

    Days are those of `timezone`; explanations are in `language` (nl or en). `fdr` is the share of
    false alarms tolerated among the shifts of each kind, and so of the whole list. A customer with
    fewer than three usable pieces (a conversation on one day is one) is counted as too few,
    unless a conversation of three turns could be judged. `verdicts` calibrate the probabilities,
    and what was found a false alarm is not listed again. `mapped` believes what each part of the
    customers feels.
    """
    progress(STAGE, 0, _STEPS)
    as_of = as_of if as_of.tzinfo else as_of.replace(tzinfo=UTC)
    decision = decide(
        gather(feedback, scores, as_of, timezone),
        customers,
        fdr=fdr,
        telling=explain.Telling(as_of, language, timezone),
        verdicts=verdicts,
        mapped=mapped,
        progress=progress,
    )
    cited = cite(feedback, decision.rows)
    return tell(decision, cited, scores, customer_values(feedback, customers), progress=progress)


@dataclass(frozen=True, eq=False)
class Decision:
    """Which claims made the list, located but not yet in words; and all that was found beside."""

    histories: Histories
    findings: list[Finding]
    dynamics: Dynamics
    judged: Bools  # of each customer
    recovered: int  # conversations
    telling: explain.Telling
    calibration: policy.Calibration

    @property
    def listed(self) -> set[int]:
        """The customers with a finding."""
        return {finding.customer for finding in self.findings}

    @property
    def rows(self) -> Ints:
        """The rows of the feedback to tell it with, ascending: `tell` wants these `Cited`."""
        quoted = sorted(explain.needed_rows(self.findings))
        drawn = own_words(self.listed, self.histories).row
        return np.union1d(drawn, np.array(quoted, dtype=np.int64))


def decide(
    histories: Histories,
    customers: pa.Table,
    *,
    fdr: float,
    telling: explain.Telling,
    verdicts: Sequence[Verdict] = (),
    mapped: Mapped = in_turn,
    progress: Progress = silent,
) -> Decision:
    """Decide from numbers alone whose tone changed; see `find_shifts`."""
    words_judged, judged = judged_words(histories)
    sequences = daily(words_judged)
    codes = words_judged.customer[sequences.contact[sequences.start[:-1]]]
    progress(STAGE, 1, _STEPS)

    dynamics = learn(sequences)
    masses = final_masses(sequences, dynamics, policy.allowed_states(), mapped)
    progress(STAGE, 2, _STEPS)

    silence = listen(histories.pieces, _left_at(histories, customers))
    behaviour = behave(customers, histories.customers, telling.as_of)
    contrary = paradox.contradict(words_judged, sequences, dynamics)
    held = converse(histories.pieces, mapped)
    ending = worst(held)
    claims = [
        *policy.journey_claims(masses, codes),
        Claims(ShiftKind.PARADOX, codes[contrary.sequence], contrary.probability),
        _silent_claims(silence, behaviour, judged),
        Claims(ShiftKind.GESPREK, held.customer[ending], held.probability[ending]),
    ]
    progress(STAGE, 3, _STEPS)

    findings: list[Finding] = []
    calibration = policy.Calibration.learn(verdicts)
    for chosen in policy.select([calibration.applied(claim) for claim in claims], fdr):
        which = np.searchsorted(codes, chosen.customer)
        if chosen.kind is ShiftKind.GESPREK:
            own = ending[np.searchsorted(held.customer[ending], chosen.customer)]
            findings += describe.conversations(chosen, held, own)
        elif chosen.kind is ShiftKind.STILTE:
            findings += describe.silences(
                chosen, silence, behaviour, words_judged, sequences, dynamics, which
            )
        elif chosen.kind is ShiftKind.PARADOX:
            findings += describe.paradoxes(
                chosen, contrary, words_judged, sequences, dynamics, which
            )
        else:
            findings += describe.journeys(chosen, words_judged, sequences, dynamics, which)
    progress(STAGE, 4, _STEPS)

    dismissed = {verdict.shift_id for verdict in verdicts if not verdict.real}
    findings = [
        replace(finding, with_more=calibration.moved(finding.kind, finding.with_more))
        if finding.with_more is not None
        else finding
        for finding in findings
        if _id(finding, histories, telling) not in dismissed
    ]
    judged[held.customer] = True
    recovered = len(policy.keep(held.recovered, fdr))
    return Decision(histories, findings, dynamics, judged, recovered, telling, calibration)


def tell(
    decision: Decision,
    cited: Cited,
    scores: pa.Table,
    worth: Mapping[str, float],
    *,
    progress: Progress = silent,
) -> ShiftFindings:
    """Put a decision into words and rank it; `scores` need hold no more than the cited rows.

    `worth` is the value in euros of each customer of whom one is known.
    """
    shifts = tuple(
        replace(shift, believed=decision.calibration.believed(shift.kind, shift.probability))
        for shift in _ranked(decision, cited, scores, worth)
    )
    shown = timelines(decision.listed, decision.histories, cited, decision.dynamics)
    progress(STAGE, _STEPS, _STEPS)
    return ShiftFindings(
        shifts=shifts,
        expected_false=float(sum(1 - shift.probability for shift in shifts)),
        customers_judged=int(decision.judged.sum()),
        customers_too_few=int((~decision.judged).sum()),
        conversations_recovered=decision.recovered,
        timelines=shown,
        dynamics=decision.dynamics,
    )


def _id(finding: Finding, histories: Histories, telling: explain.Telling) -> str:
    customer = histories.customers[finding.customer].as_py()
    return explain.shift_id(customer, finding.kind, moment(finding.after_at), telling.timezone)


def _silent_claims(silence: Silence, behaviour: Behaviour, eligible: Bools) -> Claims:
    listed = np.flatnonzero(eligible[silence.customer])
    customer = silence.customer[listed]
    fell = behaviour.change.probability[customer]
    return Claims(ShiftKind.STILTE, customer, np.maximum(silence.probability[listed], fell))


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
    decision: Decision, cited: Cited, scores: pa.Table, worth: Mapping[str, float]
) -> tuple[ToneShift, ...]:
    findings, histories, telling = decision.findings, decision.histories, decision.telling
    if not findings:
        return ()
    ids = {f.customer: histories.customers[f.customer].as_py() for f in findings}
    values = {customer: worth[customer] for customer in ids.values() if customer in worth}
    weights = policy.value_weights(values)
    rows = explain.needed_rows(findings)
    pieces = histories.pieces
    places = np.flatnonzero(np.isin(pieces.row, np.array(sorted(rows))))
    tones = dict(zip(pieces.row[places].tolist(), pieces.tone[places].tolist(), strict=True))
    known = explain.passages(cited, scores, rows, tones)
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
