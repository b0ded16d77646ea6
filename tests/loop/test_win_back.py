from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest

from klankbord.loop.facts import CustomerValues
from klankbord.loop.routing import departments, owner_for_cause
from klankbord.loop.rules import rules
from klankbord.loop.signals import from_shifts, scored_feedback
from klankbord.loop.win_back import from_lost, lately_lost
from klankbord.records import ToneShift
from klankbord.schema import CUSTOMERS, FEEDBACK, SCORES, TONES, ShiftKind, Tone, conform

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
FLOOR = rules("reasons")["causes"]["vertrokken"]["minimum_size"]


def days_ago(days):
    return NOW - timedelta(days=days)


class Case:
    def __init__(self):
        self.rows, self.scores, self.customers = [], [], []

    def says(self, customer, tone, days, words="Wat een gedoe.", **more):
        feedback_id = f"f{len(self.rows):03d}"
        self.rows.append(
            {
                "feedback_id": feedback_id,
                "source": "s",
                "channel": more.pop("channel", "survey"),
                "customer_id": customer,
                "author_role": more.pop("author_role", "customer"),
                "verbatim": words,
                "received_at": None if days is None else days_ago(days),
                "attributes": "{}",
            }
        )
        flags = ("mixed", "churn_cue", "ambassador_cue", "unresolved", "non_answer")
        self.scores.append(
            {
                "feedback_id": feedback_id,
                "tone": tone,
                **{f"p_{level}": 0.8 if level is tone else 0.05 for level in TONES},
                "valence": 0.0,
                "enthusiasm": 0.0,
                "tone_sd": 0.5,
                "cues": [],
                "scored_by": "m",
                **{flag: more.get(flag, False) for flag in flags},
                "complaint_theme": more.get("complaint_theme"),
            }
        )
        return feedback_id

    def customer(self, customer, left=None, value=None):
        self.customers.append(
            {
                "customer_id": customer,
                "cancelled_at": None if left is None else days_ago(left),
                "value_eur": value,
                "attributes": "{}",
            }
        )

    def lost(self, waiting=()):
        feedback, scores, customers = (
            conform(pa.Table.from_pylist(rows, schema), schema)
            for rows, schema in (
                (self.rows, FEEDBACK),
                (self.scores, SCORES),
                (self.customers, CUSTOMERS),
            )
        )
        values = CustomerValues(customers, feedback)
        return from_lost(customers, scored_feedback(feedback, scores), values, NOW, waiting)


@pytest.fixture
def case():
    return Case()


def test_only_who_left_lately_counts(case):
    case.customer("stays")
    case.customer("today", left=0)
    case.customer("edge", left=90)
    case.customer("long-ago", left=91)
    case.customer("later", left=-1)
    assert [signal.customer_id for signal in case.lost()] == ["edge", "today"]


def test_the_evidence_is_what_they_said_last_latest_first(case):
    case.customer("k", left=5)
    ids = [case.says("k", Tone.NEUTRAAL, days) for days in (90, 60, 50, 40, 30, 20)]
    after_leaving = case.says("k", Tone.NEUTRAAL, 2)
    case.says("k", Tone.NEUTRAAL, -3)  # not yet said at the plan's moment
    case.says("somebody else", Tone.BOOS, 1)
    case.says("k", Tone.BOOS, 3, author_role="agent")
    (signal,) = case.lost()
    assert signal.evidence == (after_leaving, *reversed(ids[2:]))
    assert signal.said.feedback_id == after_leaving
    assert signal.probability == 1
    assert signal.facts["after_at"] == days_ago(5)


def test_the_last_complaint_is_quoted_before_later_pleasantries(case):
    case.customer("k", left=5)
    case.says("k", Tone.BOOS, 30, "Weer fout.")
    complaint = case.says("k", Tone.ONTEVREDEN, 20, "Niemand belt terug.")
    case.says("k", Tone.POSITIEF, 10, "Dank.")
    (signal,) = case.lost()
    assert signal.said.feedback_id == complaint


def test_a_silent_leaver_has_no_evidence_and_no_quote(case):
    case.customer("k", left=5)
    (signal,) = case.lost()
    assert (signal.evidence, signal.said, signal.size) == ((), None, FLOOR)


def test_undated_words_come_last(case):
    case.customer("k", left=5)
    undated = case.says("k", Tone.NEUTRAAL, None)
    dated = case.says("k", Tone.NEUTRAAL, 20)
    (signal,) = case.lost()
    assert signal.evidence == (dated, undated)


@pytest.mark.parametrize(
    ("sign", "asked"),
    [
        ({}, False),
        ({"tone": Tone.BOOS}, True),
        ({"complaint_theme": "prijs"}, True),
        ({"unresolved": True}, True),
        ({"churn_cue": True}, True),
    ],
)
def test_a_customer_of_low_value_is_asked_only_after_a_complaint(case, sign, asked):
    for number in range(8):
        case.customer(f"other-{number}", value=1000 + number)
    case.customer("k", left=5, value=10)
    sign = dict(sign)
    case.says("k", sign.pop("tone", Tone.NEUTRAAL), 10, **sign)
    assert bool(case.lost()) is asked


def test_whoever_waits_for_a_solution_gets_that_first(case):
    case.customer("k", left=5)
    assert case.lost(waiting={"k"}) == []


def test_whoever_was_warm_weighs_more_and_value_counts_once(case):
    for number in range(4):
        case.customer(f"other-{number}", value=10)
    case.customer("warm", left=5, value=900)
    case.customer("cold", left=5, value=900)
    for days in (50, 40, 30):
        case.says("warm", Tone.ENTHOUSIAST, days)
        case.says("cold", Tone.BOOS, days)
    warm, cold = case.lost()
    assert (warm.customer_id, cold.customer_id) == ("warm", "cold")
    assert warm.size == pytest.approx(0.425)
    assert cold.size == FLOOR


def test_the_list_is_capped_at_the_weightiest(case):
    most = rules("reasons")["most_win_backs"]
    for number in range(most + 5):
        case.customer(f"k{number:02d}", left=5)
    case.says("k29", Tone.ENTHOUSIAST, 20)
    lost = case.lost()
    assert len(lost) == most
    assert lost[0].customer_id == "k29"


def test_the_order_of_rows_does_not_matter(case):
    for number in range(6):
        case.customer(f"k{number}", left=5 + number)
        case.says(f"k{number}", Tone.POSITIEF, 20 - number)
    first = case.lost()
    case.customers.reverse()
    assert case.lost() == first


def test_nothing_without_customers(case):
    assert case.lost() == []
    assert lately_lost(CUSTOMERS.empty_table(), NOW) == {}


def recovery(customer):
    return ToneShift(
        shift_id="s",
        customer_id=customer,
        kind=ShiftKind.HERSTEL,
        before=Tone.ONTEVREDEN,
        after=Tone.POSITIEF,
        before_at=days_ago(60),
        after_at=days_ago(30),
        probability=0.9,
        expected_fdr=0.05,
        value_eur=None,
        channels=("survey",),
        before_quote=None,
        after_quote=None,
        explanation="",
        priority=1.0,
        evidence=("a", "b"),
    )


def test_a_recovery_that_left_all_the_same_is_won_back_not_thanked():
    stayed, left = from_shifts([recovery("stayed"), recovery("left")], NOW, {"left"})
    causes = rules("reasons")["causes"]
    assert causes[stayed.cause]["step"] == "bedankje"
    assert causes[left.cause]["step"] == "terugwinnen"
    assert left.size >= causes[left.cause]["minimum_size"]


@pytest.mark.parametrize("cause", ["vertrokken", "herstel_vertrokken"])
def test_the_new_causes_are_complete(cause):
    reasons = rules("reasons")
    step = reasons["steps"][reasons["causes"][cause]["step"]]
    assert step["leaver"]
    assert not step["thanks"]
    assert owner_for_cause(cause, "bejegening") in departments()
    for language in ("nl", "en"):
        assert cause in reasons["words"][language]["causes"]
        assert "{after_at}" in reasons["causes"][cause][language]
