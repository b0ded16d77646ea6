"""Labelled texts and star reviews as the tone model's training reads them."""

from __future__ import annotations

import re
import tomllib
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from klankbord.models.encoder import StaticEncoder
from klankbord.models.fast_tone import QUESTION_SALT
from klankbord.models.ngrams import BUCKET_BITS, extract
from klankbord.schema import TONES
from model_cards import DataFile
from translation_pairs import rows

THEMES = (
    "-", "levertijd", "levering", "onvolledig", "kwaliteit", "pasvorm", "prijs", "betaling",
    "retour", "bereikbaarheid", "bejegening", "informatie", "website", "assortiment", "contract",
    "hygiene", "inhoud", "comfort", "anders",
)  # fmt: skip
FLAGS = {"churn": "C", "ambassador": "A", "unresolved": "U", "sarcasm": "S"}
TONE_COUNT = len(TONES)
BEHAVIOUR = Path(__file__).parent.parent / "tests" / "behaviour"
FEW_WORDS = 4
SHORTEST_PIECE = 8  # letters
LONGEST = 128  # word pieces the filters see in training
STAR_FILES = ("food_delivery_stars_nl.tsv", "product_stars_nl.tsv")
UNJUDGED = ("stars", "pieces")  # origins whose texts nobody labelled
SENTENCE_END = re.compile(r"(?<=[.!?])\s+|\s*[,;]\s+(?=maar|alleen|echter|wel|but|aber|mais)")
MOST_PIECES = 16_000


@dataclass(frozen=True)
class Labelled:
    """Texts with the labels of the annotation guide."""

    ids: list[str]
    texts: list[str]
    questions: list[str]
    origin: np.ndarray  # "train", "aligned", "stars", "pieces", or a file in corpora/tone
    source: np.ndarray  # source or channel
    language: np.ndarray
    tone: np.ndarray
    mixed: np.ndarray
    theme: np.ndarray
    flags: np.ndarray  # (n, 4)

    def fold(self) -> np.ndarray:
        """Return 0-9 by a digest of the id.

        The four languages of a sentence stay together, and so do eight neighbours of our own
        texts, since one event is often told several times in a row.
        """
        names = [re.sub(r"-(en|de|fr)$", "", name) for name in self.ids]
        names = [_NUMBERED.sub(_group, name) for name in names]
        return np.array([zlib.crc32(name.encode()) % 10 for name in names])

    def weight(self) -> np.ndarray:
        """Return how heavily each text counts."""
        return np.array([weight_of(origin) for origin in self.origin])

    def take(self, which: np.ndarray) -> Labelled:
        """Return the rows `which`."""
        return Labelled(
            *([column[row] for row in which] for column in (self.ids, self.texts, self.questions)),
            *(column[which] for column in list(vars(self).values())[3:]),
        )


_NUMBERED = re.compile(r"^(own_[a-z]|short_)(\d+)$")


def _group(match: re.Match[str]) -> str:
    return f"{match[1]}{int(match[2]) // 8}"


def training_files(data: Path, own: Path) -> dict[str, Path]:
    """Return the labelled files by origin: the public ones and all in `corpora/tone`."""
    return {
        "train": data / "tone" / "train.tsv",
        "aligned": data / "tone" / "train_en_de_fr.tsv",
        **{path.stem: path for path in sorted(own.glob("*.tsv"))},
    }


def measured_texts(data: Path) -> set[str]:
    """Return what only measures, squeezed: `tone/dev.tsv` and the behavioural tests.

    Of the latter only texts of four words or more: everybody writes "prima".
    """
    found = {squeezed(row["text"]) for row in rows(data / "tone" / "dev.tsv")}
    for path in sorted(BEHAVIOUR.glob("*.toml")):
        for text in _strings(tomllib.loads(path.read_text("utf-8"))):
            plain = text.replace("[", "").replace("]", "")
            if len(plain.split()) >= FEW_WORDS:
                found.add(squeezed(plain))
    return found


def _strings(value: object) -> Iterator[str]:
    """Yield every string inside nested lists and tables."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for part in value.values():
            yield from _strings(part)
    elif isinstance(value, list):
        for part in value:
            yield from _strings(part)


def weight_of(origin: str) -> float:
    """Return how heavily a text counts; our own, of many sectors and channels, count double."""
    return {"train": 1.0, "aligned": 0.5, "stars": 0.5, "pieces": 0.5}.get(origin, 2.0)


def data_files(used: dict[str, int]) -> list[DataFile]:
    """Return the lines of the model card, given how many texts of each origin were used."""
    unstated = "public reviews without a stated licence"
    public = {
        "train": ("tone/train.tsv (nl)", f"texts: {unstated}; labels Apache-2.0"),
        "aligned": (
            "tone/train_en_de_fr.tsv (en, de, fr)",
            f"texts: {unstated}; labels Apache-2.0",
        ),
        "stars": ("reviews/*_stars_nl.tsv, stars only", unstated),
        "pieces": (
            "sentences of the above and of reviews/aspects_nl_en_de_fr.tsv (split train), "
            "labelled by tone-accurate",
            unstated,
        ),
    }
    lines = []
    for origin, number in sorted(used.items()):
        name, licence = public.get(origin, (f"corpora/tone/{origin}.tsv", "Apache-2.0"))
        lines.append(DataFile(name, number, licence))
    return lines


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

    def __init__(
        self, texts: list[str], questions: list[str], encoder: StaticEncoder, bits: int
    ) -> None:
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
        self.vectors = torch.from_numpy(encoder.piece_vectors())
        piece, size = encoder.pieces(texts)
        end = np.cumsum(size)
        self.piece = np.full((len(texts), min(LONGEST, int(size.max()))), 0, dtype=np.int32)
        for row, (last, many) in enumerate(zip(end, size, strict=True)):
            kept = min(many, self.piece.shape[1])
            self.piece[row, :kept] = piece[last - many : last - many + kept]

    def batch(self, which: np.ndarray) -> tuple[torch.Tensor, ...]:
        """Return buckets, offsets, weights and dense input of the rows `which`."""
        size = self.offset[which + 1] - self.offset[which]
        start = np.concatenate(([0], np.cumsum(size)[:-1]))
        take = np.repeat(self.offset[which] - start, size) + np.arange(size.sum())
        piece = self.piece[which]
        piece = piece[:, : max(1, int((piece > 0).sum(axis=1).max()))].astype(np.int64)
        arrays = (self.bucket[take], start, self.weight[take], self.dense[which], piece)
        return tuple(torch.from_numpy(array) for array in arrays)


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
    chance = np.concatenate(chances)
    return _with(labels, texts, ["nl"] * len(texts), "stars"), chance


def with_pieces(labels: Labelled, folder: Path, without: set[str]) -> Labelled:
    """Append sentences nobody labelled: of the reviews by aspect, and cut out of longer texts.

    Texts that are held out of training lend no sentence.
    """
    known = {squeezed(text) for text in labels.texts} | without
    found: list[tuple[str, str]] = []
    sources = [
        (row["text"], row["language"])
        for row in rows(folder / "aspects_nl_en_de_fr.tsv")
        if row["split"] == "train"
    ]
    usable = (labels.fold() != 0) & (labels.language == "nl")
    for row in np.flatnonzero(usable):
        parts = SENTENCE_END.split(labels.texts[row])
        sources += [(part, "nl") for part in parts if len(parts) > 1]
    for text, language in sources:
        key = squeezed(text)
        if len(key) > SHORTEST_PIECE and key not in known:
            known.add(key)
            found.append((text, language))
    lucky = np.sort(np.random.default_rng(0).permutation(len(found))[:MOST_PIECES])
    texts, languages = zip(*(found[row] for row in lucky), strict=True)
    return _with(labels, list(texts), list(languages), "pieces")


def _with(labels: Labelled, texts: list[str], languages: list[str], origin: str) -> Labelled:
    """Append texts without labels."""
    new = len(texts)

    def longer(column: np.ndarray, value: object) -> np.ndarray:
        return np.concatenate([column, np.full((new, *column.shape[1:]), value, column.dtype)])

    return Labelled(
        labels.ids + [f"{origin}{row}" for row in range(new)],
        labels.texts + texts,
        labels.questions + [""] * new,
        longer(labels.origin, origin),
        longer(labels.source, origin),
        np.concatenate([labels.language, np.array(languages)]),
        *(longer(column, 0) for column in (labels.tone, labels.mixed, labels.theme, labels.flags)),
    )
