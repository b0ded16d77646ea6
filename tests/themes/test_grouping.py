import time

import numpy as np
import pytest
from planted import HashedEncoder, complaints_of
from sklearn.metrics import adjusted_mutual_info_score

from klankbord.themes import grouping
from klankbord.themes.grouping import Grouping, assign, group

ENCODER = HashedEncoder()
SUBJECTS = ("telefoon", "mail", "chatbot", "winkel")


def planted(each: int = 100, seed: int = 0) -> tuple[list[str], np.ndarray]:
    texts = [
        text for at, one in enumerate(SUBJECTS) for text in complaints_of(one, each, at + seed)
    ]
    order = np.random.default_rng(seed).permutation(len(texts))
    truth = np.repeat(np.arange(len(SUBJECTS)), each)
    return [texts[row] for row in order], truth[order]


@pytest.fixture(scope="module")
def few() -> tuple[list[str], Grouping]:
    """Sixty texts about each subject, and their groups."""
    texts, _ = planted(60)
    found = group(texts, ENCODER.encode(texts))
    assert found is not None
    return texts, found


def purity(labels: np.ndarray, truth: np.ndarray) -> float:
    """Return the share of texts in a group of which most have their subject."""
    return sum(np.bincount(truth[labels == one]).max() for one in np.unique(labels)) / len(labels)


def test_planted_groups_are_found_and_unseen_texts_go_to_them() -> None:
    texts, truth = planted()
    found = group(texts, ENCODER.encode(texts))
    assert found is not None
    assert found.stability >= grouping.MIN_STABILITY
    assert purity(found.labels, truth) >= 0.95
    about = {
        one: int(np.bincount(truth[found.labels == one]).argmax())
        for one in np.unique(found.labels)
    }
    unseen, subject = planted(30, 70)
    places = assign(found.prototypes, ENCODER.encode(unseen), unseen)
    assert np.mean([about[place] for place in places] == subject) >= 0.95
    assert adjusted_mutual_info_score(truth, found.labels) >= 0.5


def test_the_same_texts_give_the_same_bytes(few: tuple[list[str], Grouping]) -> None:
    texts, first = few
    again = group(list(texts), ENCODER.encode(texts))
    assert again is not None
    assert first.labels.tobytes() == again.labels.tobytes()
    assert repr(first.prototypes) == repr(again.prototypes)


def test_beyond_the_sample_all_texts_are_assigned(monkeypatch) -> None:
    texts, truth = planted(100)
    monkeypatch.setattr(grouping, "MAX_FIT", 160)
    monkeypatch.setattr(grouping, "_STEP", 33)
    found = group(texts, ENCODER.encode(texts))
    assert found is not None
    assert len(found.labels) == len(texts)
    assert purity(found.labels, truth) >= 0.9


def test_what_has_no_subjects_is_not_grouped() -> None:
    rng = np.random.default_rng(5)
    letters = np.array(list("bcdfghjklmnpqrstvwxz"))
    texts = [" ".join("".join(rng.choice(letters, size=7)) for _ in range(6)) for _ in range(300)]
    noise = rng.normal(size=(300, 64))
    vectors = noise / np.linalg.norm(noise, axis=1, keepdims=True)
    assert group(texts, vectors.astype(np.float32)) is None


def test_a_few_or_no_texts_are_not_grouped() -> None:
    assert group([], np.zeros((0, 64), dtype=np.float32)) is None
    few = complaints_of("mail", 10, 1)
    assert group(few, ENCODER.encode(few)) is None


def test_texts_without_words_break_nothing() -> None:
    texts = ["😡" * (1 + number % 7) + "!" * (number % 11) for number in range(80)]
    found = group(texts, ENCODER.encode(texts))
    assert found is None or len(found.labels) == 80


def test_assigning_takes_time_in_proportion_to_the_texts(
    few: tuple[list[str], Grouping],
) -> None:
    texts, found = few
    seconds = []
    for times in (10, 80):
        many = texts * times
        vectors = np.tile(ENCODER.encode(texts), (times, 1))
        start = time.process_time()
        assign(found.prototypes, vectors, many)
        seconds.append(time.process_time() - start)
    assert seconds[1] < 8 * 2.5 * seconds[0] + 0.5
