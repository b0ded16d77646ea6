"""Personal data with a form: what is found, what is left alone, and in what time."""

import time
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from klankbord.privacy.numbers import find
from klankbord.privacy.personal_data import PersonalData, Span, take_apart
from klankbord.privacy.reading import plain

HERE = Path(__file__).parent
FOUND = (HERE / "numbers_found.txt").read_text("utf-8").splitlines()
LEFT_ALONE = (HERE / "numbers_left_alone.txt").read_text("utf-8").splitlines()
KINDS_WITH_A_FORM = set(PersonalData) - {PersonalData.NAME}
FLOOR = 0.97  # of the marked stretches in dev.txt, names left out
MOST_CHANGED = 0.01  # of its clean lines
LONG = 200_000  # characters
HARMS = [
    *("1", "(", "@", " ", "a", "1(", "1 ", "(1", " 1", "@ ", "(@", "( ", "1@", "@1", "1-", "-1"),
    *(".1", "a@", "a.", "A1 ", "06-", "+31", "een ", "nul zes ", "geboren ", "nl12 ", "straat 1 "),
]


@pytest.fixture
def lines(checkout, monkeypatch):
    monkeypatch.syspath_prepend(str(checkout / "scripts"))
    import marked_lines

    return marked_lines


@pytest.mark.parametrize("line", FOUND)
def test_found_and_nothing_else(lines, line):
    text = lines.read_line(line).text
    assert lines.marked(text, find(text)) == line


def test_examples_show_every_kind(lines):
    shown = Counter(span.kind for line in FOUND for span in lines.read_line(line).spans)
    assert set(shown) == KINDS_WITH_A_FORM
    assert min(shown.values()) >= 3


@pytest.mark.parametrize("line", LEFT_ALONE)
def test_left_alone(line):
    assert find(line) == []


def test_signs_of_other_keyboards_are_read():
    mobile = "\uff10\uff16\uff11\uff12\uff13\uff14\uff15\uff16\uff17\uff18"
    text = f"bel 06\u201112\u00a034\u00a056\u00a078 of {mobile}"
    assert [text[span.start : span.end] for span in find(text)] == [text[4:18], text[22:]]


def test_a_cue_makes_the_kind():
    kinds = [find(f"{cue} 123456782")[0].kind for cue in ("bsn", "ordernr", "klantnummer", "")]
    assert kinds == ["bsn", "ordernummer", "klantnummer", "bsn"]


def test_nine_digits_without_their_check_are_somebodys_number_still():
    assert [span.kind for span in find("ik heb 123456789 gekregen")] == ["ordernummer"]


def test_dev_lines_reach_the_floor(lines, checkout):
    marked = lines.read_lines(checkout / "corpora" / "privacy" / "dev.txt")
    wanted = hit = changed = 0
    for line in marked:
        found = find(line.text)
        covered = {at for span in found for at in range(span.start, span.end)}
        for span in line.spans:
            if span.kind is not PersonalData.NAME:
                wanted += 1
                hit += covered >= set(range(span.start, span.end))
        changed += bool(found) and not line.spans
    clean = sum(not line.spans for line in marked)
    assert wanted > 100
    assert hit >= FLOOR * wanted
    assert changed <= MOST_CHANGED * clean


@pytest.mark.parametrize("harm", HARMS)
def test_hostile_text_takes_time_in_proportion(harm):
    find(harm * 100)
    short, long = (seconds(harm * (size // len(harm))) for size in (LONG // 4, LONG))
    assert long < 3
    assert long < 8 * short + 0.1


def seconds(text):
    start = time.process_time()
    find(text)
    return time.process_time() - start


PIECES = st.lists(
    st.one_of(
        st.sampled_from(" ".join(FOUND).replace("<", " ").replace(">", " ").split()),
        st.sampled_from(
            ["06", "-", "@", "(", "nl", "1234", "AB", "\n", "é", "İ", "\ue000", "😀", "١٢"]
        ),
        st.text(max_size=8),
    ),
    max_size=12,
).flatmap(lambda parts: st.sampled_from(["", " ", ", "]).map(lambda glue: glue.join(parts)))


@given(PIECES)
def test_spans_lie_in_the_text_in_order_and_apart(text):
    found = find(text)
    places = [place for span in found for place in (span.start, span.end)]
    assert places == sorted(places)
    assert all(0 <= span.start < span.end <= len(text) for span in found)
    assert {span.kind for span in found} <= KINDS_WITH_A_FORM
    assert find(text) == found


@given(st.text())
def test_plain_keeps_every_place(text):
    assert len(plain(text)) == len(text)
    assert all(new == old for new, old in zip(plain(text), text, strict=True) if old.isascii())


SPANS = st.lists(
    st.builds(
        lambda start, size, kind: Span(start, start + size, kind),
        st.integers(0, 20),
        st.integers(1, 8),
        st.sampled_from(PersonalData),
    ),
    max_size=6,
)


@given(SPANS)
def test_taken_apart_nothing_is_uncovered_and_nothing_overlaps(spans):
    apart = take_apart(spans)
    assert [at for span in apart for at in range(span.start, span.end)] == sorted(
        {at for span in spans for at in range(span.start, span.end)}
    )


def test_the_kind_named_first_stays_whole():
    email, name = Span(4, 20, PersonalData.EMAIL), Span(0, 8, PersonalData.NAME)
    assert take_apart([name, email]) == [Span(0, 4, PersonalData.NAME), email]


def test_marked_lines_are_read_and_written(lines):
    line = "Bel <naam>Sanne</naam> op <telefoon>06-12345678</telefoon>."
    read = lines.read_line(line)
    assert read.text == "Bel Sanne op 06-12345678."
    assert lines.marked(read.text, read.spans) == line


@pytest.mark.parametrize(
    "line",
    ["<naam>Sanne", "Sanne</naam>", "<naam>Sanne</email>", "<naam>a <email>b</email></naam>"],
)
def test_tags_that_do_not_pair_are_refused(lines, line):
    with pytest.raises(ValueError, match="do not pair"):
        lines.read_line(line)
