import dataclasses

import numpy as np
import pyarrow as pa
import pytest

from klankbord.drivers import TOO_LITTLE, associate, regress
from klankbord.records import Theme
from klankbord.schema import FEEDBACK, SCORES, SEGMENTS, TONE_PROBABILITIES, conform


def theme(theme_id: str, parent_id: str | None = None) -> Theme:
    return Theme(
        theme_id, parent_id, theme_id, (), 1, 0.1, "stabiel", None, (), None, "Sales", (), ()
    )


def tables(
    mentions: dict[str, np.ndarray], score: np.ndarray, **columns: object
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
        **dict.fromkeys(("valence", "enthusiasm", "tone_sd"), np.zeros(count)),
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


@pytest.mark.parametrize("repeats", [1, 5])
def test_intervals_hold_the_truth_nine_times_in_ten(repeats: int) -> None:
    # unequal spread, a skewed bounded score, few mentions; customers who answer more than once
    # with a mood of their own
    rng = np.random.default_rng(10 + repeats)
    held = {"rare": 0, "common": 0}
    runs = 400
    customers = 400 // repeats
    for _ in range(runs):
        cluster = np.repeat(np.arange(customers), repeats)
        mood = np.repeat(rng.normal(size=customers), repeats) if repeats > 1 else 0.0
        prone = np.repeat(rng.random(customers), repeats)
        rare = rng.random(len(cluster)) < 0.16 * prone
        common = rng.random(len(cluster)) < 0.6 * prone
        noise = rng.exponential(size=len(cluster)) - 1
        score = 7 - 1.5 * rare - 0.5 * common + mood + noise * (1 + rare)
        design = np.column_stack([rare, common]).astype(float)
        for name, true, estimate in zip(
            held, (-1.5, -0.5), regress(design, score, cluster), strict=True
        ):
            assert estimate is not None
            held[name] += estimate.low <= true <= estimate.high
    for count in held.values():
        assert 0.85 <= count / runs <= 0.95


def test_hc3_is_the_textbook_one_without_customers() -> None:
    rng = np.random.default_rng(4)
    design = (rng.random((60, 2)) < 0.4).astype(float)
    score = design @ [1.0, -1.0] + rng.normal(size=60)
    x = np.column_stack([np.ones(60), design])
    inverse = np.linalg.inv(x.T @ x)
    residual = score - x @ (inverse @ x.T @ score)
    leverage = np.diag(x @ inverse @ x.T)
    meat = (x * (residual / (1 - leverage))[:, None] ** 2).T @ x
    error = np.sqrt(np.diag(inverse @ meat @ inverse))
    for place, estimate in enumerate(regress(design, score, np.arange(60)), start=1):
        assert estimate is not None
        half = (estimate.high - estimate.low) / 2
        # a 90 % t quantile between the normal one and that of four degrees of freedom
        assert 1.645 * error[place] < half < 2.132 * error[place]
        reach = half / error[place]
        from scipy import stats

        freedom = np.linspace(4, 60, 20_000)
        implied = freedom[np.argmin(np.abs(stats.t.ppf(0.95, freedom) - reach))]
        assert 10 < implied <= 60


def test_clusters_of_any_size_take_the_same_way() -> None:
    # a customer with many answers is handled by another formula than one with few
    rng = np.random.default_rng(6)
    cluster = np.repeat(np.arange(30), 41)
    design = (rng.random((len(cluster), 2)) < 0.4).astype(float)
    score = design @ [1.0, -1.0] + rng.normal(size=len(cluster))
    from klankbord import drivers

    large = regress(design, score, cluster)
    limit, drivers._MAX_DENSE = drivers._MAX_DENSE, 50
    try:
        dense = regress(design, score, cluster)
    finally:
        drivers._MAX_DENSE = limit
    for one, other in zip(large, dense, strict=True):
        assert dataclasses.astuple(one) == pytest.approx(dataclasses.astuple(other), rel=1e-8)


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
    a = np.arange(400) % 4 == 0
    score = np.random.default_rng(3).normal(size=400)
    drivers = associate(*tables({"a": a, "b": a}, score), [theme("a"), theme("b")])
    assert sorted(driver.verdict == TOO_LITTLE for driver in drivers) == [False, True]


def test_nps_of_customers_with_words_is_used_else_the_most_frequent_metric() -> None:
    a = np.arange(400) % 4 == 0
    score = 5.0 - a + np.random.default_rng(3).normal(size=400)
    metric = ["csat"] * 250 + ["nps"] * 150
    feedback, scores, segments = tables({"a": a}, score, score_metric=metric)
    (driver,) = associate(feedback, scores, segments, [theme("a")])
    assert (driver.score_metric, driver.mentions) == ("nps", a[250:].sum())
    (driver,) = associate(feedback, scores.slice(0, 269), segments, [theme("a")])
    assert (driver.score_metric, driver.mentions) == ("csat", a[:250].sum())


def test_row_order_changes_nothing() -> None:
    rng = np.random.default_rng(9)
    a, b = rng.random(500) < 0.3, rng.random(500) < 0.2
    score = 8 - a - b + rng.normal(size=500)
    customer = [f"K-{number}" for number in rng.integers(0, 150, 500)]
    data = tables({"a": a, "b": b}, score, customer_id=customer)
    themes = [theme("a"), theme("b")]
    first = associate(*data, themes)
    shuffled = [table.take(pa.array(rng.permutation(table.num_rows))) for table in data]
    assert associate(*shuffled, themes[::-1]) == first


def test_no_scores_no_themes_or_an_equal_score_is_no_error() -> None:
    a = np.arange(400) % 4 == 0
    data = tables({"a": a}, np.full(400, 7.0))
    assert associate(*data, []) == ()
    assert associate(*data, [theme("a")])[0].verdict == TOO_LITTLE
    empty = (FEEDBACK.empty_table(), SCORES.empty_table(), SEGMENTS.empty_table())
    assert associate(*empty, [theme("a")]) == ()
    none = tables({"a": a}, np.full(400, np.nan))
    assert associate(*none, [theme("a")]) == ()
