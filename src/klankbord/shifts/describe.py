"""Locating the claims that made the list: when, from what to what, shown by which pieces."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from klankbord.moments import DAY_US
from klankbord.schema import Channel, ShiftKind
from klankbord.shifts.behaviour import Behaviour
from klankbord.shifts.conversation import HIGH as HIGH_STATES
from klankbord.shifts.conversation import LOW as LOW_STATES
from klankbord.shifts.conversation import Conversations
from klankbord.shifts.findings import Finding
from klankbord.shifts.histories import CHANNELS, HIGH, Bools, Floats, Ints, Pieces
from klankbord.shifts.paradox import FLAT, Paradox
from klankbord.shifts.policy import JOURNEYS, Claims
from klankbord.shifts.sequences import Sequences
from klankbord.shifts.silence import Silence
from klankbord.shifts.trajectories import (
    STATES,
    Dynamics,
    final_masses,
    smooth,
    turned,
    turning_mass,
)

MOST_EVIDENCE = 12
MOST_COMPARED = 6  # pieces on either side of a turn whose words are compared
SILENCE_SIZE = 1.0  # in levels; a silent fan weighs more, see `silences`
SHRINKING_SIZE = 0.5
_STOPPED = ("stilte", "stilte_enquetes")
_SURVEY = CHANNELS.index(Channel.SURVEY)
_RANKS = np.arange(STATES)
_NESTED = (ShiftKind.ESCALATIE, ShiftKind.TELEURSTELLING, ShiftKind.VERKOELING)


def journeys(
    claims: Claims, pieces: Pieces, sequences: Sequences, dynamics: Dynamics, which: Ints
) -> list[Finding]:
    """Locate claims of one kind; `which` holds the sequence of each claim's customer."""
    of_kind = [journey for journey in JOURNEYS if journey.kind is claims.kind]
    if not len(which):
        return []
    own = sequences.take(which)
    allowed = np.stack([np.ones(STATES, dtype=bool), *(~j.visited for j in of_kind)])
    masses = final_masses(own, dynamics, allowed)
    chances = [turned(masses, i, journey.settled) for i, journey in enumerate(of_kind, start=1)]
    likeliest = np.stack(chances).argmax(axis=0)
    findings = []
    for i, journey in enumerate(of_kind):
        chosen = np.flatnonzero(likeliest == i)
        if chosen.size:
            part = Claims(claims.kind, claims.customer[chosen], claims.probability[chosen])
            findings += _turns(
                part, pieces, sequences, dynamics, which[chosen], journey.visited, journey.settled
            )
    return findings


def conversations(claims: Claims, held: Conversations, which: Ints) -> list[Finding]:
    """Locate the drops inside conversations; `which` holds the sequence of each claim."""
    if not len(which):
        return []
    return _turns(
        claims, held.pieces, held.sequences, held.dynamics, which, HIGH_STATES, LOW_STATES,
        goes_on=False,
    )  # fmt: skip


def _turns(
    claims: Claims,
    pieces: Pieces,
    sequences: Sequences,
    dynamics: Dynamics,
    which: Ints,
    visited: Bools,
    settled: Bools,
    *,
    goes_on: bool = True,
) -> list[Finding]:
    """Locate the turn of each claim; of what goes on, also tell what one more piece would do."""
    own = sequences.take(which)
    posterior = smooth(own, dynamics)
    turning = turning_mass(own, dynamics, visited, settled)
    mean = posterior @ _RANKS
    findings = []
    shown = np.empty(len(which), dtype=np.int64)  # the piece quoted after each turn
    for k, sequence in enumerate(which):
        low, high = own.start[k], own.start[k + 1]
        turn = int(turning[low:high].argmax())
        here = posterior[low:high]
        first = sequences.contact[sequences.start[sequence]]
        offsets = own.contact[low : high + 1] - own.contact[low]
        contact = np.repeat(np.arange(high - low), np.diff(offsets))
        local = np.arange(first, first + offsets[-1])
        earlier, later = contact < turn, contact >= turn
        summit = _latest_best(here[:turn, visited].sum(axis=1))
        before = int(np.where(visited, here[summit], -1).argmax())
        after = _claimed_level(claims.kind, settled, here[-1])
        q = pieces.probabilities[local] * sequences.weight[local, None]
        fit_before = here[contact, before] * q[:, before]
        fit_after = here[contact, after] * q[:, after]
        before_turn, since = local[earlier], local[later]
        before_piece = before_turn[_latest_best(fit_before[earlier])]
        after_piece = since[_latest_best(fit_after[later])]
        shown[k] = after_piece
        warm = before_turn[visited[pieces.tone[before_turn]]]
        matching = int(settled[pieces.tone[since]].sum())
        evidence = _distinct([before_piece, after_piece, *since[::-1]])[:MOST_EVIDENCE]
        findings.append(
            Finding(
                kind=claims.kind,
                customer=int(claims.customer[k]),
                probability=float(claims.probability[k]),
                before=before,
                after=after,
                before_at=int(pieces.at[before_piece]),
                after_at=int(pieces.at[local[offsets[turn]]]),
                size=abs(float(mean[low + summit] - mean[high - 1])),
                wording=claims.kind.value + ("_een" if len(since) == 1 else ""),
                before_row=int(pieces.row[before_piece]),
                after_row=int(pieces.row[after_piece]),
                evidence=tuple(int(pieces.row[i]) for i in evidence),
                earlier=tuple(int(pieces.row[i]) for i in warm[-MOST_COMPARED:]),
                since=tuple(int(pieces.row[i]) for i in since[-MOST_COMPARED:]),
                facts={"matching": matching, "since": len(since)},
            )
        )
    if not goes_on:
        return findings
    more = own.with_one_more(pieces.probabilities[shown], pieces.channel[shown])
    masses = final_masses(more, dynamics, np.stack([np.ones(STATES, dtype=bool), ~visited]))
    chance = turned(masses, 1, settled)
    return [replace(f, with_more=float(p)) for f, p in zip(findings, chance, strict=True)]


def _claimed_level(kind: ShiftKind, settled: Bools, now: Floats) -> int:
    """Return the level a claim says the customer is at; a nested drop claims "at least down to"."""
    if kind in _NESTED:
        return int(np.flatnonzero(settled).max())
    return int(np.where(settled, now, -1).argmax())


def silences(
    claims: Claims, silence: Silence, behaviour: Behaviour, pieces: Pieces, sequences: Sequences,
    dynamics: Dynamics, which: Ints,
) -> list[Finding]:  # fmt: skip
    """Locate the voices that stop, shrink, grow rarer or ask no more, and behaviour that fell."""
    if not len(which):
        return []
    own = sequences.take(which)
    posterior = smooth(own, dynamics)
    entry = np.searchsorted(silence.customer, claims.customer)
    findings = []
    for k, sequence in enumerate(which):
        last_level = int(posterior[own.start[k + 1] - 1].argmax())
        warmth = max(float(posterior[own.start[k + 1] - 1] @ _RANKS) - 2.0, 0.0) / 2.0
        local = _own_pieces(sequences, int(sequence))
        customer, e = int(claims.customer[k]), int(entry[k])
        strongest = _strongest(silence, behaviour, e, customer)
        size = SILENCE_SIZE + warmth if strongest in _STOPPED else SHRINKING_SIZE + warmth / 2
        after_at, facts = _silence_facts(strongest, silence, behaviour, e, customer)
        if strongest == "stilte":
            before, after = local[-1], None
            before_at = int(silence.last_at[e])
        else:
            early = local[pieces.at[local] < after_at]
            late = local[pieces.at[local] >= after_at]
            before = early[_told_before(strongest, pieces, early)] if early.size else None
            after = late[-1] if late.size else None
            before_at = int(pieces.at[before]) if before is not None else after_at
        shown = _distinct([i for i in (before, after, *local[::-1][:3]) if i is not None])
        findings.append(
            Finding(
                kind=ShiftKind.STILTE,
                customer=customer,
                probability=float(claims.probability[k]),
                before=last_level,
                after=last_level,
                before_at=before_at,
                after_at=after_at,
                size=size,
                wording=strongest,
                before_row=None if before is None else int(pieces.row[before]),
                after_row=None if after is None else int(pieces.row[after]),
                evidence=tuple(int(pieces.row[i]) for i in shown),
                measure=str(behaviour.measure[customer]) if strongest == "stilte_gedrag" else "",
                facts=facts,
            )
        )
    return findings


def _strongest(silence: Silence, behaviour: Behaviour, entry: int, customer: int) -> str:
    """Return the wording of the most probable claim; of equals the first."""
    chances = {
        "stilte": silence.stopped[entry],
        "stilte_korter": silence.shorter.probability[entry],
        "stilte_zeldzamer": silence.rarer.probability[entry],
        "stilte_vragen": silence.vanished.probability[entry],
        "stilte_enquetes": silence.skipped.probability[entry],
        "stilte_gedrag": behaviour.change.probability[customer],
    }
    return max(chances, key=lambda name: float(chances[name]))


def _silence_facts(
    wording: str, silence: Silence, behaviour: Behaviour, entry: int, customer: int
) -> tuple[int, dict[str, float]]:
    """Return since when (microseconds), and the numbers in the sentence."""
    if wording == "stilte":
        rhythm = float(silence.rhythm_days[entry])
        facts = {"contacts": silence.contacts[entry], "silent": silence.silent_days[entry]}
        since = silence.last_at[entry] + rhythm * DAY_US
        return int(since), {"rhythm": rhythm, **_numbers(facts)}
    if wording == "stilte_vragen":
        gone = silence.vanished
        facts = {name: getattr(gone, name)[entry] for name in ("asked", "earlier", "later")}
        return int(gone.since[entry]), _numbers(facts)
    if wording == "stilte_enquetes":
        out = silence.skipped
        facts = {name: getattr(out, name)[entry] for name in ("answered", "waves", "skipped")}
        return int(out.since[entry]), _numbers(facts)
    change, at = {
        "stilte_korter": (silence.shorter, entry),
        "stilte_zeldzamer": (silence.rarer, entry),
        "stilte_gedrag": (behaviour.change, customer),
    }[wording]
    facts = {"mean_before": change.before[at], "mean_after": change.after[at]}
    return int(change.since[at]), _numbers(facts)


def _numbers(facts: dict[str, Any]) -> dict[str, float]:
    return {name: float(value) for name, value in facts.items()}


def _told_before(wording: str, pieces: Pieces, early: Ints) -> int:
    """Return which earlier piece to quote: the last question or survey, or the longest piece."""
    if wording == "stilte_vragen":
        return _latest_best(pieces.question[early].astype(np.int64))
    if wording == "stilte_enquetes":
        return _latest_best((pieces.channel[early] == _SURVEY).astype(np.int64))
    return _latest_best(pieces.length[early])


def paradoxes(
    claims: Claims, paradox: Paradox, pieces: Pieces, sequences: Sequences, dynamics: Dynamics,
    which: Ints,
) -> list[Finding]:  # fmt: skip
    """Locate the customers whose high scores come in flat words."""
    if not len(which):
        return []
    own = sequences.take(which)
    posterior = smooth(own, dynamics)
    entry = np.searchsorted(paradox.sequence, which)
    findings = []
    for k, sequence in enumerate(which):
        now = posterior[own.start[k + 1] - 1]
        local = _own_pieces(sequences, int(sequence))
        high = local[(pieces.score[local] == HIGH) & (local >= paradox.since[entry[k]])]
        flatness = pieces.probabilities[high][:, FLAT].sum(axis=1)
        earlier, later = high[0], high[-1]
        findings.append(
            Finding(
                kind=ShiftKind.PARADOX,
                customer=int(claims.customer[k]),
                probability=float(claims.probability[k]),
                before=round(paradox.usual_rank),
                after=int(np.where(FLAT, now, -1).argmax()),
                before_at=int(pieces.at[earlier]),
                after_at=int(pieces.at[later]),
                size=max(paradox.usual_rank - float(now @ _RANKS), 0.0),
                wording="paradox",
                before_row=int(pieces.row[earlier]),
                after_row=int(pieces.row[later]),
                evidence=tuple(int(i) for i in pieces.row[high]),
                facts={"high": len(high), "flat": int((flatness > 0.5).sum())},
            )
        )
    return findings


def _own_pieces(sequences: Sequences, sequence: int) -> Ints:
    first = sequences.contact[sequences.start[sequence]]
    last = sequences.contact[sequences.start[sequence + 1]]
    return np.arange(first, last)


def _latest_best(values: Floats | Ints) -> int:
    """Return the index of the largest value, the last of equals."""
    return len(values) - 1 - int(np.asarray(values)[::-1].argmax())


def _distinct(indices: list[int]) -> list[int]:
    return list(dict.fromkeys(int(i) for i in indices))
