"""What actions did to tone and score, against comparable customers who were not acted on.

Customers are flagged at a low, and a low is partly chance: most of them would have been heard
milder again without anybody doing anything (regression to the mean: Barnett, van der Pols &
Dobson, Int J Epidemiol 34 (2005) 215). The plain difference between before and after takes that
for the work of the action. Here it is measured on customers who were flagged for the same kind of
action, stood as low, came the same way, are worth as much and use the same channel, and who were
not, or not yet, acted on; only what the acted-on side gained beyond that is called an effect.

How the compared are chosen stands in `matching`, how the effect and its interval are estimated in
`adjusting`. Two things no figure here can mend: whoever said nothing afterwards is not measured
(`silent` counts them), and whatever moved people to act on one customer and not on another that
is not in trajectory, value and channel is taken for effect. False alarms count on neither side.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime

import numpy as np
import pyarrow as pa

from klankbord.discoveries import FALSE_DISCOVERY_RATE, adjusted
from klankbord.loop.adjusting import Estimate, estimate
from klankbord.loop.levels import MEASURES, before, seconds, series
from klankbord.loop.lifecycle import Outcome
from klankbord.loop.matching import NEVER, Flagged, Matches, match
from klankbord.moments import TIMEZONE, microseconds, moment_of
from klankbord.records import Action
from klankbord.shifts.histories import Bools, Histories, Ints, gather
from klankbord.values import customer_values

WINDOW_DAYS = 90
LEAST = 15  # customers on either side; with fewer the verdict is "te weinig gegevens"
BETTER, WORSE = "beter", "slechter"
NO_DIFFERENCE, TOO_FEW = "geen aantoonbaar verschil", "te weinig gegevens"
GROUPINGS = ("kind", "owner", "theme")
ALL = "all"

_DAY = 86_400
_MOST = 0.5  # that a factor for the ranking may differ from 1
_FULL = 0.5  # tone levels better or worse than the average step that come near to it


@dataclass(frozen=True)
class Impact:
    """What one group of actions did: tone in levels (0 … 4), score in points (0 … 10).

    Before is the last level up to the flag, after the mean level in the window after the action.
    Figures are None where there is too little to tell.
    """

    by: str  # "all", "kind", "owner" or "theme"
    group: str  # "" for all
    measure: str  # "tone" or "score"
    verdict: str  # "beter", "slechter", "geen aantoonbaar verschil" or "te weinig gegevens"
    acted: int  # customers acted on that could be compared
    compared: int  # customers they were compared with
    silent: int  # actions without feedback both before and after them
    unmatched: int  # actions with feedback, but without anybody comparable
    acted_before: float | None = None
    acted_after: float | None = None
    compared_before: float | None = None
    compared_after: float | None = None
    effect: float | None = None  # beyond what the compared side gained
    low: float | None = None  # 90 % interval
    high: float | None = None
    error: float | None = None  # standard error
    p: float | None = None  # adjusted for the number of groups
    balance: tuple[tuple[str, float], ...] = ()  # trait, standardised mean difference

    @property
    def change(self) -> float | None:
        """Return the plain difference between before and after of those acted on."""
        if self.acted_after is None or self.acted_before is None:
            return None
        return self.acted_after - self.acted_before

    @property
    def regression_to_mean(self) -> float | None:
        """Return the part of `change` that comparable customers show without any action.

        It is the change of the compared side, corrected for the imbalance that is left, so that
        change = regression_to_mean + effect.
        """
        if self.change is None or self.effect is None:
            return None
        return self.change - self.effect

    @property
    def imbalance(self) -> float | None:
        """Return the largest standardised mean difference between the two sides."""
        return max((abs(gap) for _, gap in self.balance), default=None)


def measure_impact(
    actions: Iterable[Action],
    acted_at: Mapping[str, datetime],
    feedback: pa.Table,
    scores: pa.Table,
    customers: pa.Table,
    *,
    as_of: date | datetime,
    by: str = "kind",
    window_days: int = WINDOW_DAYS,
    timezone: str = TIMEZONE,
) -> tuple[Impact, ...]:
    """Return the impact of all inner-loop actions, and that of each group of them.

    `acted_at` tells when an action was first carried out, by action id. Groups are the kinds of
    action, the owners, or the complaints ("theme") that somebody was acted on for, in the order
    of their names; per group tone comes first. Their p-values are adjusted for their number, and
    decide on the verdict at a false-discovery rate of 10 %. Actions without an opening moment or
    carried out before it, and false alarms, are left out.
    """
    if by not in GROUPINGS:
        raise ValueError(f"by must be one of {', '.join(GROUPINGS)}")
    inner = [action for action in actions if action.loop == "inner"]
    if not any(action.action_id in acted_at for action in inner):
        return ()
    moment = moment_of(as_of, timezone)
    histories = gather(feedback, scores, moment, timezone)
    until = int(seconds(np.array([microseconds(moment)]))[0])
    kept, flags = _flagged(
        inner, acted_at, histories, customer_values(feedback, customers), until, window_days
    )
    groups = {(ALL, ""): np.ones(len(kept), dtype=bool)} | _groups(kept, by)
    done = flags.acted < NEVER
    found: list[Impact] = []
    matched = []
    for measure in MEASURES:
        contacts = series(histories, feedback, measure)
        known = before(contacts, flags.customer, flags.flagged)
        matched.append(match(flags, contacts, known, window=window_days * _DAY, until=until))
    for (kind, name), members in groups.items():
        if (members & done).any():
            found += [
                _impact(kind, name, measure, matches, flags.customer, members & done)
                for measure, matches in zip(MEASURES, matched, strict=True)
            ]
    return tuple(_judged(found))


def effects(impacts: Iterable[Impact]) -> dict[str, float]:
    """Return what each kind of action likely does for tone, as a factor around 1.

    Each kind's effect is drawn to the common one by as much as chance may have moved it, which
    is empirical Bayes with the moment estimate of the spread between kinds (Efron & Morris, JASA
    70 (1975) 311; DerSimonian & Laird, Control Clin Trials 7 (1986) 177). The factor is 1 for a
    kind that works as well as the common one or of which too little is known, 0.5 … 1.5 at the
    ends, and so 1 for every kind as long as nothing tells them apart.
    """
    kinds = sorted(
        (i.group, i.effect, i.error)
        for i in impacts
        if i.by == "kind" and i.measure == "tone" and i.effect is not None and i.error
    )
    if len(kinds) < 2:
        return {name: 1.0 for name, _, _ in kinds}
    effect = np.array([one for _, one, _ in kinds])
    precision = 1 / np.square([error for _, _, error in kinds])
    apart = effect - np.average(effect, weights=precision)
    surplus = float(precision @ np.square(apart)) - (len(kinds) - 1)
    scale = precision.sum() - np.square(precision).sum() / precision.sum()
    between = max(0.0, surplus / scale)
    likely = apart * between / (between + 1 / precision)
    factors = 1 + _MOST * np.tanh(likely / _FULL)
    return {name: float(f) for (name, _, _), f in zip(kinds, factors, strict=True)}


def _flagged(
    actions: Iterable[Action],
    acted_at: Mapping[str, datetime],
    histories: Histories,
    values: Mapping[str, float],
    until: int,
    window_days: int,
) -> tuple[list[Action], Flagged]:
    """Return the actions that can take part, by id, and what they are as arrays."""
    place = {name: at for at, name in enumerate(histories.customers.to_pylist())}
    inner = sorted(
        (a for a in actions if a.customer_id in place), key=lambda action: action.action_id
    )
    moments = {a.action_id: _moment(acted_at.get(a.action_id), until) for a in inner}
    by_customer: dict[str | None, list[int]] = {}
    for action in inner:
        by_customer.setdefault(action.customer_id, []).append(moments[action.action_id])
    kept, opened = [], []
    for action in inner:
        flagged = _moment(action.opened_at, until)
        done = moments[action.action_id]
        if flagged < NEVER and done >= flagged and action.outcome != Outcome.VALS_ALARM:
            kept.append(action)
            opened.append(flagged)
    kinds = {kind: code for code, kind in enumerate(sorted({a.kind for a in kept}))}
    worth = [values.get(a.customer_id or "", np.nan) for a in kept]
    barred = [
        min(
            (done for done in by_customer[a.customer_id] if done >= flagged - window_days * _DAY),
            default=NEVER,
        )
        for a, flagged in zip(kept, opened, strict=True)
    ]
    return kept, Flagged(
        customer=_ints(place[a.customer_id or ""] for a in kept),
        kind=_ints(kinds[a.kind] for a in kept),
        flagged=_ints(opened),
        acted=_ints(moments[a.action_id] for a in kept),
        barred=_ints(barred),
        value=np.log1p(np.maximum(np.array(worth, dtype=np.float64), 0.0)),
    )


def _moment(when: datetime | None, until: int) -> int:
    """Return a moment in seconds since 1970; NEVER where there is none, or it lies ahead."""
    if when is None:
        return NEVER
    found = microseconds(when) // 1_000_000
    return found if found <= until else NEVER


def _groups(kept: Sequence[Action], by: str) -> dict[tuple[str, str], Bools]:
    attribute = "complaint_theme" if by == "theme" else by
    names = [getattr(action, attribute) or "" for action in kept]
    return {
        (by, name): np.array([own == name for own in names], dtype=bool)
        for name in sorted(set(names) - {""})
    }


def _impact(
    by: str, group: str, measure: str, matches: Matches, customer: Ints, members: Bools
) -> Impact:
    heard = members & matches.measurable
    paired = np.zeros(len(members), dtype=bool)
    paired[matches.acted] = True
    compared = matches.compared[members[matches.acted]]
    plain = Impact(
        by=by,
        group=group,
        measure=measure,
        verdict=TOO_FEW,
        acted=len(np.unique(customer[members & paired])),
        compared=len(np.unique(customer[compared])),
        silent=int((members & ~matches.measurable).sum()),
        unmatched=int((heard & ~paired).sum()),
    )
    found = estimate(matches, customer, members, least=LEAST)
    return plain if found is None else _filled(plain, found)


def _filled(plain: Impact, found: Estimate) -> Impact:
    return replace(plain, **asdict(found))


def _judged(found: Sequence[Impact]) -> list[Impact]:
    """Adjust the p-values, of the groups apart from those of the whole, and give the verdicts."""
    p = np.array([np.nan if one.p is None else one.p for one in found])
    whole = np.array([one.by == ALL for one in found], dtype=bool)
    for part in (whole, ~whole):
        p[part] = adjusted(p[part])
    judged = []
    for one, value in zip(found, p.tolist(), strict=True):
        if one.effect is None:
            judged.append(one)
            continue
        verdict = NO_DIFFERENCE
        if value <= FALSE_DISCOVERY_RATE:
            verdict = BETTER if one.effect > 0 else WORSE
        judged.append(replace(one, p=value, verdict=verdict))
    return judged


def _ints(values: Iterable[int]) -> Ints:
    return np.fromiter(values, dtype=np.int64)
