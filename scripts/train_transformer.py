"""Distil the transformer sentence encoder (nl, en, de, fr) from an English teacher.

The student is the teacher's body with a new vocabulary for four languages, whose first vectors
come from the teacher's by word alignment over the translation pairs (`first_vectors.py`). With
`--minutes` every text of a pair then learns the teacher's vector of the English side, and the best
checkpoint on the Dutch STS development set is kept. `export_encoder.py` finishes it.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - the usual name
from scipy.stats import spearmanr
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, processors, trainers

from first_vectors import first_vectors
from klankbord.models import load_encoder
from klankbord.models.capitals import marked_capitals
from tone_texts import STAR_FILES
from train_encoder import distillation_loss, in_neighbourhoods, teacher_folder, teacher_vectors
from translation_pairs import Pairs, read_pairs, rows

os.environ.setdefault("HF_HUB_OFFLINE", "1")
SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
LONGEST = 48  # tokens of a text in training
MEASURED_EVERY = 0.35  # of the training
LONGEST_ENGLISH = 100  # characters of the teacher's sentence


@dataclass(frozen=True)
class Recipe:
    """What can be chosen; the defaults are what was best on the development sets."""

    vocabulary: int = 28_000
    batch: int = 96
    embedding_rate: float = 5e-4
    body_rate: float = 6e-5
    contrast: float = 0.3
    temperature: float = 0.05
    relation: float = 5.0
    neighbours: int = 16
    aligned: int = 300_000  # texts of the word alignment
    share: tuple[float, ...] = (0.25, 1.0, 0.3, 0.3)  # of the en, nl, de, fr texts, per epoch
    foreign: float = 0.3  # of the sentences that have neither Dutch nor two other languages
    seed: int = 0


def learn_tokenizer(texts: list[str], vocabulary: int) -> Tokenizer:
    """Learn a unigram tokenizer over lower-cased words that keeps marks and emoji."""
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.normalizer = normalizers.Sequence(
        [
            normalizers.NFKC(),
            normalizers.Lowercase(),
            normalizers.Replace(Regex(r"[‘’‚‛`´]"), "'"),
            normalizers.Replace(Regex(r"[“”„‟«»]"), '"'),
            normalizers.Replace(Regex(r"\s+"), " "),
            normalizers.Strip(),
        ]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Metaspace(),
            pre_tokenizers.Split(Regex(r"[^\p{L}\p{M}\p{N}▁]"), "isolated"),
            pre_tokenizers.Digits(individual_digits=True),
        ]
    )
    trainer = trainers.UnigramTrainer(
        vocab_size=vocabulary,
        unk_token="[UNK]",  # noqa: S106 - a token of text
        special_tokens=list(SPECIAL),
        max_piece_length=20,
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B [SEP]",
        special_tokens=[("[CLS]", 2), ("[SEP]", 3)],
    )
    return tokenizer


def student(tokenizer: Tokenizer, pairs: Pairs, recipe: Recipe) -> torch.nn.Module:
    """Return the teacher's body with the new vocabulary in front of it."""
    from transformers import AutoModel

    folder = teacher_folder()
    model = AutoModel.from_pretrained(folder, add_pooling_layer=False)
    old = Tokenizer.from_file(str(folder / "tokenizer.json"))
    old.no_truncation()
    old.no_padding()
    table = model.embeddings.word_embeddings.weight.detach()
    few = np.random.default_rng(recipe.seed).permutation(len(pairs.texts))[: recipe.aligned]
    few.sort()
    lines = [pairs.texts[i] for i in few], [pairs.english[row] for row in pairs.target[few]]
    vectors = first_vectors(tokenizer, old, table, lines, load_encoder())
    model.resize_token_embeddings(len(vectors), mean_resizing=False)
    with torch.no_grad():
        model.embeddings.word_embeddings.weight.copy_(vectors)
    model.config.hidden_dropout_prob = model.config.attention_probs_dropout_prob = 0.0
    for module in model.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0
    return model


class Inputs:
    """Token ids of many texts, end to end."""

    def __init__(self, tokenizer: Tokenizer, texts: list[str]) -> None:
        flat: list[int] = []
        offset = [0]
        for first in range(0, len(texts), 20_000):
            for encoding in tokenizer.encode_batch_fast(texts[first : first + 20_000]):
                ids = encoding.ids
                flat.extend(ids if len(ids) <= LONGEST else [*ids[: LONGEST - 1], ids[-1]])
                offset.append(len(flat))
        self.flat, self.offset = np.array(flat, dtype=np.int64), np.array(offset)
        self.length = np.diff(self.offset)

    def batch(self, which: np.ndarray) -> tuple[torch.Tensor, torch.Tensor]:
        """Return ids and mask, (n, longest of them), of the texts `which`."""
        size = self.length[which]
        place = np.arange(size.max())
        mask = place < size[:, None]
        ids = np.where(mask, self.flat[np.minimum(self.offset[which][:, None] + place,
                                                  len(self.flat) - 1)], 0)  # fmt: skip
        return torch.from_numpy(ids), torch.from_numpy(mask.astype(np.int64))


def embed(model: torch.nn.Module, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """Return the mean of the last vectors of the tokens, of unit length, (n, d)."""
    hidden = model(input_ids=ids, attention_mask=mask).last_hidden_state
    total = (hidden * mask[:, :, None]).sum(1)
    return F.normalize(total, dim=1)


def similarity(model: torch.nn.Module, tokenizer: Tokenizer, path: Path) -> float:
    """Return Spearman's correlation on an STS file."""
    pairs = list(rows(path))
    texts = [pair["sentence1"] for pair in pairs] + [pair["sentence2"] for pair in pairs]
    inputs = Inputs(tokenizer, texts)
    order = np.argsort(inputs.length, kind="stable")
    vectors = np.zeros((len(texts), model.config.hidden_size), dtype=np.float32)
    with torch.no_grad():
        for part in np.array_split(order, len(order) // 100):
            vectors[part] = embed(model, *inputs.batch(part)).numpy()
    likeness = (vectors[: len(pairs)] * vectors[len(pairs) :]).sum(1)
    return float(spearmanr(likeness, [float(p["similarity_0_5"]) for p in pairs]).statistic)


def epoch_order(
    wanted: torch.Tensor, pairs: Pairs, length: np.ndarray, recipe: Recipe, epoch: int
) -> np.ndarray:
    """Return batches, (n, batch) rows of `pairs.texts`; blocks are alike in meaning and length."""
    shuffle = np.random.default_rng((recipe.seed, epoch))
    chosen = shuffle.random(len(pairs.texts)) < np.array(recipe.share)[pairs.language]
    some = np.flatnonzero(chosen)
    generator = torch.Generator().manual_seed(recipe.seed + epoch)
    order = in_neighbourhoods(
        wanted, torch.from_numpy(pairs.target[some]), recipe.neighbours, generator
    )
    blocks = some[order.numpy()].reshape(-1, recipe.neighbours)
    per_batch = recipe.batch // recipe.neighbours
    pool = 32 * per_batch
    batches = []
    for first in range(0, len(blocks) - pool + 1, pool):
        part = blocks[first : first + pool]
        by_length = part[np.argsort(length[part].max(1), kind="stable")]
        batches.append(by_length.reshape(-1, recipe.batch))
    return shuffle.permutation(np.concatenate(batches))


def distil(
    model: torch.nn.Module,
    tokenizer: Tokenizer,
    pairs: Pairs,
    teacher: np.ndarray,
    data: Path,
    recipe: Recipe,
    minutes: float,
    checkpoint: Path,
) -> None:
    """Train for `minutes`, keeping the state that is best on the Dutch STS development set."""
    inputs, wanted = Inputs(tokenizer, pairs.texts), torch.from_numpy(teacher)
    target = torch.from_numpy(pairs.target)
    embedding = [model.embeddings.word_embeddings.weight]
    body = [value for name, value in model.named_parameters() if "word_embeddings" not in name]
    optimiser = torch.optim.AdamW(
        [{"params": embedding, "lr": 0.0}, {"params": body, "lr": 0.0}],
        betas=(0.9, 0.98), weight_decay=0.0, fused=True,
    )  # fmt: skip
    rates = (recipe.embedding_rate, recipe.body_rate)
    started, step, epoch, best, measured = time.monotonic(), 0, 0, -1.0, 0.0
    queue = np.zeros((0, recipe.batch), dtype=np.int64)
    model.train()
    while (done := (time.monotonic() - started) / (60 * minutes)) < 1:
        if len(queue) == 0:
            queue = epoch_order(wanted, pairs, inputs.length, recipe, epoch)
            print(f"epoch {epoch}: {queue.size:,} texts", flush=True)
            epoch += 1
        part, queue = queue[0], queue[1:]
        pace = min(1.0, (step + 1) / 200) * max(0.02, 1 - done)
        for group, rate in zip(optimiser.param_groups, rates, strict=True):
            group["lr"] = rate * pace
        got = embed(model, *inputs.batch(part))
        loss = distillation_loss(got, wanted, target[part], recipe)
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        step += 1
        if step % 25 == 0:
            seconds = time.monotonic() - started
            rate = step * recipe.batch / seconds
            print(f"{step}  loss {loss.item():.4f}  {rate:.0f} texts/s  {done:.0%}", flush=True)
        if done - measured >= MEASURED_EVERY:
            measured = done
            best = keep_best(model, tokenizer, data, checkpoint, best)
    keep_best(model, tokenizer, data, checkpoint, best)
    model.load_state_dict(torch.load(checkpoint, weights_only=True))


def keep_best(
    model: torch.nn.Module, tokenizer: Tokenizer, data: Path, checkpoint: Path, best: float
) -> float:
    """Write the state where the Dutch STS development set says it is the best so far."""
    model.eval()
    found = similarity(model, tokenizer, data / "eval" / "sts_nl_dev.tsv")
    model.train()
    print(f"STS dev nl {found:.4f}", flush=True)
    if found > best:
        torch.save(model.state_dict(), checkpoint)
    return max(best, found)


def save(model: torch.nn.Module, tokenizer: Tokenizer, out: Path) -> None:
    """Write the folder that transformers and sentence-transformers load, weights in fp16."""
    out.mkdir(parents=True, exist_ok=True)
    model.half().save_pretrained(out)
    model.float()
    save_tokenizer(tokenizer, out)
    kinds = ("Transformer", "Pooling", "Normalize")
    paths = ("", "1_Pooling", "2_Normalize")
    modules = [
        {"idx": i, "name": str(i), "path": path, "type": f"sentence_transformers.models.{kind}"}
        for i, (kind, path) in enumerate(zip(kinds, paths, strict=True))
    ]
    (out / "modules.json").write_text(json.dumps(modules, indent=1) + "\n", "utf-8")
    (out / "sentence_bert_config.json").write_text('{"max_seq_length": 256}\n', "utf-8")
    pooling = {"word_embedding_dimension": model.config.hidden_size,
               "pooling_mode_mean_tokens": True}  # fmt: skip
    (out / "1_Pooling").mkdir(exist_ok=True)
    (out / "1_Pooling" / "config.json").write_text(json.dumps(pooling) + "\n", "utf-8")
    (out / "2_Normalize").mkdir(exist_ok=True)


def save_tokenizer(tokenizer: Tokenizer, out: Path) -> None:
    """Write the tokenizer as transformers reads it."""
    from transformers import PreTrainedTokenizerFast

    wrapped = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        model_max_length=256,
        **{f"{name}_token": f"[{name.upper()}]" for name in ("pad", "unk", "cls", "sep", "mask")},
    )
    wrapped.save_pretrained(out)


def vocabulary_texts(pairs: Pairs, data: Path) -> list[str]:
    """Return the texts the vocabulary is learned from: Dutch and its reviews count double."""
    texts = list(pairs.texts)
    texts += [text for text, code in zip(pairs.texts, pairs.language, strict=True) if code == 1]
    for name in STAR_FILES:
        texts += [marked_capitals(row["text"]) for row in rows(data / "reviews" / name)]
    return texts


def focused(pairs: Pairs, keep: float, seed: int) -> Pairs:
    """Leave out long texts, and most that exist in one other language than Dutch only."""
    has = np.zeros((len(pairs.english), 4), dtype=bool)
    has[pairs.target, pairs.language] = True
    lucky = np.random.default_rng(seed).random(len(has)) < keep
    kept = has[:, 1] | (has[:, 2:].sum(axis=1) > 1) | lucky
    kept &= np.array([len(text) <= LONGEST_ENGLISH for text in pairs.english])
    place = np.cumsum(kept) - 1
    some = np.flatnonzero(kept[pairs.target])
    return Pairs(
        [pairs.english[row] for row in np.flatnonzero(kept)],
        [pairs.texts[row] for row in some],
        place[pairs.target[some]],
        pairs.language[some],
    )


def main() -> None:
    """Read the pairs, encode with the teacher, distil, save."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with parallel/ …")
    parser.add_argument("--own", type=Path, default=Path("corpora/parallel"))
    parser.add_argument("--cache", type=Path, required=True, help="teacher's vectors, checkpoint")
    parser.add_argument("--out", type=Path, required=True, help="folder of the trained weights")
    parser.add_argument("--minutes", type=float, default=0, help="of distillation")
    parser.add_argument("--start", type=Path, help="go on from this folder's weights")
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    recipe = Recipe()
    torch.manual_seed(recipe.seed)
    pairs = focused(read_pairs(options.data, options.own), recipe.foreign, recipe.seed)
    print(f"{len(pairs.english):,} English sentences, {len(pairs.texts):,} inputs", flush=True)
    if options.start:
        from transformers import AutoModel

        tokenizer = Tokenizer.from_file(str(options.start / "tokenizer.json"))
        tokenizer.no_padding()
        tokenizer.no_truncation()
        model = AutoModel.from_pretrained(options.start, dtype=torch.float32)
    else:
        tokenizer = learn_tokenizer(vocabulary_texts(pairs, options.data), recipe.vocabulary)
        model = student(tokenizer, pairs, recipe)
    size = sum(value.numel() for value in model.parameters())
    print(f"{size / 1e6:.1f}M parameters", flush=True)
    if options.minutes:
        teacher = teacher_vectors(pairs.english, options.cache)
        checkpoint = options.cache / "transformer.pt"
        distil(model, tokenizer, pairs, teacher, options.data, recipe, options.minutes, checkpoint)
    save(model, tokenizer, options.out)


if __name__ == "__main__":
    main()
