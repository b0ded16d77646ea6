"""Themes found in a sample of the different texts, and all texts assigned to them."""

import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import numpy as np
import pyarrow as pa
import pytest
from planted import AS_OF, SUBJECTS, HashedEncoder, complaints_of, tables

from elsewhere import Elsewhere
from klankbord.schema import CUSTOMERS
from klankbord.themes import ThemeFindings, codeframe, discover
from klankbord.themes.complaints import hear, select
from klankbord.themes.prototypes import word_matrix
from klankbord.themes.said import Said, different, fit_sample
from klankbord.themes.subthemes import recognise

ENCODER = HashedEncoder()
DISCOVER = sys.modules[discover.__module__]  # the module, which has the name of its function
HEAD = "bereikbaarheid"
TEXTS = [text for at, one in enumerate(SUBJECTS) for text in complaints_of(one, 200, at)]
TRUTH = np.repeat(list(SUBJECTS), 200)


@pytest.fixture
def sampled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(DISCOVER, "MOST", 200)


def run(
    texts: Sequence[str],
    order: np.ndarray | None = None,
    codes: Sequence[str] = (),
    **options: object,
) -> ThemeFindings:
    data = tables(texts, codes=codes or [HEAD] * len(texts))
    if order is not None:
        data = tuple(table.take(pa.array(order)) for table in data)
    given = {"customers": CUSTOMERS.empty_table(), "as_of": AS_OF} | options
    return discover(*data, ENCODER, **given)


def said_of(texts: Sequence[str], codes: Sequence[str], order: np.ndarray | None = None) -> Said:
    feedback, scores, segments = tables(texts, codes=codes)
    if order is not None:
        segments = segments.take(pa.array(order))
    return different(select(hear(feedback, scores), scores, segments, frozenset(codeframe())))


@pytest.mark.usefixtures("sampled")
def test_texts_that_were_not_read_go_to_the_theme_of_their_subject() -> None:
    findings = run(TEXTS)
    head, *subs = findings.themes
    assert (head.theme_id, head.mentions) == (HEAD, len(TEXTS) - 2)  # by example
    given = np.array(findings.segments["theme_id"].to_pylist())
    about = {
        sub.theme_id: max(SUBJECTS, key=lambda one: np.sum(TRUTH[given == sub.theme_id] == one))
        for sub in subs
    }
    assert set(about.values()) == set(SUBJECTS)
    right = [about[one] == truth for one, truth in zip(given, TRUTH, strict=True) if one in about]
    assert len(right) >= 0.9 * len(TEXTS)
    assert np.mean(right) >= 0.95


@pytest.mark.usefixtures("sampled")
def test_the_order_of_rows_and_the_size_of_parts_change_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first = run(TEXTS)
    order = np.random.default_rng(3).permutation(len(TEXTS))
    again = run(TEXTS, order)
    assert again.themes == first.themes
    assert again.known == first.known
    assert again.segments.equals(first.segments.take(pa.array(order)))
    monkeypatch.setattr(DISCOVER, "_STEP", 77)
    parts = run(TEXTS)
    assert [theme.theme_id for theme in parts.themes] == [one.theme_id for one in first.themes]
    assert parts.segments.equals(first.segments)


@pytest.mark.usefixtures("sampled")
def test_heads_that_are_divided_elsewhere_give_the_same_themes() -> None:
    codes = np.where(np.arange(len(TEXTS)) % 2, HEAD, "website").tolist()
    first = run(TEXTS, codes=codes)
    mapped = Elsewhere()
    again = run(TEXTS, codes=codes, mapped=mapped)
    assert mapped.parts == {"groups_of": 2}
    assert len([theme for theme in first.themes if theme.parent_id]) > 2
    assert again.themes == first.themes
    assert again.known == first.known
    assert again.segments.equals(first.segments)


@pytest.mark.usefixtures("sampled")
def test_the_next_run_assigns_the_same_texts_the_same_way() -> None:
    first = run(TEXTS)
    again = run(TEXTS, known=first.known)
    assert again.segments.equals(first.segments)


@pytest.mark.usefixtures("sampled")
def test_a_theme_merged_into_another_gives_its_texts_away_unread_ones_too() -> None:
    first = run(TEXTS)
    one, two = first.themes[1:3]
    known = [
        replace(theme, merged_into=two.theme_id) if theme.theme_id == one.theme_id else theme
        for theme in first.known
    ]
    merged = {theme.theme_id: theme for theme in run(TEXTS, known=known).themes}
    assert one.theme_id not in merged
    assert merged[two.theme_id].mentions == one.mentions + two.mentions


def test_a_code_with_few_texts_is_read_whole_and_of_others_a_fixed_number() -> None:
    texts = [*TEXTS[:250], *(f"te duur {word}" for word in ("echt", "heel", "veel"))]
    codes = [HEAD] * 250 + ["prijs"] * 3
    said = said_of(texts, codes)
    read = fit_sample(said, 100)
    assert (np.diff(read) > 0).all()
    number = np.bincount(said.code[read]).tolist()
    assert sorted(number) == [3, 100]
    assert len(fit_sample(said, 1000)) == len(said.first)


def test_what_is_read_hangs_on_the_words_alone() -> None:
    keys = []
    for order in (None, np.random.default_rng(5).permutation(400)):
        said = said_of(TEXTS[:400], [HEAD] * 400, order)
        keys.append(set(said.keys.take(pa.array(said.key[fit_sample(said, 150)])).to_pylist()))
    assert keys[0] == keys[1]
    fewer = said_of(TEXTS[:300], [HEAD] * 300)
    left = set(fewer.keys.to_pylist())
    smaller = set(fewer.keys.take(pa.array(fewer.key[fit_sample(fewer, 150)])).to_pylist())
    assert keys[0] & left <= smaller


@pytest.mark.usefixtures("sampled")
def test_a_known_theme_is_recognised_under_a_head_of_which_nothing_was_read() -> None:
    known = [replace(one, seen_at=date(2025, 1, 1)) for one in run(TEXTS).known]
    examples = list(codeframe()["onverschilligheid"].examples)
    found = recognise(known, examples, ENCODER.encode, ENCODER.fingerprint)
    texts = [*complaints_of("mail", 20, 60), *examples]
    place, score = found.place(ENCODER.encode(texts), word_matrix(texts))
    named = [found.themes[at].theme_id if at >= 0 else HEAD for at in place]
    assert all("mail" in one or "reactie" in one for one in named[:20])
    assert np.mean(place[20:] == -1) >= 0.9
    assert (score > 0).all()
