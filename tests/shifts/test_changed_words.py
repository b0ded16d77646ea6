from __future__ import annotations

from klankbord.shifts.changed_words import ChangedWords, Said, changed_words


def test_cues_that_went_and_came_most_frequent_first():
    before = [
        Said("Geweldig, echt een aanrader!", ("Geweldig", "aanrader")),
        Said("Wat een aanrader", ("aanrader",)),
    ]
    since = [Said("Prima, bedankt", ("Prima",))]
    assert changed_words(before, since) == ChangedWords(("aanrader", "geweldig"), ("prima",), False)


def test_a_cue_that_is_still_said_has_not_gone():
    before = [Said("Snel en fijn", ("snel", "fijn"))]
    since = [Said("Snel, maar meer niet", ())]
    assert changed_words(before, since).went == ("fijn",)


def test_stop_words_alone_are_no_cue():
    before = [Said("Ook heel erg fijn", ("ook", "heel erg fijn"))]
    assert changed_words(before, [Said("Het is zo", ("is",))]).went == ("heel erg fijn",)
    assert changed_words(before, [Said("Het is zo", ("is",))]).came == ()


def test_only_u_where_je_was_said_is_a_step_back():
    informal, formal = Said("Jullie zijn top"), Said("Ik verneem graag van u")
    assert changed_words([informal], [formal]).formal
    assert not changed_words([formal], [formal]).formal
    assert not changed_words([informal], [formal, informal]).formal


def test_nothing_said_nothing_changed():
    assert changed_words([], []) == ChangedWords((), (), False)
