"""Every conversation source with any part of it missing or of another type."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from klankbord.errors import KlankbordError

from .helpers import Outcome, read_all, write
from .service_documents import DOCUMENTS

ODD = st.sampled_from(
    [None, 0, -1, 3.5, 1e300, 10**30, True, "", "tekst", "\ud800\x00", [], [1], [[]], {}, {"a": {}},
     [None], float("nan"), float("inf"), {"comments": 5}, "9" * 400]
)  # fmt: skip


def places(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [at] if at else []
    if isinstance(value, dict | list):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            found += places(inner, (*at, key))
    return found


def change(document: Any, at: tuple[Any, ...], value: Any, *, drop: bool) -> Any:
    changed = copy.deepcopy(document)
    inner = changed
    for key in at[:-1]:
        try:
            inner = inner[key]
        except (KeyError, IndexError, TypeError):
            return changed
    try:
        if drop:
            del inner[at[-1]]
        else:
            inner[at[-1]] = value
    except (KeyError, IndexError, TypeError):
        return changed
    return changed


def read_or_refuse(path: Path, document: Any) -> Outcome | None:
    try:
        return read_all(write(path, json.dumps(document)))
    except KlankbordError:
        return None


@pytest.mark.parametrize("name", DOCUMENTS)
@pytest.mark.parametrize("value", [None, 7, "tekst", [], {}, "drop"])
def test_any_one_part_may_be_odd(tmp_path: Path, name: str, value: Any) -> None:
    document = DOCUMENTS[name]
    for at in places(document):
        changed = change(document, at, value, drop=value == "drop")
        got = read_or_refuse(tmp_path / "x", changed)
        assert got is None or got.rows_in == len(got.feedback) + len(got.rejected)


@settings(
    max_examples=200, deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)  # fmt: skip
@given(data=st.data())
def test_any_parts_may_be_odd(tmp_path: Path, data: st.DataObject) -> None:
    document = DOCUMENTS[data.draw(st.sampled_from(sorted(DOCUMENTS)))]
    for _ in range(data.draw(st.integers(1, 5))):
        found = places(document)
        if found:
            at = data.draw(st.sampled_from(found))
            document = change(document, at, data.draw(ODD), drop=data.draw(st.booleans()))
    read_or_refuse(tmp_path / "x", document)
