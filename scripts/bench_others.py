"""Measure Klankbord's stages beside what a user would pick instead, on the same texts in one run.

    python scripts/bench_others.py [--data DIR] [--other-venv DIR] [--json FILE]

Tone: classifiers of transformers (see bench_tiers.py), the smaller one row by row as well, and a
lexicon whose words are added up row by row. Themes: BERTopic on the vectors of our encoder; it gets
an environment of its own in `--other-venv`, without which it is left out. Quality is not compared
here.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import re
import subprocess
import tempfile
import time
import venv
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import mean

import numpy as np
import pandas as pd

import bench_tiers
from bench_answers import ROOT
from bench_tables import of_others
from environment import CONSTRAINTS
from klankbord.room import cores

LEVELS = {"boos": -1.0, "ontevreden": -0.5, "neutraal": 0.0, "positief": 0.5, "enthousiast": 1.0}
SEEN, POLAR = 3, 0.1  # texts with a word, and its mean level, from which on it tells something
SHARES = bench_tiers.SHARES | {"lexicon": 1, "row by row": 512}  # one text in so many
NAMES = {
    "6 layers": "transformers pipeline, 6 layers",
    "base": "transformers pipeline, base size",
    "row by row": "the 6 layers, pandas apply",
    "lexicon": "lexicon, pandas apply",
}
TIER_NAMES = {tier: f"Klankbord, {tier}" for tier in bench_tiers.TIERS}
GROUPED = (  # what BERTopic works with; without the encoders it can load, and so without torch
    "numpy", "scikit-learn", "pandas", "scipy", "hdbscan==0.8.44", "llvmlite==0.50.0",
    "numba==0.68.1", "plotly==7.1.0", "pynndescent==0.7.0", "pyyaml", "tqdm", "umap-learn==0.5.12",
)  # fmt: skip
BERTOPIC = "bertopic==0.17.4"


@dataclass(frozen=True)
class Rival:
    """How fast one way is, and how many times as fast Klankbord is, by wall and processor time."""

    task: str
    name: str
    texts: int
    per_second: float
    milliseconds: float  # of processor a text
    klankbord: Mapping[str, tuple[float, float]]  # tier, or "", -> times


def tone(texts: Sequence[str], rounds: int = 3, shares: Mapping[str, int] = SHARES) -> list[Rival]:
    """Return the tiers and the others that read tone."""
    ways = bench_tiers.contenders(cores())
    six = ways["6 layers"]
    ways["lexicon"] = lexicon_apply
    ways["row by row"] = lambda told: pd.Series(told).apply(lambda text: six([text]))
    found = {rate.name: rate
             for rate in bench_tiers.rates(ways, texts, rounds, shares=dict(shares))}  # fmt: skip
    return [
        Rival(
            "tone",
            {**NAMES, **TIER_NAMES}[name],
            rate.texts,
            rate.per_second,
            rate.milliseconds,
            {
                tier: (
                    found[tier].per_second / rate.per_second,
                    rate.milliseconds / found[tier].milliseconds,
                )
                for tier in bench_tiers.TIERS
                if name not in bench_tiers.TIERS
            },
        )
        for name, rate in found.items()
    ]


def lexicon_apply(texts: list[str]) -> object:
    """Add up the polarity of the words of each text, the way people write it by hand."""
    lexicon = polarity()
    frame = pd.DataFrame({"text": texts})
    return frame["text"].apply(lambda text: sum(lexicon.get(w, 0) for w in text.lower().split()))


def polarity() -> dict[str, float]:
    """Return the mean level, -1 … 1, of the texts in corpora/ with a word that tells something."""
    if not _POLARITY:
        levels = defaultdict(list)
        for path in sorted((ROOT / "corpora" / "tone").glob("*.tsv")):
            with path.open(encoding="utf-8", newline="") as file:
                for row in csv.DictReader(file, delimiter="\t"):
                    if row.get("tone") in LEVELS:
                        for word in set(re.findall(r"\w+", row["text"].lower())):
                            levels[word].append(LEVELS[row["tone"]])
        _POLARITY.update(
            (word, level)
            for word, found in levels.items()
            if len(found) >= SEEN and abs(level := mean(found)) >= POLAR
        )
    return _POLARITY


_POLARITY: dict[str, float] = {}


def themes(texts: Sequence[str], other_venv: Path | None) -> list[Rival]:
    """Return Klankbord's groups and those of BERTopic, on the same vectors."""
    from klankbord.models import load_encoder
    from klankbord.themes.grouping import group

    told = list(dict.fromkeys(texts))
    vectors = load_encoder().encode(told)
    group(told[:1000], vectors[:1000])
    taken = {"Klankbord": _seconds(lambda: group(told, vectors))}
    if other_venv:
        taken["BERTopic"] = _bertopic(told, vectors, _ready(other_venv))
    wall, processor = taken["Klankbord"]
    return [
        Rival(
            "themes",
            f"{name}, vectors given",
            len(told),
            len(told) / spent[0],
            1000 * spent[1] / len(told),
            {} if name == "Klankbord" else {"": (spent[0] / wall, spent[1] / processor)},
        )
        for name, spent in taken.items()
    ]


def _bertopic(texts: list[str], vectors: np.ndarray, python: Path) -> tuple[float, float]:
    script = Path(__file__).with_name("bench_bertopic.py")
    with tempfile.TemporaryDirectory() as folder:
        held = Path(folder) / "texts.npz"
        np.savez(held, texts=np.array(texts), vectors=vectors)
        done = subprocess.run(
            [str(python), str(script), str(held)], capture_output=True, check=True
        )
    wall, processor = json.loads(done.stdout.splitlines()[-1])
    return wall, processor


def _ready(folder: Path) -> Path:
    """Return the interpreter of an environment with BERTopic, made where there is none."""
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if not python.exists():
        venv.create(folder, with_pip=True)
    if not list(folder.glob("**/bertopic/__init__.py")):
        print(f"installing BERTopic in {folder}", flush=True)
        pip = [str(python), "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
        subprocess.run([*pip, "--constraint", str(CONSTRAINTS), *GROUPED], check=True)
        subprocess.run([*pip, "--no-deps", BERTOPIC], check=True)
    return python


def _seconds(work: Callable[[], object]) -> tuple[float, float]:
    wall, processor = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - wall, time.process_time() - processor


def main() -> None:
    """Print the rates; write them to a file where one is named."""
    parser = argparse.ArgumentParser(description="Measure Klankbord beside what people use now.")
    parser.add_argument("--data", type=Path, help="folder with reviews; by default corpora/")
    parser.add_argument("--other-venv", type=Path, help="environment for BERTopic; made there")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--texts", type=int, default=bench_tiers.SAMPLE)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    texts = bench_tiers.sample(arguments.data, arguments.texts)
    rivals = [
        *tone(texts, arguments.rounds),
        *themes(texts, arguments.other_venv and arguments.other_venv.absolute()),
    ]
    told = [asdict(one) for one in rivals]
    print("\n".join(of_others(told)))
    if arguments.json:
        arguments.json.write_text(json.dumps(told, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
