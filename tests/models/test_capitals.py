import pytest

from klankbord.models.capitals import marked_capitals


@pytest.mark.parametrize(
    ("text", "marked"),
    [
        ("WAT een SLECHTE service", "⇪WAT een ⇪SLECHTE service"),
        ("ÉÉN keer, TOP!", "⇪ÉÉN keer, ⇪TOP!"),
        ("ok OK iPHONE 3G", "ok OK iPHONE 3G"),
        ("", ""),
    ],
)
def test_words_in_capitals_are_marked(text, marked):
    assert marked_capitals(text) == marked
