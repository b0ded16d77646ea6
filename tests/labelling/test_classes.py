import pytest
from hypothesis import given
from hypothesis import strategies as st

from klankbord.errors import SettingsError
from klankbord.labelling.classes import (
    SCHEMES,
    THREE_SCHEME,
    TONE_SCHEME,
    parse_classes,
    scheme_of,
    translated,
)
from klankbord.schema import TONES, Tone


@pytest.mark.parametrize(
    ("cells", "name"),
    [
        (["boos", "neutraal", "Positief "], "tones"),
        (["neutraal", "positief"], "tones"),
        (["negatief", "neutraal", "positief"], "three"),
        (["Negative", "neutral"], "three"),
        (["-1", "0", "1"], "three"),
        (["−1.0", "0", "+1"], "three"),
        (["'-1", "0"], "three"),
        (["1", "2", "5"], "stars"),
        (["3", "4,0"], "stars"),
        (["E", "p", "N", "D", "B"], "tones"),
        ([], "tones"),
    ],
)
def test_the_labels_say_which_scheme_they_are_of(cells, name):
    scheme = scheme_of(cells)
    assert scheme.name == name
    assert all(scheme.code(cell) is not None for cell in cells)


def test_own_classes_take_in_the_tone_of_their_side_that_is_not_named():
    scheme = parse_classes("−1=ontevreden,0=neutraal,1=positief")
    assert scheme.groups == THREE_SCHEME.groups
    assert [scheme.code(cell) for cell in ("-1", "0", "1.0", "2")] == [0, 1, 2, None]


def test_own_classes_stand_from_low_to_high_and_may_share_a_tone():
    scheme = parse_classes("blij=positief+enthousiast, zuur=boos+ontevreden, sip=boos+ontevreden")
    assert scheme.classes == ("zuur/sip", "blij")
    assert scheme.code("SIP") == 0
    assert Tone.NEUTRAAL not in {tone for group in scheme.groups for tone in group}


@pytest.mark.parametrize(
    "text",
    ["", "a", "a=blij,b=boos", "a=boos", "a=boos,a=neutraal", "=boos,b=neutraal", "a=,b=boos",
     "a=boos+neutraal,b=boos"],
)  # fmt: skip
def test_classes_that_mean_nothing_are_refused(text):
    with pytest.raises(SettingsError):
        parse_classes(text)


@given(st.text(max_size=40))
def test_any_text_is_read_or_refused(text):
    try:
        scheme = parse_classes(text)
    except SettingsError:
        return
    assert len(scheme.classes) == len(scheme.groups) >= 2


@given(st.text(max_size=20))
def test_no_cell_breaks_a_scheme(cell):
    for scheme in SCHEMES:
        code = scheme.code(cell)
        assert code is None or 0 <= code < len(scheme.classes)


def test_tones_go_into_three_classes_and_not_back():
    assert translated(TONE_SCHEME, THREE_SCHEME) == [0, 0, 1, 2, 2]
    assert translated(THREE_SCHEME, TONE_SCHEME) == [None, 2, None]
    assert len(TONES) == 5
