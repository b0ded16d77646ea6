"""Run the behavioural tests of the tone model: hand-written minimal pairs, by capability.

    python scripts/checklist.py                              # the bundled model
    python scripts/checklist.py --tone-model FOLDER          # another model
    python scripts/checklist.py --failures                   # also which pairs fail, and how

After Ribeiro et al., "Beyond Accuracy: Behavioral Testing of NLP Models with CheckList" (ACL 2020).
The pairs and the meaning of their kinds are in tests/behaviour/checklist.toml. Exit code 4 when
a capability fails more often than `--limit`.
"""

from __future__ import annotations

import argparse
import sys
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import binomtest

from klankbord.errors import EXIT_OK, EXIT_QUALITY, KlankbordError, UnreadableInputError
from klankbord.models import ToneModel, load_tone_model
from klankbord.models.loading import TIERS
from klankbord.schema import TONES, Tone
from klankbord.tone import tone_levels

PAIRS = Path(__file__).resolve().parent.parent / "tests" / "behaviour" / "checklist.toml"
KINDS = ("tones", "lower", "higher", "same")
CLEARLY = 0.3  # levels that the mean tone rank of "lower" and "higher" must at least move …
HARDLY = 0.5  # … and that of "same" must move less than
LIMIT = 0.15
_KEYS = {"kind", "question", "a", "b", "tones"}


@dataclass(frozen=True)
class Pair:
    """Two texts, and how their tones must relate."""

    capability: str
    kind: str
    texts: tuple[str, str]
    questions: tuple[str, str] = ("", "")
    allowed: tuple[tuple[Tone, ...], ...] = ()  # of kind "tones": the levels right for each text


@dataclass(frozen=True)
class Verdict:
    """What a model made of a pair."""

    pair: Pair
    levels: tuple[Tone, Tone]
    ranks: tuple[float, float]  # mean tone rank, 0 (boos) to 4 (enthousiast)
    failed: bool


@dataclass(frozen=True)
class Rate:
    """How often the pairs of a capability fail, with Wilson's 95 % interval."""

    capability: str
    pairs: int
    failures: int
    low: float
    high: float

    @property
    def share(self) -> float:
        """Failures as a share of the pairs."""
        return self.failures / self.pairs


def read_pairs(path: Path = PAIRS) -> tuple[Pair, ...]:
    """Read all pairs in the order of the file; raises UnreadableInputError on a malformed one."""
    try:
        capabilities = tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise UnreadableInputError("pairs cannot be read", where=str(path)) from error
    pairs: list[Pair] = []
    for capability, content in capabilities.items():
        for number, values in enumerate(content, start=1):
            try:
                pairs.append(_pair(capability, values))
            except (KeyError, TypeError, ValueError) as error:
                where = f"{path.name}, {capability}, pair {number}"
                raise UnreadableInputError(f"malformed pair ({error})", where=where) from error
    return tuple(pairs)


def judge(pair: Pair, probabilities: np.ndarray) -> Verdict:
    """Judge `pair` on the (2, 5) probabilities of its texts."""
    first, second = (TONES[level] for level in tone_levels(probabilities))
    before, after = (float(rank) for rank in probabilities @ np.arange(len(TONES)))
    moved = after - before
    match pair.kind:
        case "tones":
            right = first in pair.allowed[0] and second in pair.allowed[1]
        case "lower":
            right = moved <= -CLEARLY
        case "higher":
            right = moved >= CLEARLY
        case _:
            right = first is second and abs(moved) < HARDLY
    return Verdict(pair, (first, second), (before, after), failed=not right)


def verdicts(pairs: Sequence[Pair], model: ToneModel) -> tuple[Verdict, ...]:
    """Judge every pair on what `model` makes of its texts."""
    texts = [text for pair in pairs for text in pair.texts]
    questions = [question for pair in pairs for question in pair.questions]
    probabilities = model.predict(texts, questions).probabilities.reshape(-1, 2, len(TONES))
    return tuple(map(judge, pairs, probabilities))


def failure_rates(judged: Iterable[Verdict]) -> tuple[Rate, ...]:
    """Return a rate per capability, in the order in which they first come."""
    outcomes: dict[str, list[bool]] = {}
    for verdict in judged:
        outcomes.setdefault(verdict.pair.capability, []).append(verdict.failed)
    return tuple(_rate(capability, failed) for capability, failed in outcomes.items())


def summary(judged: Sequence[Verdict]) -> list[str]:
    """Return a Markdown table of the failure rates, and of all pairs together."""
    lines = [
        "| Capability | Pairs | Failures | Failure rate | 95 % interval |",
        "|---|---:|---:|---:|---:|",
    ]
    total = _rate("**total**", [verdict.failed for verdict in judged])
    lines += [
        f"| {rate.capability} | {rate.pairs} | {rate.failures} | {rate.share:.1%} |"
        f" {rate.low:.1%} – {rate.high:.1%} |"
        for rate in (*failure_rates(judged), total)
    ]
    return lines


def failures(judged: Iterable[Verdict]) -> list[str]:
    """Return a Markdown table of the failing pairs with the levels and mean ranks found."""
    lines = ["| Capability | Kind | Text | Found | Mean rank |", "|---|---|---|---|---:|"]
    for verdict in judged:
        if not verdict.failed:
            continue
        pair = verdict.pair
        for place, name in enumerate("ab"):
            wanted = f" ({'/'.join(pair.allowed[place])})" if pair.allowed else ""
            question = f" [{pair.questions[place]}]" if pair.questions[place] else ""
            lines.append(
                f"| {pair.capability} | {pair.kind} {name}{wanted} | {pair.texts[place]}{question}"
                f" | {verdict.levels[place]} | {verdict.ranks[place]:.2f} |"
            )
    return lines


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table; 4 when a capability fails more often than the limit."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--tone-model", metavar="FOLDER", help="default: the bundled model")
    parser.add_argument("--tier", choices=TIERS, help="default: that of the model's loader")
    parser.add_argument("--failures", action="store_true", help="also print the failing pairs")
    parser.add_argument("--limit", type=float, default=LIMIT, help="highest failure rate allowed")
    options = parser.parse_args(arguments)
    try:
        judged = verdicts(read_pairs(), _model(options.tone_model, options.tier))
    except KlankbordError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    print("\n".join(summary(judged)))
    if options.failures:
        print("\n" + "\n".join(failures(judged)))
    missed = [rate.capability for rate in failure_rates(judged) if rate.share > options.limit]
    if missed:
        print(f"above {options.limit:.0%}: {', '.join(missed)}", file=sys.stderr)
    return EXIT_QUALITY if missed else EXIT_OK


def _pair(capability: str, values: dict[str, Any]) -> Pair:
    kind, question = values["kind"], values.get("question", "")
    first, second = (question, question) if isinstance(question, str) else question
    allowed = tuple(tuple(Tone(tone) for tone in tones) for tones in values.get("tones", ()))
    if kind not in KINDS:
        raise ValueError(f"no kind '{kind}'")
    if unknown := sorted(values.keys() - _KEYS):
        raise ValueError(f"unknown keys {', '.join(unknown)}")
    if len(allowed) != (2 if kind == "tones" else 0) or not all(allowed):
        raise ValueError("levels belong with kind 'tones', some for each text")
    return Pair(capability, kind, (values["a"], values["b"]), (first, second), allowed)


def _rate(capability: str, failed: Sequence[bool]) -> Rate:
    interval = binomtest(sum(failed), len(failed)).proportion_ci(0.95, method="wilson")
    return Rate(capability, len(failed), sum(failed), float(interval.low), float(interval.high))


def _model(folder: str | None, tier: str | None) -> ToneModel:
    options: dict[str, Any] = {"tier": tier} if tier else {}
    return load_tone_model(folder, **options) if folder else load_tone_model(**options)


if __name__ == "__main__":
    sys.exit(main())
