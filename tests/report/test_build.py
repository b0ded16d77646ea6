"""The numbers of the report. To renew the golden file after a wanted change:

KLANKBORD_UPDATE_GOLDEN=1 pytest tests/report/test_build.py
"""

import dataclasses
import json
import os
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from klankbord.drivers import TONE
from klankbord.records import Driver, RejectedRow, SourceCount
from klankbord.report import build
from klankbord.report.account_rows import MOST_ACCOUNTS
from klankbord.report.order import REST
from klankbord.report.shift_rows import MOST_CARDS
from klankbord.report.theme_rows import MOST_THEMES
from klankbord.schema import ShiftKind, Tone
from klankbord.settings import Settings
from klankbord.shifts import AccountShift, ShiftFindings
from klankbord.themes.breakdown import Breakdown
from klankbord.themes.codeframe import codeframe

from .builders import FAN, QUIET, empty_world, feedback_table, score_table, shift, world

GOLDEN = Path(__file__).with_name("golden_report.json")


def as_json(report: object) -> str:
    return json.dumps(dataclasses.asdict(report), ensure_ascii=False, indent=1, default=str) + "\n"


def test_golden_report() -> None:
    found = as_json(build(**world()))
    if os.environ.get("KLANKBORD_UPDATE_GOLDEN"):
        GOLDEN.write_text(found, "utf-8")
    assert found == GOLDEN.read_text("utf-8")


def test_figures_by_hand() -> None:
    nps, enthusiastic, negative, value = build(**world()).overview.figures
    assert (nps.label, nps.value) == ("NPS", "25")  # 12 of 24 promoters, 6 detractors
    assert nps.detail.endswith("24 antwoorden")
    assert enthusiastic.value == "26%"  # 6 of 23: one answer is a non-answer
    assert negative.value == "26%"
    # FAN counts 1000 and QUIET 3000 from the customer table; BACK recovered, K-GONE has left
    assert value.value == "€\u00a04.000"
    assert value.detail == (
        "waarde bekend van 2 van 2 klanten met een dalende toon; 50,0% van alle bekende klantwaarde"
    )


def test_agents_and_non_answers_are_left_out_of_the_tone() -> None:
    tones = {share.tone: share.count for share in build(**world()).overview.tones}
    assert tones == {
        Tone.BOOS: 0, Tone.ONTEVREDEN: 6, Tone.NEUTRAAL: 5, Tone.POSITIEF: 6, Tone.ENTHOUSIAST: 6
    }  # fmt: skip


def test_the_three_things() -> None:
    tone, theme, third = build(**world()).overview.things
    assert tone.title == "1 klant koelde af van enthousiast naar neutraal"
    assert FAN in tone.sentence
    assert "hoogstens ongeveer 1 vals alarm" in tone.sentence
    assert theme.title == "‘Te late levering’ groeit het snelst"
    assert (
        "2,2 punten minder op het NPS-cijfer (0–10) (90%-interval −3,1 tot −1,4)" in theme.sentence
    )
    assert third.title == "1 actie is over tijd"
    assert "2 maart 2026" in third.sentence


def test_value_is_the_third_thing_when_nothing_is_overdue() -> None:
    third = build(**world(actions=())).overview.things[2]
    assert third.title == "€\u00a04.000 aan klantwaarde bij klanten met een dalende toon"


@pytest.mark.parametrize(
    ("before", "after", "title"),
    [
        (Tone.POSITIEF, Tone.ONTEVREDEN, "De toon is lager dan vier weken geleden"),
        (Tone.ONTEVREDEN, Tone.POSITIEF, "De toon is hoger dan vier weken geleden"),
        (Tone.POSITIEF, Tone.POSITIEF, "De toon als geheel is niet aantoonbaar veranderd"),
    ],
)
def test_a_measured_change_is_the_third_thing_otherwise(
    before: Tone, after: Tone, title: str
) -> None:
    end = datetime(2026, 3, 12, 10, tzinfo=UTC)
    rows = [{"received_at": end - timedelta(days=at)} for at in range(56)]
    feedback = feedback_table(rows)
    ids = feedback["feedback_id"].to_pylist()
    tones = [after] * 28 + [before] * 28
    tones[0] = tones[55] = Tone.NEUTRAAL
    report = build(**empty_world(feedback=feedback, scores=score_table(ids, tones)))
    assert report.overview.things[2].title == title


def test_nothing_found_is_said_honestly() -> None:
    report = build(**empty_world())
    tone, theme, third = report.overview.things
    assert tone.title == "Nog geen klant te beoordelen"
    assert tone.sentence == report.shifts.empty
    assert report.shifts.judged == report.shifts.too_few == ""
    assert theme.title == "Nog geen terugkerende klacht"
    assert third.title == "Geen uitspraak over het verloop"
    assert not any(thing.alarming for thing in report.overview.things)
    assert [figure.value for figure in report.overview.figures] == ["–"] * 4
    assert report.shifts.empty
    assert report.themes.empty
    assert report.actions.empty
    assert report.period_text == "Geen gedateerde reacties"


def test_without_dates_there_is_no_trend() -> None:
    feedback = feedback_table([{} for _ in range(30)])
    ids = feedback["feedback_id"].to_pylist()
    scores = score_table(ids, [Tone.POSITIEF] * 30)
    overview = build(**empty_world(feedback=feedback, scores=scores)).overview
    assert overview.tone_trend is None
    assert "30 reacties hebben geen datum" in overview.data_sentence


def test_a_mean_score_where_there_is_no_nps() -> None:
    rows = [{"score_metric": "csat", "score_value": 4.0 + at % 2} for at in range(20)]
    figure = build(**empty_world(feedback=feedback_table(rows))).overview.figures[0]
    assert figure.label == "Gemiddelde CSAT (1 tot 5)"
    assert figure.value == "4,5"
    assert figure.detail == "90%-interval 4,3 tot 4,7, 20 antwoorden"


def test_a_month_with_few_answers_is_left_empty() -> None:
    start = datetime(2025, 1, 15, tzinfo=UTC)
    days = [*range(20), *range(31, 51), 80, *range(110, 130)]
    feedback = feedback_table([{"received_at": start + timedelta(days=day)} for day in days])
    ids = feedback["feedback_id"].to_pylist()
    scores = score_table(ids, [Tone.POSITIEF] * len(ids))
    trend = build(**empty_world(feedback=feedback, scores=scores)).overview.tone_trend
    assert trend is not None
    april = next(point for point in trend.points if point.start == date(2025, 4, 1))
    assert april.mean is None
    assert april.mean_text == "te weinig gegevens"
    assert "minder dan 10 reacties" in trend.note


def test_nobody_judged_is_not_told_as_nothing_changed() -> None:
    report = build(**empty_world(findings=ShiftFindings((), 0.0, 0, 40, {})))
    assert report.overview.things[0].title == "Nog geen klant te beoordelen"
    assert "ten minste drie reacties" in report.shifts.empty
    calm = build(**empty_world(findings=ShiftFindings((), 0.0, 12, 40, {})))
    assert calm.overview.things[0].title == "Geen toondaling gevonden"
    assert calm.shifts.empty.startswith("Bij geen enkele klant")
    assert calm.shifts.judged.startswith("12 klanten")


def test_no_step_for_a_customer_who_has_left_says_so() -> None:
    given = world()
    left = given["customers"].column("cancelled_at").is_valid().to_pylist().index(True)
    gone = given["customers"].column("customer_id")[left].as_py()
    cooled = shift(gone, ShiftKind.VERKOELING, Tone.ENTHOUSIAST, Tone.NEUTRAAL)
    found = ShiftFindings((cooled,), 0.1, 9, 0, {})
    (row,) = build(**given | {"findings": found, "actions": ()}).shifts.rows
    assert row.next_step == "Geen actie: deze klant heeft al opgezegd."


def test_cards_are_capped_and_the_rest_is_pointed_at() -> None:
    many = tuple(
        shift(f"K-{at:04d}", ShiftKind.ESCALATIE, Tone.POSITIEF, Tone.BOOS)
        for at in range(MOST_CARDS + 3)
    )
    section = build(**empty_world(findings=ShiftFindings(many, 4.2, 80, 0, {}))).shifts
    assert section.shown == MOST_CARDS
    assert len(section.rows) == MOST_CARDS + 3
    assert section.rest == (
        "Nog 3 verschuivingen staan in toonverschuivingen.csv en themas.xlsx: 3 escalatie."
    )
    assert section.heading == "43 klanten"
    assert section.assurance == "naar verwachting hoogstens ongeveer 5 keer vals alarm"


def test_accounts_with_a_drop_or_a_new_contact_person() -> None:
    section = build(**world()).shifts.accounts
    assert section is not None
    assert section.summary == (
        "1 bedrijf met een daling in toon en 1 bedrijf met een nieuwe contactpersoon"
    )
    assert "laatste 90 dagen" in section.note
    dropped, renewed = section.rows
    assert (dropped.dropped.count_text, dropped.dropped.names) == ("2", (FAN, QUIET))
    assert (dropped.people_text, dropped.value_text) == ("7", "€\u00a04.000")
    assert dropped.probability_text == "meer dan 99%"
    assert (dropped.newcomers.count_text, dropped.newcomers.names, dropped.took_over) == (
        "–", (), ""
    )  # fmt: skip
    assert (renewed.probability_text, renewed.value_text) == ("–", "onbekend")
    assert (renewed.newcomers.names, renewed.took_over) == (("K-NIEUW",), "nam het over")


def test_no_accounts_no_section() -> None:
    assert build(**world(accounts=())).shifts.accounts is None


def test_accounts_and_their_people_are_capped_and_the_rest_is_counted() -> None:
    people = tuple(f"K-{at}" for at in range(5))
    account = AccountShift("A-1", 9, people, 0.9, None, people[:4], True)
    section = build(**empty_world(accounts=(account,) * (MOST_ACCOUNTS + 2))).shifts.accounts
    assert section is not None
    assert len(section.rows) == MOST_ACCOUNTS
    assert section.rest == "Nog 2 bedrijven staan in de lijst van klankbord flags --accounts."
    assert section.rows[0].dropped.names == ("K-0", "K-1", "K-2")
    assert section.rows[0].dropped.rest == "en nog 2"
    assert section.rows[0].newcomers.rest == "en nog 1"
    assert section.rows[0].took_over == "namen het over"


def test_the_next_step_comes_from_the_customers_own_action() -> None:
    fan, quiet, _ = build(**world()).shifts.rows
    assert fan.next_step == "Persoonlijk contact · Customer Service, uiterlijk 16 maart 2026"
    assert quiet.next_step == "Geen actie voorgesteld."


def test_rising_themes_first_and_subs_under_their_head() -> None:
    rows = build(**world()).themes.rows
    assert [row.theme_id for row in rows] == ["levertijd", "levertijd/1", "prijs"]
    assert rows[0].impact.text == "−2,2"
    assert rows[1].impact.text == "te weinig gegevens"
    assert (rows[0].recent, rows[0].before) == (3 + 3 + 3 + 4, 1 + 2 + 2 + 2)


def test_new_and_growing_themes_come_first() -> None:
    given = world()
    prijs, levertijd, sub = given["themes"]
    calm = [dataclasses.replace(theme, trend="stabiel") for theme in (levertijd, sub)]
    calm[1] = dataclasses.replace(calm[1], found_at=None)

    def order(**changes: object) -> list[str]:
        themes = (dataclasses.replace(prijs, **changes), *calm)
        return [row.theme_id for row in build(**given | {"themes": themes}).themes.rows]

    assert order() == ["levertijd", "levertijd/1", "prijs"]
    assert order(trend="opkomend")[0] == "prijs"
    assert order(trend="stijgend")[0] == "prijs"
    assert order(trend="dalend")[0] == "levertijd"


def test_a_theme_is_new_for_eight_weeks_and_not_on_the_first_run() -> None:
    given = world()
    rows = {row.theme_id: row for row in build(**given).themes.rows}
    assert rows["levertijd/1"].new_text == "nieuw sinds 3 maart 2026"
    assert rows["levertijd/1"].new_since == date(2026, 3, 3)
    assert rows["prijs"].new_text == rows["levertijd"].new_text == ""
    later = build(**given | {"as_of": datetime(2026, 5, 1, tzinfo=UTC)}).themes.rows
    assert not any(row.new_text for row in later)
    same = [dataclasses.replace(theme, found_at=date(2026, 3, 3)) for theme in given["themes"]]
    assert not any(row.new_text for row in build(**given | {"themes": same}).themes.rows)


def test_themes_are_ranked_by_shrunk_impact_never_by_volume() -> None:
    given = world()
    base = dataclasses.replace(given["themes"][0], found_at=None)
    themes = [
        dataclasses.replace(base, theme_id=name, mentions=mentions)
        for name, mentions in (("a", 90), ("b", 5), ("c", 40), ("d", 60), ("e", 70))
    ]
    drivers = [
        Driver("a", "nps", 90, -1.0, -1.5, -0.5, "lager", shrunk=-1.0),
        Driver("b", "nps", 5, -9.0, -19.0, 1.0, "geen aantoonbaar verband", shrunk=-0.5),
        Driver("c", "nps", 40, -2.0, -2.5, -1.5, "lager", shrunk=-1.9),
        Driver("d", "nps", 60, None, None, None, "te weinig gegevens"),
        Driver("b", "csat", 5, -3.0, -4.0, -2.0, "lager", shrunk=-3.0),
        Driver("e", TONE, 70, -0.5, -0.6, -0.4, "lager", shrunk=-0.5),
    ]
    section = build(**given | {"themes": themes, "drivers": drivers}).themes
    assert [row.theme_id for row in section.rows] == ["c", "a", "b", "e", "d"]
    rising = [dataclasses.replace(one, trend="stijgend") if one.theme_id == "d" else one
              for one in themes]  # fmt: skip
    section = build(**given | {"themes": rising, "drivers": drivers}).themes
    assert [row.theme_id for row in section.rows] == ["d", "c", "a", "b", "e"]
    assert section.impact_heading == "Samenhang met NPS-cijfer (0–10)"  # no CSAT, no tone


def test_a_long_head_pushes_no_other_from_the_page() -> None:
    given = world()
    base = dataclasses.replace(given["themes"][0], found_at=None)
    themes = [dataclasses.replace(base, theme_id=name) for name in ("a", "b", "c")]
    themes += [dataclasses.replace(base, theme_id=f"a-{at:02}", parent_id="a", mentions=500 - at)
               for at in range(MOST_THEMES)]  # fmt: skip
    themes += [dataclasses.replace(base, theme_id=f"b-{at}", parent_id="b") for at in range(2)]
    themes[-3] = dataclasses.replace(themes[-3], pinned=True)
    section = build(**given | {"themes": themes, "drivers": ()}).themes
    page = [row.theme_id for row in section.rows[: section.shown]]
    last = MOST_THEMES - 1
    assert page == [
        "a", *(f"a-{at:02}" for at in range(MOST_THEMES - 6)), f"a-{last}", "b", "b-0", "b-1", "c"
    ]  # fmt: skip
    assert [row.theme_id for row in section.rows[section.shown :]] == [
        f"a-{at:02}" for at in range(MOST_THEMES - 6, last)
    ]
    assert section.rest == "Nog 5 thema’s staan in themas.csv."


def test_harsher_and_milder_complaints_are_named() -> None:
    late, sub, price = build(**world()).themes.rows
    assert late.tone_text == (
        "Wie hierover klaagt, klinkt bozer dan de gemiddelde klacht "
        "(−0,12 op een schaal van −1 tot 1; 90%-interval −0,20 tot −0,05)."
    )
    assert sub.tone_text == price.tone_text == ""  # not measured; no demonstrable difference
    milder = [Driver("prijs", TONE, 9, 0.2, 0.1, 0.3, "hoger")]
    price = build(**world(drivers=milder, settings=Settings(language="en"))).themes.rows[-1]
    assert price.tone_text.startswith("Complaints about this sound milder than the average compl")


def test_fewer_than_twenty_complaints_make_no_themes() -> None:
    section = build(**world(complaining=19)).themes
    assert section.rows == ()
    assert section.empty.startswith("Te weinig klachten om thema’s te onderscheiden: in 19 react")
    thing = build(**world(complaining=19)).overview.things[1]
    assert (thing.title, thing.sentence) == ("Nog geen terugkerende klacht", section.empty)
    assert len(build(**world(complaining=20)).themes.rows) == 3
    assert build(**world(complaining=20)).themes.empty == ""


def test_satisfaction_place_and_share_of_the_last_weeks() -> None:
    section = build(**world()).themes
    late, sub, price = section.rows
    assert section.score_heading == "NPS van wie het noemt"
    assert (late.score.text, late.score.interval_text) == ("−40", "−62 tot −15")
    assert price.score.text == sub.score.text == "te weinig gegevens"
    assert late.where == (
        "segment Zzp (50,0% van de reacties daar, 90%-interval 30,0 tot 70,0%)",
        "kanaal chat (80,0% van de reacties daar, 90%-interval 55,0 tot 93,0%)",
    )
    assert price.where == ()  # no demonstrable difference
    assert late.last_text == (
        "Dat is 32,5% van de reacties in die laatste vier weken (90%-interval 21,8 tot 45,4%)."
    )
    assert "seizoen" in section.season
    assert build(**world(satisfied=())).themes.score_heading == ""


def test_ai_answers_stand_beside_customers() -> None:
    gap = build(**world()).themes.gap
    assert gap is not None
    assert [(row.label, row.difference_text, row.clear) for row in gap.rows] == [
        ("Te late levering", "−40", True), ("Website, app en techniek", "+80", True)
    ]  # fmt: skip
    few = build(**world(breakdown=Breakdown(answers=4))).themes.gap
    assert few is not None
    assert (few.rows, "te weinig gegevens" in few.note) == ((), True)
    assert build(**world(breakdown=Breakdown())).themes.gap is None


def test_a_sub_theme_in_the_headline_is_named_with_its_head() -> None:
    given = world()
    growing = [
        dataclasses.replace(one, trend="opkomend" if one.parent_id else "stabiel")
        for one in given["themes"]
    ]
    title = build(**given | {"themes": growing}).overview.things[1].title
    assert title == "‘Te late levering: Geen bericht’ groeit het snelst"


def test_without_growth_the_theme_with_most_harm_is_named() -> None:
    given = world()
    steady = tuple(dataclasses.replace(theme, trend="stabiel") for theme in given["themes"])
    theme = build(**given | {"themes": steady}).overview.things[1]
    assert theme.title == "‘Te late levering’: vaak genoemd, samen met lage scores"
    plain = build(**given | {"themes": steady, "drivers": ()}).overview.things[1]
    assert plain.title == "‘Te late levering’ wordt het vaakst genoemd"
    assert not plain.alarming


def test_the_rest_of_the_complaints_comes_last_and_is_no_headline() -> None:
    assert REST in codeframe()
    given = world()
    rest = dataclasses.replace(
        given["themes"][1], theme_id=REST, label="Andere klachten", mentions=99
    )
    report = build(**given | {"themes": (rest, given["themes"][0])})
    assert [row.theme_id for row in report.themes.rows] == ["prijs", REST]
    assert "Prijs" in report.overview.things[1].title


def test_actions_by_owner_and_due_date() -> None:
    section = build(**world()).actions
    assert [group.owner for group in section.groups] == ["Customer Service", "Distributie"]
    assert [row.overdue for row in section.rows] == [False, False, True]
    assert section.heading == "3 acties"
    assert section.summary == "2 open, 1 uitgevoerd of gemeten, 1 over tijd"


def test_only_open_actions_are_counted_once() -> None:
    section = build(**world(actions=world()["actions"][:1])).actions
    assert (section.heading, section.summary) == ("1 open actie", "")


def test_original_ids_are_shown_only_when_given() -> None:
    hidden = build(**world())
    shown = build(**world(original_ids={FAN: "klant-007"}))
    assert not hidden.identifiable
    assert shown.identifiable
    assert shown.shifts.rows[0].customer == "klant-007"
    assert "klant-007" in shown.shifts.rows[0].explanation
    assert "klant-007" in shown.actions.rows[1].reason
    assert "klant-007" not in as_json(hidden)
    named = build(**world(original_ids={"A-BAKKER": "Bakker BV", FAN: "klant-007"}))
    assert named.shifts.accounts is not None
    assert named.shifts.accounts.rows[0].account == "Bakker BV"
    assert named.shifts.accounts.rows[0].dropped.names[0] == "klant-007"


def test_no_sparkline_where_a_trend_cannot_be_told() -> None:
    given = world()
    themes = [dataclasses.replace(theme, weekly=given["themes"][0].weekly)
              for theme in given["themes"]]  # fmt: skip
    rows = build(**given | {"themes": themes}).themes.rows
    assert [(row.trend, row.spark is None) for row in rows] == [
        ("stijgend", False), ("te weinig gegevens", True), ("stabiel", False)
    ]  # fmt: skip


def test_english() -> None:
    report = build(**world(settings=Settings(language="en")))
    assert report.overview.things[0].title == "1 customer cooled from enthusiastic to neutral"
    assert report.as_of_text == "12 March 2026"
    assert report.shifts.rows[0].before_label == "enthusiastic"
    assert report.shifts.rows[0].value_text == "€1,200"
    assert report.actions.rows[2].owner == report.actions.groups[1].owner == "Distribution"
    assert report.themes.rows[0].owner == "Distribution"
    assert report.shifts.accounts is not None
    assert report.shifts.accounts.summary == (
        "1 account with a drop in tone and 1 account with a new contact person"
    )
    assert report.shifts.accounts.rows[1].took_over == "took over"


def test_counts_of_all_files_and_rejected_rows_of_this_run_are_told_apart() -> None:
    earlier = SourceCount("week1.csv", "table", "feedback", 10, 8, 0, 2)
    later = SourceCount("week2.csv", "table", "feedback", 5, 4, 0, 1)
    rejected = (RejectedRow("week2.csv", 3, "datum", "datum niet herkend", ""),)
    report = build(**empty_world(counts=(earlier, later), rejected=rejected))
    assert "Tot nu toe ingelezen: 15 rijen, waarvan 0 dubbel en 3 afgekeurd." in (
        report.overview.data_sentence
    )
    assert report.overview.sources[-1].rejected == "3"
    assert ("Afgekeurde rijen van alle bestanden tot nu toe", "3") in report.method.counts
    assert [(row.file, row.count_text) for row in report.method.rejected] == [("week2.csv", "1")]
    again = build(**empty_world(counts=(earlier, later)))
    assert again.method.counts == report.method.counts  # whatever the latest run rejected
    assert again.method.rejected == ()


def test_order_of_input_does_not_matter() -> None:
    given = world()
    turned = given | {
        "feedback": given["feedback"].take(list(range(24, -1, -1))),
        "scores": given["scores"].take(list(range(23, -1, -1))),
        "themes": given["themes"][::-1],
        "drivers": given["drivers"][::-1],
        "actions": given["actions"][::-1],
        "counts": given["counts"][::-1],
        "rejected": given["rejected"][::-1],
    }
    assert as_json(build(**turned)) == as_json(build(**given))
