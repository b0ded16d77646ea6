import dataclasses
from datetime import UTC, datetime
from itertools import groupby
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from klankbord.records import Theme
from klankbord.report.satisfaction import satisfaction_by_theme
from klankbord.schema import (
    FEEDBACK,
    SCORES,
    SEGMENTS,
    TONE_PROBABILITIES,
    Tone,
    conform,
)
from klankbord.themes.breakdown import (
    ALIKE,
    LESS,
    MIN_CELL,
    MORE,
    TOO_LITTLE,
    Cell,
    break_down,
    mentions,
)

THEME = Theme(
    "levertijd", None, "Te late levering", (), 0, 0.0, "stabiel", None, (), None, "", (), ()
)
SUB = dataclasses.replace(THEME, theme_id="levertijd-x", parent_id="levertijd")
PRICE = dataclasses.replace(THEME, theme_id="prijs")


def tables(
    rows: list[dict[str, Any]], said: dict[int, list[str]], **more: Any
) -> tuple[pa.Table, pa.Table, pa.Table]:
    """Return feedback, scores and segments; `said` maps a row to the themes of its segments."""
    base = {"source": "csv", "channel": "survey", "author_role": "customer", "verbatim": "Slecht",
            "attributes": "{}", "received_at": datetime(2026, 3, 1, tzinfo=UTC)}  # fmt: skip
    filled = [base | {"feedback_id": f"f{at:05d}"} | row for at, row in enumerate(rows)]
    feedback = pa.table(
        {field.name: [row.get(field.name) for row in filled] for field in FEEDBACK},
        schema=FEEDBACK,
    )
    count = len(rows)
    columns: dict[str, Any] = {"feedback_id": feedback["feedback_id"]}
    columns["tone"] = [str(Tone.ONTEVREDEN)] * count
    columns |= {name: [0.2] * count for name in TONE_PROBABILITIES}
    columns |= {name: [0.0] * count for name in ("valence", "enthusiasm", "tone_sd")}
    flags = ("mixed", "churn_cue", "ambassador_cue", "unresolved", "non_answer")
    columns |= {name: [False] * count for name in flags}
    columns |= {"cues": pa.array([[]] * count, pa.list_(pa.string())), "scored_by": ["t"] * count}
    parts = [(f"f{at:05d}", number, theme) for at, themes in said.items()
             for number, theme in enumerate(themes)]  # fmt: skip
    return feedback, conform(pa.table(columns), SCORES), segments_of(parts)


def segments_of(parts: list[tuple[str, int, str]], code: bool = False) -> pa.Table:
    names = [name for *_, name in parts]
    columns = {
        "feedback_id": pa.array([owner for owner, _, _ in parts], pa.string()),
        "segment": [number for _, number, _ in parts],
        "start": [0] * len(parts),
        "end": [4] * len(parts),
        "text": ["tekst"] * len(parts),
        "tone": pa.array([str(Tone.NEUTRAAL)] * len(parts), pa.string()),
        "complaint_theme" if code else "theme_id": pa.array(names, pa.string()),
    }
    return conform(pa.table(columns), SEGMENTS)


def cells(found: tuple[Cell, ...], theme: str = "levertijd") -> dict[str, Cell]:
    return {cell.value: cell for cell in found if cell.theme_id == theme}


def test_counts_shares_and_verdicts_by_hand() -> None:
    rows = [{"channel": "chat" if at < 100 else "review"} for at in range(400)]
    said = {at: ["levertijd-x"] for at in (*range(30), *range(100, 110))}
    found = break_down(*tables(rows, said), [SUB, THEME])
    chat, review = cells(found.cells)["chat"], cells(found.cells)["review"]
    assert (chat.mentions, chat.feedback, chat.share) == (30, 100, 0.3)
    assert (chat.verdict, review.verdict) == (MORE, LESS)
    assert chat.share_low is not None
    assert chat.share_high is not None
    assert 0.22 < chat.share_low < 0.3 < chat.share_high < 0.39
    assert review.p == chat.p
    assert cells(found.cells, "levertijd-x")["chat"].mentions == 30  # the head counts it too
    assert {cell.dimension for cell in found.cells} == {"channel"}  # nothing else has two values


def test_small_cells_are_hidden() -> None:
    rows = [{"segment": "Zzp" if at < 60 else "Gezin"} for at in range(200)] + [{"segment": "Een"}]
    said = {at: ["levertijd"] for at in (0, 1, 2, 3, *range(60, 80), 200)}
    found = cells(break_down(*tables(rows, said), [THEME]).cells)
    assert found["Gezin"].mentions == 20
    hidden = found["Zzp"]
    assert (hidden.mentions, hidden.share, hidden.p, hidden.verdict) == (
        None,
        None,
        None,
        TOO_LITTLE,
    )
    assert "Een" not in found  # a single answer would give a person away


def test_agents_and_ai_answers_do_not_count() -> None:
    rows = [{"channel": "chat"}] * 20 + [{"channel": "survey"}] * 20
    rows += [{"channel": "ai_answer", "author_role": "bot"}] * 20
    rows += [{"channel": "chat", "author_role": "agent"}] * 20
    found = cells(break_down(*tables(rows, {at: ["levertijd"] for at in range(80)}), [THEME]).cells)
    assert {name: cell.feedback for name, cell in found.items()} == {"chat": 20, "survey": 20}


def test_one_customer_who_writes_often_makes_no_difference() -> None:
    rows = [
        {"channel": "chat" if at < 40 else "survey", "customer_id": f"K{at}"} for at in range(400)
    ]
    said = {at: ["levertijd"] for at in (*range(12), *range(40, 90))}
    apart = cells(break_down(*tables(rows, said), [THEME]).cells)["chat"]
    same = [row | ({"customer_id": "K"} if at < 8 else {}) for at, row in enumerate(rows)]
    together = cells(break_down(*tables(same, said), [THEME]).cells)["chat"]
    assert (apart.verdict, together.verdict) == (MORE, ALIKE)
    assert apart.share_high is not None
    assert together.share_high is not None
    assert together.share_high > apart.share_high


def test_false_differences_stay_within_the_rate() -> None:
    rng = np.random.default_rng(3)
    false = 0
    for _ in range(30):
        rows = [
            {"channel": ("chat", "survey", "review")[at % 3], "segment": f"s{at % 7}",
             "language": ("nl", "en")[at % 2]} for at in range(1500)
        ]  # fmt: skip
        said = {int(at): [f"t{rng.integers(8)}"] for at in rng.choice(1500, 500, replace=False)}
        themes = [dataclasses.replace(THEME, theme_id=f"t{at}") for at in range(8)]
        found = break_down(*tables(rows, said), themes).cells
        false += any(cell.verdict in (MORE, LESS) for cell in found)
    assert false / 30 <= 0.10 + 0.10


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("abc"), st.booleans(), st.booleans()), max_size=60),
       st.randoms(use_true_random=False))  # fmt: skip
def test_cells_agree_with_counting_and_with_any_order(
    given_rows: list[tuple[str, bool, bool]], random: Any
) -> None:
    rows = [{"segment": name} for name, *_ in given_rows]
    said = {at: ["levertijd"] * late + ["prijs"] * dear
            for at, (_, late, dear) in enumerate(given_rows) if late or dear}  # fmt: skip
    feedback, scores, segments = tables(rows, said)
    found = break_down(feedback, scores, segments, [THEME, PRICE])
    for cell in found.cells:
        true = sum(
            name == cell.value and (late if cell.theme_id == "levertijd" else dear)
            for name, late, dear in given_rows
        )
        assert cell.feedback == sum(name == cell.value for name, *_ in given_rows)
        assert cell.mentions in (None, true)
        assert (cell.mentions is None) == (cell.verdict == TOO_LITTLE)
        assert cell.mentions is None or cell.mentions >= MIN_CELL
    order = list(range(feedback.num_rows))
    random.shuffle(order)
    turned = break_down(
        feedback.take(pa.array(order, pa.int64())), scores, segments, [PRICE, THEME]
    )
    assert turned == found


def test_mentions_are_pairs_once_with_those_of_the_head() -> None:
    feedback, _, segments = tables(
        [{}] * 3, {0: ["levertijd-x", "levertijd"], 2: ["prijs", "overig"]}
    )
    found = mentions(feedback, segments, [THEME, SUB, PRICE])
    assert list(zip(found.theme.tolist(), found.row.tolist(), strict=True)) == [
        (0, 0),
        (1, 0),
        (2, 2),
    ]


def answered(answers: int) -> Any:
    rows: list[dict[str, Any]] = [{} for _ in range(100)]
    rows += [{"channel": "ai_answer", "author_role": "bot"} for _ in range(answers)]
    said = {at: ["levertijd" if at < 60 else "prijs"] for at in range(100)}
    feedback, scores, segments = tables(rows, said)
    codes = [(f"f{100 + at:05d}", 0, "prijs") for at in range(answers)]
    codes += [(f"f{100 + at:05d}", 1, "website") for at in range(2)] if answers else []
    return break_down(
        feedback, scores, segments, [THEME, PRICE], answers=segments_of(codes, code=True)
    )


def test_ai_answers_beside_customers() -> None:
    found = answered(20)
    late, price, site = found.gap
    assert found.answers == 20
    assert (late.theme_id, late.customers, late.answers) == ("levertijd", 0.6, 0.0)
    assert late.high < 0 < price.low
    assert (price.customers_rank, price.answers_rank) == (2, 1)
    assert (site.theme_id, site.customers, site.answers) == ("website", 0.0, 0.1)
    for gap in found.gap:
        assert gap.low <= gap.difference <= gap.high


@pytest.mark.parametrize("answers", [0, 4])
def test_too_few_ai_answers_are_not_compared(answers: int) -> None:
    found = answered(answers)
    assert (found.gap, found.answers) == ((), answers)


def test_nothing_at_all() -> None:
    empty = FEEDBACK.empty_table(), SCORES.empty_table(), SEGMENTS.empty_table()
    assert break_down(*empty, []).cells == ()
    assert break_down(*empty, [THEME]).cells == ()
    assert satisfaction_by_theme(*empty, [THEME]) == ()
    assert break_down(*tables([{"channel": "chat"}] * 9, {}), [THEME]).gap == ()


def test_satisfaction_is_of_those_who_mention_the_theme() -> None:
    rows = [
        {"score_metric": "nps", "score_value": 0.0 if at < 30 else 10.0, "customer_id": f"K{at}"}
        for at in range(100)
    ]
    said = {at: ["levertijd"] for at in range(40)} | {at: ["prijs"] for at in range(60, 79)}
    late, price = satisfaction_by_theme(*tables(rows, said), [PRICE, THEME])
    assert (late.theme_id, late.metric, late.answers) == ("levertijd", "nps", 40)
    assert late.value == pytest.approx(-50)  # 30 detractors, 10 promoters
    assert late.low is not None
    assert late.high is not None
    assert -80 < late.low < -50 < late.high < -20
    assert (price.answers, price.value) == (19, None)  # under twenty
    means = [row | {"score_metric": "csat", "score_value": 4.0} for row in rows]
    assert satisfaction_by_theme(*tables(means, said), [THEME])[0].value == 4.0


def test_cells_come_by_theme_dimension_and_size() -> None:
    rows = [{"segment": "bca"[at % 3] if at < 30 else "c", "channel": ("chat", "survey")[at % 2]}
            for at in range(60)]  # fmt: skip
    found = break_down(*tables(rows, {}), [PRICE, THEME]).cells
    keys = [key for key, _ in groupby(found, key=lambda cell: (cell.theme_id, cell.dimension))]
    assert keys == [(theme, dimension) for theme in ("levertijd", "prijs")
                    for dimension in ("channel", "segment")]  # fmt: skip
    assert [cell.value for cell in found[2:5]] == ["c", "a", "b"]


def test_many_mentions_of_few_customers_are_not_shown() -> None:
    rows = [
        {"channel": ("chat", "email", "survey")[at % 3], "customer_id": f"K{at % 90}"}
        for at in range(360)
    ]
    often = [at for at in range(360) if at % 90 in (0, 3, 6, 9)]
    few = {at: ["levertijd"] for at in often}  # sixteen, of four customers, all in chat
    more = {at: ["levertijd"] for at in (*range(1, 61, 3), *range(2, 182, 3))}
    shown = cells(break_down(*tables(rows, few | more), [THEME]).cells)
    assert shown["chat"].verdict == TOO_LITTLE
    assert shown["chat"].mentions is None


def test_a_total_does_not_tell_the_one_that_is_hidden() -> None:
    rows = [{"channel": ("chat", "email", "survey")[at % 3]} for at in range(360)]
    said = {at: ["levertijd"] for at in (0, 3, *range(1, 61, 3), *range(2, 182, 3))}
    shown = cells(break_down(*tables(rows, said), [THEME]).cells)
    assert {name for name, cell in shown.items() if cell.mentions is None} == {"chat", "email"}
    unknown = [row | ({"channel": "review"} if at == 5 else {}) for at, row in enumerate(rows)]
    shown = cells(break_down(*tables(unknown, said), [THEME]).cells)
    assert {name for name, cell in shown.items() if cell.mentions is None} == {"chat"}
