"""Train the bundled fast tone model on top of the static encoder.

Every member of the ensemble learns tone (five ordered levels), mixed, complaint theme and the
three flags together. One tenth of the training texts is kept apart from all members: on it the
probabilities are calibrated and the thresholds chosen. `tone/dev.tsv` is only measured.
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - the usual name
from scipy.special import softmax
from tokenizers import Tokenizer

from klankbord.models import load_encoder
from klankbord.models.ngrams import STYLE_FEATURES
from model_cards import write_card
from tone_loss import FLAG_START, OUTPUTS, ToneLoss
from tone_texts import (
    FLAGS,
    THEMES,
    TONE_COUNT,
    UNJUDGED,
    Features,
    Labelled,
    data_files,
    measured_texts,
    read_labelled,
    training_files,
    with_pieces,
    with_stars,
)
from train_tone_transformer import Inputs
from train_tone_transformer import logits_of as transformer_logits


@dataclass(frozen=True)
class Recipe:
    """What can be chosen; the defaults are what was best on the texts held out."""

    bucket_bits: int = 17
    members: int = 4
    epochs: int = 4
    batch: int = 128
    hidden: int = 128
    filters: int = 64  # of three neighbouring word pieces
    dropout: float = 0.3
    gram_dropout: float = 0.1
    gram_rate: float = 5e-3
    dense_rate: float = 1e-3
    gram_decay: float = 1e-3
    smoothing: float = 0.05  # to the neighbouring levels
    class_power: float = 0.5
    ordinal: float = 1.0  # weight of the ranked probability score
    auxiliary: float = 0.5
    of_teacher: float = 0.5  # what the teacher says against the label
    stars: float = 0.4  # of the reviews that only have stars
    stars_read: float = 0.7  # of those, where a teacher reads them


class Member(torch.nn.Module):
    """Linear in the n-grams; linear plus a hidden layer in vectors and pooled filters."""

    def __init__(self, width: int, vectors: torch.Tensor, recipe: Recipe) -> None:
        super().__init__()
        self.vectors = vectors  # (vocabulary, d) of unit length, not trained
        self.grams = torch.nn.Embedding(1 << recipe.bucket_bits, OUTPUTS)
        torch.nn.init.zeros_(self.grams.weight)
        self.direct = torch.nn.Linear(width, OUTPUTS)
        self.filters = torch.nn.Linear(vectors.shape[1], 3 * recipe.filters, bias=False)
        self.filter_bias = torch.nn.Parameter(torch.zeros(recipe.filters))
        self.hidden = torch.nn.Linear(width + recipe.filters, recipe.hidden)
        self.out = torch.nn.Linear(recipe.hidden, OUTPUTS, bias=False)
        self.dropout = torch.nn.Dropout(recipe.dropout)
        self.gram_dropout = recipe.gram_dropout

    def pooled(self, piece: torch.Tensor) -> torch.Tensor:
        """Return each filter's strongest answer over the text, (n, filters)."""
        distinct, place = piece.unique(return_inverse=True)
        answer = self.filters(self.vectors[distinct])[place]
        before, here, after = answer.chunk(3, dim=2)
        total = here + F.pad(before, (0, 0, 1, 0))[:, :-1] + F.pad(after, (0, 0, 0, 1))[:, 1:]
        total = torch.relu(total + self.filter_bias) * (piece > 0)[:, :, None]
        return total.amax(1)

    def forward(
        self,
        bucket: torch.Tensor,
        start: torch.Tensor,
        weight: torch.Tensor,
        dense: torch.Tensor,
        piece: torch.Tensor,
    ) -> torch.Tensor:
        """Return logits (n, OUTPUTS)."""
        if self.training:
            keep = torch.rand(len(weight)) > self.gram_dropout
            weight = weight * keep / (1 - self.gram_dropout)
            piece = piece * (torch.rand(piece.shape) > self.gram_dropout)
        bag = F.embedding_bag(
            bucket, self.grams.weight, start, mode="sum", per_sample_weights=weight
        )
        seen = self.dropout(torch.cat([dense, self.pooled(piece)], dim=1))
        hidden = torch.relu(self.hidden(seen))
        return bag + self.direct(dense) + self.out(self.dropout(hidden))


def fit(
    features: Features,
    labels: Labelled,
    which: np.ndarray,
    recipe: Recipe,
    seed: int,
    belief: np.ndarray | None = None,
) -> Member:
    """Train one member of the ensemble on the rows `which`.

    `belief` (n, 5) says how likely each level is for the texts that only have stars.
    """
    torch.manual_seed(seed)
    shuffle = np.random.default_rng(seed)
    member = Member(features.dense.shape[1], features.vectors, recipe)
    loss_of = ToneLoss(
        labels,
        which,
        belief=belief,
        smoothing=recipe.smoothing,
        class_power=recipe.class_power,
        ordinal=recipe.ordinal,
        auxiliary=recipe.auxiliary,
    )
    dense = [value for name, value in member.named_parameters() if not name.startswith("grams")]
    rates = (recipe.gram_rate, recipe.dense_rate)
    groups = [
        {"params": [member.grams.weight], "weight_decay": recipe.gram_decay},
        {"params": dense, "weight_decay": 0.01},
    ]
    optimiser = torch.optim.AdamW(groups, lr=1e-3, betas=(0.9, 0.99), fused=True)
    per_epoch = -(-len(which) // recipe.batch)
    for step in range(recipe.epochs * per_epoch):
        if step % per_epoch == 0:
            order = shuffle.permutation(which)
        place = step % per_epoch * recipe.batch
        part = order[place : place + recipe.batch]
        pace = min(1, step / 50) * (1 - 0.95 * step / (recipe.epochs * per_epoch))
        for group, rate in zip(optimiser.param_groups, rates, strict=True):
            group["lr"] = rate * pace
        optimiser.zero_grad()
        loss_of(member(*features.batch(part)), part).backward()
        optimiser.step()
    return member.eval()


def joined(members: list[Member]) -> dict[str, np.ndarray]:
    """Return one set of weights whose logits are the mean of the members' logits, exactly.

    Linear parts are averaged; filters and hidden layers stand side by side. The n-gram table is
    int8 with a scale per output, the rest fp16.
    """

    def mean(name: str) -> np.ndarray:
        return np.mean([m.state_dict()[name].numpy() for m in members], axis=0)

    def beside(name: str, axis: int = 0) -> np.ndarray:
        return np.concatenate([m.state_dict()[name].numpy() for m in members], axis=axis)

    table, hidden = mean("grams.weight"), beside("hidden.weight").T
    width = members[0].direct.weight.shape[1]
    scale = np.abs(table).max(axis=0, keepdims=True) / 127
    thirds = [np.split(m.filters.weight.detach().numpy(), 3) for m in members]
    half = {
        "direct": mean("direct.weight").T,
        "bias": mean("direct.bias"),
        "filters": np.concatenate([third[i] for i in range(3) for third in thirds]).T,
        "filter_bias": beside("filter_bias"),
        "hidden": hidden[:width],
        "pooled": np.stack(np.split(hidden[width:], len(members), axis=1)),
        "hidden_bias": beside("hidden.bias"),
        "out": beside("out.weight", axis=1).T / len(members),
    }
    weights = {name: np.ascontiguousarray(v, dtype=np.float16) for name, v in half.items()}
    weights["table"] = np.round(table / scale).astype(np.int8)
    weights["scale"] = scale.astype(np.float32)
    return weights


def logits_of(members: list[Member], features: Features, which: np.ndarray) -> np.ndarray:
    """Return the members' mean logits of the rows `which`."""
    with torch.no_grad():
        parts = [
            torch.stack([member(*features.batch(part)) for member in members]).mean(0)
            for part in np.array_split(which, max(1, len(which) // 4000))
        ]
    return torch.cat(parts).numpy()


def of_transformer(folder: Path, labels: Labelled) -> np.ndarray:
    """Return what `train_tone_transformer.py` learned to say of the texts."""
    from transformers import AutoModelForSequenceClassification

    model = AutoModelForSequenceClassification.from_pretrained(folder, dtype=torch.float32).eval()
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    inputs = Inputs(tokenizer, labels.texts, labels.questions)
    order = np.argsort(inputs.length, kind="stable")
    logits = np.zeros((len(order), OUTPUTS), dtype=np.float32)
    done, started = 0, time.monotonic()
    for part in np.array_split(order, max(1, len(order) // 4096)):
        logits[part] = transformer_logits(model, inputs, part)
        done += len(part)
        print(f"teacher {done:,}/{len(order):,}  {time.monotonic() - started:.0f} s", flush=True)
    return logits


def calibrate(
    logits: np.ndarray, tone: np.ndarray, weight: np.ndarray
) -> tuple[float, list[float]]:
    """Fit a temperature and a shift per level on texts no member saw, by likelihood."""
    scores, truth = torch.from_numpy(logits[:, :TONE_COUNT]), torch.from_numpy(tone)
    heaviness = torch.from_numpy(weight).float()
    log_scale = torch.zeros(1, requires_grad=True)
    shift = torch.zeros(TONE_COUNT, requires_grad=True)
    optimiser = torch.optim.LBFGS([log_scale, shift], max_iter=200)

    def closure() -> torch.Tensor:
        optimiser.zero_grad()
        each = F.cross_entropy(scores / log_scale.exp() + shift, truth, reduction="none")
        loss = (each * heaviness).sum() / heaviness.sum() + 0.02 * (shift**2).sum()
        loss.backward()
        return loss

    optimiser.step(closure)
    return float(log_scale.detach().exp()), [round(value, 4) for value in shift.tolist()]


def best_threshold(chance: np.ndarray, truth: np.ndarray) -> float:
    """Return the probability from which setting the flag gives the best F1."""
    candidates = np.arange(0.1, 0.91, 0.05)
    hits = [((chance >= t) & (truth > 0)).sum() for t in candidates]
    flagged = [(chance >= t).sum() for t in candidates]
    f1 = 2 * np.array(hits) / (np.array(flagged) + truth.sum())
    return round(float(candidates[int(f1.argmax())]), 2)


def main() -> None:
    """Train, calibrate and write the model folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with tone/*.tsv")
    parser.add_argument("--own", type=Path, default=Path("corpora/tone"))
    parser.add_argument("--encoder", type=Path, default=Path("models/encoder-static"))
    parser.add_argument("--out", type=Path, default=Path("models/tone-fast"))
    parser.add_argument("--teacher", type=Path, help="folder of train_tone_transformer.py")
    parser.add_argument("--members", type=int, default=Recipe.members)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.use_deterministic_algorithms(mode=True)
    recipe = Recipe(members=options.members)
    encoder = load_encoder(str(options.encoder))
    measured = measured_texts(options.data)
    labels = read_labelled(training_files(options.data, options.own), without=measured)
    labels, chance_of_stars = with_stars(labels, options.data / "reviews", measured)
    if options.teacher:
        some = len(labels.ids)
        labels = with_pieces(labels, options.data / "reviews", measured)
        more = np.ones((len(labels.ids) - some, TONE_COUNT))
        chance_of_stars = np.concatenate([chance_of_stars, more])
    features = Features(labels.texts, labels.questions, encoder, recipe.bucket_bits)
    stars = labels.origin == "stars"
    judged = ~np.isin(labels.origin, UNJUDGED)
    apart = (labels.fold() == 0) & judged
    wanted = recipe.stars_read if options.teacher else recipe.stars
    lucky = ~stars | (np.random.default_rng(0).random(len(stars)) < wanted)
    which, held = np.flatnonzero(~apart & lucky), np.flatnonzero(apart)
    weight = labels.weight()[held]

    def ensemble(rows_used: np.ndarray, seeds: range, belief: np.ndarray | None) -> list[Member]:
        members = []
        for seed in seeds:
            started = time.monotonic()
            members.append(fit(features, labels, rows_used, recipe, seed, belief))
            print(f"member {seed}: {time.monotonic() - started:.0f} s", flush=True)
        return members

    belief = np.full((len(labels.ids), TONE_COUNT), np.nan)
    if options.teacher:
        logits = of_transformer(options.teacher, labels.take(which))
        belief[which] = softmax(logits[:, :TONE_COUNT], axis=1)
        belief[judged] *= recipe.of_teacher
        belief[judged] += (1 - recipe.of_teacher) * np.eye(TONE_COUNT)[labels.tone[judged]]
    else:
        first = ensemble(which[~stars[which]], range(100, 102), None)
        temperature, shift = calibrate(logits_of(first, features, held), labels.tone[held], weight)
        logits = logits_of(first, features, np.flatnonzero(stars))[:, :TONE_COUNT]
        belief[stars] = softmax(logits / temperature + np.array(shift), axis=1)
    belief[stars] *= np.sqrt(chance_of_stars[stars])
    belief[stars] /= belief[stars].sum(axis=1, keepdims=True)
    members = ensemble(which, range(recipe.members), belief)
    logits = logits_of(members, features, held)
    temperature, shift = calibrate(logits, labels.tone[held], weight)
    chance = 1 / (1 + np.exp(-logits))
    thresholds = {"mixed": best_threshold(chance[:, TONE_COUNT], labels.mixed[held])}
    for place, name in enumerate(FLAGS):
        truth = labels.flags[held, place]
        thresholds[name] = best_threshold(chance[:, FLAG_START + place], truth)
    print(f"temperature {temperature:.3f}, shift {shift}, thresholds {thresholds}")
    config = {
        "model_type": "klankbord-tone",
        "encoder": encoder.fingerprint,
        "bucket_bits": recipe.bucket_bits,
        "style_features": STYLE_FEATURES,
        "themes": list(THEMES),
        "temperature": round(temperature, 4),
        "shift": shift,
        "thresholds": thresholds,
    }
    save(options.out, joined(members), config)
    used = {origin: int((labels.origin[which] == origin).sum()) for origin in set(labels.origin)}
    write_card(
        options.out,
        kind="tone",
        summary="Tone, mixed feelings, complaint theme and flags of customer feedback",
        data=data_files(used),
    )


def save(out: Path, weights: dict[str, np.ndarray], config: dict[str, object]) -> None:
    """Write weights and configuration into the model folder."""
    from safetensors.numpy import save

    out.mkdir(parents=True, exist_ok=True)
    (out / "model.safetensors").write_bytes(save(weights))
    (out / "config.json").write_text(json.dumps(config, indent=1) + "\n", "utf-8")
    size = (out / "model.safetensors").stat().st_size
    print(f"{out}: {size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
