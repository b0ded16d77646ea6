"""Simulated customers who are flagged at a low and acted on by choice, with a known effect.

A customer's tone wavers about a level of their own, with a mood that lasts some weeks (an
Ornstein-Uhlenbeck process) and with chance at each contact. A flag follows a contact that is low,
or lower than usual. So regression to the mean is built in: mood and chance that made the flag
fade by themselves. Who is acted on depends on value, on how low the customer fell, and on the
channel, and so does how the customer goes on; so selection is built in too. Being acted on lifts
every later contact by the effect.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pyarrow as pa

from klankbord.records import Action
from klankbord.schema import CUSTOMERS, FEEDBACK, SCORES, TONE_PROBABILITIES, conform

AS_OF = datetime(2026, 6, 30, tzinfo=UTC)
DAYS = 720  # of history
KINDS = ("herstelgesprek", "klacht oplossen", "persoonlijk contact")
OWNERS = ("Customer Service", "Operations", "Sales")
THEMES = ("levertijd", "prijs", "bereikbaarheid", "kwaliteit")
MOOD_DAYS = 40.0
LATE = 0.35  # share of the others who are acted on too, but late
_CHANNELS = ("survey", "email", "chat")


@dataclass(frozen=True)
class World:
    """How customers are simulated."""

    name: str
    flagged: int = 400  # customers with a flag
    effect: float = 0.0  # in tone levels, of being acted on
    effect_by_value: float = 0.0  # more effect per standard deviation of value
    selection: float = 1.0  # how strongly people choose whom to act on
    share: float = 0.4  # about who is acted on soon
    gap_days: float = 35.0  # mean time between contacts
    unseen: float = 0.0  # selection on the mood itself, which no feedback shows


@dataclass(frozen=True)
class Case:
    """One simulated workspace with the truth about it."""

    actions: tuple[Action, ...]
    acted_at: dict[str, datetime]
    feedback: pa.Table
    scores: pa.Table
    customers: pa.Table
    lift: dict[str, float]  # per action, what acting on it added to a contact


def simulate(world: World, seed: int) -> Case:
    """Draw one workspace; the same seed draws the same one."""
    random = np.random.default_rng(seed)
    n = int(world.flagged * 1.6)  # not everybody has a low worth a flag
    value = random.normal(size=n)
    channel = random.integers(len(_CHANNELS), size=n)
    own = 2.35 + 0.15 * value + 0.1 * (channel - 1) + random.normal(0, 0.4, n)
    owner, at = _contacts(world, random, n)
    mood = _moods(random, owner, at)
    level = own[owner] + mood + random.normal(0, 0.4, len(owner))
    flag, low, fall = _flags(random, owner, at, level, n, world.flagged)
    chance = world.selection * (0.6 * value[flag] + 0.8 * fall + 0.3 * (channel[flag] - 1))
    chance += np.log(world.share / (1 - world.share)) - world.unseen * 2 * mood[low]
    soon = random.random(len(flag)) < 1 / (1 + np.exp(-chance))
    opened = at[low] + random.uniform(0, 4, len(flag))
    wait = np.where(soon, random.exponential(8, len(flag)), 20 + random.exponential(60, len(flag)))
    later = random.random(len(flag)) < LATE
    acted = np.where(soon | later, opened + 0.2 + wait, np.inf)
    lift = np.maximum(world.effect + world.effect_by_value * value[flag], 0.0)
    if world.effect == 0:
        lift = np.zeros(len(flag))
    drift = 0.15 * value  # the valuable come back further by themselves
    first, gain, since = np.full(n, np.inf), np.zeros(n), np.full(n, np.inf)
    first[flag], gain[flag], since[flag] = acted, lift, opened
    level += np.where(at > since[owner], drift[owner], 0.0)
    level += np.where(at > first[owner], gain[owner], 0.0)
    return _case(random, flag, low, opened, acted, lift, value, channel, owner, at, level)


def _contacts(world: World, random: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
    most = int(DAYS / world.gap_days * 2) + 8
    pace = world.gap_days * random.gamma(4, 0.25, n)
    moments = np.cumsum(random.exponential(1, (n, most)) * pace[:, None], axis=1)
    inside = moments < DAYS
    inside[:, :3] |= moments[:, :3] < DAYS
    return np.nonzero(inside)[0], moments[inside]


def _moods(random: np.random.Generator, owner: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Draw the moods at the contacts, 0.55 levels wide in the long run."""
    mood, before = np.zeros(len(owner)), 0.0
    draws = random.normal(0, 0.55, len(owner))
    same = np.append(False, owner[1:] == owner[:-1])
    kept = np.where(same, np.exp(-np.diff(at, prepend=0.0).clip(0) / MOOD_DAYS), 0.0)
    spread = np.sqrt(1 - kept**2)
    for place in range(len(owner)):
        before = kept[place] * before + spread[place] * draws[place]
        mood[place] = before
    return mood


def _flags(
    random: np.random.Generator,
    owner: np.ndarray,
    at: np.ndarray,
    level: np.ndarray,
    n: int,
    wanted: int,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return who is flagged, at which contact, and how far below their usual level."""
    start = np.searchsorted(owner, np.arange(n))
    place = np.arange(len(owner)) - start[owner]
    totals = np.append(0.0, np.cumsum(level))
    earlier = (totals[:-1] - totals[start[owner]]) / np.maximum(place, 1)
    fall = earlier - level
    due = (place >= 2) & (at > 150) & (at < DAYS - 20) & ((fall > 0.6) | (level < 1.4))
    due &= random.random(len(due)) < 0.6
    places = np.flatnonzero(due)
    who, first = np.unique(owner[places], return_index=True)
    chosen = np.sort(random.permutation(len(who))[:wanted])
    low = places[first[chosen]]
    return who[chosen], low, fall[low]


def _case(
    random: np.random.Generator,
    flag: np.ndarray,
    low: np.ndarray,
    opened: np.ndarray,
    acted: np.ndarray,
    lift: np.ndarray,
    value: np.ndarray,
    channel: np.ndarray,
    owner: np.ndarray,
    at: np.ndarray,
    level: np.ndarray,
) -> Case:
    names = np.array([f"k{number:05d}" for number in range(len(value))])
    ids = [f"f{number:06d}" for number in range(len(owner))]
    start = AS_OF - timedelta(days=DAYS)
    micros = (start - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
    received = pa.array((micros + at * 86_400e6).astype("int64"), pa.int64())
    rows = len(owner)
    feedback = pa.table(
        {
            "feedback_id": ids,
            "source": np.full(rows, "bron.csv"),
            "channel": np.array(_CHANNELS)[channel[owner]],
            "customer_id": names[owner],
            "author_role": np.full(rows, "customer"),
            "verbatim": np.full(rows, "woorden"),
            "received_at": received.cast(pa.timestamp("us", tz="UTC")),
            "score_metric": np.full(rows, "grade"),
            "score_value": np.clip(np.round(1 + level * 9 / 4), 1, 10),
            "attributes": np.full(rows, "{}"),
        }
    )
    customers = pa.table(
        {"customer_id": names, "value_eur": 200 * np.exp(value), "attributes": ["{}"] * len(names)}
    )
    actions, acted_at = [], {}
    kind = random.integers(len(KINDS), size=len(flag))
    theme = random.integers(len(THEMES), size=len(flag))
    for number, customer in enumerate(flag.tolist()):
        action_id = f"inner-{number:05d}"
        moment = start + timedelta(days=float(opened[number]))
        if moment > AS_OF:
            continue
        actions.append(
            Action(
                action_id=action_id,
                loop="inner",
                kind=KINDS[kind[number]],
                customer_id=str(names[customer]),
                theme_id=None,
                owner=OWNERS[kind[number]],
                due=date(2026, 1, 1),
                priority=1.0,
                status="actieplan",
                reason="",
                evidence=(ids[low[number]],),
                wel_niet_later="",
                draft="",
                complaint_theme=THEMES[theme[number]],
                opened_at=moment,
            )
        )
        if np.isfinite(acted[number]) and acted[number] < DAYS:
            acted_at[action_id] = start + timedelta(days=float(acted[number]))
    return Case(
        actions=tuple(actions),
        acted_at=acted_at,
        feedback=conform(feedback, FEEDBACK),
        scores=_scores(ids, level),
        customers=conform(customers, CUSTOMERS),
        lift={f"inner-{number:05d}": float(lift[number]) for number in range(len(flag))},
    )


def _scores(ids: list[str], level: np.ndarray) -> pa.Table:
    """Spread each level over the two tones next to it, so that it is what the tones expect."""
    level = np.clip(level, 0.0, 4.0)
    share = np.maximum(0.0, 1 - np.abs(level[:, None] - np.arange(5)))
    rows = len(ids)
    tones = np.array([name.removeprefix("p_") for name in TONE_PROBABILITIES])
    columns: dict[str, object] = {"feedback_id": ids, "tone": tones[share.argmax(axis=1)]}
    columns |= {name: share[:, at].astype("f4") for at, name in enumerate(TONE_PROBABILITIES)}
    zeros = np.zeros(rows, dtype="f4")
    columns |= {"valence": zeros, "enthusiasm": zeros, "tone_sd": zeros}
    flags = ("mixed", "churn_cue", "ambassador_cue", "unresolved", "non_answer")
    columns |= {name: np.zeros(rows, dtype=bool) for name in flags}
    columns |= {"cues": pa.array([[]] * rows, pa.list_(pa.string())), "scored_by": ["m"] * rows}
    return conform(pa.table(columns), SCORES)
