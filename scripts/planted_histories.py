"""Histories of made-up customers with planted tone shifts, told in real labelled texts.

A customer has a true state at every contact. What is expressed there is the state, moved by a
good or bad day, by the season, or by the channel: on the phone people sound flatter than on
paper. The expressed level then picks a real text that people labelled with it. Nine customers in
ten have no shift: they stay at a level, waver, follow the seasons, or have one bad day.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa

from klankbord.models import ToneModel
from klankbord.moments import DAY_US, microseconds
from klankbord.schema import CUSTOMERS, FEEDBACK, SCORES, TONE_PROBABILITIES, TONES, Channel
from klankbord.shifts.histories import Floats, Ints
from tone_texts import measured_texts, read_labelled, squeezed

AS_OF = datetime(2025, 7, 1, tzinfo=UTC)
LEVELS = len(TONES)
CHANNELS = (Channel.SURVEY, Channel.REVIEW, Channel.TRANSCRIPT)
SHARES = np.array([0.08, 0.17, 0.25, 0.30, 0.20])  # of customers at each level
LENGTHS = np.arange(2, 13)  # contacts
GAPS = (14.0, 45.0, 90.0, 180.0)  # days between two contacts, a customer has one of them
MISSED = 0.1  # chance that a survey wave goes unanswered
WAVER = 0.1  # chance of a level more or less than the state, at any contact …
NOISY_WAVER = 0.35  # … and of customers who waver
FLATTER = 0.25  # chance that a call sounds one level lower
WINTER = (11, 12, 1, 2)
TALK_TURNS = np.arange(3, 13)  # of the customer
PLAIN = 0.35  # chance that a turn is plain business, whatever the customer feels
DROPPED, WON_BACK = 0.1, 0.05  # of the conversations
TALK_SHARES = np.array([0.03, 0.2, 0.45, 0.27, 0.05])  # of those without a change

STABLE, NOISY, SEASONAL, BAD_DAY = "stable", "noisy", "seasonal", "one bad day"
COOLING, DISAPPOINTED, ANGRY, RECOVERED, DRIFT, SILENT = (
    "verkoeling", "teleurstelling", "escalatie", "herstel", "slow drift", "stilte",
)  # fmt: skip
KINDS = {
    STABLE: 0.54, NOISY: 0.2, SEASONAL: 0.08, BAD_DAY: 0.08,
    COOLING: 0.03, DISAPPOINTED: 0.02, ANGRY: 0.01, RECOVERED: 0.015, DRIFT: 0.015, SILENT: 0.01,
}  # fmt: skip
SINCE = {  # from what to what the state goes, one of these
    COOLING: ((4, 2),),
    DISAPPOINTED: ((4, 1), (3, 1)),
    ANGRY: ((4, 0), (3, 0), (2, 0), (1, 0)),
    RECOVERED: ((0, 3), (0, 4), (1, 3), (1, 4), (0, 2)),
}


@dataclass(frozen=True)
class Texts:
    """Labelled texts nobody trained on, with their level and what a tone model made of them."""

    texts: list[str]
    level: Ints
    probabilities: Floats  # (n, 5)


@dataclass(frozen=True, eq=False)
class Histories:
    """One entry per contact, by customer and moment; and one per customer."""

    owner: Ints
    day: Ints  # before AS_OF
    channel: Ints  # index in CHANNELS
    state: Ints
    expressed: Ints
    kind: np.ndarray  # (customers,) of str
    turn: Ints  # (customers,) number of contacts before the state changed; -1: it did not

    @property
    def customers(self) -> int:
        """Return how many there are."""
        return len(self.kind)

    def start(self) -> Ints:
        """Return where each customer's contacts start, and the end."""
        count = np.bincount(self.owner, minlength=self.customers)
        return np.concatenate([[0], np.cumsum(count)])

    def place(self) -> Ints:
        """Return how many contacts of the same customer come before each."""
        return np.arange(len(self.owner)) - self.start()[self.owner]

    def until(self, after: int) -> np.ndarray:
        """Return the contacts there are when a turn is `after` contacts old."""
        turn = self.turn[self.owner]
        return (turn < 0) | (self.place() < turn + after)


def draw(customers: int, seed: int) -> Histories:
    """Return planted histories."""
    rng = np.random.default_rng(seed)
    kind = rng.choice(list(KINDS), customers, p=list(KINDS.values()))
    count = rng.choice(LENGTHS, customers)
    owner = np.repeat(np.arange(customers), count)
    first = np.cumsum(count) - count
    place = np.arange(len(owner)) - first[owner]
    turn = np.where(np.isin(kind, [*SINCE, DRIFT]), rng.integers(1, count), -1)

    level = rng.choice(LEVELS, customers, p=SHARES)
    state = level[owner]
    for name, journeys in SINCE.items():
        journey = np.array(journeys)[rng.integers(len(journeys), size=customers)]
        of = kind[owner] == name
        since = (place >= turn[owner]).astype(int)
        state[of] = journey[owner[of], since[of]]
    # two levels down, one at the turn and one halfway to the end
    late = (place >= turn[owner]).astype(int) + (place >= (turn + count + 1)[owner] // 2)
    state = np.where(kind[owner] == DRIFT, 4 - np.minimum(late, 2), state)

    day = _days(rng, kind, count, owner)
    waver = np.where(kind == NOISY, NOISY_WAVER, WAVER)[owner]
    move = np.where(rng.random(len(owner)) < waver, rng.choice([-1, 1], len(owner)), 0)
    moment = np.datetime64(AS_OF.date()) - day.astype("timedelta64[D]")
    month = moment.astype("datetime64[M]").astype(int) % 12 + 1
    move -= (kind[owner] == SEASONAL) & np.isin(month, WINTER)
    bad = (kind == BAD_DAY) & (count > 2)
    move -= np.where(bad[owner] & (place == rng.integers(0, count)[owner]), 2, 0)
    usual = rng.integers(len(CHANNELS), size=customers)
    other = rng.integers(len(CHANNELS), size=len(owner))
    channel = np.where(rng.random(len(owner)) < 0.6, usual[owner], other)
    move -= (CHANNELS.index(Channel.TRANSCRIPT) == channel) & (rng.random(len(owner)) < FLATTER)
    expressed = np.clip(state + move, 0, LEVELS - 1)
    return Histories(owner, day, channel, state, expressed, kind, turn)


def _days(rng: np.random.Generator, kind: np.ndarray, count: Ints, owner: Ints) -> Ints:
    usual = rng.choice(GAPS, len(count))
    regular = np.where(rng.random(len(count)) < 0.5, 8.0, 1.5)
    skipped = rng.geometric(1 - MISSED, len(owner)) - 1
    gap = 1 + rng.gamma(regular[owner], (usual / regular)[owner]) + skipped * usual[owner]
    since = rng.random(len(count)) * usual
    since = np.where(kind == SILENT, (4 + 2 * rng.random(len(count))) * usual, since)
    ends = np.cumsum(count)
    behind = np.cumsum(gap[::-1])[::-1]
    last = behind[ends - 1]
    return np.ceil(behind - last[owner] + since[owner]).astype(np.int64)


def draw_talks(talks: int, seed: int) -> Histories:
    """Return planted conversations, one a customer; `kind` is stable, gesprek or herstel.

    A drop goes from neutraal or better to ontevreden or worse and stays there; who is won back
    was low somewhere in the middle.
    """
    rng = np.random.default_rng(seed)
    kind = rng.choice(
        ["stable", "gesprek", RECOVERED], talks, p=[1 - DROPPED - WON_BACK, DROPPED, WON_BACK]
    )
    count = rng.choice(TALK_TURNS, talks)
    owner = np.repeat(np.arange(talks), count)
    place = np.arange(len(owner)) - (np.cumsum(count) - count)[owner]
    state = rng.choice(LEVELS, talks, p=TALK_SHARES)[owner]
    high = rng.choice([2, 3, 4], talks, p=[0.6, 0.35, 0.05])[owner]
    low = rng.choice([0, 1], talks, p=[0.3, 0.7])[owner]
    turn = rng.integers(1, count)
    later = place >= turn[owner]
    state = np.where(kind[owner] == "gesprek", np.where(later, low, high), state)
    state = np.where(kind[owner] == RECOVERED, np.where(later, high, low), state)
    move = np.where(rng.random(len(owner)) < WAVER, rng.choice([-1, 1], len(owner)), 0)
    expressed = np.where(rng.random(len(owner)) < PLAIN, 2, np.clip(state + move, 0, LEVELS - 1))
    channel = np.full(len(owner), CHANNELS.index(Channel.TRANSCRIPT))
    turn = np.where(kind == "stable", -1, turn)
    return Histories(owner, np.ones(len(owner), np.int64), channel, state, expressed, kind, turn)


def read_texts(data: Path, model: ToneModel, half: int) -> Texts:
    """Return one half (0 or 1) of the Dutch texts that no tone model here has trained on.

    They are `tone/dev.tsv` and the held-out tenth of `tone/train.tsv`.
    """
    files = {"dev": data / "tone" / "dev.tsv", "train": data / "tone" / "train.tsv"}
    labels = read_labelled(files)
    measured = measured_texts(data)
    unseen = (labels.origin == "dev") | (
        (labels.fold() == 0) & np.array([squeezed(text) not in measured for text in labels.texts])
    )
    rows = np.flatnonzero(unseen)
    rows = rows[np.random.default_rng(0).permutation(len(rows))][half::2]
    texts = [labels.texts[row] for row in rows]
    probabilities = model.predict(texts, [""] * len(texts)).probabilities
    return Texts(texts, labels.tone[rows], probabilities.astype(np.float64))


def tell(histories: Histories, texts: Texts, seed: int) -> Ints:
    """Return the text of each contact: one that was labelled with the level expressed."""
    rng = np.random.default_rng(seed)
    chosen = np.zeros(len(histories.owner), dtype=np.int64)
    for level in range(LEVELS):
        of = histories.expressed == level
        chosen[of] = rng.choice(np.flatnonzero(texts.level == level), of.sum())
    return chosen


def confusion(accuracy: float) -> Floats:
    """Return P(label | tone): errors are mostly to a neighbouring level."""
    distance = np.abs(np.arange(LEVELS)[:, None] - np.arange(LEVELS))
    wrong = np.where(distance > 0, 0.25 ** (distance - 1.0), 0.0)
    wrong /= wrong.sum(axis=1, keepdims=True)
    return accuracy * np.eye(LEVELS) + (1 - accuracy) * wrong


def misread(expressed: Ints, accuracy: float, seed: int) -> Floats:
    """Return calibrated tone probabilities (n, 5) of a reader that is right so often."""
    matrix = confusion(accuracy)
    drawn = np.random.default_rng(seed).random(len(expressed))[:, None]
    label = np.minimum((drawn > np.cumsum(matrix, axis=1)[expressed]).sum(axis=1), LEVELS - 1)
    share = np.bincount(expressed, minlength=LEVELS) / len(expressed)
    joint = share[:, None] * matrix
    return (joint / np.maximum(joint.sum(axis=0), 1e-12)).T[label]


def tables(
    histories: Histories,
    probabilities: Floats,
    verbatim: list[str] | None = None,
    *,
    talks: bool = False,
) -> tuple[pa.Table, pa.Table, pa.Table]:
    """Return the histories, or conversations, as feedback, scores and (no) customers."""
    n = len(histories.owner)
    numbers = pa.array(np.arange(n)).cast(pa.string())
    at = microseconds(AS_OF) - histories.day * DAY_US
    columns = {
        "source": pa.repeat("planted", n),
        "author_role": pa.repeat("customer", n),
        "attributes": pa.repeat("{}", n),
        "feedback_id": numbers,
        "channel": pa.array([c.value for c in CHANNELS]).take(pa.array(histories.channel)),
        "customer_id": pa.array(histories.owner).cast(pa.string()),
        "verbatim": pa.repeat("tekst", n) if verbatim is None else pa.array(verbatim),
        "received_at": pa.array(at, pa.timestamp("us", tz="UTC")),
    }
    if talks:
        columns["conversation_id"] = columns["customer_id"]
        columns["turn"] = pa.array(histories.place())
    feedback = pa.table(
        [columns.get(f.name, pa.nulls(n, f.type)).cast(f.type) for f in FEEDBACK], schema=FEEDBACK
    )
    level = probabilities.argmax(axis=1)
    scored = {
        "feedback_id": numbers,
        "tone": pa.array([t.value for t in TONES]).take(pa.array(level)),
        "cues": pa.array([[]] * n, pa.list_(pa.string())),
        "scored_by": pa.repeat("planted", n),
        **{name: pa.array(probabilities[:, i]) for i, name in enumerate(TONE_PROBABILITIES)},
        **{name: pa.repeat(0.0, n) for name in ("valence", "enthusiasm", "tone_sd")},
    }
    marks = ("mixed", "churn_cue", "ambassador_cue", "unresolved", "non_answer")
    scored |= {name: pa.repeat(False, n) for name in marks}
    scores = pa.table(
        [scored.get(f.name, pa.nulls(n, f.type)).cast(f.type) for f in SCORES], schema=SCORES
    )
    return feedback, scores, CUSTOMERS.empty_table()
