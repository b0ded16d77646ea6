"""Fine-tune the transformer encoder into the accurate tone model, and export it.

One head per question of the annotation guide, learned together (`tone_loss.py`). One tenth of the
labelled texts is kept apart: on it probabilities are calibrated and thresholds chosen. The result
is a folder that transformers loads (`AutoModelForSequenceClassification`, fp16) with an int8 ONNX
file beside it, which is what Klankbord runs.
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tokenizers import Tokenizer

from klankbord.models import load_tone_model
from klankbord.models.accurate_tone import tone_entries
from klankbord.models.network import ends
from tone_loss import OUTPUTS, ToneLoss
from tone_texts import (
    FLAGS,
    THEMES,
    TONE_COUNT,
    Labelled,
    measured_texts,
    read_labelled,
    training_files,
    with_stars,
)

OUTPUT_NAMES = (
    *(f"tone:{name}" for name in ("boos", "ontevreden", "neutraal", "positief", "enthousiast")),
    "mixed",
    *(f"theme:{name}" for name in THEMES),
    *(f"flag:{name}" for name in FLAGS),
)


@dataclass(frozen=True)
class Recipe:
    """What can be chosen; the defaults are what was best on the texts held out."""

    batch: int = 48
    embedding_rate: float = 3.5e-4
    body_rate: float = 1e-4
    head_rate: float = 1e-3
    decay: float = 0.01
    average: float = 0.998  # of the moving average of the weights
    masked: float = 0.06  # of the tokens, hidden in training
    dropout: float = 0.1  # before the heads
    stars: float = 0.35  # of the reviews that only have stars
    seed: int = 0
    pace: float = 1.0  # times the rates


class Inputs:
    """Token ids of question and text, end to end; capitals are marked first."""

    def __init__(self, tokenizer: Tokenizer, texts: list[str], questions: list[str]) -> None:
        flat: list[int] = []
        kinds: list[int] = []
        offset = [0]
        entries = tone_entries(texts, questions)
        for first in range(0, len(texts), 10_000):
            for encoding in tokenizer.encode_batch_fast(entries[first : first + 10_000]):
                ids, types = ends(encoding.ids), ends(encoding.type_ids)
                flat.extend(ids)
                kinds.extend(types)
                offset.append(len(flat))
        self.flat = np.array(flat, dtype=np.int64)
        self.kinds = np.array(kinds, dtype=np.int64)
        self.offset = np.array(offset)
        self.length = np.diff(self.offset)

    def batch(self, which: np.ndarray) -> dict[str, torch.Tensor]:
        """Return ids, mask and types, each (n, longest of them), of the rows `which`."""
        place = np.arange(self.length[which].max())
        mask = place < self.length[which][:, None]
        at = np.minimum(self.offset[which][:, None] + place, len(self.flat) - 1)
        return {
            "input_ids": torch.from_numpy(np.where(mask, self.flat[at], 0)),
            "attention_mask": torch.from_numpy(mask.astype(np.int64)),
            "token_type_ids": torch.from_numpy(np.where(mask, self.kinds[at], 0)),
        }


def new_model(encoder: Path, *, trained: bool) -> Any:  # noqa: ANN401 - a transformers model
    """Return a trained model to go on with, or the encoder with fresh heads.

    The pooling layer of the latter starts as the identity.
    """
    from transformers import AutoModelForSequenceClassification

    model = AutoModelForSequenceClassification.from_pretrained(
        encoder,
        dtype=torch.float32,
        num_labels=OUTPUTS,
        id2label=dict(enumerate(OUTPUT_NAMES)),
        label2id={name: place for place, name in enumerate(OUTPUT_NAMES)},
        classifier_dropout=Recipe.dropout,
    )
    if trained:
        return model
    with torch.no_grad():
        model.bert.pooler.dense.weight.copy_(torch.eye(model.config.hidden_size))
        model.bert.pooler.dense.bias.zero_()
        model.classifier.weight.zero_()
        model.classifier.bias.zero_()
    return model


def batches(
    which: np.ndarray, length: np.ndarray, size: int, shuffle: np.random.Generator
) -> list[np.ndarray]:
    """Return batches of rows of like length, in random order."""
    order = shuffle.permutation(which)
    pool = size * 50
    parts = []
    for first in range(0, len(order), pool):
        part = order[first : first + pool]
        part = part[np.argsort(length[part], kind="stable")]
        parts += np.array_split(part, max(1, len(part) // size))
    return [parts[i] for i in shuffle.permutation(len(parts))]


def fine_tune(
    model: Any,  # noqa: ANN401
    inputs: Inputs,
    loss_of: ToneLoss,
    passes: list[np.ndarray],
    recipe: Recipe,
    checkpoint: Path,
    minutes: float,
) -> None:
    """Go over each of `passes` once, with one falling rate; end with the averaged weights."""
    shuffle = np.random.default_rng(recipe.seed)
    groups: dict[str, list[torch.nn.Parameter]] = {"embedding": [], "body": [], "head": []}
    for name, value in model.named_parameters():
        head = "classifier" in name or "pooler" in name
        groups["head" if head else "embedding" if "word_emb" in name else "body"].append(value)
    rates = (recipe.embedding_rate, recipe.body_rate, recipe.head_rate)
    optimiser = torch.optim.AdamW(
        [{"params": values, "lr": 0.0} for values in groups.values()],
        betas=(0.9, 0.98), weight_decay=recipe.decay, fused=True,
    )  # fmt: skip
    plan = [b for some in passes for b in batches(some, inputs.length, recipe.batch, shuffle)]
    tokens = np.array([inputs.length[part].max() * len(part) for part in plan]).cumsum()
    average = {name: value.detach().clone() for name, value in model.named_parameters()}
    model.train()
    started = time.monotonic()
    for step, part in enumerate(plan):
        seconds = time.monotonic() - started
        # the clock decides where the plan is too long for the time there is
        done = max(tokens[step] / tokens[-1], seconds / (60 * minutes))
        if done >= 1 and step < len(plan) - 1:
            print(f"stopped at {step}/{len(plan)}", flush=True)
            break
        pace = min(1.0, (step + 1) / 150) * max(0.01, 1 - done)
        for group, rate in zip(optimiser.param_groups, rates, strict=True):
            group["lr"] = rate * pace * recipe.pace
        batch = inputs.batch(part)
        hidden = torch.rand(batch["input_ids"].shape) < recipe.masked
        batch["input_ids"] = batch["input_ids"].masked_fill(hidden & (batch["input_ids"] > 4), 4)
        optimiser.zero_grad()
        loss = loss_of(model(**batch).logits, part)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        keep = min(recipe.average, step / (step + 10))
        with torch.no_grad():
            for name, value in model.named_parameters():
                average[name].lerp_(value, 1 - keep)
        if step % 100 == 0:
            print(f"{step}/{len(plan)}  loss {loss.item():.3f}  {done:.1%}  {seconds:.0f} s",
                  flush=True)  # fmt: skip
            if step % 400 == 0:
                torch.save(model.state_dict(), checkpoint)
    with torch.no_grad():
        for name, value in model.named_parameters():
            value.copy_(average[name])
    model.eval()


def halfway(model: Any, start: Any) -> None:  # noqa: ANN401
    """Put `model` halfway between `start` and where it went.

    What was gained stays and what was unlearned comes back (Wortsman et al. 2022, "Model soups").
    """
    begun = start.state_dict()
    with torch.no_grad():
        for name, value in model.named_parameters():
            value.lerp_(begun[name], 0.5)


def logits_of(model: Any, inputs: Inputs, which: np.ndarray) -> np.ndarray:  # noqa: ANN401
    """Return the logits (len(which), OUTPUTS) of the rows `which`."""
    found = np.zeros((len(which), OUTPUTS), dtype=np.float32)
    order = np.argsort(inputs.length[which], kind="stable")
    with torch.no_grad():
        for part in np.array_split(order, max(1, len(order) // 64)):
            found[part] = model(**inputs.batch(which[part])).logits.numpy()
    return found


def read_training(data: Path, own: Path, without: str = "") -> tuple[Labelled, np.ndarray]:
    """Return all training texts, and the belief about the tone of those that only have stars."""
    measured = measured_texts(data)
    files = training_files(data, own)
    files.pop(without, None)
    labels = read_labelled(files, without=measured)
    labels, chance = with_stars(labels, data / "reviews", measured)
    stars = np.flatnonzero(labels.origin == "stars")
    believed = load_tone_model(tier="fast").predict(
        [labels.texts[row] for row in stars], [""] * len(stars)
    )
    belief = np.full((len(labels.ids), TONE_COUNT), np.nan)
    belief[stars] = believed.probabilities * np.sqrt(chance[stars])
    belief[stars] /= belief[stars].sum(axis=1, keepdims=True)
    return labels, belief


def main() -> None:
    """Fine-tune and write the transformers folder; `export_tone.py` finishes it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with tone/*.tsv")
    parser.add_argument("--own", type=Path, default=Path("corpora/tone"))
    start = parser.add_mutually_exclusive_group(required=True)
    start.add_argument("--encoder", type=Path, help="folder of train_transformer.py")
    start.add_argument("--trained", type=Path, help="folder of this script, to go on with")
    parser.add_argument("--out", type=Path, required=True, help="folder of the trained weights")
    parser.add_argument("--minutes", type=float, default=60, help="at most, of training")
    parser.add_argument("--without", default="", help="a file of corpora/tone to leave out")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0, help="another one when going on")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    recipe = Recipe(pace=0.6 if options.trained else 1.0, seed=options.seed)
    torch.manual_seed(recipe.seed)
    labels, belief = read_training(options.data, options.own, options.without)
    folder = options.trained or options.encoder
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    inputs = Inputs(tokenizer, labels.texts, labels.questions)
    stars = labels.origin == "stars"
    apart = (labels.fold() == 0) & ~stars
    chance = np.random.default_rng(recipe.seed).random(len(stars))
    aligned = labels.origin == "aligned"
    if options.trained:  # the stars have said what they know
        judged = ~apart & ~stars
        passes = [judged, judged & (labels.weight() > 1)]
    else:
        first = ~apart & (chance < np.where(stars, recipe.stars, np.where(aligned, 0.5, 1)))
        passes = [first, ~apart & ~stars & (~aligned | (chance > 0.7))]
    loss_of = ToneLoss(labels, np.flatnonzero(~apart), belief=belief)
    counts = {name: int((labels.origin[~apart] == name).sum()) for name in set(labels.origin)}
    print(counts, f"{sum(inputs.length[some].sum() for some in passes):,} tokens", flush=True)
    model = new_model(folder, trained=bool(options.trained))
    options.out.mkdir(parents=True, exist_ok=True)
    fine_tune(
        model, inputs, loss_of, [np.flatnonzero(some) for some in passes], recipe,
        options.out / "checkpoint.pt", options.minutes,
    )  # fmt: skip
    (options.out / "checkpoint.pt").unlink(missing_ok=True)
    if options.trained:
        halfway(model, new_model(folder, trained=True))
    model.half().save_pretrained(options.out)
    tokenizer.save(str(options.out / "tokenizer.json"))
    (options.out / "trained_on.json").write_text(json.dumps(counts) + "\n", "utf-8")


if __name__ == "__main__":
    main()
