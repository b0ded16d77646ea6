"""Train the bundled Dutch spaCy pipeline: tagger, morphology, lemmas, parse, sentences.

The weights kept are the best on the Alpino development set, half of it as written and half
lower-cased without final punctuation. `evaluate_spacy.py` measures on the unseen Alpino test.
"""

from __future__ import annotations

import argparse
import random
import shutil
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import spacy
from spacy.language import Language
from spacy.training import Example
from spacy.training.batchers import minibatch_by_words
from spacy.util import fix_random_seed
from thinc.api import Adam

from model_cards import DataFile, write_card
from treebank import (
    DEV,
    LICENCE,
    NEW,
    OLD,
    TEST,
    Sentence,
    document,
    lower_cased,
    paragraphs,
    read_treebank,
    shuffled_documents,
    without_final_punctuation,
)

SUMMARY = "Dutch tags, morphology, lemmas, sentences and noun phrases with spaCy"
WEIGHTS = {"pos_acc": 2.0, "morph_acc": 1.0, "tag_acc": 0.5, "lemma_acc": 2.0}
WEIGHTS |= {"dep_las": 2.0, "dep_uas": 1.0, "sents_f": 1.5}


@dataclass(frozen=True)
class Recipe:
    """What can be chosen."""

    width: int = 96
    depth: int = 4
    rows: tuple[int, ...] = (10_000, 1_500, 5_000, 1_500)  # of NORM, PREFIX, SUFFIX, SHAPE
    epochs: int = 4  # over all treebanks
    closing: int = 1  # more, over the newer treebanks only: their conventions are the ones kept
    rate: float = 2e-3
    last_rate: float = 1.1e-3
    batch_words: int = 400
    dropout: float = 0.1
    seed: int = 0


def build(recipe: Recipe) -> Language:
    """Return the pipeline without weights: one small tok2vec that every component listens to."""
    nlp = spacy.blank("nl")
    embed = {
        "@architectures": "spacy.MultiHashEmbed.v2",
        "width": recipe.width,
        "attrs": ["NORM", "PREFIX", "SUFFIX", "SHAPE"],
        "rows": list(recipe.rows),
        "include_static_vectors": False,
    }
    encode = {
        "@architectures": "spacy.MaxoutWindowEncoder.v2",
        "width": recipe.width,
        "window_size": 1,
        "maxout_pieces": 3,
        "depth": recipe.depth,
    }
    tok2vec = {"@architectures": "spacy.Tok2Vec.v2", "embed": embed, "encode": encode}
    nlp.add_pipe("tok2vec", config={"model": tok2vec})
    listener = {"@architectures": "spacy.Tok2VecListener.v1", "width": recipe.width}
    tag = {"@architectures": "spacy.Tagger.v2", "tok2vec": listener}
    nlp.add_pipe("tagger", config={"model": tag})
    nlp.add_pipe("morphologizer", config={"model": tag})
    nlp.add_pipe("trainable_lemmatizer", config={"model": tag, "min_tree_freq": 3, "top_k": 3})
    parse = {
        "@architectures": "spacy.TransitionBasedParser.v2",
        "state_type": "parser",
        "extra_state_tokens": False,
        "hidden_width": 64,
        "maxout_pieces": 2,
        "use_upper": True,
        "tok2vec": listener,
    }
    nlp.add_pipe("parser", config={"model": parse})
    return nlp


def examples(nlp: Language, groups: Sequence[Sequence[Sentence]]) -> list[Example]:
    """Return one example per group, from its raw text."""
    docs = [document(nlp.vocab, group) for group in groups]
    return [Example(nlp.make_doc(doc.text), doc) for doc in docs]


def development(nlp: Language, groups: Sequence[Sequence[Sentence]]) -> list[Example]:
    """Return the development set as written and as people type it, by turns."""
    typed = [
        [without_final_punctuation(lower_cased(sentence)) for sentence in group]
        if place % 2
        else group
        for place, group in enumerate(groups)
    ]
    return examples(nlp, typed)


def batches(
    nlp: Language, groups: Sequence[Sequence[Sentence]], recipe: Recipe, epoch: int
) -> Iterator[list[Example]]:
    """Yield one epoch, the texts varied anew."""
    chance = random.Random(f"{recipe.seed} {epoch}")  # noqa: S311 - a recipe, no secret
    varied = [
        Example(nlp.make_doc(doc.text), doc)
        for doc in shuffled_documents(nlp.vocab, groups, chance)
    ]
    yield from minibatch_by_words(varied, recipe.batch_words)


def train(
    nlp: Language,
    old: Sequence[Sequence[Sentence]],
    new: Sequence[Sequence[Sentence]],
    dev: Sequence[Sequence[Sentence]],
    recipe: Recipe,
    checkpoint: Path,
) -> None:
    """Train and keep the best epoch in `checkpoint`."""
    plain = examples(nlp, [*old, *new])
    nlp.initialize(lambda: plain)
    optimizer = Adam(
        recipe.rate, L2=0.01, L2_is_weight_decay=True, grad_clip=1.0, use_averages=True
    )
    held = development(nlp, dev)
    total, best, started = recipe.epochs + recipe.closing, 0.0, time.process_time()
    for epoch in range(total):
        groups = [*old, *new] if epoch < recipe.epochs else new
        left = 1 - epoch / (total - 1)
        optimizer.learn_rate = recipe.last_rate + (recipe.rate - recipe.last_rate) * left
        losses: dict[str, float] = {}
        for batch in batches(nlp, groups, recipe, epoch):
            nlp.update(batch, sgd=optimizer, drop=recipe.dropout, losses=losses)
        with nlp.use_params(optimizer.averages):
            scores = nlp.evaluate(held)
            value = sum(weight * scores[name] for name, weight in WEIGHTS.items())
            value /= sum(WEIGHTS.values())
            if value > best:
                best = value
                nlp.to_disk(checkpoint)
        shown = "  ".join(f"{name} {scores[name]:.3f}" for name in WEIGHTS)
        seconds = time.process_time() - started
        print(f"{epoch + 1:2} {seconds:5.0f} s  {value:.4f}  {shown}", flush=True)


def save(checkpoint: Path, out: Path) -> None:
    """Write the best epoch as a named pipeline; a README that is there stays."""
    nlp = spacy.load(checkpoint)
    nlp.meta["name"], nlp.meta["version"] = "klankbord", "0.1.0"
    nlp.meta["description"], nlp.meta["license"] = SUMMARY, LICENCE
    nlp.meta["spacy_version"] = ">=3.8,<4"
    nlp.meta["performance"] = {}
    for old in (path for path in out.glob("*") if path.name != "README.md"):
        shutil.rmtree(old) if old.is_dir() else old.unlink()
    out.mkdir(parents=True, exist_ok=True)
    nlp.to_disk(out)


def describe(out: Path, treebanks: dict[str, list[Sentence]]) -> None:
    """Write the card; `evaluate_spacy.py` adds the scores."""
    data = [
        DataFile(f"linguistic/{name}.conllu (sentences)", len(read), LICENCE)
        for name, read in treebanks.items()
    ]
    write_card(out, kind="pipeline", summary=SUMMARY, languages=("nl",), data=data)


def main() -> None:
    """Read the treebanks, train, save, and write the card."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with linguistic/")
    parser.add_argument("--out", type=Path, default=Path("models/spacy-nl"))
    parser.add_argument("--checkpoint", type=Path, required=True, help="keeps the best epoch")
    options = parser.parse_args()
    recipe = Recipe()
    fix_random_seed(recipe.seed)
    folder = options.data / "linguistic"
    held = {
        one.text.casefold()
        for name in (DEV, TEST)
        for one in read_treebank(folder / f"{name}.conllu")
    }
    treebanks = {name: read_treebank(folder / f"{name}.conllu") for name in (OLD, *NEW)}
    treebanks = {
        name: [one for one in read if one.text.casefold() not in held]
        for name, read in treebanks.items()
    }
    old = [treebanks[OLD][first : first + 4] for first in range(0, len(treebanks[OLD]), 4)]
    new = [group for name in NEW for group in paragraphs(treebanks[name])]
    dev = paragraphs(read_treebank(folder / f"{DEV}.conllu"))
    words = {name: sum(len(one.words) for one in read) for name, read in treebanks.items()}
    print(f"{words}", flush=True)
    nlp = build(recipe)
    train(nlp, old, new, dev, recipe, options.checkpoint)
    save(options.checkpoint, options.out)
    describe(options.out, treebanks)


if __name__ == "__main__":
    main()
