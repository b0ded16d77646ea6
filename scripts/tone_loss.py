"""The loss both tone models learn from: tone, mixed, complaint theme and flags together."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - the usual name

from tone_texts import FLAGS, THEMES, TONE_COUNT, UNJUDGED, Labelled

THEME_START = TONE_COUNT + 1
FLAG_START = THEME_START + len(THEMES)
OUTPUTS = FLAG_START + len(FLAGS)


class ToneLoss:
    """Cross-entropy with smoothed levels plus the ranked probability score, and the other heads.

    `belief` (n, 5) replaces the label of the rows it is given for: NaN rows keep their label.
    """

    def __init__(
        self,
        labels: Labelled,
        which: np.ndarray,
        *,
        belief: np.ndarray | None = None,
        smoothing: float = 0.05,
        class_power: float = 0.5,
        ordinal: float = 1.0,
        auxiliary: float = 0.5,
    ) -> None:
        tone = torch.from_numpy(labels.tone)
        self._theme = torch.from_numpy(labels.theme)
        self._mixed = torch.from_numpy(labels.mixed).float()
        self._flags = torch.from_numpy(labels.flags).float()
        self._weight = torch.from_numpy(labels.weight()).float()
        self._ordinal, self._auxiliary = ordinal, auxiliary
        judged = which[~np.isin(labels.origin[which], UNJUDGED)]
        seen = torch.bincount(tone[judged], weights=self._weight[judged], minlength=TONE_COUNT)
        self._by_class = (seen.sum() / seen / TONE_COUNT) ** class_power
        seen = torch.bincount(self._theme[judged], minlength=len(THEMES)).float() + 1
        by_theme = (seen.sum() / seen / len(THEMES)) ** 0.3
        self._by_theme = by_theme / by_theme.mean()
        near = torch.zeros(TONE_COUNT, TONE_COUNT)
        for level in range(TONE_COUNT):
            near[level, max(level - 1, 0)] += 0.5
            near[level, min(level + 1, TONE_COUNT - 1)] += 0.5
        smoothed = torch.eye(TONE_COUNT) * (1 - smoothing) + near * smoothing
        self._wanted = smoothed[tone]
        self._labelled = torch.from_numpy(~np.isin(labels.origin, UNJUDGED))
        if belief is not None:
            given = np.flatnonzero(~np.isnan(belief[:, 0]))
            self._wanted[given] = torch.from_numpy(belief[given]).float()

    def __call__(self, logits: torch.Tensor, part: np.ndarray) -> torch.Tensor:
        """Return the mean loss of the rows `part`, whose `logits` are (len(part), OUTPUTS)."""
        tones, target = logits[:, :TONE_COUNT], self._wanted[part]
        loss = -(target * tones.log_softmax(1)).sum(1)
        gap = tones.softmax(1).cumsum(1) - target.cumsum(1)
        loss = (loss + self._ordinal * (gap**2).sum(1)) * (target @ self._by_class)
        extra = F.binary_cross_entropy_with_logits(
            logits[:, TONE_COUNT], self._mixed[part], reduction="none"
        )
        extra = extra + F.cross_entropy(
            logits[:, THEME_START:FLAG_START],
            self._theme[part],
            weight=self._by_theme,
            reduction="none",
        )
        extra = extra + F.binary_cross_entropy_with_logits(
            logits[:, FLAG_START:], self._flags[part], reduction="none"
        ).sum(1)
        extra = extra * self._auxiliary * self._labelled[part]
        return ((loss + extra) * self._weight[part]).mean()
