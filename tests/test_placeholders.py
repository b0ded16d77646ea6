import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from klankbord.placeholders import PLACEHOLDER, blanked, blanked_column, placeholder


def test_a_placeholder_is_blanked_and_nothing_else():
    text = f"Top geholpen door {placeholder('naam', '7KQ2')}! ‹naam› en ‹naam-7kq2› blijven."
    assert blanked(text) == "Top geholpen door " + " " * 11 + "! ‹naam› en ‹naam-7kq2› blijven."


@given(st.lists(st.sampled_from(["‹naam-0000›", "‹telefoon-ZZZZ›", "‹", "›", "a", " ", "€"])))
def test_offsets_hold(parts):
    text = "".join(parts)
    plain = blanked(text)
    assert len(plain) == len(text)
    assert not PLACEHOLDER.search(plain)
    assert all(a == b or b == " " for a, b in zip(text, plain, strict=True))


def test_a_column_keeps_its_nulls():
    column = pa.array(["‹naam-7KQ2› belde", None, "Top"])
    assert blanked_column(column).to_pylist() == ["            belde", None, "Top"]
    assert blanked_column(column.slice(2)).to_pylist() == ["Top"]
