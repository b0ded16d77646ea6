"""Impact on simulated customers whose true effect is known, and what must not change it."""

from __future__ import annotations

import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from klankbord.loop.impact import LEAST, NO_DIFFERENCE, TOO_FEW, Impact, effects, measure_impact
from klankbord.loop.impact_words import sentences
from klankbord.loop.lifecycle import Outcome
from klankbord.schema import TONE_PROBABILITIES

SCRIPTS = Path(__file__).parents[2] / "scripts"
SHOWN = ("effect", "low", "high", "p", "acted_before", "acted_after", "compared_before",
         "compared_after", "acted", "compared", "silent", "unmatched")  # fmt: skip


@pytest.fixture(scope="module")
def worlds():
    sys.path.insert(0, str(SCRIPTS))
    import simulated_actions

    yield simulated_actions
    sys.path.remove(str(SCRIPTS))


@pytest.fixture(scope="module")
def case(worlds):
    return worlds.simulate(worlds.World("test", effect=0.4, flagged=250), 7)


def measured(case, worlds, **options):
    return measure_impact(
        case.actions,
        case.acted_at,
        case.feedback,
        case.scores,
        case.customers,
        **({"as_of": worlds.AS_OF} | options),
    )


def overall(impacts, measure="tone"):
    return next(one for one in impacts if one.by == "all" and one.measure == measure)


def told(impacts):
    return [(one.by, one.group, one.measure, one.verdict) for one in impacts]


def assert_same(found, wanted):
    assert told(found) == told(wanted)
    for one, other in zip(found, wanted, strict=True):
        for name in SHOWN:
            expected = getattr(other, name)
            if expected is not None:
                expected = pytest.approx(expected, abs=1e-6)
            assert getattr(one, name) == expected, (one.group, name)


def lifted(scores, feedback_ids, by):
    """Return scores with the expected tone of some feedback `by` levels higher, 1 … 3 kept."""
    levels = np.column_stack([scores[name].to_numpy() for name in TONE_PROBABILITIES]).astype(float)
    level = np.clip(levels @ np.arange(5), 1, 3)
    level += by * np.isin(scores["feedback_id"].to_pylist(), list(feedback_ids))
    share = np.maximum(0.0, 1 - np.abs(level[:, None] - np.arange(5)))
    for place, name in enumerate(TONE_PROBABILITIES):
        at = scores.column_names.index(name)
        scores = scores.set_column(at, scores.schema.field(name), [share[:, place].astype("f4")])
    return scores


def said_after_acting(case):
    moment = {a.customer_id: case.acted_at.get(a.action_id) for a in case.actions}
    names = ("feedback_id", "customer_id", "received_at")
    return {
        feedback_id
        for feedback_id, customer, at in zip(
            *(case.feedback[name].to_pylist() for name in names),
            strict=True,
        )
        if moment.get(customer) is not None and at > moment[customer]
    }  # fmt: skip


# --- the right answer on simulated customers ------------------------------------------------------


def test_the_interval_holds_the_truth_about_as_often_as_it_says(worlds):
    world = worlds.World("test", effect=0.3, flagged=120, gap_days=45)
    held, bias, naive = [], [], []
    for seed in range(40):
        case = worlds.simulate(world, 900 + seed)
        one = overall(measured(case, worlds))
        held.append(one.low <= 0.3 <= one.high)
        bias.append(one.effect - 0.3)
        naive.append(one.change - 0.3)
    assert 0.78 <= np.mean(held) < 1  # three standard errors around 0.90 … and not always
    assert abs(np.mean(bias)) < 0.06
    assert np.mean(naive) > 0.4  # what before against after would have claimed too much


def test_without_an_effect_most_of_the_change_is_regression_to_the_mean(worlds):
    one = overall(measured(worlds.simulate(worlds.World("none"), 3), worlds))
    assert one.verdict == NO_DIFFERENCE
    assert one.low < 0 < one.high
    assert one.change > 0.4
    assert one.regression_to_mean == pytest.approx(one.change - one.effect)
    assert one.regression_to_mean > 0.8 * one.change


def test_a_clear_effect_is_found_in_tone_and_score(worlds):
    impacts = measured(worlds.simulate(worlds.World("big", effect=0.8), 5), worlds)
    assert {one.verdict for one in impacts} == {"beter"}
    assert overall(impacts, "score").effect == pytest.approx(0.8 * 9 / 4 * 10 / 9, abs=0.6)


def test_a_smaller_window_measures_less(case, worlds):
    assert (
        overall(measured(case, worlds, window_days=20)).silent
        > overall(measured(case, worlds)).silent
    )


# --- what must not matter -------------------------------------------------------------------------


def test_order_and_names_do_not_matter(case, worlds):
    random = np.random.default_rng(1)
    names = sorted(set(case.feedback["customer_id"].to_pylist()))
    renamed = dict(
        zip(names, random.permutation([f"z{n}" for n in range(len(names))]), strict=True)
    )
    number = {a.action_id: f"inner-{n}" for n, a in enumerate(random.permutation(case.actions))}

    def other(table):
        at = table.column_names.index("customer_id")
        ids = pa.array([str(renamed[name]) for name in table["customer_id"].to_pylist()])
        return table.set_column(at, table.schema.field("customer_id"), ids)

    customers = case.customers.filter(
        pa.compute.is_in(case.customers["customer_id"], pa.array(names))
    )
    actions = [
        replace(a, action_id=number[a.action_id], customer_id=str(renamed[a.customer_id]))
        for a in reversed(case.actions)
    ]
    acted_at = {number[action]: at for action, at in case.acted_at.items()}
    rows = pa.array(random.permutation(case.feedback.num_rows))
    again = measure_impact(
        actions, acted_at, other(case.feedback).take(rows), case.scores.take(rows),
        other(customers), as_of=worlds.AS_OF,
    )  # fmt: skip
    assert_same(again, measured(case, worlds))


def test_the_effect_moves_with_what_happens_after_acting(case, worlds):
    after = said_after_acting(case)
    base = replace(case, scores=lifted(case.scores, after, 0.0))
    higher = replace(case, scores=lifted(case.scores, after, 0.5))
    one, other = (overall(measured(each, worlds)) for each in (base, higher))
    # Whoever is acted on late is compared only with what they said before, so all else stands.
    assert other.effect == pytest.approx(one.effect + 0.5, abs=1e-5)
    assert other.regression_to_mean == pytest.approx(one.regression_to_mean, abs=1e-5)
    assert other.compared_after == pytest.approx(one.compared_after, abs=1e-6)


def test_what_comes_after_the_analysis_does_not_count(case, worlds):
    early = worlds.AS_OF - timedelta(days=200)
    known = case.feedback.filter(pa.compute.less_equal(case.feedback["received_at"], early))
    cut = replace(
        case,
        actions=tuple(a for a in case.actions if a.opened_at <= early),
        acted_at={action: at for action, at in case.acted_at.items() if at <= early},
        feedback=known,
        scores=case.scores.slice(0, case.scores.num_rows),
    )
    assert_same(measured(cut, worlds, as_of=early), measured(case, worlds, as_of=early))


# --- who takes part -------------------------------------------------------------------------------


def test_false_alarms_count_on_neither_side(case, worlds):
    dropped = {a.action_id for a in case.actions[::3]}
    marked = [
        replace(a, outcome=str(Outcome.VALS_ALARM)) if a.action_id in dropped else a
        for a in case.actions
    ]
    without = [a for a in case.actions if a.action_id not in dropped]
    assert_same(
        measured(replace(case, actions=tuple(marked)), worlds),
        measured(replace(case, actions=tuple(without)), worlds),
    )


def test_the_outer_loop_takes_no_part(case, worlds):
    outer = tuple(
        replace(a, loop="outer", customer_id=None, action_id=f"o{a.action_id}")
        for a in case.actions
    )
    both = replace(case, actions=(*case.actions, *outer))
    assert_same(measured(both, worlds), measured(case, worlds))


def test_whoever_was_acted_on_for_another_reason_is_not_compared_from_then_on(case, worlds):
    """A second action on every unacted customer, carried out at once, leaves nobody to compare."""
    second = [
        replace(a, action_id=f"x{a.action_id}", kind="bedankje")
        for a in case.actions
        if a.action_id not in case.acted_at
    ]
    acted = case.acted_at | {a.action_id: a.opened_at for a in second}
    more = replace(case, actions=(*case.actions, *second), acted_at=acted)
    one = overall(measured(case, worlds))
    for group in measured(more, worlds):
        if group.group == "bedankje":
            assert group.verdict == TOO_FEW
            assert group.acted == 0
    assert overall(measured(more, worlds)).compared < one.compared


def test_few_customers_are_too_few_and_the_rest_is_told(case, worlds):
    acted = sorted(case.acted_at)[: LEAST - 1]
    few = replace(case, acted_at={action: case.acted_at[action] for action in acted})
    one = overall(measured(few, worlds))
    assert (one.verdict, one.effect, one.regression_to_mean) == (TOO_FEW, None, None)
    assert one.acted + one.silent + one.unmatched == LEAST - 1


def test_nothing_carried_out_measures_nothing(case, worlds):
    nothing = measured(replace(case, acted_at={}), worlds)
    assert nothing == ()
    assert effects(nothing) == {}
    assert str(LEAST) in sentences(nothing, "nl")[0]
    assert measured(replace(case, actions=(), acted_at={}), worlds) == ()
    empty = replace(case, feedback=case.feedback.slice(0, 0), scores=case.scores.slice(0, 0))
    assert measured(empty, worlds) == ()


@pytest.mark.parametrize(
    ("by", "names"),
    [
        ("kind", ["herstelgesprek", "klacht oplossen", "persoonlijk contact"]),
        ("owner", ["Customer Service", "Operations", "Sales"]),
        ("theme", ["bereikbaarheid", "kwaliteit", "levertijd", "prijs"]),
    ],
)
def test_groups(case, worlds, by, names):
    impacts = measured(case, worlds, by=by)
    assert [one.group for one in impacts] == [name for name in ("", *names) for _ in range(2)]
    for one in impacts:
        assert (one.verdict == TOO_FEW) == (one.effect is None)
    with pytest.raises(ValueError, match="kind, owner, theme"):
        measured(case, worlds, by="customer_id")


def test_p_values_are_adjusted_for_the_number_of_groups(worlds):
    world = worlds.World("none", flagged=200)
    verdicts = [
        any(one.verdict != NO_DIFFERENCE for one in impacts if one.by != "all")
        for seed in range(10)
        for impacts in [measured(worlds.simulate(world, 400 + seed), worlds)]
    ]
    assert sum(verdicts) <= 4  # 10 % of the lists, give or take


# --- what the ranking makes of it -----------------------------------------------------------------


def kind_impact(name, effect, error):
    return Impact("kind", name, "tone", NO_DIFFERENCE, 20, 20, 0, 0, effect=effect, error=error)


def test_effects_are_neutral_unless_kinds_differ():
    assert effects([]) == {}
    assert effects([Impact("kind", "a", "tone", TOO_FEW, 3, 2, 0, 0)]) == {}
    assert effects([kind_impact("a", 0.9, 0.1)]) == {"a": 1.0}
    assert effects([kind_impact("a", 0.5, 0.2), kind_impact("b", 0.5, 0.1)]) == {"a": 1, "b": 1}
    noise = [kind_impact("a", 0.4, 0.3), kind_impact("b", 0.3, 0.3), kind_impact("c", 0.2, 0.3)]
    assert set(effects(noise).values()) == {1.0}


def test_effects_draw_uncertain_kinds_to_the_common_effect():
    sure = [kind_impact("a", 0.8, 0.05), kind_impact("b", 0.0, 0.05)]
    factors = effects([*sure, kind_impact("c", 0.8, 0.4)])
    assert factors["a"] > factors["c"] > 1 > factors["b"]


kinds = st.lists(
    st.tuples(st.floats(-4, 4), st.floats(0.01, 2)), min_size=2, max_size=8
)  # fmt: skip


@given(kinds, st.floats(0, 2), st.data())
def test_effects_are_bounded_and_monotone(found, more, data):
    def factors(which, extra):
        return effects(
            kind_impact(str(place), effect + extra * (place == which), error)
            for place, (effect, error) in enumerate(found)
        )

    which = data.draw(st.integers(0, len(found) - 1))
    before, after = factors(which, 0.0), factors(which, more)
    assert all(0.5 <= factor <= 1.5 for factor in (*before.values(), *after.values()))
    assert after[str(which)] >= before[str(which)] - 1e-9
    by_error = {}
    for place, (effect, error) in enumerate(found):
        by_error.setdefault(error, []).append((effect, before[str(place)]))
    for same in by_error.values():
        ranked = [factor for _, factor in sorted(same)]
        assert ranked == sorted(ranked)


# --- in words -------------------------------------------------------------------------------------


def test_sentences_spell_out_the_regression_to_the_mean(case, worlds):
    impacts = measured(case, worlds)
    one = overall(impacts)
    tone, score, *_ = sentences(impacts, "nl")
    assert tone.startswith("Toon:")
    assert "terugkeer naar het gemiddelde" in tone
    assert f"{one.effect:.2f}".replace(".", ",") in tone
    assert score.startswith("Cijfer")
    assert "regression to the mean" in sentences(impacts, "en")[0]
