"""Pairing customers who were acted on with comparable ones who were flagged and were not.

Nearest neighbours with replacement among the customers flagged for the same kind of action, with a
caliper on where they stood. Each customer acted on brings an own waiting time, and the compared
ones are looked at from the same time after their flag on. Counting from the flag would give the
compared side days that nobody who was acted on can have (they had to stay until then: immortal
time, Suissa, Am J Epidemiol 167 (2008) 492), and at a point of recovery that is earlier on one
side than on the other. Whoever was acted on by then is no longer compared; whoever was acted on
later counts until that moment (risk-set matching: Li, Propert & Rosenbaum, JASA 96 (2001) 870).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from klankbord.loop.levels import Before, Series
from klankbord.shifts.histories import CHANNELS, Bools, Floats, Ints

Pairs = tuple[Ints, Ints, Floats, Floats, Floats]  # as the last five fields of Matches

NEVER = int(np.iinfo(np.int64).max) >> 30  # seconds: later than any moment, and fits in a key
NEIGHBOURS = 3  # compared customers for each one acted on; more on ties
CALIPER = 1.0  # standard deviations that a pair may be apart in mean and in last level
OTHER_CHANNEL = 1.0  # squared standard deviations that another main channel counts for
_TIE = 1e-9

TRAITS = ("last", "mean", "value", "slope", "contacts", "moment", "value_unknown")
_WEIGHTS = np.array([1.0, 1.0, 1.0, 0.5, 0.25, 0.25, 0.25])  # in the distance, after TRAITS


@dataclass(frozen=True, eq=False)
class Flagged:
    """Inner-loop actions as arrays; moments in seconds since 1970, NEVER for what is not so."""

    customer: Ints  # index in Histories.customers
    kind: Ints  # code
    flagged: Ints
    acted: Ints
    barred: Ints  # first moment at which any action towards this customer was carried out
    value: Floats  # log of 1 + euro; NaN where unknown

    def __len__(self) -> int:
        return len(self.customer)


@dataclass(frozen=True, eq=False)
class Matches:
    """Pairs of a flag that was acted on and one that was not; `weight` sums to 1 per acted one."""

    traits: Floats  # (flags, traits), standardised, one column per trait and channel
    names: tuple[str, ...]  # of the columns
    last: Floats  # level at the flag, per flag
    measurable: Bools  # acted on and heard before and after, per flag
    acted: Ints  # per pair: index of the flag acted on
    compared: Ints  # per pair: index of the flag compared with
    acted_after: Floats  # per pair: level after the action, as long as both can be followed
    compared_after: Floats  # per pair: level of the compared customer in the same period
    weight: Floats  # per pair


def match(
    flags: Flagged,
    contacts: Series,
    known: Before,
    *,
    window: int,
    until: int,
    neighbours: int = NEIGHBOURS,
    caliper: float = CALIPER,
) -> Matches:
    """Match the flags that were acted on; `window` is in seconds, `until` the last moment."""
    heard = known.contacts > 0
    traits, names = _traits(flags, known, heard)
    after = _level(contacts, flags.customer, flags.acted, _end(flags.acted, window, until))
    measurable = heard & np.isfinite(after)
    search = _Search(flags, contacts, traits, known.channel, window, until, neighbours, caliper)
    found = [
        pairs
        for kind in np.unique(flags.kind[measurable])
        for pairs in search.pairs(measurable & (flags.kind == kind), heard & (flags.kind == kind))
    ]
    none, nothing = np.zeros(0, np.int64), np.zeros(0)
    acted, compared, own, level, weight = (
        np.concatenate(part)
        for part in zip((none, none, nothing, nothing, nothing), *found, strict=True)
    )
    return Matches(
        traits=traits,
        names=names,
        last=known.last,
        measurable=measurable,
        acted=acted,
        compared=compared,
        acted_after=own,
        compared_after=level,
        weight=weight,
    )


@dataclass(frozen=True, eq=False)
class _Search:
    """Looks for the neighbours of one flag at a time."""

    flags: Flagged
    contacts: Series
    traits: Floats
    channel: NDArray[np.int8]
    window: int
    until: int
    neighbours: int
    caliper: float

    def pairs(self, wanted: Bools, offered: Bools) -> Iterator[Pairs]:
        """Yield the pairs of each of the `wanted` flags with some of the `offered` ones."""
        pool = np.flatnonzero(offered)
        place = self.traits[pool, : len(TRAITS)]
        for one in np.flatnonzero(wanted):
            apart = place - self.traits[one, : len(TRAITS)]
            near = (np.abs(apart[:, :2]) <= self.caliper).all(axis=1)
            near &= self.flags.customer[pool] != self.flags.customer[one]
            found = self._nearest(int(one), pool[near], np.square(apart[near]) @ _WEIGHTS)
            if found is not None:
                yield found

    def _nearest(self, one: int, others: Ints, distance: Floats) -> Pairs | None:
        flags = self.flags
        start = flags.flagged[others] + (flags.acted[one] - flags.flagged[one])
        end = np.minimum(_end(start, self.window, self.until), flags.barred[others])
        level = _level(self.contacts, flags.customer[others], start, end)
        own = _level(
            self.contacts,
            np.full(len(others), flags.customer[one]),
            np.full(len(others), flags.acted[one]),
            np.minimum(flags.acted[one] + np.maximum(end - start, 0), self.until),
        )
        there = np.isfinite(level) & np.isfinite(own)
        if not there.any():
            return None
        others, distance = others[there], distance[there]
        own, level = own[there], level[there]
        distance = distance + OTHER_CHANNEL * (self.channel[others] != self.channel[one])
        furthest = np.sort(distance)[min(self.neighbours, len(distance)) - 1]
        chosen = distance <= furthest + _TIE
        count = int(chosen.sum())
        same = np.full(count, one, dtype=np.int64)
        return same, others[chosen], own[chosen], level[chosen], np.full(count, 1.0 / count)


def _traits(flags: Flagged, known: Before, heard: Bools) -> tuple[Floats, tuple[str, ...]]:
    """Return what customers are compared on, in standard deviations, and the names."""
    unknown = ~np.isfinite(flags.value)
    usual = float(flags.value[heard & ~unknown].mean()) if (heard & ~unknown).any() else 0.0
    columns = [
        known.last,
        known.mean,
        np.where(unknown, usual, flags.value),
        known.slope,
        np.log1p(known.contacts),
        flags.flagged.astype(np.float64),
        unknown.astype(np.float64),
    ]
    names = list(TRAITS)
    for code, channel in enumerate(CHANNELS):
        columns.append((known.channel == code).astype(np.float64))
        names.append(f"channel_{channel}")
    table = np.column_stack(columns) if len(flags) else np.zeros((0, len(names)))
    if heard.any():
        table = table - table[heard].mean(axis=0)
        spread = table[heard].std(axis=0)
        table = table / np.where(spread > 1e-9 * (1 + np.abs(table).max(axis=0)), spread, np.inf)
    return table, tuple(names)


def _end(start: Ints, window: int, until: int) -> Ints:
    end: Ints = np.minimum(np.minimum(start, NEVER - window) + window, until)
    return end


def _level(contacts: Series, customer: Ints, start: Ints, end: Ints) -> Floats:
    """Return the mean level of each customer after `start`, up to and including `end`."""
    first = contacts.place(customer, start)
    return contacts.mean(first, contacts.place(customer, np.maximum(start, end)))
