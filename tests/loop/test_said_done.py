from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from klankbord.loop.lifecycle import Outcome
from klankbord.loop.rules import rules
from klankbord.loop.said_done import as_markdown, check_said_done, said_done
from klankbord.records import Action, Theme

TYPED = (
    "wel: twee mensen erbij aan de telefoon; niet: dag en nacht open;"
    " later: een terugbelknop; waarom: ’s nachts belt bijna niemand"
)
PROPOSED = rules("reasons")["words"]["nl"]["wel_niet_later"].format(
    wel="de oorzaak onderzoeken", later="bereikbaarheid en opvolging van vragen"
)


@dataclass(frozen=True)
class Happened:
    event: str
    why: str = ""
    changes: dict[str, object] = field(default_factory=dict)


def action(wel_niet_later=TYPED, **more):
    values = {
        "action_id": "outer-1",
        "loop": "outer",
        "kind": "structureel verbeteren",
        "customer_id": None,
        "theme_id": "bereikbaarheid",
        "owner": "Customer Service",
        "due": datetime(2026, 3, 2, tzinfo=UTC).date(),
        "priority": 1.0,
        "status": "gemeten",
        "reason": "",
        "evidence": ("f1",),
        "wel_niet_later": wel_niet_later,
        "draft": "",
        "outcome": str(Outcome.GESLAAGD),
        "closed_at": datetime(2026, 3, 1, tzinfo=UTC),
    }
    return Action(**(values | more))


def theme(theme_id="bereikbaarheid", label="Slecht bereikbaar", mentions=42):
    return Theme(
        theme_id, None, label, (), mentions, 0.1, "stabiel", None, (), None, "Sales", (), ()
    )


def of(*actions, themes=None, history=(), **more):
    histories = {item.action_id: history for item in actions}
    return said_done(actions, [theme()] if themes is None else themes, histories, **more)


def test_a_whole_text():
    assert as_markdown(of(action())) == (
        "# U zei, wij deden\n\n"
        "## Slecht bereikbaar\n\n"
        "**U zei:** slecht bereikbaar. Dat hoorden we zo'n 40 keer.\n\n"
        "**Wij deden:** twee mensen erbij aan de telefoon\n\n"
        "**Wat we niet doen:** dag en nacht open\n\n"
        "**Waarom niet:** ’s nachts belt bijna niemand\n\n"
        "**Wat later komt:** een terugbelknop\n"
    )


def test_a_text_in_the_other_form():
    page = as_markdown(of(action(), form="jij"))
    assert page.startswith("# Jij zei, wij deden\n")
    assert "**Jij zei:**" in page
    assert "U zei" not in page


def test_an_english_text():
    typed = "can: two more people; cannot: open at night; later: a call-back; why: few calls"
    page = as_markdown(of(action(typed), language="en", form="jij"))
    assert page.startswith("# You said, we did\n\n## Hard to reach\n")
    assert "**You said:** hard to reach. We heard that about 40 times." in page
    assert "**Why not:** few calls" in page
    assert check_said_done(page, "en") == ()


def test_dutch_words_in_an_english_text_are_to_be_translated():
    (text,) = of(action(), language="en")
    assert text.did == "[translate: twee mensen erbij aan de telefoon]"


@pytest.mark.parametrize(
    "other",
    [
        {"outcome": str(Outcome.NIET_GESLAAGD)},
        {"outcome": str(Outcome.VALS_ALARM)},
        {"outcome": None, "closed_at": None},
        {"loop": "inner"},
        {"theme_id": "vergeten"},
        {"theme_id": None},
    ],
)
def test_only_structural_improvements_that_worked_are_told(other):
    assert of(action(**other)) == ()
    assert as_markdown(()) == ""


def test_the_latest_comes_first():
    first = action(action_id="a", closed_at=datetime(2026, 1, 1, tzinfo=UTC))
    assert [text.action_id for text in of(first, action())] == ["outer-1", "a"]


def test_what_nobody_typed_is_asked_for():
    (text,) = of(action(PROPOSED))
    assert text.did == "[vul aan: wat hebben we gedaan?]"
    assert text.not_done == "[vul aan: wat doen we niet?]"
    assert text.why == "[vul aan: waarom niet?]"
    assert text.later == "[controleer: bereikbaarheid en opvolging van vragen]"
    assert check_said_done(as_markdown([text])) == (rules("said_done")["lint"]["nl"]["to_check"],)
    assert of(action(""))[0].later == "[vul aan: wat komt later?]"


def test_english_proposals_are_no_typing_either():
    template = rules("reasons")["words"]["en"]["wel_niet_later"]
    (text,) = of(action(template.format(wel="look", later="x")), language="en")
    assert (text.did, text.later) == ("[fill in: what did we do?]", "[please check: x]")


def test_the_reason_of_the_last_closing_says_what_was_done():
    history = [
        Happened("gesloten", "eerste poging"),
        Happened("heropend", "toch niet"),
        Happened("gesloten", "De wachtrij is korter."),
        Happened("bijgewerkt", "komma"),
    ]
    assert of(action(PROPOSED), history=history)[0].did == "De wachtrij is korter."
    assert of(action(), history=history)[0].did == "twee mensen erbij aan de telefoon"


def test_a_field_without_labels_says_what_was_done():
    (text,) = of(action("We nemen sneller op."))
    assert text.did == "We nemen sneller op."
    assert text.not_done.startswith("[")


def test_labels_count_at_the_start_of_a_part_only():
    (text,) = of(action("Wel: a (niet: te vroeg), later meer;\nNIET: b"))
    assert (text.did, text.not_done) == ("a (niet: te vroeg), later meer", "b")


@pytest.mark.parametrize(
    ("mentions", "written"),
    [
        (1, "een aantal keren"),
        (9, "een aantal keren"),
        (10, "zo'n 10 keer"),
        (47, "zo'n 50 keer"),
        (130, "zo'n 150 keer"),
        (1234, "zo'n 1200 keer"),
        (98_765, "zo'n 99000 keer"),
    ],
)
def test_mentions_are_rounded(mentions, written):
    assert written in of(action(), themes=[theme(mentions=mentions)])[0].said


def test_a_person_named_by_a_colleague_is_left_out_and_that_is_said():
    (text,) = of(action("wel: Karin belt iedereen terug via karin@voorbeeld.nl"))
    assert text.did.startswith("‹naam› belt iedereen terug via ‹e-mailadres› [controleer: ")


def test_the_lint():
    lint = rules("said_done")["lint"]["nl"]
    assert check_said_done(as_markdown(of(action()))) == ()
    assert check_said_done("Mail jan@voorbeeld.nl") == (lint["personal"],)
    assert check_said_done("Dag {naam}") == (lint["placeholder"],)
    assert check_said_done("[vul aan: x]") == (lint["to_check"],)
    assert check_said_done(as_markdown(of(action("wel: {naam} {0} [x]")))) != ()


@given(st.text(max_size=300), st.text(max_size=300))
@example("", "0@<")
def test_any_typing_gives_the_same_lines_and_no_placeholder(typed, why):
    history = [Happened("gesloten", why)]
    page = as_markdown(of(action(f"wel: {typed}"), history=history))
    plain = as_markdown(of(action()))
    assert len(page.splitlines()) == len(plain.splitlines())
    assert rules("said_done")["lint"]["nl"]["placeholder"] not in check_said_done(page)
    assert rules("said_done")["lint"]["nl"]["personal"] not in check_said_done(page)
    assert "<" not in page


def test_both_languages_have_the_same_words():
    words = rules("said_done")

    def names(table):
        return {name for name, value in table.items() if not isinstance(value, dict)}

    assert names(words["nl"]) == names(words["en"])
    assert set(words["nl"]["u"]) == set(words["nl"]["jij"]) == set(words["en"]["you"])
    for language in ("nl", "en"):
        template = rules("reasons")["words"][language]["wel_niet_later"]
        assert all(f"{label}:" in template for label in words["parts"][language].values())


def test_typed_text_is_not_too_long():
    (text,) = of(replace(action(), wel_niet_later="wel: " + "heel " * 500))
    assert len(text.did) <= rules("said_done")["longest"]
