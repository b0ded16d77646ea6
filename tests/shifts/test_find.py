from __future__ import annotations

import re
from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from klankbord.records import Verdict
from klankbord.schema import CUSTOMERS, FEEDBACK, SCORES, ShiftKind, Tone
from klankbord.shifts import find_shifts

from .builders import AS_OF, TEXTS, Piece, crowd, customer_table, history, tables

NOBODY = CUSTOMERS.empty_table()


def find(pieces, customers=NOBODY, fdr=0.1, order=None):
    feedback, scores = tables(pieces, order)
    return find_shifts(feedback, scores, customers, fdr=fdr, as_of=AS_OF)


def kinds_of(findings, customer):
    return {shift.kind for shift in findings.shifts if shift.customer_id == customer}


COOLING = history("fan", [4, 4, 4, 4, 2, 2, 2])


def test_the_fan_who_turned_neutral_is_first_on_the_list():
    angry = history("boos", [3, 3, 3, 3, 0, 0, 0])
    found = find([*crowd(), *COOLING, *angry], customer_table(boos=90_000.0, fan=10.0))
    first = found.shifts[0]
    assert (first.customer_id, first.kind) == ("fan", ShiftKind.VERKOELING)
    assert (first.before, first.after) == (Tone.ENTHOUSIAST, Tone.NEUTRAAL)
    assert first.probability > 0.9
    assert (AS_OF - first.after_at).days == 70
    assert first.before_quote.tone is Tone.ENTHOUSIAST
    assert first.after_quote.tone is Tone.NEUTRAAL
    assert first.before_quote.received_at < first.after_at <= first.after_quote.received_at
    assert first.before_quote.feedback_id in first.evidence
    assert "Van enthousiast" in first.explanation
    assert (
        "naar neutraal sinds 23 oktober 2024 (enquête: “Het is in orde.”); 3 van de 3"
        in first.explanation
    )
    assert kinds_of(found, "boos") == {ShiftKind.ESCALATIE}


def test_a_full_answer_is_quoted_rather_than_a_short_turn():
    turn = Piece(
        "fan", 5, 2, certainty=0.97, channel="chat", text="postcode 8017", conversation="c", turn=1
    )
    (shift,) = (s for s in find([*crowd(), *COOLING, turn]).shifts if s.customer_id == "fan")
    assert shift.after_quote.text == TEXTS[2]


def test_stable_customers_with_off_days_are_hardly_ever_listed():
    found = find(crowd(400, seed=3))
    cooled = [s for s in found.shifts if s.kind is ShiftKind.VERKOELING]
    assert found.customers_judged == 400
    assert len(cooled) <= 2
    assert len(found.shifts) <= 6


def test_one_bad_day_in_the_middle_is_no_shift():
    bad_days = [p for i in range(30) for p in history(f"dag{i}", [4, 4, 4, 1, 4, 4, 4])]
    found = find([*crowd(), *bad_days])
    assert not [s for s in found.shifts if s.customer_id.startswith("dag")]


def planted() -> list[Piece]:
    talk = []
    for i in range(60):
        calm = [2, 2, 3, 3] if i else [3, 2, 3, 1, 0, 0]
        talk += [
            Piece(
                f"beller{i}", 20.0, tone, channel="chat", conversation=f"c{i}", turn=turn,
                text="Een hele zin van een klant over wat er met de bestelling gebeurt.",
            )
            for turn, tone in enumerate(calm)
        ]  # fmt: skip
    scored = history("paradox", [2, 2, 2, 2, 2, 2], score=9.0)
    others = [
        p
        for i in range(40)
        for p in history(f"negen{i}", [4, 3, 4, 4, 3], score=9.0 + i % 2, last=12.0)
    ]
    quiet = [Piece("stil", 400.0 + 30 * i, 3) for i in range(10)]
    return [
        *crowd(150),
        *COOLING,
        *history("tegenvaller", [4, 3, 4, 4, 1, 1, 1]),
        *history("woedend", [2, 2, 2, 2, 0, 0, 0]),
        *history("terug", [1, 1, 1, 1, 4, 4, 4]),
        *scored,
        *others,
        *quiet,
        *talk,
    ]


@pytest.fixture(scope="module")
def all_kinds():
    return find(planted())


@pytest.mark.parametrize(
    ("customer", "kind"),
    [
        ("fan", ShiftKind.VERKOELING),
        ("tegenvaller", ShiftKind.TELEURSTELLING),
        ("woedend", ShiftKind.ESCALATIE),
        ("terug", ShiftKind.HERSTEL),
        ("paradox", ShiftKind.PARADOX),
        ("stil", ShiftKind.STILTE),
        ("beller0", ShiftKind.GESPREK),
    ],
)
def test_every_kind_is_found(all_kinds, customer, kind):
    assert kind in kinds_of(all_kinds, customer)


def test_the_list_is_coherent(all_kinds):
    shifts = all_kinds.shifts
    assert [s.priority for s in shifts] == sorted((s.priority for s in shifts), reverse=True)
    assert len({s.shift_id for s in shifts}) == len(shifts)
    assert len({(s.customer_id, s.kind) for s in shifts}) == len(shifts)
    drops = {ShiftKind.VERKOELING, ShiftKind.TELEURSTELLING, ShiftKind.ESCALATIE}
    assert all(len(kinds_of(all_kinds, s.customer_id) & drops) <= 1 for s in shifts)
    false = sum(1 - s.probability for s in shifts)
    assert all_kinds.expected_false == pytest.approx(false)
    least = min(shifts, key=lambda s: s.probability)
    assert least.expected_fdr == pytest.approx(false / len(shifts))
    assert least.expected_fdr <= 0.1
    for kind in ShiftKind:
        p = [s.probability for s in shifts if s.kind is kind]
        assert not p or np.mean(1 - np.array(p)) <= 0.1
    assert not [s for s in shifts if s.customer_id.startswith(("negen", "beller1"))]
    assert all("{" not in s.explanation and "Kans dat" in s.explanation for s in shifts)


def test_timelines_of_the_flagged_follow_the_words(all_kinds):
    assert set(all_kinds.timelines) == {s.customer_id for s in all_kinds.shifts}
    line = all_kinds.timelines["fan"]
    assert len(line) == 7
    assert [p.received_at for p in line] == sorted(p.received_at for p in line)
    assert line[0].mean_rank > 3.5
    assert line[-1].mean_rank < 2.5
    assert all(0 <= p.low <= p.mean_rank <= p.high <= 4 for p in line)
    assert line[-1].tone is Tone.NEUTRAAL


def test_score_of_the_paradox_is_named(all_kinds):
    shift = next(s for s in all_kinds.shifts if s.customer_id == "paradox")
    assert "(9 en 9)" in shift.explanation
    assert shift.before.rank >= 3
    assert shift.after is Tone.NEUTRAAL


def test_too_few_pieces_are_counted_not_judged():
    pieces = [
        *history("twee", [4, 0]),
        *history("leeg", [4, 4, 2, 2], non_answer=True),
        *[Piece("zelfde dag", 5.0, 4), Piece("zelfde dag", 5.0, 2), Piece("zelfde dag", 5.0, 2)],
        *history("genoeg", [4, 4, 2]),
        Piece("zonder datum", None, 4),
    ]
    found = find(pieces)
    assert (found.customers_judged, found.customers_too_few) == (1, 4)


def test_rows_without_information_change_nothing():
    base = [*crowd(40), *COOLING]
    noise = [
        *history("", [0, 0, 0]),
        Piece("fan", None, 4),
        Piece("fan", 1.0, 4, role="agent"),
        Piece("fan", 1.0, 4, role="bot"),
        Piece("fan", 1.0, 4, channel="ai_answer"),
        Piece("fan", 1.0, 4, non_answer=True),
        Piece("fan", -5.0, 4),
    ]
    noise = [p if p.customer else Piece(None, p.days_ago, p.tone) for p in noise]
    plain, noisy = find(base), find([*base, *noise])
    assert noisy.customers_judged == plain.customers_judged
    assert noisy.shifts == plain.shifts


def test_a_customer_who_cancelled_is_not_missed_for_silence():
    gone = datetime(2024, 1, 1, tzinfo=UTC)
    left = {"customer_id": "stil", "attributes": "{}", "cancelled_at": gone}
    customers = pa.Table.from_pylist([left], schema=CUSTOMERS)
    assert ShiftKind.STILTE not in kinds_of(find(planted(), customers), "stil")


def test_value_comes_from_the_customer_table_before_the_feedback():
    valued = history("fan", [4, 4, 4, 4, 2, 2, 2], value=70.0)
    assert find([*crowd(), *valued]).shifts[0].value_eur == 70.0
    assert find([*crowd(), *valued], customer_table(fan=5.0)).shifts[0].value_eur == 5.0


@pytest.mark.parametrize("size", [0, 1])
def test_empty_and_single_row(size):
    feedback, scores = tables(history("een", [4] * size))
    found = find_shifts(feedback, scores, NOBODY, fdr=0.1, as_of=AS_OF)
    assert found.shifts == ()
    assert found.expected_false == 0
    assert (found.customers_judged, found.customers_too_few) == (0, size)
    without = find_shifts(feedback, SCORES.empty_table(), NOBODY, fdr=0.1, as_of=AS_OF)
    assert without.shifts == ()


def test_no_rows_at_all():
    found = find_shifts(FEEDBACK.empty_table(), SCORES.empty_table(), NOBODY, fdr=0.1, as_of=AS_OF)
    assert found.timelines == {}


@given(st.integers(0, 1_000_000))
@settings(max_examples=6, deadline=None)
def test_row_order_changes_nothing(seed):
    pieces = [*crowd(30), *COOLING, *history("fan2", [4, 4, 4, 2, 2], every=0.02)]
    order = np.random.default_rng(seed).permutation(len(pieces))
    assert find(pieces, order=order) == find(pieces)


def test_explanations_come_in_english_too():
    feedback, scores = tables(planted())
    found = find_shifts(feedback, scores, NOBODY, fdr=0.1, as_of=AS_OF, language="en")
    assert {s.kind for s in found.shifts} == set(ShiftKind)
    told = {(s.customer_id, s.kind): s.explanation for s in found.shifts}
    fan = told["fan", ShiftKind.VERKOELING]
    assert fan.startswith("From enthusiastic (")
    assert "to neutral since 23 October 2024 (survey: “" in fan
    assert "; 3 of the 3 responses since then" in fan
    assert "(9 and 9)" in told["paradox", ShiftKind.PARADOX]
    own_words = {piece.text for piece in planted()} | set(TEXTS)
    for text in told.values():
        for words in own_words:
            text = text.replace(words or "", "")
        assert not re.search(r"\b(van|naar|sinds|Kans|echt|oktober|dagen|enthousiast)\b", text)


def test_a_day_is_one_of_the_time_zone():
    pieces = [*crowd(), *history("fan", [4, 4, 4, 4, 2, 2, 2], last=10 + 1.5 / 24)]  # 22.30 UTC
    feedback, scores = tables(pieces)
    told = {}
    for zone in ("Europe/Amsterdam", "Asia/Tokyo"):
        found = find_shifts(feedback, scores, NOBODY, fdr=0.1, as_of=AS_OF, timezone=zone)
        told[zone] = next(s.explanation for s in found.shifts if s.customer_id == "fan")
    assert "sinds 23 oktober" in told["Europe/Amsterdam"]  # summer time: half past midnight
    assert "sinds 23 oktober" in told["Asia/Tokyo"]
    found = find_shifts(feedback, scores, NOBODY, fdr=0.1, as_of=AS_OF, timezone="UTC")
    assert "sinds 22 oktober" in next(s.explanation for s in found.shifts if s.customer_id == "fan")


def test_one_endless_conversation_costs_no_more_than_a_long_one(monkeypatch):
    from klankbord.shifts import sequences

    def talk(turns: int) -> list[Piece]:
        return [
            Piece("praat", 20.0, 3 if i < turns - 20 else 0, conversation="c", turn=i)
            for i in range(turns)
        ]

    steps = []
    original = sequences._steps

    def counted(start):
        steps.append(int(np.diff(start).max()))
        return original(start)

    monkeypatch.setattr(sequences, "_steps", counted)
    found = find([*crowd(40), *talk(3_000)])
    assert max(steps) == 200
    assert kinds_of(found, "praat") == {ShiftKind.GESPREK}


def test_a_customer_with_contacts_beyond_counting_is_judged_on_the_last(monkeypatch):
    from klankbord.shifts import sequences

    steps = []
    original = sequences._steps

    def counted(start):
        steps.append(int(np.diff(start).max()))
        return original(start)

    tones = [1] * 600 + [4] * 400 + [2] * 60
    daily = history("elke dag", tones, every=1.0, text="Zo gaat het.")
    found = find([*crowd(), *daily])
    assert kinds_of(found, "elke dag") == {ShiftKind.VERKOELING}
    monkeypatch.setattr(sequences, "_steps", counted)
    find([*crowd(40), *history("elke dag", [1, 3] * 600, every=1.0)])
    assert max(steps) == 500


def test_what_was_found_a_false_alarm_is_not_listed_again():
    pieces = planted()
    feedback, scores = tables(pieces)
    before = find_shifts(feedback, scores, NOBODY, fdr=0.1, as_of=AS_OF)
    cooled = [s for s in before.shifts if s.kind is ShiftKind.VERKOELING]
    verdict = Verdict(cooled[0].shift_id, ShiftKind.VERKOELING, cooled[0].believed, False, AS_OF)
    after = find_shifts(feedback, scores, NOBODY, fdr=0.1, as_of=AS_OF, verdicts=[verdict])
    assert verdict.shift_id not in {s.shift_id for s in after.shifts}
    said = {s.shift_id: s.probability for s in before.shifts}
    for shift in after.shifts:
        believed = said[shift.shift_id]
        assert shift.believed == pytest.approx(believed)
        assert (shift.probability < believed) == (shift.kind is ShiftKind.VERKOELING)


def test_a_customer_who_was_won_back_in_the_conversation_is_credited_not_flagged():
    def talk(name: str, tones: list[int]) -> list[Piece]:
        text = "Zo gaat het nu al drie keer en daar heb ik echt genoeg van, hoor."
        return [
            Piece(name, 20.0, tone, 0.97, conversation=name, turn=2 * turn, text=text)
            for turn, tone in enumerate(tones)
        ]

    calm = [piece for i in range(30) for piece in talk(f"rustig{i}", [2, 2, 3, 2, 2, 3])]
    back = talk("bijgedraaid", [2, 1, 1, 1, 3, 3, 4])
    found = find([*crowd(40), *calm, *back])
    assert found.conversations_recovered == 1
    assert kinds_of(found, "bijgedraaid") == set()
    assert find([*crowd(40), *calm]).conversations_recovered == 0


def test_one_more_such_answer_makes_a_young_drop_more_certain():
    cooling = history("jong", [4, 4, 4, 4, 2, 2], certainty=0.75)
    found = find([*crowd(), *cooling], fdr=0.4)
    told = next(s for s in found.shifts if s.customer_id == "jong")
    assert told.probability < 0.98
    more = re.search(r"nog zo’n reactie maakt daar >?(\d+)% van", told.explanation)
    assert int(more[1]) > 100 * told.probability


def test_names_do_not_matter():
    pieces = [*crowd(40), *COOLING]
    renamed = [Piece(**{**vars(p), "customer": (p.customer or "")[::-1]}) for p in pieces]
    plain, other = find(pieces), find(renamed)
    assert {s.customer_id[::-1]: round(s.probability, 9) for s in plain.shifts} == {
        s.customer_id: round(s.probability, 9) for s in other.shifts
    }
    assert plain.shifts


def test_progress_runs_to_its_end():
    seen = []
    feedback, scores = tables(COOLING)
    find_shifts(
        feedback, scores, NOBODY, fdr=0.1, as_of=AS_OF, progress=lambda *step: seen.append(step)
    )
    assert seen[0][1] == 0
    assert seen[-1][1] == seen[-1][2]
