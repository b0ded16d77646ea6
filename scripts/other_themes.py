"""What people use to find themes now, all on the same vectors.

BERTopic and Turftopic want older versions of libraries than Klankbord is tested with, so they go
in an environment of their own: `pip install -e . bertopic turftopic`.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from klankbord.models import Encoder
from klankbord.themes.grouping import group

Labels = np.ndarray
UNASSIGNED = -1


@dataclass(frozen=True)
class Task:
    """Different texts with their vectors, and how many themes people found in them."""

    texts: Sequence[str]
    vectors: np.ndarray
    encoder: Encoder
    themes: int


Method = Callable[[Task], Labels]


def klankbord(task: Task) -> Labels:
    """Klankbord's own groups; it finds out how many there are."""
    found = group(task.texts, task.vectors)
    return np.zeros(len(task.texts), dtype=int) if found is None else found.labels


def k_means(task: Task) -> Labels:
    """K-means, told how many gold themes there are."""
    from sklearn.cluster import KMeans

    return KMeans(task.themes, n_init=4, random_state=0).fit_predict(task.vectors)


def bertopic(task: Task) -> Labels:
    """BERTopic as it comes."""
    return _bertopic(task)[0]


def bertopic_tuned(task: Task) -> Labels:
    """BERTopic with its outliers given to the nearest topic."""
    labels, model = _bertopic(task)
    given = model.reduce_outliers(
        list(task.texts), labels.tolist(), embeddings=task.vectors, strategy="embeddings"
    )
    return np.array(given)


def _bertopic(task: Task) -> tuple[Labels, Any]:
    from bertopic import BERTopic

    model = BERTopic(language="multilingual")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        labels, _ = model.fit_transform(list(task.texts), np.asarray(task.vectors))
    return np.array(labels), model


def key_nmf(task: Task) -> Labels:
    """KeyNMF of Turftopic, told how many gold themes there are; the heaviest topic of each text."""
    from turftopic import KeyNMF
    from turftopic.encoders.base import ExternalEncoder

    class Static(ExternalEncoder):
        def encode(self, sentences: Sequence[str], **_: object) -> np.ndarray:
            return task.encoder.encode(list(sentences))

    model = KeyNMF(task.themes, encoder=Static(), random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        weights = model.fit_transform(list(task.texts), embeddings=np.asarray(task.vectors))
    heaviest = weights.argmax(axis=1)
    return np.where(weights.max(axis=1) > 0, heaviest, UNASSIGNED)


@dataclass(frozen=True)
class Known:
    """A way to find themes."""

    method: Method
    needs: str = ""  # a package that is not part of Klankbord


METHODS = {
    "Klankbord": Known(klankbord),
    "k-means, told k": Known(k_means),
    "BERTopic": Known(bertopic, "bertopic"),
    "BERTopic, outliers reduced": Known(bertopic_tuned, "bertopic"),
    "KeyNMF, told k": Known(key_nmf, "turftopic"),
}
