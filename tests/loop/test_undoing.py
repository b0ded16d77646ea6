"""Which events of a history still stand."""

from dataclasses import dataclass, field

from klankbord.loop.lifecycle import Happening
from klankbord.loop.undoing import last_step, standing


@dataclass(frozen=True)
class Happened:
    event: str
    changes: dict[str, object] = field(default_factory=dict)


def history(*events):
    return [Happened(event, {"number": at}) for at, event in enumerate(events)]


def numbers(events):
    return [event.changes["number"] for event in events]


def test_what_was_taken_back_stands_no_more_and_neither_does_the_taking_back():
    events = history("geopend", "bijgewerkt", "gesloten", "ongedaan gemaakt")
    assert numbers(standing(events)) == [0, 1]
    assert last_step(events).changes["number"] == 1


def test_each_undoing_takes_back_one_step_further():
    events = history("geopend", "bijgewerkt", "bijgewerkt", *("ongedaan gemaakt",) * 2)
    assert numbers(standing(events)) == [0]
    assert last_step(events) is None


def test_notes_and_what_an_analysis_did_are_passed_over():
    events = history("geopend", "bijgewerkt", "nieuw bewijs", "notitie", "ongedaan gemaakt")
    assert numbers(standing(events)) == [0, 2, 3]


def test_nothing_before_a_measure_or_an_analysis_that_opened_it_again_is_taken_back():
    for end in (Happened(Happening.MEASURED), Happened(Happening.REOPENED, {"evidence": ["f"]})):
        events = [*history("geopend", "bijgewerkt"), end]
        assert last_step(events) is None
        assert standing([*events, Happened(Happening.UNDONE)]) == tuple(events)


def test_a_person_who_reopened_can_take_that_back():
    events = [*history("geopend", "gesloten"), Happened(Happening.REOPENED, {"outcome": []})]
    assert last_step(events) is events[-1]


def test_an_empty_history():
    assert standing([]) == ()
    assert last_step([]) is None
