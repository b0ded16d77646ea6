"""Train the bundled fast tone model on top of the static encoder.

Every member of the ensemble learns tone (five ordered levels), mixed, complaint theme and the
three flags together. One tenth of the training texts is kept apart from all members: on it the
probabilities are calibrated and the thresholds chosen. `tone/dev.tsv` is only measured.
"""

from __future__ import annotations

import argparse
import json
import re
import time
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - the usual name

from klankbord.models import load_encoder
from klankbord.models.ngrams import BUCKET_BITS, STYLE_FEATURES, extract
from klankbord.models.tone_model import QUESTION_SALT
from klankbord.schema import TONES
from train_encoder import DataFile, rows, write_card

THEMES = (
    "-", "levertijd", "levering", "onvolledig", "kwaliteit", "pasvorm", "prijs", "betaling",
    "retour", "bereikbaarheid", "bejegening", "informatie", "website", "assortiment", "contract",
    "hygiene", "inhoud", "comfort", "anders",
)  # fmt: skip
FLAGS = {"churn": "C", "ambassador": "A", "unresolved": "U"}
TONE_COUNT, FLAG_START = len(TONES), len(TONES) + 1 + len(THEMES)
OUTPUTS = FLAG_START + len(FLAGS)
STAR_FILES = ("food_delivery_stars_nl.tsv", "product_stars_nl.tsv")
# Weight of one text, by file; "stars" are texts that only have stars.
WEIGHTS = {"train": 1.0, "own": 3.0, "short": 1.0, "aligned": 0.5, "stars": 0.5}


@dataclass(frozen=True)
class Recipe:
    """What can be chosen; the defaults are what was best on the texts held out."""

    bucket_bits: int = 17
    members: int = 5
    epochs: int = 4
    batch: int = 128
    hidden: int = 128
    dropout: float = 0.3
    gram_dropout: float = 0.1
    gram_rate: float = 5e-3
    dense_rate: float = 1e-3
    gram_decay: float = 1e-3
    smoothing: float = 0.05  # to the neighbouring levels
    class_power: float = 0.5
    ordinal: float = 1.0  # weight of the ranked probability score
    auxiliary: float = 0.5


@dataclass(frozen=True)
class Labelled:
    """Texts with the labels of the annotation guide."""

    ids: list[str]
    texts: list[str]
    questions: list[str]
    origin: np.ndarray  # "train", "own", "aligned" or "dev"
    source: np.ndarray  # source or channel
    language: np.ndarray
    tone: np.ndarray
    mixed: np.ndarray
    theme: np.ndarray
    flags: np.ndarray  # (n, 3)

    def fold(self) -> np.ndarray:
        """Return 0-9 by a digest of the id; the four languages of a sentence stay together."""
        names = [re.sub(r"-(en|de|fr)$", "", name) for name in self.ids]
        return np.array([zlib.crc32(name.encode()) % 10 for name in names])


def read_labelled(files: dict[str, Path], without: set[str] | None = None) -> Labelled:
    """Read label files by origin, leaving out texts that equal one of `without`."""
    found = []
    for origin, path in files.items():
        for row in rows(path):
            if without and squeezed(row["text"]) in without:
                continue
            theme = row["complaint_theme"]
            found.append(
                (
                    row["id"],
                    row["text"],
                    "" if row.get("question", "-") == "-" else row["question"],
                    origin,
                    row.get("source") or row["channel"],
                    row.get("language", "nl"),
                    [str(tone) for tone in TONES].index(row["tone"]),
                    int(row["mixed"]),
                    THEMES.index(theme if theme in THEMES else "anders"),
                    [float(mark in row["flags"]) for mark in FLAGS.values()],
                )
            )
    columns = list(zip(*found, strict=True))
    return Labelled(*(list(c) for c in columns[:3]), *(np.array(c) for c in columns[3:]))


def squeezed(text: str) -> str:
    """Return the letters and digits of a text, to find duplicates."""
    return re.sub(r"\W", "", text.lower())


class Features:
    """The model's input for many texts: hashed n-grams row by row, and the dense part."""

    def __init__(self, texts: list[str], questions: list[str], encoder, bits: int) -> None:  # noqa: ANN001
        parts, style = [], []
        for first in range(0, len(texts), 4000):
            grams = extract(texts[first : first + 4000])
            asked = extract(questions[first : first + 4000], salt=QUESTION_SALT, characters=False)
            style.append(grams.style)
            parts += [(g.text + first, g.bucket, g.weight) for g in (grams, asked)]
        row, bucket, weight = (np.concatenate(column) for column in zip(*parts, strict=True))
        order = np.argsort(row, kind="stable")
        self.bucket = bucket[order] >> (BUCKET_BITS - bits)
        self.weight = weight[order]
        self.offset = np.concatenate(([0], np.cumsum(np.bincount(row, minlength=len(texts)))))
        dense = [np.concatenate(style), encoder.encode(texts), encoder.encode(questions)]
        self.dense = np.concatenate(dense, axis=1).astype(np.float32)

    def batch(self, which: np.ndarray) -> tuple[torch.Tensor, ...]:
        """Return buckets, offsets, weights and dense input of the rows `which`."""
        size = self.offset[which + 1] - self.offset[which]
        start = np.concatenate(([0], np.cumsum(size)[:-1]))
        take = np.repeat(self.offset[which] - start, size) + np.arange(size.sum())
        arrays = (self.bucket[take], start, self.weight[take], self.dense[which])
        return tuple(torch.from_numpy(array) for array in arrays)


class Member(torch.nn.Module):
    """Linear in the n-grams, linear plus one hidden layer in the dense part."""

    def __init__(self, width: int, recipe: Recipe) -> None:
        super().__init__()
        self.grams = torch.nn.Embedding(1 << recipe.bucket_bits, OUTPUTS)
        torch.nn.init.zeros_(self.grams.weight)
        self.direct = torch.nn.Linear(width, OUTPUTS)
        self.hidden = torch.nn.Linear(width, recipe.hidden)
        self.out = torch.nn.Linear(recipe.hidden, OUTPUTS, bias=False)
        self.dropout = torch.nn.Dropout(recipe.dropout)
        self.gram_dropout = recipe.gram_dropout

    def forward(
        self, bucket: torch.Tensor, start: torch.Tensor, weight: torch.Tensor, dense: torch.Tensor
    ) -> torch.Tensor:
        """Return logits (n, OUTPUTS)."""
        if self.training:
            keep = torch.rand(len(weight)) > self.gram_dropout
            weight = weight * keep / (1 - self.gram_dropout)
        bag = F.embedding_bag(
            bucket, self.grams.weight, start, mode="sum", per_sample_weights=weight
        )
        hidden = torch.relu(self.hidden(self.dropout(dense)))
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
    member = Member(features.dense.shape[1], recipe)
    tone, theme = torch.from_numpy(labels.tone), torch.from_numpy(labels.theme)
    mixed = torch.from_numpy(labels.mixed).float()
    flags = torch.from_numpy(labels.flags).float()
    weight = torch.tensor([WEIGHTS[origin] for origin in labels.origin])
    judged = which[labels.origin[which] != "stars"]
    seen = torch.bincount(tone[judged], weights=weight[judged], minlength=TONE_COUNT)
    by_class = (seen.sum() / seen / TONE_COUNT) ** recipe.class_power
    seen = torch.bincount(theme[judged], minlength=len(THEMES)).float() + 1
    by_theme = (seen.sum() / seen / len(THEMES)) ** 0.3
    by_theme /= by_theme.mean()
    near = torch.zeros(TONE_COUNT, TONE_COUNT)
    for level in range(TONE_COUNT):
        near[level, max(level - 1, 0)] += 0.5
        near[level, min(level + 1, TONE_COUNT - 1)] += 0.5
    smoothed = torch.eye(TONE_COUNT) * (1 - recipe.smoothing) + near * recipe.smoothing
    wanted, labelled = smoothed[tone], torch.from_numpy(labels.origin != "stars")
    if belief is not None:
        wanted[~labelled] = torch.from_numpy(belief[labels.origin == "stars"]).float()
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
        logits = member(*features.batch(part))
        tones = logits[:, :TONE_COUNT]
        target = wanted[part]
        loss = -(target * tones.log_softmax(1)).sum(1)
        gap = tones.softmax(1).cumsum(1) - target.cumsum(1)
        loss = (loss + recipe.ordinal * (gap**2).sum(1)) * (target @ by_class)
        extra = F.binary_cross_entropy_with_logits(
            logits[:, TONE_COUNT], mixed[part], reduction="none"
        )
        extra = extra + F.cross_entropy(
            logits[:, TONE_COUNT + 1 : FLAG_START], theme[part], weight=by_theme, reduction="none"
        )
        extra = extra + F.binary_cross_entropy_with_logits(
            logits[:, FLAG_START:], flags[part], reduction="none"
        ).sum(1)
        extra = extra * recipe.auxiliary * labelled[part]
        total = ((loss + extra) * weight[part]).mean()
        optimiser.zero_grad()
        total.backward()
        optimiser.step()
    return member.eval()


def joined(members: list[Member]) -> dict[str, np.ndarray]:
    """Return one set of weights whose logits are the mean of the members' logits, exactly.

    Linear parts are averaged; hidden layers stand side by side. The n-gram table is int8 with a
    scale per output, the rest fp16.
    """
    with torch.no_grad():
        table = torch.stack([m.grams.weight for m in members]).mean(0).numpy()
        scale = np.abs(table).max(axis=0, keepdims=True) / 127
        direct = torch.stack([m.direct.weight for m in members]).mean(0).numpy().T
        bias = torch.stack([m.direct.bias for m in members]).mean(0).numpy()
        hidden = torch.cat([m.hidden.weight for m in members]).numpy().T
        hidden_bias = torch.cat([m.hidden.bias for m in members]).numpy()
        out = torch.cat([m.out.weight.T for m in members]).numpy() / len(members)
    half = {"direct": direct, "bias": bias, "hidden": hidden, "hidden_bias": hidden_bias}
    half["out"] = out
    weights = {name: np.ascontiguousarray(v, dtype=np.float16) for name, v in half.items()}
    weights["table"] = np.round(table / scale).astype(np.int8)
    weights["scale"] = scale.astype(np.float32)
    return weights


def with_stars(labels: Labelled, folder: Path, without: set[str]) -> tuple[Labelled, np.ndarray]:
    """Append the star reviews nobody labelled; also return P(stars | tone) of each row.

    The chance of a number of stars given the tone is counted, per file, on the reviews that have
    both; rows without stars get ones.
    """
    known = {squeezed(text): row for row, text in enumerate(labels.texts)}
    texts, chances = [], [np.ones((len(labels.texts), TONE_COUNT))]
    for name in STAR_FILES:
        count, found = np.ones((TONE_COUNT, 5)), []
        for row in rows(folder / name):
            key, stars = squeezed(row["text"]), round(float(row["stars"])) - 1
            if key in known:
                count[labels.tone[known[key]], stars] += 1
            elif key not in without and len(key) > 2:
                found.append((row["text"], stars))
        chance = count / count.sum(axis=1, keepdims=True)
        texts += [text for text, _ in found]
        chances.append(chance[:, [stars for _, stars in found]].T)
    new = len(texts)

    def longer(column: np.ndarray, value: object) -> np.ndarray:
        return np.concatenate([column, np.full((new, *column.shape[1:]), value, column.dtype)])

    return Labelled(
        labels.ids + [f"stars{row}" for row in range(new)],
        labels.texts + texts,
        labels.questions + [""] * new,
        longer(labels.origin, "stars"),
        longer(labels.source, "stars"),
        longer(labels.language, "nl"),
        *(longer(column, 0) for column in (labels.tone, labels.mixed, labels.theme, labels.flags)),
    ), np.concatenate(chances)


def logits_of(members: list[Member], features: Features, which: np.ndarray) -> np.ndarray:
    """Return the members' mean logits of the rows `which`."""
    with torch.no_grad():
        parts = [
            torch.stack([member(*features.batch(part)) for member in members]).mean(0)
            for part in np.array_split(which, max(1, len(which) // 4000))
        ]
    return torch.cat(parts).numpy()


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
    return float(log_scale.exp()), [round(value, 4) for value in shift.tolist()]


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
    parser.add_argument("--members", type=int, default=Recipe.members)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.use_deterministic_algorithms(mode=True)
    recipe = Recipe(members=options.members)
    encoder = load_encoder(str(options.encoder))
    tone = options.data / "tone"
    measured = {squeezed(row["text"]) for row in rows(tone / "dev.tsv")}
    files = {
        "train": tone / "train.tsv",
        "own": options.own / "own.tsv",
        "short": options.own / "short.tsv",
        "aligned": tone / "train_en_de_fr.tsv",
    }
    labels = read_labelled(files, without=measured)
    features = Features(labels.texts, labels.questions, encoder, recipe.bucket_bits)
    apart = labels.fold() == 0
    which, held = np.flatnonzero(~apart), np.flatnonzero(apart)
    members = []
    for seed in range(recipe.members):
        started = time.monotonic()
        members.append(fit(features, labels, which, recipe, seed))
        print(f"member {seed + 1}/{recipe.members}  {time.monotonic() - started:.0f} s", flush=True)
    logits = logits_of(members, features, held)
    weight = np.array([WEIGHTS[origin] for origin in labels.origin[held]])
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
    used = {origin: int((labels.origin[which] == origin).sum()) for origin in files}
    unstated = "texts: public reviews without a stated licence; labels Apache-2.0"
    write_card(
        options.out,
        kind="tone",
        summary="Tone, mixed feelings, complaint theme and flags of customer feedback",
        data=[
            DataFile("tone/train.tsv (nl)", used["train"], unstated),
            DataFile("tone/train_en_de_fr.tsv (en, de, fr)", used["aligned"], unstated),
            DataFile("corpora/tone/own.tsv (nl, en, de, fr)", used["own"], "Apache-2.0"),
            DataFile("corpora/tone/short.tsv (nl, en, de, fr)", used["short"], "Apache-2.0"),
        ],
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
