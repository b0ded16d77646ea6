"""The fast tone model: hashed n-grams plus the sentence vector, in numpy."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unicodedata import combining, is_normalized, normalize

import numpy as np
import pyarrow as pa

from klankbord.errors import ModelError
from klankbord.files import sha256_of
from klankbord.models.card import CARD_FILE, read_card
from klankbord.models.encoder import StaticEncoder
from klankbord.models.ngrams import BUCKET_BITS, STYLE_FEATURES, Ngrams, extract
from klankbord.models.scores import CUES, Thresholds, ToneScores, from_logits, softmax
from klankbord.models.theme_examples import ThemeExamples
from klankbord.schema import TONES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

QUESTION_SALT = 7
_BATCH = 2048
_SLICE = 128  # texts whose filter answers fit the processor's cache
_CUES = 3
_WEAK = 0.35  # a word that says less than this share of the strongest is no cue
_FLOOR = 1e-4  # of a theme's probability, so that examples can raise one never seen
_FLAGS = ("churn", "ambassador", "unresolved", "sarcasm")


class FastToneModel:
    """Scores texts; the same text and question always get the same scores."""

    def __init__(self, folder: Path, encoder: StaticEncoder) -> None:
        from safetensors.numpy import load_file
        from threadpoolctl import ThreadpoolController

        try:
            config: dict[str, Any] = json.loads((folder / "config.json").read_text("utf-8"))
            weights = load_file(folder / "model.safetensors")
            self.themes: tuple[str, ...] = tuple(config["themes"])
            self.thresholds = Thresholds(**config["thresholds"])
            self._temperature = float(config["temperature"])
            self._shift = np.asarray(config["shift"], dtype=np.float32)
            self._bits = int(config["bucket_bits"])
            needed = str(config["encoder"])
            table = weights["table"].astype(np.float32) * weights["scale"].astype(np.float32)
            self._table: Floats = table
            self._direct: Floats = weights["direct"].astype(np.float32)
            self._bias: Floats = weights["bias"].astype(np.float32)
            self._filter_bias: Floats = weights["filter_bias"].astype(np.float32)
            answers = encoder.piece_vectors() @ weights["filters"].astype(np.float32)
            thirds = np.split(answers, 3, axis=1)
            self._before, self._here, self._after = map(np.ascontiguousarray, thirds)
            self._hidden: Floats = weights["hidden"].astype(np.float32)
            self._pooled: Floats = weights["pooled"].astype(np.float32)
            self._hidden_bias: Floats = weights["hidden_bias"].astype(np.float32)
            self._out: Floats = weights["out"].astype(np.float32)
        except Exception as error:
            raise ModelError("tone model cannot be loaded", where=str(folder)) from error
        outputs = len(TONES) + 1 + len(self.themes) + len(_FLAGS)
        width = STYLE_FEATURES + 2 * encoder.dimension
        if self._table.shape != (1 << self._bits, outputs) or len(self._direct) != width:
            raise ModelError("weights have another shape than config.json says", where=str(folder))
        if needed != encoder.fingerprint:
            raise ModelError(
                "tone model was trained on another encoder than the one that is installed",
                where=str(folder),
            )
        self._libraries = ThreadpoolController()
        self._encoder = encoder
        self._examples = ThemeExamples(self.themes, encoder)
        self._theme_part = slice(len(TONES) + 1, len(TONES) + 1 + len(self.themes))
        self.weights_fingerprint = _fingerprint(folder)
        self.fingerprint = f"{self.weights_fingerprint}-{self._examples.fingerprint}"

    def predict(self, texts: Sequence[str], questions: Sequence[str]) -> ToneScores:
        """Score `texts`, each with the question it answers ("" for none).

        Duplicates are scored each time; `klankbord.tone` takes them together first.
        """
        if len(texts) != len(questions):
            raise ValueError(f"{len(texts)} texts but {len(questions)} questions")
        starts = range(0, len(texts), _BATCH)
        logits = np.zeros((len(texts), self._table.shape[1]), dtype=np.float32)
        cues = [pa.array([], CUES)]
        # a batch per core does more than many cores in one small product
        with (
            self._libraries.limit(limits=1, user_api="blas"),
            ThreadPoolExecutor(max_workers=os.cpu_count() or 1) as pool,
        ):
            parts = pool.map(
                lambda first: self._scored(
                    list(texts[first : first + _BATCH]), questions[first : first + _BATCH]
                ),
                starts,
            )
            for first, (values, found) in zip(starts, parts, strict=True):
                logits[first : first + len(values)] = values
                cues.append(found)
        joined = pa.chunked_array(cues, CUES).combine_chunks()
        return from_logits(logits, self._temperature, self._shift, len(self.themes), joined)

    def _scored(self, texts: list[str], questions: Sequence[str]) -> tuple[Floats, pa.Array]:
        """Return the logits and the cues of a batch."""
        grams = extract(texts)
        logits = self._logits(texts, questions, grams)
        level = (logits[:, : len(TONES)] / self._temperature + self._shift).argmax(axis=1)
        return logits, self._cues(texts, grams, level)

    def logits(self, texts: Sequence[str], questions: Sequence[str]) -> Floats:
        """Return what the scores are made from, (n, 5 tones + mixed + themes + 4 flags)."""
        parts = [np.zeros((0, self._table.shape[1]), dtype=np.float32)]
        for first in range(0, len(texts), _BATCH):
            part = list(texts[first : first + _BATCH])
            parts.append(self._logits(part, questions[first : first + _BATCH], extract(part)))
        return np.concatenate(parts)

    def cues(self, texts: Sequence[str], level: NDArray[np.int64]) -> pa.Array:
        """Return where the words stand that speak most for tone `level` (n,) of each text."""
        parts = []
        for first in range(0, len(texts), _BATCH):
            part = list(texts[first : first + _BATCH])
            parts.append(self._cues(part, extract(part), level[first : first + len(part)]))
        return pa.chunked_array(parts, CUES).combine_chunks()

    def _logits(self, texts: list[str], questions: Sequence[str], grams: Ngrams) -> Floats:
        """Return (n, outputs): hashed n-grams, then style and vectors straight and via ReLU."""
        asked, which = np.unique(np.asarray(questions, dtype=object), return_inverse=True)
        asked_list = [str(question) for question in asked]
        of_question = extract(asked_list, salt=QUESTION_SALT, characters=False)
        bag = self._bag(grams, len(texts)) + self._bag(of_question, len(asked_list))[which]
        piece, size = self._encoder.pieces(texts)
        vectors = self._encoder.mean_vectors(piece, size)
        dense = np.concatenate(
            [grams.style, vectors, self._encoder.encode(asked_list)[which]], axis=1
        )
        hidden = dense @ self._hidden + self._hidden_bias
        members, filters, width = self._pooled.shape
        strongest = self._strongest(piece, size).reshape(len(texts), members, filters)
        for member in range(members):
            part = slice(member * width, (member + 1) * width)
            hidden[:, part] += strongest[:, member] @ self._pooled[member]
        hidden = np.maximum(hidden, 0)
        logits: Floats = bag + dense @ self._direct + hidden @ self._out + self._bias
        belief = np.log(softmax(logits[:, self._theme_part]) + _FLOOR)
        logits[:, self._theme_part] = belief + self._examples.bonus(vectors)
        return logits

    def _strongest(self, piece: NDArray[np.int64], size: NDArray[np.int64]) -> Floats:
        """Return each filter's strongest answer over three neighbouring pieces of a text."""
        strongest = np.zeros((len(size), len(self._filter_bias)), dtype=np.float32)
        start = np.cumsum(size) - size
        for first in range(0, len(size), _SLICE):
            some = np.argsort(-size[first : first + _SLICE], kind="stable") + first
            strongest[some] = self._best(piece, start[some], size[some])
        return strongest

    def _best(
        self, piece: NDArray[np.int64], start: NDArray[np.int64], size: NDArray[np.int64]
    ) -> Floats:
        """Return the answers of texts that stand from long to short, place after place."""
        best = np.full((len(size), len(self._filter_bias)), -np.inf, dtype=np.float32)
        for place in range(size[0] if len(size) else 0):
            here = start[: np.count_nonzero(size > place)] + place
            answer = self._here[piece[here]]
            if place:
                answer += self._before[piece[here - 1]]
            follows = np.count_nonzero(size > place + 1)
            answer[:follows] += self._after[piece[here[:follows] + 1]]
            np.maximum(best[: len(here)], answer, out=best[: len(here)])
        strongest: Floats = np.maximum(best + self._filter_bias, 0)
        return strongest

    def _bag(self, grams: Ngrams, rows: int) -> Floats:
        from scipy.sparse import csr_array

        bucket = grams.bucket >> (BUCKET_BITS - self._bits)
        matrix = csr_array((grams.weight, (grams.text, bucket)), shape=(rows, len(self._table)))
        total: Floats = matrix @ self._table
        return total

    def _cues(self, texts: list[str], grams: Ngrams, tone: NDArray[np.int64]) -> pa.Array:
        """Return where the words stand whose n-grams add most to the tone, neighbours joined."""
        tokens = grams.tokens
        bucket = grams.bucket >> (BUCKET_BITS - self._bits)
        level = tone[grams.text]
        gain = self._table[bucket, level] - self._table[bucket, : len(TONES)].mean(axis=1)
        share = np.bincount(grams.token, weights=gain * grams.weight, minlength=len(tokens.text))
        is_word = tokens.end - tokens.start > 1
        order = np.lexsort((tokens.start, -np.round(share, 6), tokens.text))
        begin = np.cumsum(tokens.count) - tokens.count
        place = np.arange(len(order)) - np.repeat(begin, tokens.count)
        some = tokens.count > 0
        strongest = np.repeat(share[order[begin[some]]], tokens.count[some])
        strong = (share[order] > 0) & (share[order] >= _WEAK * strongest)
        chosen = order[(place < _CUES) & strong & is_word[order]]
        chosen.sort()
        return _spans(texts, grams, chosen)


def _spans(texts: list[str], grams: Ngrams, chosen: NDArray[np.int64]) -> pa.Array:
    """Return where in their texts the chosen tokens stand, tokens side by side as one span."""
    tokens = grams.tokens
    joined = np.zeros(len(chosen), dtype=bool)
    joined[1:] = (np.diff(chosen) == 1) & (np.diff(tokens.text[chosen]) == 0)
    heads = np.flatnonzero(~joined)
    tails = np.append(heads[1:], len(chosen))[: len(heads)] - 1
    text = tokens.text[chosen[heads]]
    start, end = tokens.start[chosen[heads]].copy(), tokens.end[chosen[tails]].copy()
    for row in np.unique(text):  # offsets were counted in the composed text
        if not is_normalized("NFC", texts[row]):
            mine = text == row
            start[mine] = [_decomposed(texts[row], at) for at in start[mine]]
            end[mine] = [_decomposed(texts[row], at) for at in end[mine]]
    spans = pa.StructArray.from_arrays(
        [pa.array(start, pa.int32()), pa.array(end, pa.int32())], ["start", "end"]
    )
    offsets = np.concatenate(([0], np.cumsum(np.bincount(text, minlength=len(texts)))))
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), spans)


def _decomposed(text: str, offset: int) -> int:
    """Return where in `text` the place `offset` of its composed form (NFC) is."""
    return next(
        place
        for place in range(len(text) + 1)
        if len(normalize("NFC", text[:place])) >= offset
        and (place == len(text) or not combining(text[place]))
    )


def _fingerprint(folder: Path) -> str:
    if (folder / CARD_FILE).is_file():
        return read_card(folder).fingerprint
    return sha256_of(folder / "model.safetensors")[:12]
