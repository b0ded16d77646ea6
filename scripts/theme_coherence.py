"""How well the words of a theme go together, and what they are."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from sklearn.feature_extraction.text import CountVectorizer

from klankbord.language.stop_words import stop_words
from klankbord.themes.words import words_of

TOP = 10
UNASSIGNED = -1


def top_words(texts: Sequence[str], labels: np.ndarray, most: int) -> dict[int, tuple[str, ...]]:
    """Return the heaviest words of each theme by class-based tf-idf (Grootendorst 2022)."""
    counts = CountVectorizer(tokenizer=_content, token_pattern=None, lowercase=False, min_df=2)
    matrix = counts.fit_transform(texts)
    names = counts.get_feature_names_out()
    themes = [label for label in np.unique(labels) if label != UNASSIGNED]
    rows = np.vstack([np.asarray(matrix[labels == label].sum(axis=0)) for label in themes])
    share = rows / np.maximum(rows.sum(axis=1, keepdims=True), 1)
    weight = share * np.log1p(rows.sum() / len(themes) / np.maximum(rows.sum(axis=0), 1))
    return {
        int(label): tuple(names[np.argsort(-weight[at], kind="stable")[:most]])
        for at, label in enumerate(themes)
    }


def coherence(texts: Sequence[str], labels: np.ndarray, others: Sequence[str]) -> float:
    """Return the mean normalised pointwise mutual information of the top words of each theme.

    Words go together when they stand in one of the `others` (Bouma 2009; Lau et al. 2014); a pair
    that never does counts as -1.
    """
    words = top_words(texts, labels, TOP)
    known = sorted({word for top in words.values() for word in top})
    held = CountVectorizer(
        tokenizer=_content, token_pattern=None, lowercase=False, vocabulary=known, binary=True
    ).fit_transform(others)
    single = np.asarray(held.sum(axis=0)).ravel() / len(others)
    place = {word: at for at, word in enumerate(known)}
    values = []
    for top in words.values():
        at = [place[word] for word in top]
        joint = (held[:, at].T @ held[:, at]).toarray() / len(others)
        pairs = [
            _npmi(joint[i, j], single[at[i]], single[at[j]])
            for i in range(len(at))
            for j in range(i)
        ]
        values.append(np.mean(pairs))
    return float(np.mean(values))


def _npmi(joint: float, left: float, right: float) -> float:
    if joint <= 0:
        return -1.0
    return float(np.log(joint / (left * right)) / -np.log(joint)) if joint < 1 else 1.0


def _content(text: str) -> list[str]:
    return [word for word in words_of(text) if len(word) > 2 and word not in stop_words()]
