"""Groups too small to tell of: a figure of fewer than five is one about people.

Hiding one group among others is not enough: the total less those shown would tell it. So where one
alone is hidden, the smallest of the others is hidden too. What several figures together tell
(last month's list beside this month's, one way to divide beside another) is not looked at.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from klankbord.metrics.figures import Figure, Gap

SMALL_GROUP = 5  # customers, or pieces of feedback of whom nobody knows


def protected(figures: Iterable[Figure]) -> list[Figure]:
    """Hide the figures of small groups, of one division into groups, and how many they rest on.

    A group without anybody in it tells nothing and stays as it is.
    """
    found = list(figures)
    places: dict[tuple[str, object], list[int]] = {}
    for at, one in enumerate(found):
        if one.count:
            places.setdefault((one.measure, one.span), []).append(at)
    for together in places.values():
        counts = np.array([found[at].count for at in together])
        for at, is_hidden in zip(together, hidden(counts, counts < SMALL_GROUP), strict=True):
            if is_hidden:
                found[at] = _hidden(found[at])
    return found


def hidden(
    counts: NDArray[np.int64], small: NDArray[np.bool_], *, rest: int = 0
) -> NDArray[np.bool_]:
    """Return which groups of one total to hide: the small ones, and one more where that tells.

    `counts` are those of groups that add up to the total with a `rest` that is not shown either.
    """
    out = small.copy()
    others = np.flatnonzero(~small)
    if (small & (counts > 0)).sum() == 1 and rest == 0 and len(others):
        out[others[np.argmin(counts[others])]] = True
    return out


def _hidden(one: Figure) -> Figure:
    gap = one.gap if one.gap is not None and one.gap.of_columns else Gap.TOO_FEW
    return replace(one, value=None, low=None, high=None, count=None, gap=gap)
