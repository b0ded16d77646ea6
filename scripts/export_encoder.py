"""Make an encoder that `--encoder` takes of what `train_transformer.py` made.

Exports int8 ONNX, then chooses on the STS development sets how heavily the static encoder counts
beside it, and prints the figures of every share.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import torch
from scipy.stats import spearmanr
from tokenizers import Tokenizer

from export_onnx import export
from klankbord.models import load_encoder
from klankbord.models.encoder import unit_rows
from klankbord.models.network import ONNX_FILE, RUN_FILE, Network
from model_cards import write_card
from train_transformer import save_tokenizer
from translation_pairs import rows, used_data

SHARES = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6)
LANGUAGES = ("nl", "en", "de")


def chosen_share(network: Network, data: Path) -> float:
    """Return the share that is best on the mean of the development sets."""
    static = load_encoder()
    found = np.zeros((len(SHARES), len(LANGUAGES)))
    for column, language in enumerate(LANGUAGES):
        pairs = list(rows(data / "eval" / f"sts_{language}_dev.tsv"))
        wanted = [float(pair["similarity_0_5"]) for pair in pairs]
        likeness = []
        for vectors in (lambda texts: unit_rows(network.rows(texts)), static.encode):
            left, right = (vectors([pair[side] for pair in pairs])
                           for side in ("sentence1", "sentence2"))  # fmt: skip
            likeness.append((left * right).sum(axis=1))
        for line, share in enumerate(SHARES):
            mixed = (1 - share) * likeness[0] + share * likeness[1]
            found[line, column] = spearmanr(mixed, wanted).statistic
    print("share of the static encoder  " + "  ".join(f"STS {name} dev" for name in LANGUAGES))
    for share, line in zip(SHARES, found, strict=True):
        print(f"{share:27.1f}  " + "  ".join(f"{value:10.4f}" for value in line))
    return SHARES[int(found.mean(axis=1).argmax())]


def main() -> None:
    """Export, choose, and write the model folder with its card."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with eval/ and parallel/")
    parser.add_argument("--own", type=Path, default=Path("corpora/parallel"))
    parser.add_argument("--trained", type=Path, required=True, help="folder of the trained weights")
    parser.add_argument("--out", type=Path, required=True, help="folder for --encoder")
    options = parser.parse_args()
    from transformers import AutoModel

    options.out.mkdir(parents=True, exist_ok=True)
    save_tokenizer(Tokenizer.from_file(str(options.trained / "tokenizer.json")), options.out)
    model = AutoModel.from_pretrained(options.trained, dtype=torch.float32, add_pooling_layer=False)
    export(model, options.out / ONNX_FILE)
    share = chosen_share(Network(options.out), options.data)
    run = {"static_share": share, "static": load_encoder().fingerprint}
    (options.out / RUN_FILE).write_text(json.dumps(run, indent=1) + "\n", "utf-8")
    write_card(
        options.out,
        kind="encoder",
        summary="Transformer sentence encoder for Dutch, English, German and French",
        data=used_data(options.data, options.own),
    )


if __name__ == "__main__":
    main()
