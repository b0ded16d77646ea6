from __future__ import annotations

import json

import pytest

from klankbord.schema import CUSTOMERS
from klankbord.shifts import Dynamics, find_shifts, learn_dynamics, timeline

from .builders import AS_OF, Piece, history, tables

THREE_TURNS = [Piece("k", 9 - at / 100, 3, conversation="g", turn=at) for at in range(3)]


@pytest.mark.parametrize(
    ("pieces", "judged"),
    [
        (history("k", [3, 3, 3]), True),
        (history("k", [3, 3]), False),
        (history("k", [3, 3, 3], every=0.01), False),
        ([*THREE_TURNS[:2], Piece("k", 5, 3)], False),
        ([*THREE_TURNS[:2], Piece("k", 5, 3), Piece("k", 4, 3)], True),
        (THREE_TURNS, True),
        ([], False),
    ],
    ids=["three answers", "two", "one day", "two turns are one", "and two more", "talk", "none"],
)
def test_who_could_be_judged_is_who_the_search_counts(pieces, judged):
    feedback, scores = tables([*pieces, *history("ander", [3, 3])])
    found = find_shifts(feedback, scores, CUSTOMERS.empty_table(), fdr=0.1, as_of=AS_OF)
    line = timeline(feedback, scores, "k", as_of=AS_OF)
    assert line.judged is judged
    assert found.customers_judged == int(judged)
    assert len(line.points) == len(pieces)


def test_what_the_search_learned_is_handed_on_and_survives_json():
    feedback, scores = tables([*history("fan", [4, 4, 4, 2, 2]), *history("k", [3, 1, 3])])
    found = find_shifts(feedback, scores, CUSTOMERS.empty_table(), fdr=0.1, as_of=AS_OF)
    learned = learn_dynamics(feedback, scores, as_of=AS_OF).values()
    assert found.dynamics.values() == learned
    assert Dynamics.of(json.loads(json.dumps(learned))).values() == learned
