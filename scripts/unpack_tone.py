"""Write the accurate tone model as a folder that transformers loads, to study or fine-tune it.

The weights are those of the int8 file, each times its scale, as fp16. What Klankbord runs stays
the int8 file: one copy of the weights in the repository is enough.
"""

from __future__ import annotations

import argparse
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import save

from klankbord.models.network import ONNX_FILE
from tone_loss import OUTPUTS
from train_tone_transformer import OUTPUT_NAMES

BODY = "/model/"
MIDDLE = 128  # what stands for zero in a block of eight bits


def unpacked(path: Path) -> dict[str, np.ndarray]:
    """Return the weights of an int8 file that `export_onnx.py` wrote, by their torch names."""
    import onnx
    from onnx import numpy_helper

    graph = onnx.load(str(path)).graph
    values = {item.name: numpy_helper.to_array(item) for item in graph.initializer}
    weights = {
        name.removeprefix("model."): value
        for name, value in values.items()
        if name.startswith("model.") and name.endswith((".weight", ".bias"))
    }
    for name, value in values.items():
        plain, _, kind = name.removeprefix("model.").rpartition("_")
        if kind == "int8":  # a scale per word
            weights[plain] = value * values[f"model.{plain}_scale"]
    for node in graph.node:
        if node.op_type == "MatMulNBits":
            layer = node.name.removeprefix(BODY).rsplit("/", 1)[0].replace("/", ".")
            weights[f"{layer}.weight"] = _matrix(node, values)
    return weights


def _matrix(node: Any, values: dict[str, np.ndarray]) -> np.ndarray:  # noqa: ANN401
    """Return what the blocks of a matrix stand for, (outputs, inputs) as torch keeps it."""
    blocks, scales = (values[name] for name in node.input[1:3])
    width = next(item.i for item in node.attribute if item.name == "K")
    flat = (blocks.astype(np.float32) - MIDDLE) * scales.reshape(*blocks.shape[:2], 1)
    matrix: np.ndarray = flat.reshape(len(blocks), -1)[:, :width]
    return matrix


def unpack(folder: Path, out: Path) -> None:
    """Write `out`: config.json, model.safetensors and the tokenizer."""
    weights = unpacked(folder / ONNX_FILE)
    words, width = weights["bert.embeddings.word_embeddings.weight"].shape
    layers = 1 + max(int(name.split(".")[3]) for name in weights if ".layer." in name)
    config = {
        "architectures": ["BertForSequenceClassification"],
        "model_type": "bert",
        "vocab_size": words,
        "hidden_size": width,
        "num_hidden_layers": layers,
        "num_attention_heads": 12,
        "intermediate_size": len(weights["bert.encoder.layer.0.intermediate.dense.bias"]),
        "max_position_embeddings": len(weights["bert.embeddings.position_embeddings.weight"]),
        "pad_token_id": 0,
        "id2label": dict(enumerate(OUTPUT_NAMES)),
        "label2id": {name: place for place, name in enumerate(OUTPUT_NAMES)},
    }
    assert len(weights["classifier.bias"]) == OUTPUTS  # noqa: S101 - the file is ours
    out.mkdir(parents=True, exist_ok=True)
    half = {name: np.ascontiguousarray(v, dtype=np.float16) for name, v in weights.items()}
    (out / "model.safetensors").write_bytes(save(half, metadata={"format": "pt"}))
    (out / "config.json").write_text(json.dumps(config, indent=1) + "\n", "utf-8")
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copy(folder / name, out / name)


def main() -> None:
    """Unpack the bundled model."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, default=Path("models/tone-accurate"))
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    unpack(options.model, options.out)
    size = sum(path.stat().st_size for path in options.out.iterdir())
    print(f"{options.out}: {size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
