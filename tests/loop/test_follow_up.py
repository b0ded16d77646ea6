from datetime import UTC, date, datetime, timedelta

import pyarrow as pa
import pytest

from klankbord.loop import follow_up
from klankbord.records import Action, Theme
from klankbord.schema import FEEDBACK, SCORES, TONE_PROBABILITIES, TONES, conform

ACTED = datetime(2026, 4, 1, 12, tzinfo=UTC)
NOW = ACTED + timedelta(days=60)


def action(action_id, customer="K-1", theme=None, status="uitgevoerd"):
    loop = "inner" if customer else "outer"
    return Action(
        action_id, loop, "herstelgesprek", customer, theme, "Sales", date(2026, 4, 1), 1.0,
        status, "reden", (), "wel", "Dag {naam},",
    )  # fmt: skip


def heard(*days_and_ranks):
    rows, scores = [], []
    for number, (days, rank) in enumerate(days_and_ranks):
        rows.append(
            {"feedback_id": f"f{number}", "source": "s", "channel": "survey",
             "customer_id": "K-1", "author_role": "customer", "verbatim": "woorden",
             "received_at": ACTED + timedelta(days=days), "attributes": "{}"}
        )  # fmt: skip
        sure = {name: float(place == rank) for place, name in enumerate(TONE_PROBABILITIES)}
        scores.append(
            {"feedback_id": f"f{number}", "tone": str(TONES[rank]), **sure, "valence": 0.0,
             "enthusiasm": 0.0, "tone_sd": 0.0, "mixed": False, "churn_cue": False,
             "ambassador_cue": False, "unresolved": False, "non_answer": False, "cues": [],
             "scored_by": "m"}
        )  # fmt: skip
    return (
        conform(pa.Table.from_pylist(rows, FEEDBACK), FEEDBACK),
        conform(pa.Table.from_pylist(scores, SCORES), SCORES),
    )


def test_the_tone_of_a_customer_before_and_after():
    feedback, scores = heard((-90, 4), (-60, 0), (-30, 0), (-1, 0), (10, 2), (20, 4))
    found = follow_up([action("a")], {"a": ACTED}, feedback, scores, (), as_of=NOW)
    assert found == {
        "a": {"tone_before": 0.0, "tone_after": 3.0, "contacts_before": 3, "contacts_after": 2}
    }


@pytest.mark.parametrize(
    ("status", "acted", "days"),
    [("gecommuniceerd", ACTED, 10), ("uitgevoerd", None, 10), ("uitgevoerd", ACTED, -1)],
)
def test_what_nothing_was_heard_of_since_is_not_measured(status, acted, days):
    feedback, scores = heard((-30, 0), (days, 2))
    moments = {"a": acted} if acted else {}
    one = action("a", status=status)
    assert follow_up([one], moments, feedback, scores, (), as_of=NOW) == {}


def test_feedback_dated_after_the_analysis_does_not_count():
    feedback, scores = heard((-30, 0), (90, 4))
    assert follow_up([action("a")], {"a": ACTED}, feedback, scores, (), as_of=NOW) == {}


def theme(weeks_after, mentions_after):
    first = date(2026, 1, 5)
    weekly = tuple((first + timedelta(weeks=n), 10, 100) for n in range(12))
    after = tuple(
        (date(2026, 4, 6) + timedelta(weeks=n), mentions_after, 100) for n in range(weeks_after)
    )
    return Theme(
        "levertijd", None, "Levertijd", (), 100, 0.1, "stabiel", None, weekly + after, None,
        "Distributie", (), (),
    )  # fmt: skip


def test_the_share_of_a_theme_before_and_after_a_structural_fix():
    feedback, scores = heard((-30, 0))
    outer = action("o", customer=None, theme="levertijd")
    found = follow_up([outer], {"o": ACTED}, feedback, scores, [theme(6, 4)], as_of=NOW)
    assert found == {
        "o": {"share_before": 0.1, "share_after": 0.04, "weeks_before": 8, "weeks_after": 6}
    }
    soon = follow_up([outer], {"o": ACTED}, feedback, scores, [theme(1, 4)], as_of=NOW)
    assert soon == {}
