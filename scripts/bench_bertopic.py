"""Group texts with BERTopic, in an environment that holds it, and say what that costs.

    python scripts/bench_bertopic.py TEXTS.npz

The file holds `texts` and their `vectors`, as scripts/bench_others.py writes it.
"""

from __future__ import annotations

import json
import sys
import time
import warnings
from pathlib import Path

import numpy as np

FEW = 1_000  # texts that it is warmed up on: what numba compiles is not counted


def main() -> None:
    """Print wall and processor seconds."""
    from bertopic import BERTopic

    held = np.load(Path(sys.argv[1]))
    texts, vectors = held["texts"].tolist(), held["vectors"]
    for size in (FEW, len(texts)):
        wall, processor = time.perf_counter(), time.process_time()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            BERTopic(language="multilingual").fit_transform(texts[:size], vectors[:size])
        spent = time.perf_counter() - wall, time.process_time() - processor
    print(json.dumps(spent))


if __name__ == "__main__":
    main()
