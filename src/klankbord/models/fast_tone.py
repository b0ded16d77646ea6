"""The fast tone model: hashed n-grams plus the sentence vector, in numpy."""

from __future__ import annotations

import json
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
from klankbord.models.lazy_rows import LazyRows
from klankbord.models.ngrams import BUCKET_BITS, STYLE_FEATURES, Ngrams, extract
from klankbord.models.scores import CUES, Thresholds, ToneScores, from_logits, softmax
from klankbord.models.theme_examples import ThemeExamples
from klankbord.room import cores
from klankbord.schema import TONES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

QUESTION_SALT = 7
_BATCH = 1024
_ROWS = 256  # of one matrix product
_SLICE = 256  # texts whose filter answers fit the processor's cache
_PIECES = 64  # word pieces whose filter answers are worked out together
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
            of_tones = table[:, : len(TONES)]
            self._gain: Floats = of_tones - of_tones.mean(axis=1, keepdims=True)
            self._direct: Floats = weights["direct"].astype(np.float32)
            self._bias: Floats = weights["bias"].astype(np.float32)
            self._filter_bias: Floats = weights["filter_bias"].astype(np.float32)
            filters: Floats = weights["filters"].astype(np.float32)
            self._answers = LazyRows(
                encoder.piece_count,
                filters.shape[1],
                _PIECES,
                lambda part: encoder.piece_vectors(part) @ filters,
            )
            thirds = np.split(self._answers.table, 3, axis=1)
            self._before, self._here, self._after = thirds
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
        return self.scores(*self.read(texts, questions))

    def read(self, texts: Sequence[str], questions: Sequence[str]) -> tuple[Floats, pa.Array]:
        """Return what `scores` are made from, (n, 5 tones + mixed + themes + 4 flags), and cues."""
        if len(texts) != len(questions):
            raise ValueError(f"{len(texts)} texts but {len(questions)} questions")
        starts = range(0, len(texts), _BATCH)
        logits = np.zeros((len(texts), self._table.shape[1]), dtype=np.float32)
        cues = [pa.array([], CUES)]
        # a batch per core does more than many cores in one small product
        with (
            self._libraries.limit(limits=1, user_api="blas"),
            ThreadPoolExecutor(cores()) as pool,
        ):
            parts = pool.map(
                lambda first: self._read(
                    list(texts[first : first + _BATCH]), questions[first : first + _BATCH]
                ),
                starts,
            )
            for first, (values, found) in zip(starts, parts, strict=True):
                logits[first : first + len(values)] = values
                cues.append(found)
        return logits, pa.chunked_array(cues, CUES).combine_chunks()

    def scores(self, logits: Floats, cues: pa.Array) -> ToneScores:
        """Return the scores that the logits of texts stand for."""
        return from_logits(logits, self._temperature, self._shift, len(self.themes), cues)

    def logits(self, texts: Sequence[str], questions: Sequence[str]) -> Floats:
        """Return what the scores are made from, (n, 5 tones + mixed + themes + 4 flags)."""
        return self.read(texts, questions)[0]

    def cues(self, texts: Sequence[str], level: NDArray[np.int64]) -> pa.Array:
        """Return where the words stand that speak most for tone `level` (n,) of each text."""
        parts = [pa.array([], CUES)]
        for first in range(0, len(texts), _BATCH):
            part = list(texts[first : first + _BATCH])
            parts.append(self._cues(part, extract(part), level[first : first + len(part)]))
        return pa.chunked_array(parts, CUES).combine_chunks()

    def _read(self, texts: list[str], questions: Sequence[str]) -> tuple[Floats, pa.Array]:
        grams = extract(texts)
        logits = self._logits(texts, questions, grams)
        level = (logits[:, : len(TONES)] / self._temperature + self._shift).argmax(axis=1)
        return logits, self._cues(texts, grams, level)

    def _logits(self, texts: list[str], questions: Sequence[str], grams: Ngrams) -> Floats:
        """Return (n, outputs): hashed n-grams, then style and vectors straight and via ReLU."""
        asked, which = np.unique(np.asarray(questions, dtype=object), return_inverse=True)
        asked_list = [str(question) for question in asked]
        of_question = extract(asked_list, salt=QUESTION_SALT, characters=False)
        piece, size = self._encoder.pieces(texts)
        full = -(-len(texts) // _ROWS) * _ROWS
        bag = np.zeros((full, self._table.shape[1]), dtype=np.float32)
        dense = np.zeros((full, len(self._direct)), dtype=np.float32)
        strongest = np.zeros((full, len(self._filter_bias)), dtype=np.float32)
        own = slice(0, len(texts))
        bag[own] = self._bag(grams) + self._bag(of_question)[which]
        dense[own, :STYLE_FEATURES] = grams.style
        vectors = slice(STYLE_FEATURES, STYLE_FEATURES + self._encoder.dimension)
        dense[own, vectors] = self._encoder.mean_vectors(piece, size)
        dense[own, vectors.stop :] = self._encoder.encode(asked_list)[which]
        strongest[own] = self._strongest(piece, size)
        blocks = [slice(first, first + _ROWS) for first in range(0, full, _ROWS)]
        for rows in blocks:
            bag[rows] = self._weighed(bag[rows], dense[rows], strongest[rows])
        logits = bag[own]
        belief = np.log(softmax(logits[:, self._theme_part]) + _FLOOR)
        likeness = [self._examples.likeness(dense[rows, vectors]) for rows in blocks]
        if likeness:
            bonus = self._examples.bonus(np.concatenate(likeness)[own])
            logits[:, self._theme_part] = belief + bonus
        return logits

    def _weighed(self, bag: Floats, dense: Floats, strongest: Floats) -> Floats:
        """Return the logits of exactly `_ROWS` texts.

        A matrix product can differ in its last bits with its size; so it always has the same.
        """
        hidden = dense @ self._hidden + self._hidden_bias
        members, filters, width = self._pooled.shape
        by_member = strongest.reshape(len(bag), members, filters)
        for member in range(members):
            part = slice(member * width, (member + 1) * width)
            hidden[:, part] += by_member[:, member] @ self._pooled[member]
        hidden = np.maximum(hidden, 0)
        logits: Floats = bag + dense @ self._direct + hidden @ self._out + self._bias
        return logits

    def _strongest(self, piece: NDArray[np.int64], size: NDArray[np.int64]) -> Floats:
        """Return each filter's strongest answer over three neighbouring pieces of a text."""
        self._answers.including(piece)
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

    def _bag(self, grams: Ngrams) -> Floats:
        """Return the weighted sum of the table's rows for each text, in the order of buckets."""
        from scipy.sparse import csr_array

        rows, families = grams.scale.shape
        # one sorted number holds text, bucket and family of an n-gram
        place = grams.text.astype(np.uint64) << np.uint64(self._bits)
        place |= grams.bucket >> np.uint32(BUCKET_BITS - self._bits)
        key = place * np.uint64(families) + grams.family
        if rows * families <= 1 << (32 - self._bits):  # numpy sorts these in half the time
            key = key.astype(np.uint32)
        key.sort()
        place, family = np.divmod(key, key.dtype.type(families))
        text = (place >> key.dtype.type(self._bits)).astype(np.int64)
        bucket = (place & key.dtype.type(len(self._table) - 1)).astype(np.int32)
        start = np.concatenate(([0], np.cumsum(np.bincount(text, minlength=rows))))
        weight = grams.scale.ravel()[text * families + family]
        matrix = csr_array((weight, bucket, start), shape=(rows, len(self._table)))
        matrix.has_sorted_indices = True
        matrix.sum_duplicates()
        total: Floats = matrix @ self._table
        return total

    def _cues(self, texts: list[str], grams: Ngrams, tone: NDArray[np.int64]) -> pa.Array:
        """Return where the words stand whose n-grams add most to the tone, neighbours joined."""
        tokens = grams.tokens
        bucket = (grams.bucket >> np.uint32(BUCKET_BITS - self._bits)).astype(np.int64)
        gain = self._gain.ravel()[bucket * len(TONES) + tone[grams.text]]
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
