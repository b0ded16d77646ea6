"""A small world with numbers that can be checked by hand, and hostile words to put in it."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa

from klankbord.drivers import TONE
from klankbord.models.card import ModelCard, Score
from klankbord.records import (
    Action,
    Driver,
    Quote,
    RejectedRow,
    SourceCount,
    Theme,
    ToneShift,
)
from klankbord.report.satisfaction import Satisfaction
from klankbord.schema import (
    CUSTOMERS,
    FEEDBACK,
    SCORES,
    SEGMENTS,
    TONE_PROBABILITIES,
    TONES,
    ShiftKind,
    Tone,
    conform,
)
from klankbord.settings import Settings
from klankbord.shifts import AccountShift, ShiftFindings, TimelinePoint
from klankbord.themes.breakdown import ALIKE, MORE, TOO_LITTLE, Breakdown, Cell, Gap

AS_OF = datetime(2026, 3, 12, 11, tzinfo=UTC)
START = datetime(2025, 12, 1, 12, tzinfo=UTC)
FAN, QUIET, BACK = "K-AAAAAAAAAA", "K-BBBBBBBBBB", "K-CCCCCCCCCC"
HOSTILE = (
    "<script>alert(1)</script></script></style><img src=x onerror=alert(1)>"
    "<svg onload=alert(1)>{{ 7*7 }}{% raw %}\"'`&lt;\u202egnp.exe\u2066\x00\x07"
    "https://example.invalid/x.js"
)


NOTHING = ShiftFindings((), 0.0, 0, 0, {})


def empty_world(**changes: Any) -> dict[str, Any]:
    """Return the arguments of `build` for a run in which nothing was found."""
    return {
        "feedback": FEEDBACK.empty_table(),
        "scores": SCORES.empty_table(),
        "segments": SEGMENTS.empty_table(),
        "customers": CUSTOMERS.empty_table(),
        "findings": NOTHING,
        "themes": (),
        "drivers": (),
        "actions": (),
        "settings": Settings(),
        "as_of": AS_OF,
    } | changes


def feedback_table(rows: list[dict[str, Any]]) -> pa.Table:
    """Fill the required columns and conform."""
    filled = [
        {
            "feedback_id": f"f{at:04d}",
            "source": "csv-2be5a0",
            "channel": "survey",
            "author_role": "customer",
            "verbatim": "Prima.",
            "attributes": "{}",
        }
        | row
        for at, row in enumerate(rows)
    ]
    names = [field.name for field in FEEDBACK]
    columns = {name: [row.get(name) for row in filled] for name in names}
    return pa.table(columns, schema=FEEDBACK)


def score_table(ids: list[str], tones: list[Tone], *, flat: tuple[str, ...] = ()) -> pa.Table:
    """Score each id with full certainty; the ids in `flat` are non-answers."""
    columns: dict[str, Any] = {"feedback_id": ids, "tone": [str(tone) for tone in tones]}
    for name, level in zip(TONE_PROBABILITIES, TONES, strict=True):
        columns[name] = [1.0 if tone is level else 0.0 for tone in tones]
    for name in ("valence", "enthusiasm", "tone_sd"):
        columns[name] = [0.0] * len(ids)
    for name in ("mixed", "churn_cue", "ambassador_cue", "unresolved"):
        columns[name] = [False] * len(ids)
    columns["non_answer"] = [name in flat for name in ids]
    columns["cues"] = [["fijn"] for _ in ids]
    columns["scored_by"] = ["test"] * len(ids)
    return conform(pa.table(columns), SCORES)


def segment_table(ids: list[str], texts: list[str], themes: list[str | None]) -> pa.Table:
    """Make one segment of each id, a complaint that names a theme."""
    columns: dict[str, Any] = {
        "feedback_id": ids,
        "segment": [0] * len(ids),
        "start": [0] * len(ids),
        "end": [len(text) for text in texts],
        "text": texts,
        "tone": ["ontevreden"] * len(ids),
        "theme_id": themes,
    }
    return conform(pa.table(columns), SEGMENTS)


def quote(text: str, at: datetime, tone: Tone, feedback_id: str = "f0001") -> Quote:
    return Quote(feedback_id, text, at, "survey", tone)


def shift(customer: str, kind: ShiftKind, before: Tone, after: Tone, **changes: Any) -> ToneShift:
    made = ToneShift(
        shift_id=f"{customer}-{kind}",
        customer_id=customer,
        kind=kind,
        before=before,
        after=after,
        before_at=START,
        after_at=START + timedelta(days=90),
        probability=0.95,
        expected_fdr=0.05,
        value_eur=1200.0,
        channels=("survey", "chat"),
        before_quote=quote("Wat een topservice!", START, before),
        after_quote=quote("Prima, bedankt.", START + timedelta(days=90), after, "f0002"),
        explanation=f"Klant {customer} was eerder {before} en is nu {after}.",
        priority=1.0,
        evidence=("f0001", "f0002"),
    )
    return replace(made, **changes)


def world(words: str = "", **changes: Any) -> dict[str, Any]:
    """Return the arguments of `build`: 24 answers of 12 customers, two drops and a recovery.

    NPS answers: 12 promoters, 6 passives, 6 detractors. `words` goes in front of every text
    that comes from a customer or a file.
    """
    answers = [10.0, 9.0, 8.0, 3.0] * 6
    tones = [Tone.ENTHOUSIAST, Tone.POSITIEF, Tone.NEUTRAAL, Tone.ONTEVREDEN] * 6
    rows = [
        {
            "customer_id": (FAN, QUIET, BACK)[at]
            if at < 3
            else f"K-{'D' * 8}{'ABCDEFGHI'[at % 9]}2",
            "verbatim": f"{words}Antwoord {at}",
            "received_at": START + timedelta(days=4 * at),
            "score_metric": "nps",
            "score_value": answers[at],
        }
        for at in range(24)
    ]
    feedback = feedback_table([*rows, {"author_role": "agent", "verbatim": "Goedemiddag"}])
    ids = feedback["feedback_id"].to_pylist()
    shifts = (
        shift(FAN, ShiftKind.VERKOELING, Tone.ENTHOUSIAST, Tone.NEUTRAAL),
        shift(
            QUIET, ShiftKind.STILTE, Tone.POSITIEF, Tone.NEUTRAAL, value_eur=None, after_quote=None
        ),
        shift(BACK, ShiftKind.HERSTEL, Tone.ONTEVREDEN, Tone.POSITIEF, probability=0.999),
    )
    shifts = tuple(
        replace(
            found,
            explanation=words + found.explanation,
            before_quote=quote(f"{words}Wat een topservice!", START, found.before),
        )
        for found in shifts
    )
    points = tuple(
        TimelinePoint(
            START + timedelta(days=18 * at),
            4 - 0.4 * at,
            3.2 - 0.4 * at,
            4.5 - 0.4 * at,
            "survey",
            f"f{at:04d}",
            TONES[4 - at // 2],
        )
        for at in range(5)
    )
    weeks = tuple(
        (date(2025, 12, 29) + timedelta(days=7 * at), 1 + at // 3, 10) for at in range(10)
    )
    quotes = (quote(f"{words}Weer te laat.", START, Tone.ONTEVREDEN),)
    themes = (
        Theme("prijs", None, f"{words}Prijs", ("duur",), 9, 0.3, "stabiel", 0.4, weeks, None,
              "Sales", quotes, ("f0003",), found_at=date(2026, 1, 5)),
        Theme("levertijd", None, f"{words}Te late levering", (f"{words}te laat", "wachten"), 18,
              0.6, "stijgend", 0.01, weeks, 5000.0, "Distributie", quotes * 4, ("f0003",)),
        Theme("levertijd/1", "levertijd", "Geen bericht", (), 4, 0.1333, "te weinig gegevens", None,
              (), None, "Distributie", (), ("f0003",), found_at=date(2026, 3, 3)),
    )  # fmt: skip
    breakdown = Breakdown(
        cells=(
            Cell("levertijd", "channel", "chat", 8, 10, 0.8, 0.55, 0.93, MORE, 0.01),
            Cell("levertijd", "channel", "survey", None, 14, None, None, None, TOO_LITTLE, None),
            Cell("levertijd", "segment", f"{words}Zzp", 6, 12, 0.5, 0.3, 0.7, MORE, 0.002),
            Cell("prijs", "segment", f"{words}Zzp", 5, 12, 0.4, 0.2, 0.6, ALIKE, 0.8),
        ),
        gap=(
            Gap("levertijd", 0.6, 0.2, -0.4, -0.6, -0.1, 1, 2),
            Gap("website", 0.0, 0.8, 0.8, 0.4, 0.9, 2, 1),
        ),
        answers=5,
    )
    satisfied = (
        Satisfaction("levertijd", "nps", 22, -40.0, -62.5, -15.0),
        Satisfaction("prijs", "nps", 9, None, None, None),
    )
    drivers = (
        Driver("levertijd", "nps", 18, -2.25, -3.1, -1.4, "lager", 24, -2.0, 0.35, -1.6875),
        Driver("prijs", "nps", 9, None, None, None, "te weinig gegevens", 24),
        Driver("levertijd", TONE, 18, -0.125, -0.2, -0.05, "lager", 30, -0.1, 0.2, -0.075),
        Driver("prijs", TONE, 9, 0.1, -0.1, 0.3, "geen aantoonbaar verband", 30, 0.05, 0.1, 0.03),
    )
    actions = (
        Action("inner-1", "inner", "persoonlijk contact", FAN, None, "Customer Service",
               date(2026, 3, 16), 0.9, "actieplan", f"{words}Klant {FAN} koelde af", ("f0002",),
               "Wel: bellen.", f"{words}Goedemiddag,\nmag ik u bellen?"),
        Action("outer-1", "outer", "structureel verbeteren", None, "levertijd", "Distributie",
               date(2026, 3, 2), 0.5, "gecommuniceerd", "Te late levering groeit", ("f0003",),
               "Later: tijdvak.", ""),
        Action("inner-0", "inner", "terugbellen", BACK, None, "Customer Service",
               date(2026, 3, 1), 0.4, "uitgevoerd", "Gedaan", (), "", ""),
    )  # fmt: skip
    customers = pa.table(
        {
            "customer_id": [FAN, QUIET, BACK, "K-GONE"],
            "value_eur": [1000.0, 3000.0, 4000.0, 90_000.0],
            "cancelled_at": [None, None, None, datetime(2026, 1, 1, tzinfo=UTC)],
            "attributes": ["{}"] * 4,
        }
    )
    return (
        empty_world(
            feedback=feedback,
            scores=score_table(ids[:24], tones, flat=(ids[2],)),
            segments=conform(
                pa.table(
                    {
                        "feedback_id": [ids[1], ids[0]],
                        "segment": [0, 0],
                        "start": [0, 0],
                        "end": [5, 5],
                        "text": [f"{words}b", "a"],
                    }
                ),
                SEGMENTS,
            ),
            customers=conform(customers, CUSTOMERS),
            findings=ShiftFindings(shifts, 0.42, 11, 1, {FAN: points}),
            accounts=(
                AccountShift(f"{words}A-BAKKER", 7, (FAN, QUIET), 0.9975, 4000.0, (), False),
                AccountShift("A-SMID", 3, (), 0.0, None, (f"{words}K-NIEUW",), True),
            ),
            themes=themes,
            complaining=30,
            breakdown=breakdown,
            satisfied=satisfied,
            drivers=drivers,
            actions=actions,
            counts=(
                SourceCount(f"{words}enquete.csv", "csv-2be5a0", "feedback", 30, 25, 3, 2),
                SourceCount("klanten.csv", "xlsx-0b02d7", "customers", 4, 4, 0, 0),
            ),
            rejected=(
                RejectedRow("enquete.csv", 7, "datum", "datum niet herkend", f"{words}x;y"),
                RejectedRow("enquete.csv", 9, "datum", "datum niet herkend", "z"),
            ),
            models=(
                ModelCard(
                    "tone",
                    "1",
                    "tone",
                    "",
                    ("nl",),
                    (),
                    (Score("macro-F1", "dev", 0.7391),),
                    (("weights", "0" * 64),),
                    Path("unused"),
                ),
            ),
            settings=Settings(company=f"{words}Voorbeeld BV"),
            notice="Dit is een demonstratie.",
        )
        | changes
    )
