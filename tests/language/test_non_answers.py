"""Keyboard mash against words that people write, and lists in four languages."""

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from klankbord.language import non_answers
from klankbord.language.lexicon import lexicon


def marked(text: str) -> bool:
    return bool(non_answers(pa.array([text]))[0])


@pytest.mark.parametrize(
    "text",
    [
        "hgfdsa", "lkjlkj", "qwertyuiop", "asdasd", "sdfsdf", "qweqwe", "ghjkgh", "sdlkfj", "poiuy",
        "asdf asdf", "FDSA", "zxcvb", "QSDF", "geen verdere opmerkingen", "Nee, dank u",
        "keine Anmerkungen", "rien à ajouter", "nothing to add", "idk",
    ],
)  # fmt: skip
def test_mash_and_polite_refusals_are_marked(text):
    assert marked(text)


@pytest.mark.parametrize(
    "text",
    [
        "weer", "were", "glas", "slak", "popo", "haha", "dada", "grrr", "pfff", "hmmm", "NVWA",
        "btw", "typewriter", "proper", "router", "kaas", "half", "asperges", "A4tje",
        "geen klachten", "nee echt niet fijn", "wc", "dag",
    ],
)  # fmt: skip
def test_words_and_reactions_are_kept(text):
    assert not marked(text)


@given(st.sampled_from(lexicon("keyboard")["rows"]), st.data())
def test_a_walk_along_a_row_is_marked_in_both_directions(row, data):
    start = data.draw(st.integers(0, len(row) - 5))
    walk = row[start : start + data.draw(st.integers(5, len(row) - start))]
    assert marked(walk)
    assert marked(walk[::-1].upper())


@given(st.text(max_size=60))
def test_any_text_is_judged(text):
    assert marked(text) in (True, False)
