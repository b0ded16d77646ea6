"""Impact in sentences: what the action did, and what would have come by itself."""

from __future__ import annotations

from collections.abc import Sequence

from klankbord.loop.impact import ALL, BETTER, LEAST, WORSE, Impact
from klankbord.loop.rules import Rules, rules

SKEWED = 0.5  # standardised mean difference, twice what Stuart, Stat Sci 25 (2010) 1 still trusts


def sentences(impacts: Sequence[Impact], language: str) -> tuple[str, ...]:
    """Explain the impact of all actions together, in nl or en: a sentence or two per measure."""
    texts = rules("impact")["en" if language == "en" else "nl"]
    if not impacts:
        return (texts["nothing"].format(least=LEAST),)
    told = [_told(one, texts) for one in impacts if one.by == ALL]
    skewed = dict.fromkeys(
        one.group
        for one in impacts
        if one.verdict in (BETTER, WORSE) and one.by != ALL and (one.imbalance or 0.0) > SKEWED
    )
    if skewed:
        told.append(texts["skewed"].format(groups=", ".join(skewed)))
    return tuple(told)


def _told(one: Impact, texts: Rules) -> str:
    facts = {
        "measure": texts[one.measure],
        "unit": texts[f"{one.measure}_unit"],
        "verdict": texts.get("verdicts", {}).get(one.verdict, one.verdict),
        "acted": one.acted,
        "compared": one.compared,
        "least": LEAST,
        "before": _written(one.acted_before, texts, sign=False),
        "after": _written(one.acted_after, texts, sign=False),
        "change": _written(one.change, texts),
        "regression": _written(one.regression_to_mean, texts),
        "effect": _written(one.effect, texts),
        "low": _written(one.low, texts),
        "high": _written(one.high, texts),
    }
    return str(texts["too_few" if one.effect is None else "told"].format(**facts))


def _written(value: float | None, texts: Rules, *, sign: bool = True) -> str:
    if value is None:
        return ""
    text = f"{value:+.2f}" if sign else f"{value:.2f}"
    return text.replace(".", str(texts["decimal"])).replace("-", "−")
