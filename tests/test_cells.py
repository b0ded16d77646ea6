import re

from hypothesis import given
from hypothesis import strategies as st

from klankbord.cells import neutral, neutralise, restored

TROUBLE = st.text(st.sampled_from("=+-@＝;,\t\r\n\"' ax"), max_size=12)


@given(st.text())
def test_neutralised_text_cannot_reorder_or_hide(text: str) -> None:
    safe = neutralise(text + "\u202e\u2066\u200f\x00\ufeff\U000e0041")
    assert not re.search(r"[\u202a-\u202e\u2066-\u2069\u200e\u200f\u061c\x00\ufeff]", safe)
    safe.encode("utf-8")
    assert neutralise(safe) == safe


def test_emoji_survive() -> None:
    assert neutralise("👩‍🔧 top 👍🏽\n") == "👩‍🔧 top 👍🏽\n"


def test_a_text_of_only_line_breaks_takes_no_time() -> None:
    assert len(neutral("\n" * 200_000)) == 200_001


@given(TROUBLE.map(lambda text: text.replace("'", "")))
def test_the_guard_against_formulas_is_taken_away_again(text: str) -> None:
    assert restored(neutral(text)) == text


@given(TROUBLE)
def test_only_the_guard_is_taken_away(text: str) -> None:
    back = restored(neutral(text))
    assert back.replace("'", "") == text.replace("'", "")
    assert neutral(back) == neutral(text)


def test_words_that_look_like_formulas_come_back_as_they_were() -> None:
    for text in ("=1+1", "-1", "@SUM(A1)", "+31 6", "'s avonds", "gewoon", "a;\n=b", "a '-1'"):
        assert restored(neutral(text)) == text
