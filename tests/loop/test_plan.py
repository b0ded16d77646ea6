from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pyarrow as pa
import pytest

from klankbord.loop import check_draft, departments, huddle_question, plan
from klankbord.loop.rules import rules
from klankbord.records import Driver, Quote, Theme, ToneShift
from klankbord.schema import (
    CUSTOMERS,
    FEEDBACK,
    SCORES,
    TONES,
    ShiftKind,
    Tone,
    conform,
)
from klankbord.themes import codeframe

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)  # a Monday
IN_48_HOURS, IN_5_DAYS, IN_20_DAYS = date(2026, 3, 4), date(2026, 3, 9), date(2026, 3, 30)
# The codes of the annotation guide.
COMPLAINTS = [
    "levertijd",
    "levering",
    "onvolledig",
    "kwaliteit",
    "pasvorm",
    "prijs",
    "betaling",
    "retour",
    "bereikbaarheid",
    "bejegening",
    "informatie",
    "website",
    "assortiment",
    "contract",
    "hygiene",
    "inhoud",
    "comfort",
    "anders",
    "onboarding",
    "onverschilligheid",
    "privacy",
    "fraude",
    "duurzaamheid",
    "concurrent",
    "loyaliteit",
    "toegankelijkheid",
    "reclame",
    "community",
]


def days_ago(days):
    return NOW - timedelta(days=days)


class Case:
    """Feedback with its scores, one customer's words at a time."""

    def __init__(self):
        self.feedback, self.scores, self.customers = [], [], []

    def says(self, customer, verbatim, tone=Tone.NEUTRAAL, days=1, *, sure=0.8, **more):
        number = len(self.feedback)
        feedback_id = more.pop("feedback_id", f"f{number:03d}")
        rest = (1 - sure) / 4
        score = {
            "feedback_id": feedback_id,
            "tone": tone,
            **{f"p_{level}": sure if level is tone else rest for level in TONES},
            "valence": 0.0,
            "enthusiasm": 0.0,
            "tone_sd": 0.5,
            "cues": [],
            "scored_by": "m",
        }
        flags = ("mixed", "churn_cue", "ambassador_cue", "unresolved", "non_answer")
        score |= {flag: more.pop(flag, False) for flag in flags}
        score["complaint_theme"] = more.pop("complaint_theme", None)
        row = {
            "feedback_id": feedback_id,
            "source": "bron.csv",
            "channel": "survey",
            "customer_id": customer,
            "author_role": "customer",
            "verbatim": verbatim,
            "language": "nl",
            "received_at": None if days is None else days_ago(days),
            "attributes": "{}",
        }
        self.feedback.append(row | more)
        if verbatim:
            self.scores.append(score)
        return feedback_id

    def worth(self, **values):
        for customer, value in values.items():
            self.customers.append({"customer_id": customer, "value_eur": value, "attributes": "{}"})

    def plan(self, shifts=(), themes=(), drivers=(), **options):
        tables = [
            conform(pa.Table.from_pylist(rows, schema), schema)
            for rows, schema in (
                (self.feedback, FEEDBACK),
                (self.scores, SCORES),
                (self.customers, CUSTOMERS),
            )
        ]
        return plan(shifts, themes, drivers, *tables, **({"as_of": NOW} | options))


@pytest.fixture
def case():
    return Case()


def shift(
    kind=ShiftKind.VERKOELING, customer="K-1", before=Tone.ENTHOUSIAST, after=Tone.NEUTRAAL, **more
):
    fields = {
        "shift_id": f"{customer}-{kind}",
        "customer_id": customer,
        "kind": kind,
        "before": before,
        "after": after,
        "before_at": days_ago(100),
        "after_at": days_ago(10),
        "probability": 0.9,
        "expected_fdr": 0.05,
        "value_eur": None,
        "channels": ("survey",),
        "before_quote": Quote("b", "Wat een topservice!", days_ago(100), "survey", before),
        "after_quote": Quote("a", "Prima, bedankt.", days_ago(10), "survey", after),
        "explanation": "uitleg",
        "priority": 1.0,
        "evidence": ("b", "a"),
    }
    return ToneShift(**(fields | more))


def theme(theme_id="T-1", label="Slecht bereikbaar", trend="stijgend", **more):
    fields = {
        "theme_id": theme_id,
        "parent_id": None,
        "label": label,
        "keywords": ("bellen",),
        "mentions": 40,
        "share": 0.25,
        "trend": trend,
        "trend_p": 0.02,
        "weekly": (),
        "value_eur": None,
        "owner": "",
        "quotes": (),
        "evidence": ("f000", "f001"),
    }
    return Theme(**(fields | more))


def drag(theme_id="T-1", impact=-1.4, verdict="lager", metric="nps"):
    return Driver(theme_id, metric, 40, impact, impact - 0.5, impact + 0.5, verdict)


# --- tone shifts --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "step"),
    [
        (ShiftKind.VERKOELING, "persoonlijk contact"),
        (ShiftKind.TELEURSTELLING, "herstelgesprek"),
        (ShiftKind.ESCALATIE, "herstelgesprek"),
        (ShiftKind.GESPREK, "terugbellen"),
        (ShiftKind.PARADOX, "doorvragen"),
        (ShiftKind.STILTE, "contact zoeken"),
        (ShiftKind.HERSTEL, "bedankje"),
    ],
)
@pytest.mark.parametrize("language", ["nl", "en"])
def test_each_kind_of_shift_has_its_step(case, kind, step, language):
    (action,) = case.plan([shift(kind)], language=language)
    assert (action.loop, action.kind, action.customer_id) == ("inner", step, "K-1")
    assert action.status == "actieplan"
    assert type(action.status) is str
    assert action.evidence == ("b", "a")
    assert action.owner in departments()
    assert action.reason.endswith(".")
    assert "\n" not in action.reason
    assert "{" not in action.reason + action.wel_niet_later
    assert check_draft(action.draft) == ()


def test_a_fan_who_turned_neutral(case):
    (action,) = case.plan([shift()])
    assert action.reason == (
        "Klant was enthousiast op 22 november 2025 en is sinds 20 februari 2026 neutraal:"
        " de warmte is weg."
    )
    assert "Op 20 februari 2026 kregen we dit van u: ‘Prima, bedankt’." in action.draft
    assert "U liet ons op 22 november 2025 weten: ‘Wat een topservice!’." in action.draft
    assert action.wel_niet_later.startswith("wel: voorstel – ")
    assert [part.split(":")[0] for part in action.wel_niet_later.split("; ")] == [
        "wel",
        "niet",
        "later",
        "waarom",
    ]
    (english,) = case.plan([shift()], language="en")
    assert english.reason.startswith("Customer was enthusiastic on 22 November 2025")
    assert english.wel_niet_later.startswith("can: proposal – ")


def test_a_drop_of_a_valuable_or_unknown_customer_is_due_in_48_hours(case):
    case.worth(**{f"K-{n}": n * 100 for n in range(1, 9)})
    drops = [shift(customer=c) for c in ("K-8", "K-1", "K-onbekend")]
    due = {action.customer_id: action.due for action in case.plan(drops)}
    assert due == {"K-8": IN_48_HOURS, "K-onbekend": IN_48_HOURS, "K-1": IN_5_DAYS}
    (calm,) = case.plan([shift(ShiftKind.PARADOX, "K-8")])
    assert calm.due == IN_5_DAYS


def test_priority_is_probability_times_size_times_value_weight(case):
    case.worth(**{"K-1": 100, "K-2": 200})
    shifts = [
        shift(ShiftKind.TELEURSTELLING, "K-1", after=Tone.ONTEVREDEN, probability=0.8),
        shift(ShiftKind.TELEURSTELLING, "K-2", after=Tone.ONTEVREDEN, probability=0.8),
        shift(ShiftKind.TELEURSTELLING, "K-3", after=Tone.ONTEVREDEN, probability=0.4),
    ]
    found = {action.customer_id: action.priority for action in case.plan(shifts)}
    assert found == {
        "K-2": pytest.approx(0.8 * 0.75 * 1.25),
        "K-1": pytest.approx(0.8 * 0.75 * 0.75),
        "K-3": pytest.approx(0.4 * 0.75 * 1.0),
    }
    assert [a.customer_id for a in case.plan(shifts)] == ["K-2", "K-1", "K-3"]


def test_steps_that_worked_better_so_far_come_first(case):
    shifts = [
        shift(ShiftKind.ESCALATIE, "K-1", after=Tone.BOOS),
        shift(ShiftKind.GESPREK, "K-2", after=Tone.BOOS),
    ]
    plain = {action.customer_id: action for action in case.plan(shifts)}
    learned = case.plan(shifts, effects={"herstelgesprek": 0.6, "terugbellen": 1.4})
    assert [action.customer_id for action in learned] == ["K-2", "K-1"]
    for action in learned:
        before = plain[action.customer_id]
        assert (before.effect, action.effect) == (1.0, {"K-1": 0.6, "K-2": 1.4}[action.customer_id])
        assert action.priority == pytest.approx(before.priority * action.effect)


def test_an_action_says_what_it_rests_on(case):
    case.worth(**{"K-1": 120.0})
    said = case.says("K-1", "te duur", Tone.ONTEVREDEN, complaint_theme="prijs")
    (action,) = case.plan([shift(customer="K-1", probability=0.7, evidence=(said,))])
    found = (action.cause, action.why, action.complaint_theme, action.probability)
    assert found == ("verkoeling", "waarde", "prijs", 0.7)
    assert (action.value_eur, action.outcome, action.closed) == (120.0, None, False)


def test_the_form_of_address_can_be_settled(case):
    case.says("K-1", "Wat doen jullie nou, je belt nooit terug")
    drafts = {
        address: case.plan([shift(customer="K-1")], address=address)[0].draft
        for address in ("auto", "jij", "u")
    }
    assert drafts["auto"] == drafts["jij"] != drafts["u"]


def test_the_mission_weighs_as_much_as_a_deeper_drop(case):
    cooled = shift(ShiftKind.VERKOELING, "K-1")
    disappointed = shift(ShiftKind.TELEURSTELLING, "K-2", after=Tone.ONTEVREDEN)
    first, second = case.plan([cooled, disappointed])
    assert first.priority == second.priority


def test_a_low_score_of_an_equally_valuable_customer_comes_after_the_mission(case):
    case.worth(**{f"K-{n}": n * 100 for n in range(1, 9)})
    case.says("K-8", "", score_metric="nps", score_value=0.0)
    first, second = case.plan([shift(customer="K-7")])
    assert (first.customer_id, second.customer_id) == ("K-7", "K-8")


@pytest.mark.parametrize(
    ("kind", "before", "observed", "quoted"),
    [
        (ShiftKind.ESCALATIE, Tone.NEUTRAAL, Tone.NEUTRAAL, False),
        (ShiftKind.ESCALATIE, Tone.POSITIEF, Tone.ONTEVREDEN, False),
        (ShiftKind.ESCALATIE, Tone.POSITIEF, Tone.POSITIEF, True),
        (ShiftKind.TELEURSTELLING, Tone.ENTHOUSIAST, Tone.ENTHOUSIAST, True),
        (ShiftKind.STILTE, Tone.NEUTRAAL, Tone.NEUTRAAL, True),
    ],
)
def test_earlier_words_are_quoted_before_an_apology_only_where_they_were_warm(
    case, kind, before, observed, quoted
):
    words = Quote("b", "Was vroeger anders", days_ago(100), "survey", observed)
    (action,) = case.plan([shift(kind, before=before, after=Tone.BOOS, before_quote=words)])
    assert ("Was vroeger anders" in action.draft) == quoted
    assert "Prima, bedankt" in action.draft


def test_days_are_those_of_the_time_zone(case):
    late = datetime(2026, 2, 20, 23, 30, tzinfo=UTC)
    turned = shift(after_at=late, after_quote=Quote("a", "Prima.", late, "survey", None))
    monday = datetime(2026, 3, 2, 23, 30, tzinfo=UTC)
    (here,) = case.plan([turned], as_of=monday)
    (there,) = case.plan([turned], as_of=monday, timezone="UTC")
    assert (here.due, there.due) == (date(2026, 3, 5), date(2026, 3, 4))
    assert "sinds 21 februari" in here.reason
    assert "Op 21 februari 2026 kregen" in here.draft
    assert "sinds 20 februari" in there.reason
    assert "Op 20 februari 2026 kregen" in there.draft


def test_a_shift_of_years_ago_is_no_action(case):
    old = shift(before_at=days_ago(900), after_at=days_ago(800))
    assert case.plan([old]) == ()


# --- open complaints ----------------------------------------------------------------------------


def test_an_unresolved_complaint_goes_to_whoever_can_solve_it(case):
    case.says("K-1", "Waar blijft mijn geld?", Tone.ONTEVREDEN, 3, unresolved=True,
              complaint_theme="betaling")  # fmt: skip
    (action,) = case.plan()
    assert (action.kind, action.owner, action.due) == ("klacht oplossen", "Finance", IN_5_DAYS)
    assert action.evidence == ("f000",)
    assert "op 27 februari 2026" in action.reason
    assert "rekening of afspraken kloppen niet" in action.reason
    assert "duidelijker rekeningen" in action.wel_niet_later
    assert "‘Waar blijft mijn geld?’" in action.draft


def test_nobody_is_sent_to_a_customer_on_behalf_of_the_culture(case):
    case.says("K-1", "Onbeschoft, ik wil excuses", unresolved=True, complaint_theme="bejegening")
    themes = [theme(evidence=("f000",))]
    inner, outer = case.plan(themes=themes)
    assert (inner.owner, outer.owner) == ("Customer Service", "Cultuur")


@pytest.mark.parametrize(("days", "planned"), [(0, 1), (29, 1), (31, 0), (-1, 0), (None, 0)])
def test_only_complaints_of_the_last_thirty_days_count(case, days, planned):
    case.says("K-1", "Graag een reactie", days=days, unresolved=True)
    assert len(case.plan()) == planned


def test_a_content_answer_afterwards_solves_it(case):
    case.says("K-1", "Waar blijft het?", days=5, unresolved=True)
    case.says("K-1", "Opgelost, fijn!", Tone.POSITIEF, days=2)
    case.says("K-2", "Fijn!", Tone.POSITIEF, days=5)
    case.says("K-2", "Nu weer stuk", Tone.ONTEVREDEN, days=2, unresolved=True)
    case.says("K-3", "Waar blijft het?", days=5, unresolved=True)
    case.says("K-3", "Fijn, maar waar is de rest?", Tone.POSITIEF, days=2, mixed=True)
    assert [action.customer_id for action in case.plan()] == ["K-2", "K-3"]


def test_content_words_of_the_same_moment_solve_nothing(case):
    case.says("K-1", "Waar blijft het?", days=2, unresolved=True)
    case.says("K-1", "Verder prima", Tone.POSITIEF, days=2)
    assert len(case.plan()) == 1


def test_a_later_turn_of_the_same_conversation_solves_it(case):
    case.says("K-1", "Hij doet het niet", days=2, unresolved=True, conversation_id="G", turn=1)
    case.says("K-1", "Top, hij doet het!", Tone.ENTHOUSIAST, days=2, conversation_id="G", turn=5)
    assert case.plan() == ()


def test_nobody_can_follow_up_without_a_customer_id_or_on_an_agents_words(case):
    case.says(None, "Bel mij", unresolved=True)
    case.says("K-1", "Ik zoek het uit", unresolved=True, author_role="agent")
    assert case.plan() == ()


def test_several_open_complaints_are_one_action_with_the_latest_quote(case):
    case.says("K-1", "Eerste vraag", days=9, unresolved=True)
    case.says("K-1", "Tweede vraag", days=3, unresolved=True)
    (action,) = case.plan()
    assert action.evidence == ("f001", "f000")
    assert "Tweede vraag" in action.draft


# --- detractors ---------------------------------------------------------------------------------


def test_only_valuable_detractors_get_a_recovery_talk(case):
    case.worth(**{f"K-{n}": n * 100 for n in range(1, 9)})
    for customer, score in (("K-8", 3), ("K-7", 7), ("K-1", 0), ("K-onbekend", 0)):
        case.says(customer, "", score_metric="nps", score_value=float(score))
    (action,) = case.plan()
    assert (action.customer_id, action.kind) == ("K-8", "herstelgesprek")
    assert "een 3 als aanbevelingscijfer, zonder uitleg" in action.reason
    assert "‘" not in action.draft


@pytest.mark.parametrize(
    "own", [{"author_role": "agent"}, {"author_role": "bot"}, {"channel": "ai_answer"}]
)
def test_a_score_by_somebody_else_is_not_the_customers(case, own):
    case.worth(**{f"K-{n}": n * 100 for n in range(1, 9)})
    case.says("K-8", "Slecht", Tone.BOOS, score_metric="nps", score_value=1.0, **own)
    case.says("K-8", "Bel mij", Tone.BOOS, unresolved=True, **own)
    assert case.plan() == ()


@pytest.mark.parametrize(
    ("words", "score", "more", "kind", "said", "quoted"),
    [
        ("Niemand belt terug", 3, {"tone": Tone.BOOS}, "herstelgesprek", "Het spijt ons", True),
        ("Het kwam te laat", 6, {"complaint_theme": "levertijd"}, "herstelgesprek", "spijt", True),
        ("nee", 3, {"non_answer": True}, "herstelgesprek", "begrijpen wat daarachter zit", False),
        ("nee", 6, {"non_answer": True}, "herstelgesprek", "begrijpen wat daarachter zit", False),
        ("Gewoon", 2, {}, "herstelgesprek", "begrijpen wat daarachter zit", False),
        ("Prima hoor", 6, {}, "doorvragen", "Wat kan er voor u beter?", True),
    ],
)
def test_only_words_that_complain_are_apologised_for(case, words, score, more, kind, said, quoted):
    case.worth(**{f"K-{n}": n * 100 for n in range(1, 9)})
    case.says("K-8", words, score_metric="nps", score_value=float(score), **more)
    (action,) = case.plan()
    assert action.kind == kind
    assert said in action.draft
    assert (words in action.draft) == quoted
    assert ("spijt" in action.draft) == ("spijt" in said)


def test_only_the_latest_nps_answer_counts_and_other_scores_are_no_nps(case):
    case.worth(**{f"K-{n}": n * 100 for n in range(1, 9)})
    case.says("K-8", "", days=9, score_metric="nps", score_value=2.0)
    case.says("K-8", "", days=2, score_metric="nps", score_value=9.0)
    case.says("K-7", "", score_metric="grade", score_value=2.0)
    assert case.plan() == ()


# --- ambassadors --------------------------------------------------------------------------------


def fan(case, customer, sure=0.8, days=2, **more):
    return case.says(customer, "Echt een aanrader!", Tone.ENTHOUSIAST, days, sure=sure,
                     ambassador_cue=True, **more)  # fmt: skip


def test_an_ambassador_is_thanked_in_their_own_words(case):
    fan(case, "K-1")
    (action,) = case.plan()
    assert (action.kind, action.owner) == ("bedankje", "Marketing")
    assert "‘Echt een aanrader!’" in action.draft
    assert "een van de 1 warmste aanbevelingen uit 1 in 30 dagen" in action.reason


def test_thanks_are_capped_and_say_so(case):
    for number in range(60):
        fan(case, f"K-{number:02d}", sure=0.5 + number / 200)
        fan(case, f"K-{number:02d}", sure=0.4)
    actions = case.plan()
    assert len(actions) == 25
    assert {action.customer_id for action in actions} == {f"K-{n}" for n in range(35, 60)}
    assert all("een van de 25 warmste aanbevelingen uit 60" in a.reason for a in actions)


def test_who_complains_or_leaves_is_not_thanked_as_well(case):
    fan(case, "K-1")
    case.says("K-1", "Maar waar blijft mijn geld?", unresolved=True)
    fan(case, "K-2", churn_cue=True)
    fan(case, "K-3", days=50)
    assert [(a.customer_id, a.kind) for a in case.plan()] == [("K-1", "klacht oplossen")]
    (action,) = case.plan([shift(customer="K-1")])[:1]
    assert action.kind == "persoonlijk contact"


def test_a_recovery_is_not_celebrated_while_a_complaint_is_open(case):
    case.says("K-1", "Waar blijft mijn geld?", unresolved=True)
    assert [a.kind for a in case.plan([shift(ShiftKind.HERSTEL)])] == ["klacht oplossen"]


def test_who_complains_takes_nobodys_place_among_the_thanked(case):
    for number in range(30):
        fan(case, f"K-{number:02d}", sure=0.5 + number / 100)
        if number >= 20:
            case.says(f"K-{number:02d}", "Waar blijft het?", unresolved=True)
    thanked = {a.customer_id for a in case.plan() if a.kind == "bedankje"}
    assert thanked == {f"K-{number:02d}" for number in range(20)}


# --- several grounds ----------------------------------------------------------------------------


def test_several_grounds_for_one_step_are_one_action(case):
    grounds = [
        shift(ShiftKind.ESCALATIE, after=Tone.BOOS, evidence=("x", "y")),
        shift(ShiftKind.TELEURSTELLING, after=Tone.ONTEVREDEN, evidence=("y", "z")),
    ]
    (action,) = case.plan(grounds)
    assert action.kind == "herstelgesprek"
    assert action.evidence == ("x", "y", "z")
    assert action.reason.endswith("; speelt ook: teleurstelling.")


def test_a_customer_is_not_flooded(case):
    case.says("K-1", "Bel mij", Tone.ONTEVREDEN, unresolved=True)
    grounds = [
        shift(kind, after=after)
        for kind, after in (
            (ShiftKind.ESCALATIE, Tone.BOOS),
            (ShiftKind.GESPREK, Tone.ONTEVREDEN),
            (ShiftKind.PARADOX, Tone.NEUTRAAL),
        )
    ]
    first, second = case.plan(grounds)
    assert (first.kind, second.kind) == ("herstelgesprek", "terugbellen")
    assert "cijfer en woorden die elkaar tegenspreken" in first.reason
    assert "een open klacht" in first.reason
    assert "f000" in first.evidence


def test_a_customer_who_left_gets_an_answer_but_no_courting(case):
    case.says("K-1", "Waar blijft mijn eindafrekening?", unresolved=True)
    case.customers.append({"customer_id": "K-1", "cancelled_at": days_ago(5), "attributes": "{}"})
    (action,) = case.plan([shift()])
    assert action.kind == "klacht oplossen"
    (still_here,) = case.plan([shift()], as_of=days_ago(8))
    assert still_here.kind == "persoonlijk contact"


# --- voice of the draft -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("language", "verbatim", "expected"),
    [
        ("nl", "Jullie bellen niet terug", "laten je uiterlijk 9 maart 2026"),
        ("nl", "Belt u mij terug", "laten u uiterlijk 9 maart 2026"),
        ("en", "Call me back", "tell you by 9 March 2026"),
        ("de", "Rufst du mich bitte zurück?", "teilen dir bis zum 9. März 2026"),
        ("fr", "Rappelez-moi", "vous dirons au plus tard le 9 mars 2026"),
        ("es", "Llámame", "laten u uiterlijk 9 maart 2026"),
        (None, "Bel mij", "laten u uiterlijk 9 maart 2026"),
    ],
)
def test_the_draft_speaks_as_the_customer_does(case, language, verbatim, expected):
    case.says("K-1", verbatim, unresolved=True, language=language)
    (action,) = case.plan()
    assert expected in action.draft


def test_the_latest_language_counts(case):
    case.says("K-1", "Hello there", days=9, language="en", unresolved=True)
    case.says("K-1", "Goedemiddag", days=4, language="nl")
    assert case.plan()[0].draft.startswith("Dag {naam},")


def test_a_hostile_verbatim_stays_a_quote(case):
    case.says("K-1", "Beste klant,\n{naam} {termijn} \u202e[Vul aan]\x00 ’", unresolved=True)
    (action,) = case.plan()
    assert check_draft(action.draft) == ()
    assert action.draft.count("{naam}") == 1
    assert "\x00" not in action.draft
    assert "\u202e" not in action.draft


# --- themes -------------------------------------------------------------------------------------


def test_a_growing_theme_and_one_that_drags_become_structural_actions(case):
    for days, complaint in ((3, "bereikbaarheid"), (1, "bereikbaarheid")):
        case.says(f"K-{days}", "Niemand neemt op", Tone.ONTEVREDEN, days, complaint_theme=complaint)
    themes = [
        theme("T-1"),
        theme("T-2", "Te late levering", "stabiel", owner="Distributie"),
        theme("T-3", "Prijs en kosten", "dalend"),
        theme("T-4", "Website", "stijgend"),
    ]
    drivers = [
        drag("T-2"),
        drag("T-4"),
        drag("T-3", 0.2, "geen aantoonbaar verband"),
        drag("T-3", 1.0, "hoger"),
    ]
    found = {action.theme_id: action for action in case.plan(themes=themes, drivers=drivers)}
    assert set(found) == {"T-1", "T-2", "T-4"}
    growing, dragging, both = found["T-1"], found["T-2"], found["T-4"]
    assert growing.loop == "outer"
    assert growing.kind == "structureel verbeteren"
    assert growing.customer_id is None
    assert growing.due == IN_20_DAYS
    assert growing.evidence == ("f001", "f000")
    assert growing.owner == "Customer Service"
    assert dragging.owner == "Distributie"
    assert growing.reason == (
        "Het thema ‘Slecht bereikbaar’ groeit: 40 keer genoemd, 25% van alle klachten."
    )
    assert "lager cijfer (−1,4 punt op het NPS-cijfer)" in dragging.reason
    assert both.reason.endswith("25% van alle klachten, en het groeit.")
    assert "onderwerp: slecht bereikbaar. U bent niet de enige." in growing.draft
    assert all(check_draft(action.draft) == () for action in found.values())


def test_what_is_left_over_has_no_structural_fix(case):
    assert case.plan(themes=[theme("anders", "Andere klachten")], drivers=[drag("anders")]) == ()


def test_a_complaint_about_nothing_in_particular_gives_no_reason(case):
    case.says("K-1", "Los het op", unresolved=True, complaint_theme="anders")
    (action,) = case.plan()
    assert "reden" not in action.reason
    assert "wat uit het gesprek naar voren komt" in action.wel_niet_later


def test_an_owner_that_is_no_department_is_routed_by_the_complaint(case):
    case.says("K-1", "Te duur", complaint_theme="betaling")
    (action,) = case.plan(themes=[theme(owner="Afdeling X")])
    assert action.owner == "Finance"
    (action,) = case.plan(themes=[theme(owner="", evidence=())])
    assert action.owner == "Customer Service"


def test_a_structural_action_keeps_the_latest_evidence_only(case):
    ids = [case.says(f"K-{n}", "Te laat", days=n) for n in range(40)]
    (action,) = case.plan(themes=[theme(evidence=tuple(reversed(ids)))])
    assert action.evidence == tuple(ids[:25])


# --- the plan as a whole ------------------------------------------------------------------------


def everything(case):
    case.worth(**{f"K-{n}": n * 100 for n in range(1, 9)})
    fan(case, "K-5")
    case.says("K-6", "Bel mij", unresolved=True)
    case.says("K-8", "", score_metric="nps", score_value=1.0)
    shifts = [shift(kind, f"K-{n}") for n, kind in enumerate(ShiftKind)]
    return shifts, [theme(), theme("T-2")], [drag()]


def test_the_same_input_gives_the_same_plan_in_any_order(case):
    shifts, themes, drivers = everything(case)
    once = case.plan(shifts, themes, drivers)
    case.feedback.reverse()
    case.scores.reverse()
    case.customers.reverse()
    assert case.plan(shifts[::-1], themes[::-1], drivers[::-1]) == once
    assert len({action.action_id for action in once}) == len(once)


def test_the_inner_loop_comes_first_and_each_loop_is_ranked(case):
    shifts, themes, drivers = everything(case)
    actions = case.plan(shifts, themes, drivers)
    loops = [action.loop for action in actions]
    assert loops == sorted(loops)
    for loop in ("inner", "outer"):
        weights = [action.priority for action in actions if action.loop == loop]
        assert weights == sorted(weights, reverse=True)
        assert all(0 < weight <= 1.5 for weight in weights)


def test_an_action_keeps_its_id_from_week_to_week(case):
    (first,) = case.plan([shift()])
    later = replace(shift(), after_at=days_ago(3), probability=0.99, evidence=("q",))
    (second,) = case.plan([later], as_of=NOW + timedelta(days=7))
    assert second.action_id == first.action_id
    assert second.due > first.due
    (other,) = case.plan([shift(customer="K-2")])
    assert other.action_id != first.action_id
    assert "K-1" not in first.action_id


def test_nothing_found_is_no_actions(case):
    assert case.plan() == ()
    case.says("K-1", "Prima")
    assert case.plan(as_of=NOW.date()) == ()


# --- the rule files -----------------------------------------------------------------------------


def test_every_complaint_has_one_reason():
    assert list(codeframe()) == COMPLAINTS
    reasons = [c for why in rules("reasons")["why"].values() for c in why["complaint_themes"]]
    assert sorted(reasons) == sorted(COMPLAINTS)


def test_every_department_named_exists_and_brings_a_question():
    named = {code.owner for code in codeframe().values()} | set(rules("routing")["causes"].values())
    assert named <= set(departments())
    assert len(departments()) == 8
    assert all(huddle_question(name).endswith("?") for name in departments())
    assert huddle_question("Onbekend") == ""


def test_every_cause_has_a_step_texts_and_a_route():
    causes = rules("reasons")["causes"]
    assert set(ShiftKind) <= set(causes)
    for name, cause in causes.items():
        assert cause["step"] in rules("reasons")["steps"]
        assert 0 < cause["minimum_size"] <= 1
        assert cause["nl"]
        assert cause["en"]
        if not name.startswith("thema_"):
            assert name == "onopgelost" or name in rules("routing")["causes"]
            for language in ("nl", "en"):
                assert rules("reasons")["words"][language]["causes"][name]
