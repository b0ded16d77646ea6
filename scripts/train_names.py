"""Train the model of person names on our own marked lines, and on reviews that name nobody.

Names in the marked lines are exchanged for others at every pass, so that the model learns where a
name stands and how names are written instead of who was named. Reviews of which the first model
sees no name in any word are added as lines without names; what it doubts is left out. The
threshold is chosen on `corpora/privacy/dev.txt`.
"""

from __future__ import annotations

import argparse
import csv
import json
import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - the usual name
from safetensors.numpy import save_file

from klankbord.models.encoder import bundled_encoder
from klankbord.models.name_words import (
    GRAM_BITS,
    LIST_MARKS,
    letter_grams,
    marks_of,
    name_lists,
    words_of,
)
from klankbord.models.person_names import NameTagger
from marked_lines import MarkedLine, read_lines
from model_cards import DataFile, write_card

ROOT = Path(__file__).resolve().parent.parent
CORPUS = ROOT / "corpora" / "privacy"
OWN = ("train.txt", "train_more.txt", "train_c.txt", "train_d.txt")
REVIEWS = {
    "reviews/food_delivery_stars_nl.tsv": "none stated",
    "reviews/product_stars_nl.tsv": "none stated",
    "reviews/aspects_nl_en_de_fr.tsv": "none stated",
    "tone/train.tsv": "labels ours; none stated for the texts",
}
CLEAN_RATE = 0.015  # of lines without personal data in which the threshold may see a name


@dataclass(frozen=True)
class Recipe:
    """What can be chosen; the defaults were best on dev.txt."""

    width: int = 64
    hidden: int = 96
    epochs: int = 20
    batch: int = 64
    rate: float = 2e-3
    dropout: float = 0.3
    swapped: float = 0.7  # of the lines, with other names
    unlisted: float = 0.3  # of the lines, as if no word stood on a list
    reviews: int = 2  # review lines per marked line at every pass


@dataclass(frozen=True)
class Line:
    """The words of a text and which of them are part of a name."""

    words: list[str]
    named: list[bool]


class Net(torch.nn.Module):
    """What `NameTagger` computes, with its weights as parameters."""

    def __init__(self, dimension: int, marks: int, recipe: Recipe) -> None:
        super().__init__()
        self.vectors = torch.nn.Linear(dimension, recipe.width, bias=False)
        self.grams = torch.nn.EmbeddingBag(1 << GRAM_BITS, recipe.width, mode="mean")
        torch.nn.init.normal_(self.grams.weight, std=0.05)
        self.marks = torch.nn.Linear(marks, recipe.width, bias=False)
        self.near = torch.nn.Conv1d(recipe.width, recipe.hidden, 5, padding=2)
        self.wide = torch.nn.Conv1d(recipe.hidden, recipe.hidden, 5, padding=2)
        self.out = torch.nn.Linear(2 * recipe.hidden, 1)
        self.dropout = recipe.dropout

    def forward(self, batch: Batch) -> torch.Tensor:
        """Return a logit per word, (lines, longest)."""
        rows = self.vectors(batch.vectors) + self.grams(batch.grams, batch.offsets)
        rows = F.dropout(rows + self.marks(batch.marks), self.dropout, self.training)
        spread = rows.new_zeros(*batch.inside.shape, rows.shape[1])
        spread[batch.inside] = rows
        inside = batch.inside[:, None].float()
        near = F.relu(self.near(spread.transpose(1, 2))) * inside
        wide = F.relu(self.wide(F.dropout(near, self.dropout, self.training))) * inside
        both = torch.cat([near, wide], 1).transpose(1, 2)
        return self.out(F.dropout(both, self.dropout, self.training))[..., 0]


@dataclass(frozen=True)
class Batch:
    """Lines side by side; what belongs to a word stands end to end."""

    vectors: torch.Tensor
    grams: torch.Tensor
    offsets: torch.Tensor
    marks: torch.Tensor
    inside: torch.Tensor  # (lines, longest)
    named: torch.Tensor


class Words:
    """What the network reads of a word, computed once per form."""

    def __init__(self) -> None:
        self._encoder = bundled_encoder()
        self.dimension, self.fingerprint = self._encoder.dimension, self._encoder.fingerprint
        self._known: dict[str, tuple[np.ndarray, list[int], np.ndarray]] = {}

    def batch(self, lines: Sequence[Line], unlisted: Sequence[bool]) -> Batch:
        """Return `lines` as a batch, those that are `unlisted` without marks of name lists."""
        forms = [word for line in lines for word in line.words]
        new = [form for form in dict.fromkeys(forms) if form not in self._known]
        if new:
            vectors, marks = self._encoder.encode(new), marks_of(new)
            for form, vector, mark in zip(new, vectors, marks, strict=True):
                self._known[form] = (vector, letter_grams(form), mark)
        known = [self._known[form] for form in forms]
        marks = np.stack([mark for *_, mark in known])
        hidden = np.repeat(list(unlisted), [len(line.words) for line in lines])
        marks[hidden, LIST_MARKS] = 0
        longest = max(len(line.words) for line in lines)
        inside = torch.zeros(len(lines), longest, dtype=torch.bool)
        named = torch.zeros(len(lines), longest)
        for at, line in enumerate(lines):
            inside[at, : len(line.words)] = True
            named[at, : len(line.words)] = torch.tensor(line.named, dtype=torch.float32)
        sizes = [len(grams) for _, grams, _ in known]
        return Batch(
            torch.from_numpy(np.stack([vector for vector, *_ in known])),
            torch.from_numpy(np.concatenate([grams for _, grams, _ in known])),
            torch.from_numpy(np.cumsum([0, *sizes[:-1]])),
            torch.from_numpy(marks),
            inside,
            named,
        )


class Exchange:
    """Gives a line other names, other capitals and other writing."""

    def __init__(self, lines: Sequence[Line], seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311 - no secret
        lists = name_lists()
        self._first = [sorted(lists.first), sorted(lists.first_abroad)]
        self._last = [sorted(lists.last), sorted(lists.last_abroad)]
        written = {
            w
            for line in lines
            for w, n in zip(line.words[1:], line.named[1:], strict=True)
            if not n and w[:1].isupper() and len(w) > 2
        }
        self._capitals = [sorted(written), sorted(place.title() for place in lists.places)]

    def __call__(self, line: Line, recipe: Recipe) -> Line:
        """Return `line` in another writing."""
        chance, words = self._random, list(line.words)
        if chance.random() < recipe.swapped:
            for at, named in enumerate(line.named):
                if named:
                    words[at] = self._other(words, line.named, at)
        if chance.random() < 0.3:
            for at, word in enumerate(words):
                other = at and not line.named[at] and word[:1].isupper() and len(word) > 2
                if other and chance.random() < 0.3:
                    words[at] = chance.choice(chance.choice(self._capitals))
        writing = chance.random()
        if writing < 0.15:
            words = [word.lower() for word in words]
        elif writing < 0.18:
            words = [word.upper() for word in words]
        elif writing < 0.24:
            words = [w.lower() if n else w for w, n in zip(words, line.named, strict=True)]
        return Line(words, line.named)

    def _other(self, words: Sequence[str], named: Sequence[bool], at: int) -> str:
        word, chance = words[at], self._random
        if len(word.strip(".")) == 1 or "." in word:
            return "".join(
                chance.choice("ABCDEFGHJKLMNPRSTVWZ") if c.isalpha() else c for c in word
            )
        if not word[:1].isalpha() or word.casefold() in (
            "van",
            "der",
            "den",
            "de",
            "el",
            "ter",
            "ten",
        ):
            return word
        is_first = not (at and named[at - 1])
        pools = self._first if is_first else self._last
        pool = pools[chance.random() < 0.4]
        other = chance.choice(pool)
        if chance.random() < 0.2:  # one that nobody bears
            more = chance.choice(pool)
            other = other[: (len(other) + 1) // 2] + more[len(more) // 2 :]
        return other.title() if word[0].isupper() else other


def main() -> None:
    """Train, choose the threshold and write the model folder."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--out", type=Path, default=ROOT / "models" / "names")
    parser.add_argument("--epochs", type=int, default=Recipe.epochs)
    parser.add_argument("--threads", type=int, default=1)
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    recipe = Recipe(epochs=given.epochs)
    words = Words()
    marked = read_lines(*(CORPUS / name for name in OWN))
    lines = [line_of(each) for each in marked]
    dev = read_lines(CORPUS / "dev.txt")
    reviews = list(review_lines(given.data))
    print(f"{len(lines)} marked lines, {len(reviews)} reviews, {len(dev)} to choose on", flush=True)
    first = trained(words, lines, [], recipe, seed=1)
    sure = [
        line for line, top in zip(reviews, tops(first, words, reviews), strict=True) if top < 0.2
    ]
    print(f"{len(sure)} reviews name nobody", flush=True)
    net = trained(words, lines, sure, recipe, seed=2)
    write(net, words, given.out, dev, lines=len(lines), sure=len(sure))


def line_of(marked: MarkedLine) -> Line:
    """Return the words of a marked line."""
    names = [(span.start, span.end) for span in marked.spans if span.kind == "naam"]
    words = words_of(marked.text)
    named = [any(word.start < end and start < word.end for start, end in names) for word in words]
    return Line([word.text for word in words], named)


def review_lines(data: Path) -> Iterator[Line]:
    """Yield reviews of three to sixty words as if they named nobody, Dutch and some others."""
    seen: set[str] = set()
    for name in REVIEWS:
        with (data / name).open(encoding="utf-8", newline="") as file:
            rows = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
            for number, row in enumerate(rows):
                text = row["text"]
                if text in seen or (row.get("language", "nl") != "nl" and number % 8):
                    continue
                seen.add(text)
                words = [word.text for word in words_of(text)]
                if 2 < len(words) <= 60:
                    yield Line(words, [False] * len(words))


def trained(
    words: Words,
    lines: Sequence[Line],
    clean: Sequence[Line],
    recipe: Recipe,
    seed: int,
) -> Net:
    """Train a network; its weights are averaged over the last third of the passes."""
    torch.manual_seed(seed)
    chance = random.Random(seed)  # noqa: S311 - no secret
    exchange = Exchange(lines, seed)
    net = Net(words.dimension, marks_of(["x"]).shape[1], recipe)
    averaged = torch.optim.swa_utils.AveragedModel(net)
    optimiser = torch.optim.AdamW(net.parameters(), lr=recipe.rate, weight_decay=1e-2)
    per_pass = len(lines) + min(len(clean), recipe.reviews * len(lines))
    steps = recipe.epochs * (per_pass // recipe.batch + 1)
    plan = torch.optim.lr_scheduler.OneCycleLR(optimiser, recipe.rate, total_steps=steps)
    for epoch in range(recipe.epochs):
        began = time.monotonic()
        pool = [*lines, *chance.sample(list(clean), per_pass - len(lines))]
        chance.shuffle(pool)
        net.train()
        total = 0.0
        for start in range(0, len(pool), recipe.batch):
            part = [exchange(line, recipe) for line in pool[start : start + recipe.batch]]
            batch = words.batch(part, [chance.random() < recipe.unlisted for _ in part])
            loss = F.binary_cross_entropy_with_logits(
                net(batch)[batch.inside], batch.named[batch.inside] * 0.98 + 0.01
            )
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            plan.step()
            total += loss.item()
        if epoch >= recipe.epochs * 2 // 3:
            averaged.update_parameters(net)
        print(
            f"pass {epoch + 1}: loss {total * recipe.batch / len(pool):.4f}"
            f" in {time.monotonic() - began:.0f} s",
            flush=True,
        )
    return averaged.module.eval()


def tops(net: Net, words: Words, lines: Sequence[Line]) -> list[float]:
    """Return of each line the highest probability of a word."""
    found: list[float] = []
    with torch.no_grad():
        for start in range(0, len(lines), 256):
            part = lines[start : start + 256]
            batch = words.batch(part, [False] * len(part))
            chance = torch.sigmoid(net(batch)) * batch.inside
            found.extend(chance.max(1).values.tolist())
    return found


def write(
    net: Net, words: Words, out: Path, dev: Sequence[MarkedLine], *, lines: int, sure: int
) -> None:
    """Write weights, configuration and card, with the threshold chosen on `dev`."""
    out.mkdir(parents=True, exist_ok=True)
    weights = {
        "vectors": net.vectors.weight.T,
        "grams": net.grams.weight,
        "marks": net.marks.weight.T,
        "near": net.near.weight.permute(2, 1, 0),
        "near_bias": net.near.bias,
        "wide": net.wide.weight.permute(2, 1, 0),
        "wide_bias": net.wide.bias,
        "out": net.out.weight[0],
        "bias": net.out.bias,
    }
    arrays = {
        k: np.ascontiguousarray(v.detach().numpy().astype(np.float16)) for k, v in weights.items()
    }
    save_file(arrays, out / "model.safetensors")
    config = {"model_type": "klankbord-names", "encoder": words.fingerprint, "threshold": 0.5}
    (out / "config.json").write_text(json.dumps(config, indent=1) + "\n", "utf-8")
    tagger = NameTagger(out, bundled_encoder())
    config["threshold"] = threshold(tagger, dev)
    (out / "config.json").write_text(json.dumps(config, indent=1) + "\n", "utf-8")
    data = [
        DataFile("corpora/privacy", lines, "Apache-2.0"),
        DataFile(
            "reviews that name nobody", sure, "texts: public reviews without a stated licence"
        ),
    ]
    write_card(out, kind="names", summary="Which words are part of a person's name", data=data)


def threshold(tagger: NameTagger, dev: Sequence[MarkedLine]) -> float:
    """Return the lowest threshold at which at most CLEAN_RATE of the clean lines has a name."""
    words = [words_of(each.text) for each in dev]
    chances = tagger.probabilities([each.text for each in dev])
    clean = np.array(
        [c.max(initial=0) for c, each in zip(chances, dev, strict=True) if not each.spans]
    )
    for value in np.arange(0.05, 0.96, 0.05):
        hit = found = 0
        for each, of, chance in zip(dev, words, chances, strict=True):
            for span in each.spans:
                if span.kind == "naam":
                    inside = [
                        p
                        for w, p in zip(of, chance, strict=True)
                        if w.start < span.end and span.start < w.end
                    ]
                    hit, found = hit + 1, found + all(p >= value for p in inside)
        print(
            f"threshold {value:.2f}: recall {found / max(hit, 1):.3f},"
            f" clean lines {np.mean(clean >= value):.3f}",
            flush=True,
        )
    allowed = np.sort(clean)[::-1][int(CLEAN_RATE * len(clean))]
    return round(float(np.clip(allowed + 0.01, 0.1, 0.9)), 3)


if __name__ == "__main__":
    main()
