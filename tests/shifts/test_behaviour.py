from __future__ import annotations

import json
from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
import pytest

from klankbord.schema import CUSTOMERS, ShiftKind
from klankbord.shifts import find_shifts
from klankbord.shifts.behaviour import behave

from .builders import AS_OF, crowd, history, tables

MONTHS = [f"2024-{month:02}" for month in range(1, 13)]


def table(**values: list[object]) -> pa.Table:
    rows = [
        {
            "customer_id": name,
            "attributes": json.dumps(
                {f"logins {m}": v for m, v in zip(MONTHS, own, strict=False)} | {"regio": "2024-05"}
            ),
        }
        for name, own in values.items()
    ]
    return pa.Table.from_pylist(rows, schema=CUSTOMERS)


def steady(seed: int, n: int = 60) -> dict[str, list[object]]:
    rng = np.random.default_rng(seed)
    return {f"vast{i:02}": rng.poisson(20, 12).tolist() for i in range(n)}


def test_a_fall_in_use_is_seen_and_steady_use_is_not():
    use = {**steady(1), "weg": [22, 20, 19, 23, 20, 21, 18, 20, 1, 2, 0, 1]}
    names = pa.array(sorted(use))
    found = behave(table(**use), names, AS_OF)
    at = names.index("weg").as_py()
    assert found.change.probability[at] > 0.9
    assert found.measure[at] == "logins"
    assert found.change.before[at] == pytest.approx(20, abs=1.5)
    assert found.change.after[at] == pytest.approx(1, abs=0.6)
    assert np.delete(found.change.probability, at).max() < 0.3


def test_months_to_come_and_words_are_no_values():
    use = {"half": ["20", "20,5", "", "x", None, "-3"]}
    early = datetime(2024, 2, 15, tzinfo=UTC)
    found = behave(table(**use), pa.array(["half"]), early)
    assert found.change.probability.tolist() == [0.0]
    assert found.measure.tolist() == [""]


def test_no_customers_and_unknown_ones_change_nothing():
    none = behave(CUSTOMERS.empty_table(), pa.array([], pa.string()), AS_OF)
    assert len(none.change.probability) == 0
    assert behave(table(vreemd=[1] * 12), pa.array(["a"]), AS_OF).measure.tolist() == [""]


def test_a_fall_in_use_is_told_with_its_measure():
    use = {**steady(2), "weg": [22, 20, 19, 23, 20, 21, 18, 20, 1, 2, 0, 1]}
    pieces = [*crowd(), *(p for name in use for p in history(name, [3, 3, 3, 3]))]
    feedback, scores = tables(pieces)
    found = find_shifts(feedback, scores, table(**use), fdr=0.1, as_of=AS_OF)
    told = [s for s in found.shifts if s.kind is ShiftKind.STILTE]
    assert [s.customer_id for s in told] == ["weg"]
    assert "‘logins’ gemiddeld 20 per maand" in told[0].explanation
