"""The fast tone model: hashed n-grams plus the sentence vector, in numpy."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from klankbord.errors import ModelError
from klankbord.models.card import CARD_FILE, file_digest, read_card
from klankbord.models.encoder import Encoder, StaticEncoder, load_encoder
from klankbord.models.ngrams import BUCKET_BITS, STYLE_FEATURES, Ngrams, extract
from klankbord.models.theme_examples import ThemeExamples
from klankbord.resources import bundled
from klankbord.schema import TONES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

BUNDLED_TONE_MODEL = "models/tone-fast"
QUESTION_SALT = 7
_BATCH = 2048
_SLICE = 128  # texts whose filter answers fit the processor's cache
_CUES = 3
_FLOOR = 1e-4  # of a theme's probability, so that examples can raise one never seen
_FLAGS = ("churn", "ambassador", "unresolved")


@dataclass(frozen=True)
class ToneScores:
    """What the model makes of n texts; every array has n rows, in the order of the texts."""

    probabilities: Floats  # (n, 5), calibrated, boos … enthousiast
    mixed: Floats  # probability of real praise and a real complaint together
    theme: NDArray[np.int64]  # index into ToneModel.themes; 0 is no complaint
    churn: Floats
    ambassador: Floats
    unresolved: Floats
    cues: pa.Array  # list<string>: the customer's words that speak most for the tone


@dataclass(frozen=True)
class Thresholds:
    """From which probability a flag is set, chosen on texts held out of training."""

    mixed: float
    churn: float
    ambassador: float
    unresolved: float


class ToneModel:
    """Scores texts; the same text and question always get the same scores."""

    def __init__(self, folder: Path, encoder: StaticEncoder) -> None:
        from safetensors.numpy import load_file

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
        self._encoder = encoder
        self._examples = ThemeExamples(self.themes, encoder)
        self._theme_part = slice(len(TONES) + 1, len(TONES) + 1 + len(self.themes))
        self.fingerprint = f"{_fingerprint(folder)}-{self._examples.fingerprint}"

    def predict(self, texts: Sequence[str], questions: Sequence[str]) -> ToneScores:
        """Score `texts`, each with the question it answers ("" for none).

        Duplicates are scored each time; `klankbord.tone` takes them together first.
        """
        if len(texts) != len(questions):
            raise ValueError(f"{len(texts)} texts but {len(questions)} questions")
        logits, cues = [], []
        for first in range(0, len(texts), _BATCH):
            part = list(texts[first : first + _BATCH])
            grams = extract(part)
            values = self._logits(part, questions[first : first + _BATCH], grams)
            logits.append(values)
            cues.append(self._cues(part, grams, values[:, : len(TONES)].argmax(axis=1)))
        outputs = self._table.shape[1]
        scores = np.concatenate(logits) if logits else np.zeros((0, outputs), dtype=np.float32)
        tones = len(TONES)
        flags = _sigmoid(scores[:, self._theme_part.stop :])
        return ToneScores(
            probabilities=_softmax(scores[:, :tones] / self._temperature + self._shift),
            mixed=_sigmoid(scores[:, tones]),
            theme=np.round(scores[:, self._theme_part], 5).argmax(axis=1).astype(np.int64),
            churn=flags[:, 0],
            ambassador=flags[:, 1],
            unresolved=flags[:, 2],
            cues=pa.chunked_array(cues, pa.list_(pa.string())).combine_chunks(),
        )

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
        belief = np.log(_softmax(logits[:, self._theme_part]) + _FLOOR)
        logits[:, self._theme_part] = belief + self._examples.bonus(vectors)
        return logits

    def _strongest(self, piece: NDArray[np.int64], size: NDArray[np.int64]) -> Floats:
        """Return each filter's strongest answer over three neighbouring pieces of a text."""
        end = np.cumsum(size)
        strongest = np.zeros((len(size), len(self._filter_bias)), dtype=np.float32)
        for first in range(0, len(size), _SLICE):
            some = size[first : first + _SLICE]
            worded = np.flatnonzero(some)
            if len(worded):
                part = piece[end[first] - size[first] : end[first + len(some) - 1]]
                best = self._best(part, np.cumsum(some) - some, some)
                strongest[first + worded] = np.maximum(best, 0)
        return strongest

    def _best(
        self, piece: NDArray[np.int64], start: NDArray[np.int64], size: NDArray[np.int64]
    ) -> Floats:
        """Return the largest filter answer of every text that has pieces, before the ReLU."""
        total = self._here[piece]
        before, after = self._before[piece[:-1]], self._after[piece[1:]]
        cut = start[(start > 0) & (start < len(piece)) & (size > 0)] - 1
        before[cut], after[cut] = 0, 0  # the last piece of one text and the first of the next
        total[1:] += before
        total[:-1] += after
        best: Floats = np.maximum.reduceat(total, start[size > 0], axis=0) + self._filter_bias
        return best

    def _bag(self, grams: Ngrams, rows: int) -> Floats:
        from scipy.sparse import csr_array

        bucket = grams.bucket >> (BUCKET_BITS - self._bits)
        matrix = csr_array((grams.weight, (grams.text, bucket)), shape=(rows, len(self._table)))
        total: Floats = matrix @ self._table
        return total

    def _cues(self, texts: list[str], grams: Ngrams, tone: NDArray[np.int64]) -> pa.Array:
        """Return the words whose n-grams add most to the logit of the tone, neighbours joined."""
        tokens = grams.tokens
        bucket = grams.bucket >> (BUCKET_BITS - self._bits)
        level = tone[grams.text]
        gain = self._table[bucket, level] - self._table[bucket, : len(TONES)].mean(axis=1)
        share = np.bincount(grams.token, weights=gain * grams.weight, minlength=len(tokens.text))
        is_word = tokens.end - tokens.start > 1
        order = np.lexsort((tokens.start, -np.round(share, 6), tokens.text))
        begin = np.cumsum(tokens.count) - tokens.count
        place = np.arange(len(order)) - np.repeat(begin, tokens.count)
        chosen = order[(place < _CUES) & (share[order] > 0) & is_word[order]]
        chosen.sort()
        return _phrases(texts, grams, chosen)


def load_tone_model(path: Path | None = None, encoder: Encoder | None = None) -> ToneModel:
    """Return the tone model in `path`, by default the bundled one, on the bundled encoder.

    Raises ModelError where a file is missing or differs from the digest on the model's card.
    """
    folder = path or bundled(BUNDLED_TONE_MODEL)
    if not folder.is_dir():
        raise ModelError("tone model folder does not exist", where=str(folder))
    if (folder / CARD_FILE).is_file():
        read_card(folder).verify()
    encoder = encoder or load_encoder()
    if not isinstance(encoder, StaticEncoder):
        raise ModelError("the tone model runs on the bundled static encoder", where=str(folder))
    return ToneModel(folder, encoder)


def _phrases(texts: list[str], grams: Ngrams, chosen: NDArray[np.int64]) -> pa.Array:
    """Cut the chosen tokens out of their texts, tokens side by side as one phrase."""
    from unicodedata import normalize

    tokens = grams.tokens
    joined = np.zeros(len(chosen), dtype=bool)
    joined[1:] = (np.diff(chosen) == 1) & (np.diff(tokens.text[chosen]) == 0)
    heads = np.flatnonzero(~joined)
    tails = np.append(heads[1:], len(chosen))[: len(heads)] - 1
    text = tokens.text[chosen[heads]]
    start, end = tokens.start[chosen[heads]], tokens.end[chosen[tails]]
    spans = zip(text.tolist(), start.tolist(), end.tolist(), strict=True)
    words = [normalize("NFC", texts[row])[first:last] for row, first, last in spans]
    offsets = np.concatenate(([0], np.cumsum(np.bincount(text, minlength=len(texts)))))
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), pa.array(words, pa.string()))


def _softmax(values: Floats) -> Floats:
    powers = np.exp(values - values.max(axis=1, keepdims=True, initial=-np.inf))
    shares: Floats = (powers / powers.sum(axis=1, keepdims=True)).astype(np.float32)
    return shares


def _sigmoid(values: Floats) -> Floats:
    chances: Floats = (1 / (1 + np.exp(-np.clip(values, -30, 30)))).astype(np.float32)
    return chances


def _fingerprint(folder: Path) -> str:
    if (folder / CARD_FILE).is_file():
        return read_card(folder).fingerprint
    return file_digest(folder / "model.safetensors")[:12]
