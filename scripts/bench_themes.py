"""Measure themes beside what people use instead, on texts with gold themes and on real reviews.

    pip install -e . bertopic turftopic     # in an environment of its own
    python scripts/bench_themes.py --data DIR [--out FILE]        # quality
    python scripts/bench_themes.py --data DIR --speed 3000 30000  # seconds and memory
    python scripts/bench_themes.py --data DIR --labels FILE       # names to judge, not told whose

(a) Dutch complaints of `tone/train.tsv` and `tone/dev.tsv` with their gold theme, (b) bank
questions with 77 intents, (c) Dutch commands with their intents. No method sees the gold; two are
told how many themes there are. Unassigned texts count as one theme of their own.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pyarrow.compute as pc
from sklearn.metrics import (
    adjusted_mutual_info_score,
    adjusted_rand_score,
    v_measure_score,
)

from klankbord.language.dutch import NounPhrases
from klankbord.models import load_dutch, load_encoder, load_tone_model
from klankbord.schema import CUSTOMERS
from klankbord.themes import discover
from other_themes import METHODS, UNASSIGNED, Method, Task
from theme_coherence import coherence
from theme_lasting import AS_OF, id_stability, scored_reviews
from theme_texts import Gold, complaints, gold_sets, sentences
from tone_figures import held_out
from tone_texts import read_labelled

LEFT_OUT = UNASSIGNED - 1
KEPT = 0.9  # of the texts, in each of two runs that are compared
JUDGED = 50  # names of each method to judge
EXAMPLES = 3
THEMES = 15  # that KeyNMF and k-means are told where there is no gold


def methods() -> dict[str, Method]:
    """Return the ways to find themes that are installed."""
    return {name: known.method for name, known in METHODS.items()
            if not known.needs or find_spec(known.needs)}  # fmt: skip


def quality(gold: Gold) -> Iterator[str]:
    """Yield a table of every method on one set of texts."""
    encoder = load_encoder()
    whole = Task(gold.texts, encoder.encode(gold.texts), encoder, gold.themes)
    yield f"\n## {gold.name}: {len(gold.texts):,} texts, {gold.themes} gold themes\n"
    yield "| Method | themes | V | AMI | unassigned | NPMI | stability | seconds |"
    yield "|---|---:|---:|---:|---:|---:|---:|---:|"
    for name, method in methods().items():
        started = time.monotonic()
        labels = method(whole)
        seconds = time.monotonic() - started
        npmi = f"{coherence(gold.texts, labels, gold.others):.3f}" if gold.others else "–"
        yield (
            f"| {name} | {len(set(labels.tolist()) - {UNASSIGNED})}"
            f" | {v_measure_score(gold.theme, labels):.3f}"
            f" | {adjusted_mutual_info_score(gold.theme, labels):.3f}"
            f" | {np.mean(labels == UNASSIGNED):.1%} | {npmi}"
            f" | {stability(method, whole):.3f} | {seconds:.1f} |"
        )


def stability(method: Method, whole: Task) -> float:
    """Return the adjusted Rand index, on the texts in both, of runs on two samples of 90 %."""
    found = []
    for seed in range(2):
        order = np.random.default_rng(seed).permutation(len(whole.texts))
        kept = np.sort(order[: int(KEPT * len(order))])
        texts = [whole.texts[row] for row in kept]
        labels = np.full(len(whole.texts), LEFT_OUT)
        labels[kept] = method(replace(whole, texts=texts, vectors=whole.vectors[kept]))
        found.append(labels)
    both = (found[0] != LEFT_OUT) & (found[1] != LEFT_OUT)
    return float(adjusted_rand_score(found[0][both], found[1][both]))


def codes(data: Path, own: Path) -> Iterator[str]:
    """Yield how well complaints get their code of the codeframe, on texts no weight saw."""
    kept = held_out(data, own)
    sets = {
        "tone dev": read_labelled({"dev": data / "tone" / "dev.tsv"}),
        "held-out tenth of tone train": kept.take(np.flatnonzero(kept.origin == "train")),
        "both": None,
    }
    yield "\n## Codes: complaints given the code of their gold theme\n"
    yield "| Tier | Data | texts | accuracy | AMI | V | unassigned |"
    yield "|---|---|---:|---:|---:|---:|---:|"
    for tier in ("fast", "cascade", "accurate"):
        model = load_tone_model(tier=tier)
        gathered: list[np.ndarray] = []
        for name, labels in sets.items():
            if labels is not None:
                found = complaints(labels)
                scores = model.predict(found.texts, found.questions)
                given = np.where(scores.theme > 0, scores.theme, scores.complaint)
                gathered.append(np.stack([found.theme, given]))
                truth, given = gathered[-1]
            else:
                truth, given = np.hstack(gathered)
            yield (
                f"| {tier} | {name} | {len(truth)} | {np.mean(truth == given):.3f}"
                f" | {adjusted_mutual_info_score(truth, given):.3f}"
                f" | {v_measure_score(truth, given):.3f} | {np.mean(given == 0):.1%} |"
            )


def speed(data: Path, sizes: Sequence[int], only: Sequence[str]) -> Iterator[str]:
    """Yield seconds and memory of each method, each in a process of its own and warmed up."""
    yield "\n## Speed: sentences of real reviews, vectors included\n"
    yield "| Method | sentences | seconds | peak MB |"
    yield "|---|---:|---:|---:|"
    for size in sizes:
        for name in only or methods():
            command = [sys.executable, __file__, "--data", str(data), "--one", name,
                       "--speed", str(size)]  # fmt: skip
            told = subprocess.run(command, capture_output=True, text=True, check=False)
            if told.returncode:
                yield f"| {name} | {size:,} | failed | |"
                continue
            found = json.loads(told.stdout.splitlines()[-1])
            yield f"| {name} | {size:,} | {found['seconds']:.1f} | {found['peak_mb']:,.0f} |"


def one(data: Path, name: str, size: int) -> None:
    """Run one method once and print what it took."""
    encoder, method = load_encoder(), METHODS[name].method
    texts = sentences(data, size)
    few = texts[:1000]
    method(Task(few, encoder.encode(few), encoder, THEMES))
    started = time.monotonic()
    method(Task(texts, encoder.encode(texts), encoder, THEMES))
    seconds = time.monotonic() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": seconds, "peak_mb": peak}))


def write_labels(data: Path, path: Path) -> None:
    """Write names of themes of the complaints in real reviews, shuffled, with examples.

    They are Klankbord's sub-themes and BERTopic's topics, in the same complaint segments. The
    first line of each block is a number and the name, then come three of its texts. Whose each is
    stands in a file beside it, to be opened after judging.
    """
    encoder = load_encoder()
    tables = scored_reviews(data, 24_000)
    nobody = CUSTOMERS.empty_table()
    found = discover(
        *tables, encoder, customers=nobody, as_of=AS_OF, phrases=NounPhrases(load_dutch)
    )
    complaint = found.segments.filter(pc.is_valid(found.segments["theme_id"]))
    texts, given = complaint["text"].to_pylist(), np.array(complaint["theme_id"].to_pylist())
    topics = METHODS["BERTopic"].method(Task(texts, encoder.encode(texts), encoder, THEMES))
    blocks = [
        ("Klankbord", theme.label, np.flatnonzero(given == theme.theme_id))
        for theme in found.themes
        if theme.parent_id
    ]
    blocks += [
        ("BERTopic", name, np.flatnonzero(topics == topic))
        for topic, name in bertopic_names(texts, topics).items()
    ]
    rng = np.random.default_rng(1)
    drawn: list[tuple[str, str, np.ndarray]] = []
    for whose in ("Klankbord", "BERTopic"):
        mine = [block for block in blocks if block[0] == whose]
        drawn += [mine[place] for place in rng.permutation(len(mine))[:JUDGED]]
    order = rng.permutation(len(drawn))
    lines = []
    for number, place in enumerate(order):
        _, name, members = drawn[place]
        shown = [texts[row] for row in rng.permutation(members)[:EXAMPLES]]
        lines += [f"{number}\t{name}", *(f"\t{text[:200]}" for text in shown)]
    path.write_text("\n".join(lines) + "\n", "utf-8")
    whose_file = path.with_suffix(".whose")
    whose_file.write_text("\n".join(drawn[place][0] for place in order) + "\n", "utf-8")


def bertopic_names(texts: Sequence[str], labels: np.ndarray) -> dict[int, str]:
    """Return the name BERTopic gives each topic: its four heaviest words, stop words and all."""
    from bertopic.vectorizers import ClassTfidfTransformer
    from sklearn.feature_extraction.text import CountVectorizer

    topics = np.unique(labels)
    joined = [" ".join(np.array(texts, dtype=object)[labels == topic]) for topic in topics]
    counts = CountVectorizer()
    weight = ClassTfidfTransformer().fit_transform(counts.fit_transform(joined)).toarray()
    known = counts.get_feature_names_out()
    return {
        int(topic): ", ".join(known[np.argsort(-weight[at], kind="stable")[:4]])
        for at, topic in enumerate(topics)
        if topic != UNASSIGNED
    }


def main() -> None:
    """Run what the arguments ask for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--own", type=Path, default=Path("corpora/tone"))
    parser.add_argument("--speed", type=int, nargs="*", default=[], help="numbers of sentences")
    parser.add_argument("--only", nargs="*", default=[], help="methods in the speed test")
    parser.add_argument("--one", default="", help="one method, in this process")
    parser.add_argument("--labels", type=Path, help="file to write names to judge to")
    parser.add_argument("--out", type=Path, help="file to add the tables to as well")
    options = parser.parse_args()
    if options.one:
        one(options.data, options.one, options.speed[0])
        return
    if options.labels:
        write_labels(options.data, options.labels)
        return

    def say(line: str) -> None:
        print(line, flush=True)
        if options.out:
            with options.out.open("a", encoding="utf-8") as file:
                file.write(line + "\n")

    if options.speed:
        for line in speed(options.data, options.speed, options.only):
            say(line)
        return
    say("# Themes, measured\n\nPrinted by `scripts/bench_themes.py --data DIR`.")
    for gold in gold_sets(options.data):
        for line in quality(gold):
            say(line)
    for line in codes(options.data, options.own):
        say(line)
    for line in id_stability(options.data):
        say(line)


if __name__ == "__main__":
    main()
