import numpy as np
import pyarrow as pa
import pytest

from klankbord.drivers import TONE, TOO_LITTLE, associate, associate_tone, of_main_metric
from klankbord.records import Theme
from klankbord.report.order import by_theme
from klankbord.schema import FEEDBACK, SCORES, SEGMENTS, TONE_PROBABILITIES, conform


def theme(theme_id: str, parent_id: str | None = None) -> Theme:
    return Theme(
        theme_id, parent_id, theme_id, (), 1, 0.1, "stabiel", None, (), None, "Sales", (), ()
    )


def tables(
    mentions: dict[str, np.ndarray],
    score: np.ndarray,
    valence: np.ndarray | float = 0.0,
    **columns: object,
) -> tuple[pa.Table, pa.Table, pa.Table]:
    count = len(score)
    ids = np.array([f"f{number:06d}" for number in range(count)])
    feedback = {
        "feedback_id": ids,
        "source": ["test"] * count,
        "channel": ["survey"] * count,
        "author_role": ["customer"] * count,
        "verbatim": ["woorden"] * count,
        "score_metric": ["nps"] * count,
        "score_value": score,
        "attributes": ["{}"] * count,
    } | columns
    scores = {
        "feedback_id": ids,
        "tone": ["neutraal"] * count,
        **dict.fromkeys(TONE_PROBABILITIES, np.full(count, 0.2)),
        "valence": np.broadcast_to(valence, count),
        **dict.fromkeys(("enthusiasm", "tone_sd"), np.zeros(count)),
        **dict.fromkeys(
            ("mixed", "churn_cue", "ambassador_cue", "unresolved", "non_answer"),
            np.zeros(count, dtype=bool),
        ),
        "cues": pa.array([[]] * count, pa.list_(pa.string())),
        "scored_by": ["test"] * count,
    }
    rows = [ids[rows] for rows in mentions.values()]
    said = np.concatenate(rows) if rows else ids[:0]
    named = [name for name, rows in mentions.items() for _ in range(int(rows.sum()))]
    segments = {
        "feedback_id": said,
        "segment": np.arange(len(said), dtype=np.int32),
        "start": np.zeros(len(said), dtype=np.int32),
        "end": np.ones(len(said), dtype=np.int32),
        "text": ["w"] * len(said),
        "theme_id": pa.array(named, pa.string()),
    }
    return (
        conform(pa.table(feedback), FEEDBACK),
        conform(pa.table(scores), SCORES),
        conform(pa.table(segments), SEGMENTS),
    )


def test_planted_impacts_are_found_with_other_themes_held_equal() -> None:
    rng = np.random.default_rng(1)
    a = rng.random(2000) < 0.3
    b = np.where(a, rng.random(2000) < 0.6, rng.random(2000) < 0.1)  # goes together with a
    score = 8 - 2 * a + rng.normal(size=2000)
    first, second = associate(*tables({"a": a, "b": b}, score), [theme("b"), theme("a")])
    assert (first.theme_id, first.verdict, first.score_metric) == ("a", "lager", "nps")
    assert first.impact == pytest.approx(-2, abs=0.15)
    assert first.impact_low < -2 < first.impact_high
    assert first.mentions == a.sum()
    assert (second.theme_id, second.verdict) == ("b", "geen aantoonbaar verband")


def test_complaints_that_carry_no_theme_are_held_equal_too() -> None:
    rng = np.random.default_rng(12)
    a = rng.random(2000) < 0.2
    other = ~a & (rng.random(2000) < 0.5)
    score = 8 - 2 * a - 4 * other + 0.5 * rng.normal(size=2000)
    (driver,) = associate(*tables({"a": a, "overig": other}, score), [theme("a")])
    assert driver.impact == pytest.approx(-2, abs=0.1)


def test_a_sub_theme_is_set_against_no_such_mention() -> None:
    rng = np.random.default_rng(2)
    draw = rng.random(3000)
    bad, mild = draw < 0.15, (draw >= 0.15) & (draw < 0.3)
    score = 8 - 3 * bad - 1 * mild + rng.normal(size=3000)
    drivers = associate(
        *tables({"h-bad": bad, "h-mild": mild}, score),
        [theme("h"), theme("h-bad", "h"), theme("h-mild", "h")],
    )
    impact = {driver.theme_id: driver for driver in drivers}
    assert [driver.theme_id for driver in drivers] == ["h-bad", "h", "h-mild"]
    assert impact["h-bad"].impact == pytest.approx(-3, abs=0.2)
    assert impact["h-mild"].impact == pytest.approx(-1, abs=0.2)
    assert impact["h"].impact == pytest.approx(-2, abs=0.2)
    assert impact["h"].mentions == (bad | mild).sum()


def test_answers_of_one_customer_do_not_count_as_many() -> None:
    rng = np.random.default_rng(8)
    a = np.arange(400) < 60
    score = 8 - 2 * a + rng.normal(size=400)
    customer = np.where(a, "K-one", np.arange(400).astype(str))
    (driver,) = associate(*tables({"a": a}, score, customer_id=customer), [theme("a")])
    assert (driver.verdict, driver.impact, driver.mentions) == (TOO_LITTLE, None, 60)


@pytest.mark.parametrize("mentioned", [19, 381])
def test_too_few_on_either_side(mentioned: int) -> None:
    a = np.arange(400) < mentioned
    score = 8 - 5 * a + np.arange(400) % 3
    (driver,) = associate(*tables({"a": a}, score.astype(float)), [theme("a")])
    assert (driver.verdict, driver.impact, driver.impact_low) == (TOO_LITTLE, None, None)


def test_themes_that_always_go_together_cannot_be_told_apart() -> None:
    rng = np.random.default_rng(3)
    a, c = np.arange(400) % 4 == 0, np.arange(400) % 3 == 0
    score = 8 - 2 * c + rng.normal(size=400)
    drivers = associate(*tables({"a": a, "b": a, "c": c}, score), [theme(n) for n in "abc"])
    assert {d.theme_id: d.verdict for d in drivers} == {"c": "lager", "a": TOO_LITTLE} | {
        "b": TOO_LITTLE
    }


def test_every_metric_that_enough_answers_carry_has_drivers_of_its_own_the_main_one_first() -> None:
    rng = np.random.default_rng(3)
    a = np.arange(600) % 4 == 0
    score = 5.0 - a + rng.normal(size=600)
    metric = ["csat"] * 300 + ["nps"] * 150 + ["stars"] * 111 + ["ces"] * 39
    feedback, scores, segments = tables({"a": a}, score, score_metric=metric)
    drivers = associate(feedback, scores, segments, [theme("a")])
    assert [(d.score_metric, d.mentions, d.answers) for d in drivers] == [
        ("nps", a[300:450].sum(), 150),
        ("csat", a[:300].sum(), 300),
        ("stars", a[450:561].sum(), 111),
    ]
    drivers = associate(feedback, scores.slice(0, 319), segments, [theme("a")])  # 19 hold NPS
    assert [driver.score_metric for driver in drivers] == ["csat"]


def test_themes_are_compared_by_one_metric_whatever_the_order() -> None:
    rng = np.random.default_rng(4)
    count = 800
    metric = np.where(np.arange(count) < 200, "nps", "csat")
    common = np.arange(count) % 4 == 0
    rare = np.arange(count) % 20 == 1  # too few with an NPS
    score = 5 - common - rare + rng.normal(size=count)
    data = tables({"common": common, "rare": rare}, score, score_metric=metric)
    themes = [theme("common"), theme("rare")]
    drivers = associate(*data, themes) + associate_tone(*data, themes)
    for given in (drivers, drivers[::-1]):
        assert {driver.score_metric for driver in of_main_metric(given)} == {"nps"}
        assert by_theme(given)["rare"].verdict == TOO_LITTLE
        assert by_theme(given)["common"].impact is not None
    unmeasured = tables({"rare": rare}, score, score_metric=metric)
    (driver,) = of_main_metric(associate(*unmeasured, [theme("rare")]))
    assert (driver.score_metric, driver.impact is None) == ("csat", False)
    assert of_main_metric(()) == ()


def test_themes_are_ranked_by_impact_and_not_by_mentions() -> None:
    rng = np.random.default_rng(5)
    shares = {"often": 0.4, "sometimes": 0.2, "seldom": 0.06}
    mentions = {name: rng.random(2000) < share for name, share in shares.items()}
    score = 9 - 0.4 * mentions["often"] - mentions["sometimes"] - 2.5 * mentions["seldom"]
    drivers = associate(
        *tables(mentions, score + rng.normal(size=2000)), [theme(name) for name in mentions]
    )
    assert [driver.theme_id for driver in drivers] == ["seldom", "sometimes", "often"]
    assert [d.shrunk for d in drivers] == sorted(d.shrunk for d in drivers)
    for driver in drivers:
        assert driver.at_stake == pytest.approx(driver.impact * driver.mentions / 2000)
    # mean score = the mean without any complaint + what each theme goes with
    without = score.mean() - sum(driver.at_stake for driver in drivers)
    assert without == pytest.approx(9, abs=0.15)


def test_scores_dealt_out_anew_show_no_drivers() -> None:
    rng = np.random.default_rng(7)
    runs, with_any = 60, 0
    shares = rng.uniform(0.1, 0.4, 6)
    for _ in range(runs):
        mentions = {f"t{at}": rng.random(400) < share for at, share in enumerate(shares)}
        score = np.clip(np.round(10 - rng.gamma(1.5, 1.5, 400)), 0, 10)
        drivers = associate(*tables(mentions, score), [theme(name) for name in mentions])
        with_any += any(driver.verdict in ("lager", "hoger") for driver in drivers)
    assert with_any <= 11  # one in ten is tolerated: more than 11 has a chance of 2 %


def test_tone_sets_complaints_against_complaints() -> None:
    rng = np.random.default_rng(20)
    draw = rng.random(3000)
    harsh, mild, other = draw < 0.15, (draw > 0.15) & (draw < 0.35), (draw > 0.35) & (draw < 0.5)
    valence = np.where(draw < 0.5, -0.4, 0.6) - 0.3 * harsh + 0.1 * rng.normal(size=3000)
    data = tables({"harsh": harsh, "mild": mild, "overig": other}, 5 + 5 * valence, valence)
    themes = [theme("mild"), theme("harsh")]
    first, second = associate_tone(*data, themes)
    assert [d.theme_id for d in (first, second)] == ["harsh", "mild"]
    assert {d.score_metric for d in (first, second)} == {TONE}
    complaints = draw < 0.5
    average = valence[complaints].mean()
    assert first.impact == pytest.approx(valence[harsh].mean() - average, abs=1e-6)
    assert second.impact == pytest.approx(valence[mild].mean() - average, abs=1e-6)
    assert (first.verdict, second.verdict) == ("lager", "hoger")
    assert (first.answers, first.mentions) == (complaints.sum(), harsh.sum())
    assert {driver.verdict for driver in associate(*data, themes)} == {"lager"}


def test_tone_holds_the_number_of_complaints_equal() -> None:
    rng = np.random.default_rng(21)
    mentions = {name: rng.random(4000) < 0.25 for name in "abc"}
    # a comes with many other complaints, and every complaint sounds worse than the one before
    mentions["b"] |= mentions["a"] & (rng.random(4000) < 0.6)
    number = sum(column.astype(int) for column in mentions.values())
    valence = -0.2 - 0.15 * number - 0.1 * mentions["c"] + 0.1 * rng.normal(size=4000)
    drivers = associate_tone(
        *tables(mentions, np.zeros(4000), valence), [theme(name) for name in mentions]
    )
    impact = {driver.theme_id: driver.impact for driver in drivers}
    total = sum(column.sum() for column in mentions.values())
    share = mentions["c"].sum() / total
    assert impact["c"] == pytest.approx(-0.1 * (1 - share), abs=0.01)
    assert impact["a"] == pytest.approx(0.1 * share, abs=0.015)
    assert impact["a"] == pytest.approx(impact["b"], abs=0.015)


def test_tone_of_sub_themes_and_of_the_only_theme() -> None:
    rng = np.random.default_rng(22)
    draw = rng.random(2000)
    bad, plain, other = draw < 0.2, (draw > 0.2) & (draw < 0.5), draw > 0.5
    valence = -0.3 - 0.3 * bad + 0.1 * rng.normal(size=2000)
    data = tables({"h-bad": bad, "h": plain, "o": other}, np.zeros(2000), valence)
    found = {
        driver.theme_id: driver
        for driver in associate_tone(*data, [theme("h"), theme("h-bad", "h"), theme("o")])
    }
    assert found["h-bad"].impact == pytest.approx(valence[bad].mean() - valence.mean(), abs=1e-6)
    assert (found["h-bad"].verdict, found["h"].verdict, found["o"].verdict) == (
        "lager",
        "lager",
        "hoger",
    )
    only = tables({"h": draw < 0.5}, np.zeros(2000), valence)
    (driver,) = associate_tone(*only, [theme("h")])  # there is nothing to set it against
    assert (driver.verdict, driver.impact) == (TOO_LITTLE, None)


def test_tone_of_too_few_complaints_is_not_judged() -> None:
    a, b = np.arange(400) < 19, (np.arange(400) >= 19) & (np.arange(400) < 100)
    valence = np.where(a, -0.9, -0.1) + np.arange(400) % 3 / 100
    drivers = associate_tone(
        *tables({"a": a, "b": b}, np.zeros(400), valence), [theme("a"), theme("b")]
    )
    assert {driver.theme_id: driver.verdict for driver in drivers}["a"] == TOO_LITTLE
    assert associate_tone(*tables({}, np.zeros(400), valence), [theme("a")]) == ()


def test_row_order_changes_nothing() -> None:
    rng = np.random.default_rng(9)
    a, b = rng.random(500) < 0.3, rng.random(500) < 0.2
    score = 8 - a - b + rng.normal(size=500)
    valence = np.tanh(score - 7)
    customer = [f"K-{number}" for number in rng.integers(0, 150, 500)]
    data = tables({"a": a, "b": b}, score, valence, customer_id=customer)
    themes = [theme("a"), theme("b")]
    shuffled = [table.take(pa.array(rng.permutation(table.num_rows))) for table in data]
    for judge in (associate, associate_tone):
        first = judge(*data, themes)
        assert len(first) == 2
        assert judge(*shuffled, themes[::-1]) == first


def test_no_scores_no_themes_or_an_equal_score_is_no_error() -> None:
    a = np.arange(400) % 4 == 0
    data = tables({"a": a}, np.full(400, 7.0))
    assert associate(*data, []) == ()
    assert associate(*data, [theme("a")])[0].verdict == TOO_LITTLE
    empty = (FEEDBACK.empty_table(), SCORES.empty_table(), SEGMENTS.empty_table())
    assert associate(*empty, [theme("a")]) == ()
    assert associate_tone(*empty, [theme("a")]) == ()
    assert associate_tone(*data, []) == ()
    none = tables({"a": a}, np.full(400, np.nan))
    assert associate(*none, [theme("a")]) == ()
