"""A workspace in which every text that people or files put there is of one's choosing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from klankbord.loop.lifecycle import Outcome
from klankbord.records import KnownTheme, Quote, SourceCount, Theme
from klankbord.schema import (
    CUSTOMERS,
    FEEDBACK,
    SCORES,
    SEGMENTS,
    TONE_LABELS,
    TONE_PROBABILITIES,
    ShiftKind,
    Tone,
    conform,
)
from klankbord.themes.edits import Edit
from review.conftest import NOW, action, shift

if TYPE_CHECKING:
    from klankbord.store import Workspace

KINDS = (ShiftKind.VERKOELING, ShiftKind.ESCALATIE, ShiftKind.HERSTEL)
WEEKS = tuple((date(2026, 1, 5) + timedelta(weeks=at), 1 + at % 3, 20) for at in range(9))


def plant(store: Workspace, words: Sequence[str], *, drawn: int = 1) -> None:
    """Fill `store` with a customer, a shift, actions and a theme for each of the words.

    One in `drawn` customers gets scores, and so a picture.
    """
    numbered = list(enumerate(words, 1))
    feedback = [row for at, word in numbered for row in _said(at, word)]
    store.add_feedback(_table(feedback, FEEDBACK))
    store.save_scores(
        _table([_scored(row["feedback_id"]) for row in feedback
                if row["of"] % drawn == 0 or row["of"] == 1], SCORES)
    )  # fmt: skip
    store.save_segments(_table([_complained(row) for row in feedback], SEGMENTS))
    store.add_customers(_table([_customer(at, word) for at, word in numbered], CUSTOMERS))
    store.save_shifts([_shift(at, word) for at, word in numbered])
    store.save_themes([_theme(at, word) for at, word in numbered])
    store.save_known_themes([_known(at, word) for at, word in numbered])
    store.merge_actions(
        [one for at, word in numbered for one in (_inner(at, word), _outer(at, word))], at=NOW
    )
    store.save_tone_labels(
        _table([_label(at, word) for at, word in numbered if at % 2], TONE_LABELS)
    )
    for at, word in numbered:
        _worked_on(store, at, word)
        store.finish_import(_count(at, word), sha256=f"{at:064}", at=NOW)
    store.record_run({"notice": words[0]}, as_of=NOW)


def named(at: int, word: str) -> str:
    """Return the customer id of one of the words; importing leaves out what a database refuses."""
    return f"K-{at:04} {word}".replace("\0", "")


def _table(rows: list[dict[str, Any]], schema: pa.Schema) -> pa.Table:
    columns = {name: [row.get(name) for row in rows] for name in schema.names}
    return conform(pa.table(columns, schema=schema), schema)


def _said(at: int, word: str) -> list[dict[str, Any]]:
    return [
        {"of": at, "feedback_id": f"f{at}-{turn}", "source": f"bron {word}", "channel": "survey",
         "customer_id": named(at, word), "account_id": f"Bedrijf {word}",
         "author_role": ("customer", "customer", "agent")[turn], "conversation_id": f"g{at}",
         "question": f"Hoe was {word}?", "verbatim": f"Week {turn}. Ik vond {word} heel fijn",
         "received_at": NOW - timedelta(days=40 - 10 * turn), "score_metric": "nps",
         "score_value": 9.0, "journey_stage": f"fase {word}", "segment": f"groep {word}",
         "attributes": "{}"}
        for turn in range(3)
    ]  # fmt: skip


def _scored(feedback_id: str) -> dict[str, Any]:
    return {
        "feedback_id": feedback_id, "tone": "neutraal",
        **{name: 0.8 if name == "p_neutraal" else 0.05 for name in TONE_PROBABILITIES},
        "valence": 0.1, "enthusiasm": 0.1, "tone_sd": 0.1, "mixed": False, "churn_cue": False,
        "ambassador_cue": False, "unresolved": False, "non_answer": False, "cues": ["fijn"],
        "scored_by": "test",
    }  # fmt: skip


def _complained(row: dict[str, Any]) -> dict[str, Any]:
    text = row["verbatim"]
    return {"feedback_id": row["feedback_id"], "segment": 0, "start": 0, "end": len(text),
            "text": text, "tone": "ontevreden", "theme_id": f"t{row['of']}"}  # fmt: skip


def _customer(at: int, word: str) -> dict[str, Any]:
    return {"customer_id": named(at, word), "account_id": f"Bedrijf {word}",
            "segment": f"groep {word}", "value_eur": 900.0, "attributes": "{}"}  # fmt: skip


def _quote(at: int, turn: int, text: str) -> Quote:
    return Quote(f"f{at}-{turn}", text, NOW - timedelta(days=40 - 10 * turn), "survey",
                 Tone.NEUTRAAL)  # fmt: skip


def _shift(at: int, word: str) -> Any:
    return shift(
        at,
        customer_id=named(at, word),
        kind=KINDS[at % 3],
        channels=("survey", f"kanaal {word}"),
        before_quote=_quote(at, 0, f"Ik vond {word}"),
        after_quote=_quote(at, 99, f"Daarna {word}"),
        explanation=f"Was enthousiast over {word} en is nu neutraal.",
        evidence=(f"f{at}-0", f"f{at}-1"),
    )


def _theme(at: int, word: str) -> Theme:
    return Theme(
        theme_id=f"t{at}", parent_id=None, label=f"thema {word}", keywords=(f"woord {word}",),
        mentions=3, share=0.01, trend="stijgend", trend_p=0.01, weekly=WEEKS, value_eur=900.0,
        owner=f"afdeling {word}", quotes=(_quote(at, 0, f"Ik vond {word}"),),
        evidence=(f"f{at}-0",), found_at=date(2026, 1, 5),
    )  # fmt: skip


def _known(at: int, word: str) -> KnownTheme:
    return KnownTheme(
        theme_id=f"t{at}", parent_id=None, label=f"thema {word}", keywords=(f"woord {word}",),
        encoder="test", centre=(1.0, 0.0), terms=((f"woord {word}", 1.0),),
        found_at=date(2026, 1, 5), seen_at=date(2026, 3, 9), name=f"naam {word}",
        owner=f"afdeling {word}",
    )  # fmt: skip


def _inner(at: int, word: str) -> Any:
    return action(
        named(at, word), action_id=f"A-{at:04}", kind=f"soort {word}", owner=f"afdeling {word}",
        reason=f"Koelde af: {word}", wel_niet_later=f"Wel: {word}", draft=f"Beste {word},\n\nDag.",
        evidence=(f"f{at}-0",), cause=str(KINDS[at % 3]),
    )  # fmt: skip


def _outer(at: int, word: str) -> Any:
    return replace(
        _inner(at, word), action_id=f"B-{at:04}", loop="outer", customer_id=None,
        theme_id=f"t{at}", cause="",
    )  # fmt: skip


def _label(at: int, word: str) -> dict[str, Any]:
    return {"feedback_id": f"f{at}-0", "tone": "neutraal", "labelled_by": f"Bram {word}",
            "labelled_at": NOW, "correction": True}  # fmt: skip


def _count(at: int, word: str) -> SourceCount:
    return SourceCount(f"{at} {word}.csv", f"bron {word}", "feedback", 3, 3, 0, 0)


def _worked_on(store: Workspace, at: int, word: str) -> None:
    """Let somebody with such a name do what can be done, with such a note."""
    who: dict[str, Any] = {"at": NOW, "by": f"Bram {word}"}
    shift_id, why = f"V-{at:04}", f"omdat {word}"
    store.note_shift(shift_id, why, **who)
    if at % 2:
        one = store.listed_shift(shift_id).shift
        store.judge_shift(one, real=at % 4 == 1, note=why, **who)
        store.correct_tone(f"f{at}-1", Tone.POSITIEF, **who)
    if at % 4 == 0:
        store.assign_shift(shift_id, f"Cees {word}", note=why, **who)
    if at % 12 == 0:
        store.snooze_shift(shift_id, date(2026, 4, 1), note=why, **who)
    store.update_action(f"A-{at:04}", why=why, due=date(2026, 3, 20), **who)
    store.note_action(f"A-{at:04}", why, **who)
    if at % 3 == 0:
        store.close_action(f"B-{at:04}", Outcome.BEWUST_AFSCHEID, why=why, **who)
    renamed = Edit("rename", f"t{at}", {"name": ("", f"naam {word}")})
    store.record_theme_edit(renamed, why=why, **who)
