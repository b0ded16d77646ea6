from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from planted import HashedEncoder, complaints_of

from klankbord.themes.prototypes import (
    LEXICAL,
    MAX_TERMS,
    from_parts,
    learn,
    likeness,
    word_matrix,
)

ENCODER = HashedEncoder()
TEXTS = st.lists(st.text(alphabet="abcd é-'😡1.<>", max_size=30), max_size=25)


def labelled(texts: Sequence[str], seed: int, count: int) -> tuple[np.ndarray, np.ndarray]:
    labels = np.random.default_rng(seed).integers(-1, count, size=len(texts))
    vectors = ENCODER.encode(texts) if len(texts) else np.zeros((0, 64), dtype=np.float32)
    return vectors, labels


@settings(max_examples=60, deadline=None)
@given(TEXTS, st.integers(0, 99), st.integers(1, 4))
def test_prototypes_have_unit_length_or_are_empty(
    texts: Sequence[str], seed: int, count: int
) -> None:
    vectors, labels = labelled(texts, seed, count)
    found = learn(vectors, word_matrix(texts), labels, count)
    assert len(found) == count
    for label, one in enumerate(found):
        length = np.linalg.norm(one.centre)
        assert length == pytest.approx(1, abs=1e-4) or length == 0
        assert (length > 0) == bool(vectors[labels == label].any())
        assert len(one.terms) <= MAX_TERMS
        assert all(weight > 0 for weight in one.terms.values())
        if one.terms:
            squares = sum(weight**2 for weight in one.terms.values())
            assert squares == pytest.approx(1, abs=1e-3)


@settings(max_examples=60, deadline=None)
@given(TEXTS, st.integers(0, 99), st.integers(1, 4))
def test_a_score_lies_within_its_bounds_and_needs_no_other_text(
    texts: Sequence[str], seed: int, count: int
) -> None:
    vectors, labels = labelled(texts, seed, count)
    found = learn(vectors, word_matrix(texts), labels, count)
    score = likeness(found, vectors, word_matrix(texts))
    assert score.shape == (len(texts), count)
    assert np.isfinite(score).all()
    assert (np.abs(score) <= 1 + LEXICAL + 1e-4).all()
    for row in range(len(texts)):
        alone = likeness(found, vectors[row : row + 1], word_matrix(texts[row : row + 1]))
        assert alone[0] == pytest.approx(score[row], abs=2e-6)


@settings(max_examples=40, deadline=None)
@given(TEXTS, st.integers(0, 99))
def test_learning_twice_is_learning_once(texts: Sequence[str], seed: int) -> None:
    vectors, labels = labelled(texts, seed, 3)
    first, again = (learn(vectors, word_matrix(texts), labels, 3) for _ in range(2))
    assert [list(one.terms.items()) for one in first] == [list(one.terms.items()) for one in again]
    assert all(
        one.centre.tobytes() == other.centre.tobytes()
        for one, other in zip(first, again, strict=True)
    )


@settings(max_examples=60, deadline=None)
@given(TEXTS)
def test_rows_of_words_have_unit_length(texts: Sequence[str]) -> None:
    words = word_matrix(texts)
    matrix = words.matrix
    assert matrix.shape == (len(texts), len(words.places))
    length = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=1)).ravel())
    said = np.array([any(sign.isalpha() for sign in text) for text in texts], dtype=bool)
    assert np.all((np.abs(length - 1) < 1e-9) | (length == 0))
    assert not length[~said].any()


def test_unknown_words_only_make_a_text_longer() -> None:
    one = from_parts(np.zeros(64), [("telefoon", 0.8), ("wachttijd", 0.6)])
    texts = ["telefoon", "telefoon en verder niets", "geheel onbekend"]
    score = likeness([one], np.zeros((3, 64), dtype=np.float32), word_matrix(texts))
    assert score[:, 0] == pytest.approx([LEXICAL * 0.8, LEXICAL * 0.4, 0])


def test_a_word_counts_once_whatever_its_case() -> None:
    words = word_matrix(["Factuur factuur FACTUUR"])
    assert list(words.places) == ["factuur"]
    assert words.matrix.toarray() == pytest.approx(np.array([[1.0]]))


def test_texts_go_to_the_prototype_of_their_subject_also_when_new() -> None:
    subjects = ("telefoon", "mail", "chatbot")
    texts = [text for at, one in enumerate(subjects) for text in complaints_of(one, 40, at)]
    labels = np.repeat(np.arange(3), 40)
    found = learn(ENCODER.encode(texts), word_matrix(texts), labels, 3)
    new = [text for at, one in enumerate(subjects) for text in complaints_of(one, 20, at + 50)]
    place = likeness(found, ENCODER.encode(new), word_matrix(new)).argmax(axis=1)
    assert np.mean(place == np.repeat(np.arange(3), 20)) >= 0.95
    assert "telefoon" in list(found[0].terms)[:3]


def test_a_word_of_one_text_recognises_nothing() -> None:
    texts = ["kapotte modem", "kapotte router", "dure bon", "dure rekening"]
    found = learn(ENCODER.encode(texts), word_matrix(texts), np.array([0, 0, 1, 1]), 2)
    assert [list(one.terms) for one in found] == [["kapotte"], ["dure"]]


def test_a_text_without_words_is_scored_by_its_vector_alone() -> None:
    texts = ["de bon klopt niet", "de bon is te hoog", "😡😡", ""]
    vectors = ENCODER.encode(texts)
    found = learn(vectors, word_matrix(texts), np.array([0, 0, -1, -1]), 1)
    cosine = np.round(vectors[2:] @ found[0].centre, 6)
    assert likeness(found, vectors[2:], word_matrix(texts[2:]))[:, 0] == pytest.approx(
        cosine, abs=1e-6
    )


def test_no_prototypes_and_no_texts_are_no_scores() -> None:
    assert likeness([], np.zeros((3, 64)), word_matrix(["a", "b", "c"])).shape == (3, 0)
    found = learn(ENCODER.encode(["bon", "bon"]), word_matrix(["bon", "bon"]), np.array([0, 0]), 1)
    assert likeness(found, np.zeros((0, 64)), word_matrix([])).shape == (0, 1)


def test_what_was_kept_recognises_the_same() -> None:
    texts = complaints_of("telefoon", 30, 1) + complaints_of("mail", 30, 2)
    vectors = ENCODER.encode(texts)
    found = learn(vectors, word_matrix(texts), np.repeat([0, 1], 30), 2)
    stored = [
        (tuple(round(float(value), 6) for value in one.centre), tuple(one.terms.items()))
        for one in found
    ]
    kept = [from_parts(*parts) for parts in stored]
    assert [one.terms for one in kept] == [one.terms for one in found]
    before, after = (likeness(one, vectors, word_matrix(texts)) for one in (found, kept))
    assert after == pytest.approx(before, abs=1e-5)
    assert (before.argmax(axis=1) == after.argmax(axis=1)).all()
    again = [from_parts(one.centre, tuple(one.terms.items())) for one in kept]
    assert all(
        one.centre == pytest.approx(two.centre, abs=1e-7)
        for one, two in zip(kept, again, strict=True)
    )
