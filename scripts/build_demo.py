"""Compose the demonstration company's exports and gold tables from its hand-written verbatims.

Deterministic: the same verbatims and plan give the same bytes. Run from the repository root:
`python scripts/build_demo.py [--out DIR] [--summary]`.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tomllib
from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from demo_files import Row, read_tsv, write_demo

DEMO = Path(__file__).resolve().parent.parent / "corpora" / "demo"
TONES = ("boos", "ontevreden", "neutraal", "positief", "enthousiast")
COURSES = ("boos", "ontevreden", "neutraal", "positief", "enthousiast")
ONCE = {"overstap", "verhuizing", "opzeggen"}
REUSE = (1.0, 0.15, 0.02, 0.0002, 0.000001)  # weight of a longer text by times already used
WAVES = (3, 6, 9)  # last month of each survey wave
SHORT = 2  # words; longer answers are hardly used twice for one customer


@dataclass(frozen=True)
class Verbatim:
    """One hand-written text with the labels its writer gave it."""

    id: str
    language: str
    questions: str
    level: int
    complaint: str
    subject: str
    from_month: int
    region: str
    title: str
    text: str


@dataclass(frozen=True)
class Script:
    """One hand-written conversation."""

    id: str
    course: str
    medium: str
    language: str
    subject: str
    turns: tuple[Row, ...]


@dataclass
class Customer:
    """One invented customer and the history planned for it."""

    id: str
    kind: str
    language: str
    region: str
    segment: str
    value: float
    started: date
    products: frozenset[str]
    levels: list[int] = field(default_factory=list)
    turn: int | None = None  # index of the first piece after the planted shift
    leaves: bool = False
    cancelled: date | None = None
    seen: set[str] = field(default_factory=set)


@dataclass
class Piece:
    """One answer or review, or one whole conversation where `script` is set."""

    customer: Customer
    when: datetime
    level: int
    channel: str
    verbatim: Verbatim | None = None
    question: str = ""
    score: int | None = None
    script: Script | None = None
    key: str = ""


def load_verbatims(folder: Path) -> dict[str, list[Verbatim]]:
    """Verbatims by pool: survey, short, review and foreign."""
    pools: dict[str, list[Verbatim]] = {"survey": [], "short": [], "review": [], "foreign": []}
    names = {"kort": "short", "reviews": "review", "anderstalig": "foreign"}
    for name in (*(f"enquete-{tone}" for tone in TONES), *names):
        pools[names.get(name, "survey")] += [
            Verbatim(
                id=row["id"],
                language=row["language"],
                questions=row["question"],
                level=TONES.index(row["tone"]),
                complaint="" if row["complaint_theme"] == "-" else row["complaint_theme"],
                subject=row["subject"],
                from_month=int(row["from_month"]),
                region="" if row["region"] == "-" else row["region"],
                title="" if row["title"] == "-" else row["title"],
                text=row["text"],
            )
            for row in read_tsv(folder / f"{name}.tsv")
        ]
    return pools


def load_scripts(folder: Path) -> list[Script]:
    """Return the conversations, turns in order."""
    grouped: dict[str, list[Row]] = {}
    for row in read_tsv(folder / "gesprekken.tsv"):
        grouped.setdefault(row["script"], []).append(row)
    return [
        Script(
            id=name,
            course=turns[0]["course"],
            medium=turns[0]["medium"],
            language=turns[0]["language"],
            subject=turns[0]["subject"],
            turns=tuple(turns),
        )
        for name, turns in grouped.items()
    ]


class Composer:
    """Draws customers, their histories and the texts for them from one seeded source."""

    def __init__(self, demo: Path) -> None:
        folder = demo / "verbatims"
        self.plan: dict[str, Any] = tomllib.loads((folder / "plan.toml").read_text("utf-8"))
        self.rng = random.Random(self.plan["seed"])  # noqa: S311 - a demonstration, no secret
        self.pools = load_verbatims(folder)
        self.scripts = load_scripts(folder)
        self.questions = {row["code"]: row for row in read_tsv(folder / "vragen.tsv")}
        self.used: Counter[str] = Counter()
        self.needs = {s: p for p, subjects in self.plan["products"].items() for s in subjects}

    def customers(self) -> list[Customer]:
        """All customers with a planned run of tone levels, ordered by number."""
        rng, plan = self.rng, self.plan
        kinds = [kind for kind, n in plan["planted"].items() for _ in range(n)]
        kinds += ["weinig"] * plan["few_pieces"]
        kinds += ["stabiel"] * (plan["customers"] - len(kinds))
        languages = [code for code, n in plan["languages"].items() for _ in range(n)]
        numbers = rng.sample(range(104, 39000), plan["customers"])
        people = [self._customer(f"{n:05d}", kind) for n, kind in zip(numbers, kinds, strict=True)]
        spoken = [p for p in people if p.kind in {"stabiel", "weinig"}]
        for person, language in zip(rng.sample(spoken, len(languages)), languages, strict=True):
            person.language = language
        for person in people:
            self._levels(person)
        for kind, n in plan["cancelled"].items():
            low = [p for p in people if p.kind == kind and (kind != "stabiel" or p.levels[0] < 2)]
            for person in rng.sample(low, n):
                person.leaves = True
        return sorted(people, key=lambda person: person.id)

    def _customer(self, number: str, kind: str) -> Customer:
        rng = self.rng
        segment = rng.choices(("Particulier", "Gezin", "Student", "Zzp"), (45, 32, 10, 13))[0]
        products = rng.choice(("internet", "energie", "beide", "beide", "beide", "internet"))
        owned = {"internet", "energie"} if products == "beide" else {products}
        if "energie" in owned and segment != "Student" and rng.random() < 0.55:
            owned.add("zonnepanelen")
        base = {"Particulier": 900, "Gezin": 1700, "Student": 420, "Zzp": 2300}[segment]
        value = round(base * rng.lognormvariate(0, 0.35) * (0.6 + 0.3 * len(owned)), 2)
        new = rng.random() < 0.25
        started = date(2025, 6, 2) if new else date(2013, 3, 4)
        started += timedelta(days=rng.randrange(190 if new else 4300))
        places = ("Zwolle", "Deventer", "Apeldoorn", "Kampen", "Zutphen", "Raalte")
        region = rng.choices(places, (28, 22, 16, 12, 12, 10))[0]
        return Customer(
            number, kind, "nl", region, segment, value, started, frozenset(sorted(owned))
        )

    def _levels(self, person: Customer) -> None:
        rng, plan, kind = self.rng, self.plan, person.kind
        if kind == "stabiel":
            shares = plan["stable"]
            base = rng.choices(range(5), [shares[str(level)] for level in range(5)])[0]
            if person.language != "nl":
                base = min(max(base, 1), 3)
            count = rng.randint(5, 9 if person.language == "nl" else 7)
            steps = rng.choices((0, 1, -1), (74, 13, 13), k=count - 1)
            person.levels = [base, *(min(max(base + step, 0), 4) for step in steps)]
        elif kind == "weinig":
            person.levels = rng.choices(range(5), (6, 20, 24, 32, 18), k=rng.choice((1, 1, 2)))
        elif kind in {"paradox", "gesprek", "stilte"}:
            count = rng.randint(6, 8) if kind == "stilte" else rng.randint(5, 7)
            person.levels = self._run(rng.choice(plan["before"][kind]), count)
            person.turn = count if kind == "stilte" else count - rng.randint(1, 2)
        else:
            before = self._run(rng.choice(plan["before"][kind]), rng.randint(3, 5))
            after = self._run(rng.choice(plan["after"][kind]), rng.randint(3, 5))
            person.levels, person.turn = before + after, len(before)

    def _run(self, level: int, count: int) -> list[int]:
        """`count` pieces at one level; now and then one of them is a level off."""
        levels = [level] * count
        if self.rng.random() < 0.35:
            off = level + self.rng.choice((-1, 1))
            levels[self.rng.randrange(1, count)] = min(max(off, 0), 4)
        return levels

    def history(self, person: Customer) -> list[Piece]:
        """Return the pieces one customer leaves behind, in time order."""
        rng, plan = self.rng, self.plan
        first = plan["first_day"] + timedelta(days=rng.randrange(20))
        last = plan["last_day"] - timedelta(days=rng.randrange(24))
        if person.kind == "weinig":
            first += timedelta(days=rng.randrange(100))
            last -= timedelta(days=rng.randrange(100))
        elif person.kind == "stilte":
            last = date(2026, 5, 4) + timedelta(days=rng.randrange(44))
        elif person.leaves:
            last = date(2026, 8, 10) + timedelta(days=rng.randrange(20))
        count = len(person.levels)
        step = (last - first).days / max(count - 1, 1)
        shrinks = person.kind == "stilte" and rng.random() < 0.4
        pieces = []
        for at, level in enumerate(person.levels):
            jitter = rng.uniform(-0.25, 0.25) * step if 0 < at < count - 1 else 0
            day = first + timedelta(days=round(at * step + jitter))
            clock = time(rng.randrange(8, 20), rng.randrange(60))
            piece = Piece(person, datetime.combine(day, clock), level, self._channel(person, at))
            if piece.channel == "gesprek":
                piece.script = self._script(piece, at)
                piece.when = self._office_hours(piece)
            if piece.script is None:
                self._words(piece, at, shrink=shrinks and at >= count - 2)
            pieces.append(piece)
        if person.leaves:
            gap = rng.randrange(40, 80) if person.kind == "stilte" else rng.randrange(12, 32)
            person.cancelled = last + timedelta(days=gap)
        return pieces

    def _office_hours(self, piece: Piece) -> datetime:
        """Move a conversation to a working day and to the part of the day it greets."""
        if piece.script is None:
            return piece.when
        greeting = " ".join(turn["text"] for turn in piece.script.turns[:2]).lower()
        hours = (8, 12) if "morgen" in greeting else (9, 17)
        hours = (12, 17) if "middag" in greeting else hours
        day = piece.when + timedelta(days=piece.when.weekday() == 6)
        return day.replace(hour=self.rng.randrange(*hours))

    def _channel(self, person: Customer, at: int) -> str:
        if person.kind == "gesprek" and at == person.turn:
            return "gesprek"
        if person.kind in {"paradox", "stilte"}:
            return "survey"
        talks = 0.10 if person.kind in {"stabiel", "weinig"} else 0.04
        return self.rng.choices(("gesprek", "review", "survey"), (talks, 0.14, 0.86 - talks))[0]

    def _weight(self, subject: str, complaint: bool, piece: Piece) -> float:
        theme = self.plan["themes"].get(subject)
        if theme is None or not complaint:
            return 1.0
        weight = float(theme["months"][piece.when.month - 1])
        if "regions" in theme and piece.when.month >= 7:
            weight *= theme["regions"].get(piece.customer.region, 0.5)
        return weight

    def _fits(self, person: Customer, subject: str) -> bool:
        if self.needs.get(subject, "") not in {"", *person.products}:
            return False
        if subject == "overstap" and person.started < date(2025, 6, 1):
            return False
        return not (subject in ONCE and subject in person.seen)

    def _script(self, piece: Piece, at: int) -> Script | None:
        person = piece.customer
        courses = {COURSES[piece.level]}
        if person.kind == "gesprek" and at == person.turn:
            courses = {"omslag"}
        elif person.kind == "stabiel" and piece.level == 2:
            courses |= {"herstel"}
        options = [
            s
            for s in self.scripts
            if s.course in courses
            and s.language == person.language
            and self._fits(person, s.subject)
            and s.id not in person.seen
            and self.used[s.id] < 4
        ]
        if not options:
            return None
        weights = [self._weight(s.subject, True, piece) * REUSE[self.used[s.id]] for s in options]
        script = self.rng.choices(options, weights)[0]
        self.used[script.id] += 1
        person.seen |= {script.id, script.subject}
        return script

    def _words(self, piece: Piece, at: int, *, shrink: bool) -> None:
        """Give an answer or review its text, question and score."""
        rng, person, plan = self.rng, piece.customer, self.plan
        if piece.channel != "review":
            piece.channel = "survey"
        planted_after = person.turn is not None and at >= person.turn
        pool = self.pools["review" if piece.channel == "review" else "survey"]
        share = plan["short_share"][str(piece.level)] * (0.5 if planted_after else 1)
        if person.language != "nl":
            pool = self.pools["foreign"]
        elif piece.channel == "survey" and (shrink or rng.random() < share):
            pool = self.pools["short"]
        options = [v for v in pool if self._allowed(v, piece)]
        if not options:  # few texts in this language: say something again
            options = [v for v in pool if self._allowed(v, piece, again=True)]
        weights = []
        for verbatim in options:
            uses = self.used[verbatim.id]
            fades = 1 / (1 + uses) if pool is self.pools["short"] else REUSE[min(uses, 4)]
            weight = fades * self._weight(verbatim.subject, bool(verbatim.complaint), piece)
            if person.kind not in {"stabiel", "weinig"} and piece.level == 2:
                weight *= 0.1 if set("tmo") & set(verbatim.questions) else 1
            weights.append(weight)
        verbatim = piece.verbatim = rng.choices(options, weights)[0]
        self.used[verbatim.id] += 1
        person.seen |= {verbatim.id, verbatim.subject}
        piece.question = rng.choice(verbatim.questions) if piece.channel == "survey" else ""
        piece.score = self._score(piece, verbatim)

    def _allowed(self, verbatim: Verbatim, piece: Piece, *, again: bool = False) -> bool:
        person = piece.customer
        fits = (
            verbatim.level == piece.level
            and verbatim.language == person.language
            and verbatim.from_month <= piece.when.month
            and verbatim.region in {"", person.region}
            and self._fits(person, verbatim.subject)
        )
        if piece.channel == "review" and verbatim.questions != "-":  # no question to support
            fits = fits and bool(set("rv") & set(verbatim.questions))
        fresh = again or verbatim.id not in person.seen or len(verbatim.text.split()) <= SHORT
        if piece.channel == "survey" and piece.when.month <= WAVES[0]:  # that wave is cp1252
            fits = fits and verbatim.text.encode("cp1252", "ignore").decode("cp1252") == (
                verbatim.text
            )
        return fits and fresh

    def _score(self, piece: Piece, verbatim: Verbatim) -> int | None:
        rng, kind = self.rng, piece.customer.kind
        if piece.channel == "review":
            return int(rng.choice(self.plan["stars"][str(piece.level)]))
        if kind == "paradox":
            return rng.choice((9, 9, 10))
        if rng.random() < 0.04:
            return None
        score = int(rng.choice(self.plan["scores"][str(piece.level)]))
        hurts = verbatim.complaint and verbatim.subject in {"factuur", "storing"}
        return max(score - 1, 0) if hurts and rng.random() < 0.6 else score


def compose(demo: Path) -> tuple[Composer, list[Customer], list[Piece]]:
    """Everything the demonstration holds, before it is written to files."""
    composer = Composer(demo)
    customers = composer.customers()
    order = sorted(customers, key=lambda p: (p.kind in {"stabiel", "weinig"}, p.id))
    pieces = [piece for person in order for piece in composer.history(person)]
    return composer, customers, sorted(pieces, key=lambda p: (p.when, p.customer.id))


def main(arguments: list[str]) -> int:
    """Write the exports and the gold tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=DEMO)
    parser.add_argument("--summary", action="store_true", help="print the sizes as well")
    options = parser.parse_args(arguments)
    summary = write_demo(*compose(DEMO), DEMO / "verbatims", options.out)
    if options.summary:
        print(json.dumps(summary, ensure_ascii=False, indent=2))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
