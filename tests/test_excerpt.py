from hypothesis import given
from hypothesis import strategies as st

from klankbord.excerpt import shorten


@given(st.text(max_size=400), st.integers(5, 60))
def test_shortened_text_fits_and_ends_at_a_word(text: str, limit: int) -> None:
    short = shorten(text, limit)
    line = " ".join(text.split())
    assert len(short) <= limit
    if short.endswith("…") and short != line:
        assert line.startswith(short[:-1])
    else:
        assert short == line


def test_quotes_are_cut_between_words() -> None:
    assert shorten("Snelle levering, en vriendelijke mensen", 20) == "Snelle levering, en…"
    assert shorten("Snelle\n  levering", 20) == "Snelle levering"
