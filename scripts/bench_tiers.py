"""Measure the tiers of the tone model beside classifiers of transformers, in one run.

    python scripts/bench_tiers.py [--data DIR] [--json FILE] [--rounds N]

The others are text-classification pipelines with 6 layers (the size of multilingual DistilBERT)
and 12 layers (of multilingual BERT), whose weights are drawn at random: they do not matter for
speed. They get the tokenizer of our accurate model, which needs fewer pieces for Dutch than
theirs, texts sorted by length, and the best of three batch sizes. All read the same answers, the
slow ones every so many of them; they take turns, and a rate is the median of its rounds.
"""

from __future__ import annotations

import argparse
import json
import random
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any

from bench_answers import answers
from klankbord.models import load_tone_model
from klankbord.models.loading import ACCURATE_MODEL, TIERS
from klankbord.resources import bundled
from klankbord.room import cores

SAMPLE = 16_384  # answers
SHARES = {
    "fast": 1,
    "cascade": 4,
    "accurate": 16,
    "6 layers": 48,
    "base": 96,
}  # one text in so many
TARGETS = {"fast": 50, "cascade": 5, "accurate": 2.5}  # times the rate of 6 layers
BATCHES = (1, 8, 32)
TRIED = 64  # texts on which the batch size of a pipeline is chosen
WORDS = 119_547  # in the vocabulary of the multilingual models
WIDTH, HEADS, LABELS = 768, 12, 5
LIBRARIES = ("klankbord", "numpy", "onnxruntime", "torch", "transformers", "tokenizers")

Score = Callable[[list[str]], object]


@dataclass(frozen=True)
class Rate:
    """How fast texts are scored; medians."""

    name: str
    texts: int  # scored in a round
    per_second: float
    milliseconds: float  # of all cores together, for a text


def contenders(threads: int) -> dict[str, Score]:
    """Return every way to score texts, by name; those of transformers take so many `threads`."""
    ours = {tier: _tier(tier) for tier in TIERS}
    others = {"6 layers": _pipeline(6, threads), "base": _pipeline(12, threads)}
    return {**ours, **others}


def rates(
    ways: dict[str, Score],
    texts: Sequence[str],
    rounds: int,
    *,
    shares: dict[str, int] | None = None,
) -> list[Rate]:
    """Let all `ways` score texts in turn; of a way with share n every n-th text."""
    parts = {name: list(texts[:: (shares or SHARES)[name]]) for name in ways}
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
    for name, score in ways.items():
        score(parts[name][:TRIED])
    for _ in range(rounds):
        for name, score in ways.items():
            taken[name].append(_timed(score, parts[name]))
    return [
        Rate(
            name,
            len(parts[name]),
            len(parts[name]) / median(wall for wall, _ in times),
            1000 * median(cpu for _, cpu in times) / len(parts[name]),
        )
        for name, times in taken.items()
    ]


def sample(data: Path | None = None, size: int = SAMPLE) -> list[str]:
    """Return answers, of the reviews in `data` or else of corpora/; the same ones each time."""
    chance = random.Random(1)  # noqa: S311 - reproducible, not secret
    return [text for text, _ in answers(size, chance, data)]


def table(found: Iterable[Rate]) -> str:
    """Return the rates as lines, with how many times the pipelines' they are."""
    by_name = {rate.name: rate for rate in found}
    six, base = (by_name[name] for name in ("6 layers", "base"))
    lines = [
        f"{'':10}{'texts/s':>10}{'CPU ms a text':>16}{'x 6 layers':>14}{'in CPU':>9}"
        f"{'x base':>9}{'in CPU':>9}{'wanted':>9}"
    ]
    for rate in by_name.values():
        wanted = f"{TARGETS[rate.name]:g}" if rate.name in TARGETS else ""
        times = "".join(
            f"{rate.per_second / other.per_second:>{first}.1f}"
            f"{other.milliseconds / rate.milliseconds:>9.1f}"
            for other, first in ((six, 14), (base, 9))
        )
        lines.append(
            f"{rate.name:10}{rate.per_second:>10.0f}{rate.milliseconds:>16.3f}{times}{wanted:>9}"
        )
    return "\n".join(lines)


def versions() -> dict[str, str]:
    """Return what the rates were measured with."""
    return {name: version(name) for name in LIBRARIES}


def main() -> None:
    """Print the rates; write them to a file where one is named."""
    parser = argparse.ArgumentParser(description="Measure how fast every tier scores texts.")
    parser.add_argument("--data", type=Path, help="folder with reviews; by default corpora/")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    ways = contenders(cores())
    found = rates(ways, sample(arguments.data), arguments.rounds)
    print(table(found))
    print(", ".join(f"{name} {number}" for name, number in versions().items()))
    if arguments.json:
        rows = [asdict(rate) for rate in found]
        report = {"cores": cores(), "versions": versions(), "rates": rows}
        arguments.json.write_text(json.dumps(report, indent=2) + "\n", "utf-8")


def _tier(tier: str) -> Score:
    model = load_tone_model(tier=tier)
    return lambda texts: model.predict(texts, [""] * len(texts))


def _pipeline(layers: int, threads: int) -> Score:
    """Return a pipeline of transformers with weights drawn at random, at its best batch size."""
    import torch
    from transformers import (
        BertConfig,
        BertForSequenceClassification,
        DistilBertConfig,
        DistilBertForSequenceClassification,
        PreTrainedTokenizerFast,
        pipeline,
    )

    torch.set_num_threads(threads)
    torch.manual_seed(1)
    model: Any
    if layers == 6:
        model = DistilBertForSequenceClassification(
            DistilBertConfig(vocab_size=WORDS, dim=WIDTH, n_heads=HEADS, n_layers=layers,
                             hidden_dim=4 * WIDTH, num_labels=LABELS)
        )  # fmt: skip
    else:
        model = BertForSequenceClassification(
            BertConfig(vocab_size=WORDS, hidden_size=WIDTH, num_attention_heads=HEADS,
                       num_hidden_layers=layers, intermediate_size=4 * WIDTH, num_labels=LABELS)
        )  # fmt: skip
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_file=str(bundled(ACCURATE_MODEL) / "tokenizer.json"),
        model_input_names=["input_ids", "attention_mask"],
        model_max_length=512,
        pad_token="[PAD]",  # noqa: S106 - a word piece
        unk_token="[UNK]",  # noqa: S106
        cls_token="[CLS]",  # noqa: S106
        sep_token="[SEP]",  # noqa: S106
    )
    classify = pipeline(
        "text-classification", model=model.eval(), tokenizer=tokenizer, device="cpu"
    )

    def score(texts: list[str], batch: int) -> object:
        return classify(sorted(texts, key=len), batch_size=batch, top_k=None, truncation=True)

    tried = sample(size=TRIED)
    score(tried[:8], 8)
    _, best = min(
        (_timed(lambda texts, size=size: score(texts, size), tried), size) for size in BATCHES
    )
    return lambda texts: score(texts, best)


def _timed(score: Score, texts: list[str]) -> tuple[float, float]:
    """Return wall and processor seconds."""
    wall, cpu = time.perf_counter(), time.process_time()
    score(texts)
    return time.perf_counter() - wall, time.process_time() - cpu


if __name__ == "__main__":
    main()
