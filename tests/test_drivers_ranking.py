import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from klankbord.discoveries import adjusted
from klankbord.drivers.ranking import shrink

IMPACTS = st.lists(st.tuples(st.floats(-5, 5), st.floats(0.05, 2)), min_size=1, max_size=30)


@given(IMPACTS)
def test_shrunken_impacts_lie_between_the_impact_and_the_others(found) -> None:
    impacts, errors = zip(*found, strict=True)
    shrunk = shrink(impacts, errors)
    assert len(shrunk) == len(impacts)
    assert (shrunk >= min(impacts) - 1e-9).all()
    assert (shrunk <= max(impacts) + 1e-9).all()
    if len(impacts) < 3:
        assert shrunk.tolist() == list(impacts)


@given(IMPACTS, st.floats(-10, 10), st.floats(0.1, 10))
def test_another_scale_changes_nothing(found, shift, scale) -> None:
    impacts, errors = (np.array(part) for part in zip(*found, strict=True))
    moved = shrink(impacts * scale + shift, errors * scale)
    assert moved == pytest.approx(shrink(impacts, errors) * scale + shift, abs=1e-6)


@given(st.lists(st.floats(-5, 5), min_size=3, max_size=20), st.floats(0.05, 2))
def test_equally_certain_impacts_keep_their_order(impacts, error) -> None:
    shrunk = shrink(impacts, [error] * len(impacts))
    assert (np.diff(shrunk[np.argsort(impacts)]) >= -1e-9).all()


def test_the_less_certain_the_more_is_taken_off() -> None:
    shrunk = shrink([-3.0, -3.0, -0.4, -0.5, -0.3], [0.2, 1.5, 0.2, 0.2, 0.2])
    assert shrunk[0] == pytest.approx(-3, abs=0.15)
    assert -2.9 < shrunk[1] < -1
    even = shrink([-1.0, -1.1, -0.9, -1.0], [0.5] * 4)
    assert np.ptp(even) < 0.15


def test_shrinking_comes_closer_to_the_truth() -> None:
    rng = np.random.default_rng(1)
    raw, drawn = [], []
    for _ in range(300):
        true = rng.normal(-0.5, 0.5, 12)
        errors = rng.uniform(0.1, 1.0, 12)
        impacts = true + errors * rng.normal(size=12)
        raw.append(((impacts - true) ** 2).mean())
        drawn.append(((shrink(impacts, errors) - true) ** 2).mean())
    assert np.mean(drawn) < 0.6 * np.mean(raw)


def test_benjamini_hochberg_by_hand() -> None:
    assert adjusted([0.01, np.nan, 0.04, 0.03]).tolist() == pytest.approx(
        [0.03, np.nan, 0.04, 0.04], nan_ok=True
    )
    assert adjusted([]).tolist() == []
