import pyarrow as pa
import pytest

from klankbord.schema import (
    CUSTOMERS,
    SCORES,
    TONE_PROBABILITIES,
    TONES,
    ShiftKind,
    Tone,
    conform,
)


def test_tones_are_ordered():
    assert [tone.rank for tone in TONES] == [0, 1, 2, 3, 4]
    assert Tone("enthousiast") is TONES[-1]
    assert TONE_PROBABILITIES[0] == "p_boos"
    assert [name for name in SCORES.names if name.startswith("p_")] == list(TONE_PROBABILITIES)


def test_every_kind_of_shift_but_a_recovery_is_a_drop():
    assert [kind for kind in ShiftKind if not kind.is_drop] == [ShiftKind.HERSTEL]


def test_conform_orders_casts_and_fills():
    table = pa.table(
        {"attributes": ["{}"], "value_eur": [3], "customer_id": ["1"], "surplus": ["x"]}
    )
    conformed = conform(table, CUSTOMERS)
    assert conformed.schema == CUSTOMERS
    assert conformed.column("value_eur").to_pylist() == [3.0]
    assert conformed.column("segment").to_pylist() == [None]


def test_conform_refuses_what_a_schema_requires():
    with pytest.raises(ValueError, match="attributes"):
        conform(pa.table({"customer_id": ["1"]}), CUSTOMERS)
    with pytest.raises(ValueError, match="1 nulls"):
        conform(
            pa.table({"customer_id": pa.array([None], pa.string()), "attributes": ["{}"]}),
            CUSTOMERS,
        )
