from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest

from klankbord.schema import ShiftKind
from klankbord.shifts import find_shifts

SCRIPT = Path(__file__).parents[2] / "scripts" / "simulate_shifts.py"


@pytest.fixture(scope="module")
def script():
    spec = importlib.util.spec_from_file_location("simulate_shifts", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def measured(script, accuracy, wobble, seeds=range(100, 106)):
    rows = []
    for seed in seeds:
        simulation = script.simulate(1500, accuracy, wobble, seed)
        found = find_shifts(*script.tables(simulation), fdr=0.1, as_of=script.AS_OF)
        cooled = [int(s.customer_id) for s in found.shifts if s.kind is ShiftKind.VERKOELING]
        flagged = np.array(cooled, dtype=np.int64)
        rows.append(
            (
                *script.quality(flagged, simulation.dropped),
                *script.quality(script.naive(simulation), simulation.dropped),
            )
        )
    return np.mean(rows, axis=0)


@pytest.mark.parametrize(
    ("accuracy", "wobble", "recall"),
    [(1.0, 0.3, 0.9), (0.9, 0.15, 0.9), (0.8, 0.15, 0.7), (0.75, 0.0, 0.75), (0.8, 0.3, 0.4)],
)
def test_false_alarms_stay_near_the_asked_rate(script, accuracy, wobble, recall):
    found, false, _, naive_false = measured(script, accuracy, wobble)
    assert false <= 0.15
    assert found >= recall
    assert false < naive_false
