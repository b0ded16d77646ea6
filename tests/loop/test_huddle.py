from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from klankbord.loop.huddle import huddle
from klankbord.loop.huddle_page import as_markdown
from klankbord.loop.lifecycle import ActionState, Outcome
from klankbord.loop.routing import departments, huddle_question
from klankbord.loop.rules import rules
from klankbord.records import Action, Theme
from klankbord.schema import FEEDBACK, conform

TODAY, SINCE = date(2026, 3, 2), date(2026, 2, 23)
LATER = date(2026, 4, 1)
GOLDEN = Path(__file__).parent / "golden"


def action(number, customer="K-1", **more):
    values = {
        "action_id": f"inner-{number:04d}",
        "loop": "inner",
        "kind": "herstelgesprek",
        "customer_id": customer,
        "theme_id": None,
        "owner": "Customer Service",
        "due": date(2026, 3, 4),
        "priority": 0.5,
        "status": "actieplan",
        "reason": "Klant zakte van positief op 3 januari naar boos; € 1.200",
        "evidence": ("f0",),
        "wel_niet_later": "",
        "draft": "Dag {naam},",
    }
    return Action(**(values | more))


def theme(theme_id="bereikbaarheid", label="Slecht bereikbaar", **more):
    values = {
        "theme_id": theme_id,
        "parent_id": None,
        "label": label,
        "keywords": ("terug",),
        "mentions": 42,
        "share": 0.2,
        "trend": "stijgend",
        "trend_p": 0.01,
        "weekly": (),
        "value_eur": None,
        "owner": "Customer Service",
        "quotes": (),
        "evidence": ("f0", "f1", "f2", "f3", "f4", "f5"),
    }
    return Theme(**(values | more))


def feedback(*verbatims, **more):
    rows = [
        {
            "feedback_id": f"f{number}",
            "source": "s",
            "channel": "survey",
            "customer_id": f"K-{number}",
            "author_role": "customer",
            "verbatim": verbatim,
            "language": "nl",
            "received_at": datetime(2026, 2, 20 - number, tzinfo=UTC),
            "attributes": "{}",
        }
        | more
        for number, verbatim in enumerate(verbatims)
    ]
    return conform(pa.Table.from_pylist(rows, FEEDBACK), FEEDBACK)


WORDS = feedback(
    "Snelle levering. Maar Karin belt nooit terug op 06-12345678.",
    "Niemand belt terug.",
    "Ik wacht al weken; bel eens terug!",
    "Ze zouden terugbellen, niets gehoord.",
)


def closed(number, outcome, at=datetime(2026, 2, 25, 9, tzinfo=UTC), **more):
    return action(number, outcome=str(outcome), closed_at=at, **more)


ACTIONS = [
    action(1, "K-7", due=date(2026, 2, 20), escalation=2, complaint_theme="bereikbaarheid"),
    action(2, "K-8", due=date(2026, 2, 27), status="uitgevoerd", complaint_theme="bereikbaarheid"),
    action(3, "K-9", kind="terugbellen", complaint_theme="bereikbaarheid"),
    action(4, "K-10", due=date(2026, 3, 20)),
    *(action(n, f"K-{n}", due=LATER, complaint_theme="levertijd") for n in range(20, 26)),
    action(5, None, loop="outer", kind="structureel verbeteren", theme_id="bereikbaarheid",
           due=date(2026, 3, 8)),
    action(6, "K-11", owner="Sales", due=date(2026, 2, 1)),
    closed(7, Outcome.GESLAAGD),
    closed(8, Outcome.GESLAAGD),
    closed(9, Outcome.VALS_ALARM),
    closed(10, Outcome.GESLAAGD, at=datetime(2026, 2, 1, tzinfo=UTC)),
]  # fmt: skip


THEMES = (theme(),)


def of(actions=ACTIONS, themes=THEMES, words=WORDS, department="Customer Service", **more):
    return huddle(department, actions, themes, words, **({"since": SINCE, "today": TODAY} | more))


@pytest.mark.parametrize("language", ["nl", "en"])
def test_the_whole_sheet(language):
    """Write it again with: python tests/loop/test_huddle.py."""
    golden = (GOLDEN / f"huddle.{language}.md").read_text("utf-8")
    assert as_markdown(of(language=language)) == golden


def test_the_quotes_are_of_three_customers_with_least_masked_first():
    sheet = of()
    assert [quote.customer_id for quote in sheet.quotes] == ["K-1", "K-2", "K-3"]
    (masked,) = of(words=WORDS.slice(0, 1)).quotes
    assert masked.text == "Maar ‹naam› belt nooit terug op ‹telefoonnummer›."


def test_one_customer_is_quoted_once():
    assert len(of(words=feedback("Bel terug.", "Bel nu terug.", customer_id="K-1")).quotes) == 1


@pytest.mark.parametrize(
    "who", [{"author_role": "agent"}, {"channel": "ai_answer"}, {"customer_id": None}]
)
def test_only_customers_are_quoted(who):
    assert of(words=feedback("Wij bellen u terug.", **who)).quotes == ()


def test_overdue_and_due_this_week():
    sheet = of()
    assert [line.action_id for line in sheet.late] == ["inner-0001", "inner-0002"]
    assert [line.escalation for line in sheet.late] == [2, 0]
    assert [line.action_id for line in sheet.due] == ["inner-0003", "inner-0005"]
    assert sheet.until == date(2026, 3, 8)
    last_day = of([action(1, due=sheet.until), action(2, due=date(2026, 3, 9))])
    assert [line.action_id for line in last_day.due] == ["inner-0001"]


def test_closed_loops_are_counted_from_the_last_huddle_on():
    assert of().closed == {"inner": {"geslaagd": 2, "vals alarm": 1}, "outer": {}}
    midnight = datetime(2026, 2, 22, 23, 30, tzinfo=UTC)  # 23 February in Amsterdam
    assert of([closed(1, Outcome.GESLAAGD, at=midnight)]).closed["inner"] == {"geslaagd": 1}
    assert of([closed(1, Outcome.GESLAAGD, at=midnight)], timezone="UTC").closed["inner"] == {}


def test_a_complaint_of_several_customers_goes_to_the_outer_loop():
    levertijd, bereikbaarheid = of().to_outer
    assert (levertijd.complaint_theme, levertijd.customers) == ("levertijd", 6)
    assert (levertijd.owner, levertijd.running) == ("Distributie", False)
    assert bereikbaarheid.running
    assert bereikbaarheid.customers is None  # three: a small group
    assert [item.complaint_theme for item in of(department="Distributie").to_outer] == ["levertijd"]


def test_two_steps_for_one_customer_are_one_customer():
    same = [action(n, "K-1", complaint_theme="prijs") for n in range(5)]
    assert of(same).to_outer == ()


def test_what_is_left_over_is_no_subject():
    many = [action(n, f"K-{n}", complaint_theme="anders") for n in range(9)]
    assert of(many, [theme("anders", "Overig")]).to_outer == ()
    assert of(many, [theme("anders", "Overig")]).theme is None


def test_the_top_theme_is_the_department_s_most_mentioned():
    themes = [
        theme(),
        theme("x", "Lang wachten", mentions=50),
        theme("y", owner="Sales", mentions=99),
    ]
    assert of(themes=themes).theme.label == "Lang wachten"


def test_a_small_group_is_not_counted():
    sheet = of(themes=[theme(mentions=4)])
    assert sheet.theme.mentions is None
    assert "minder dan 5 keer" in as_markdown(sheet)


@pytest.mark.parametrize("language", ["nl", "en"])
@pytest.mark.parametrize("department", departments())
def test_every_department_has_a_sheet(department, language):
    page = as_markdown(of([], [], FEEDBACK.empty_table(), department, language=language))
    assert huddle_question(department, language).removesuffix("?") in page
    assert "None" not in page.replace("None.\n", "")
    assert "{" not in page


def test_english_names_every_step_state_and_outcome():
    words = rules("huddle")["en"]
    assert set(words["kinds"]) == set(rules("reasons")["steps"])
    assert set(words["states"]) == set(ActionState)
    assert set(words["outcomes"]) == set(Outcome)
    assert set(words["roles"]) == set(rules("sla")["escalation"]["told"])
    assert set(rules("routing")["questions_en"]) == set(departments())


def test_nothing_but_the_pseudonym_points_at_a_customer():
    page = as_markdown(of())
    assert not any(word in page for word in ("1.200", "januari", "Karin", "12345678", "zakte"))


@given(st.text(max_size=60))
def test_hostile_text_stays_within_its_line(text):
    plain = as_markdown(of(themes=[theme(label="x")], words=feedback("Bel terug.")))
    hostile = of(themes=[theme(label=text)], words=feedback("Bel terug."))
    quote = replace(hostile.quotes[0], text=text, customer_id=text)
    page = as_markdown(replace(hostile, quotes=(quote,)))
    assert len(page.splitlines()) == len(plain.splitlines())
    assert "<" not in page


if __name__ == "__main__":
    GOLDEN.mkdir(exist_ok=True)
    for code in ("nl", "en"):
        (GOLDEN / f"huddle.{code}.md").write_text(as_markdown(of(language=code)), "utf-8")
