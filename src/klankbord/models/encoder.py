"""Sentence encoders: the bundled static one, a network beside it, any sentence-transformers."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from klankbord.arrays import stretches
from klankbord.errors import MissingExtraError, ModelError
from klankbord.files import sha256_of
from klankbord.models.card import CARD_FILE, read_card
from klankbord.models.lazy_rows import LazyRows
from klankbord.models.located import check_harmless, located
from klankbord.models.network import RUN_FILE, Network
from klankbord.resources import bundled

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from tokenizers import Tokenizer

    Vectors = NDArray[np.float32]

BUNDLED_ENCODER = "models/encoder-static"
_BATCH = 1024
_IN_WORDS = ("NFKC", "Lowercase", "Strip")  # normalisers that see no further than a space
_BLOCK = 8  # vectors read from the file together
_KEPT = 1_000_000  # letters of known words before they are forgotten; some 30 MB
_MOST_PIECES = 512  # of a text, where config.json does not say


class Encoder(Protocol):
    """Turns texts into vectors whose inner product is their similarity."""

    @property
    def fingerprint(self) -> str:
        """Short digest of the weights."""

    @property
    def dimension(self) -> int:
        """Length of a vector."""

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Return an array (n, dimension) of unit length rows; a text without words gives zeros."""


class StaticEncoder:
    """A folder as model2vec writes one: the mean of token vectors, without torch."""

    def __init__(self, folder: Path) -> None:
        from safetensors import safe_open
        from tokenizers import Tokenizer

        self.fingerprint = _fingerprint(folder)
        self._known: dict[str, bytes] = {}  # word -> its pieces, uint32
        self._letters = 0
        try:
            config = json.loads((folder / "config.json").read_text("utf-8"))
            written = (folder / "tokenizer.json").read_text("utf-8")
            self._tokenizer = Tokenizer.from_str(written)
            self._tokenizer.no_padding()
            parts = json.loads(written)
            self._unknown = _unknown(parts["model"], self._tokenizer)
            longest = config.get("max_length", _MOST_PIECES)
            self._by_word = longest is None and _reads_words(parts)
            if longest is not None:
                self._tokenizer.enable_truncation(int(longest))
            weights = safe_open(folder / "model.safetensors", framework="numpy")
            self._vectors, self.dimension = _piece_table(weights)
        except Exception as error:
            raise ModelError("encoder cannot be loaded", where=str(folder)) from error
        if self._tokenizer.get_vocab_size() != len(self._vectors.table):
            raise ModelError("encoder has other pieces than vectors", where=str(folder))

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Return an array (n, dimension) of unit length rows; a text without words gives zeros."""
        piece, size = self.pieces(texts)
        number = np.maximum(size, 1).astype(np.float32)[:, None]
        return unit_rows(self._sums(piece, size) / number)

    def pieces(self, texts: Sequence[str]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the word pieces of all texts end to end, and how many each text has."""
        if not self._by_word or len(texts) == 0:
            return self._cut(texts)
        words = pc.split_pattern(pa.array(texts, pa.large_string()), " ")
        coded = words.values.dictionary_encode()
        word, place = coded.indices.to_numpy(), words.offsets.to_numpy()
        piece, size = self._of_words(coded.dictionary.to_pylist())
        first, many = (np.cumsum(size) - size)[word], size[word]
        before = np.concatenate(([0], np.cumsum(many)))[place]
        return piece[stretches(first, many)], np.diff(before)

    def _of_words(self, words: list[str]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        known = self._known  # another thread may begin a new one
        new = [word for word in words if word not in known]
        self._letters += sum(map(len, new))
        if self._letters > _KEPT:
            known, new = {}, words
            self._known, self._letters = known, sum(map(len, new))
        if new:
            piece, size = self._cut(new)
            pieces = np.split(piece.astype(np.uint32), np.cumsum(size)[:-1])
            known.update(zip(new, [each.tobytes() for each in pieces], strict=True))
        found = [known[word] for word in words]
        size = np.fromiter(map(len, found), dtype=np.int64, count=len(found)) // 4
        return np.frombuffer(b"".join(found), dtype=np.uint32).astype(np.int64), size

    def _cut(self, texts: Sequence[str]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        found: list[list[int]] = []
        for first in range(0, len(texts), _BATCH):
            part = list(texts[first : first + _BATCH])
            encoded = self._tokenizer.encode_batch_fast(part, add_special_tokens=False)
            found.extend(each.ids for each in encoded)
        size = np.fromiter(map(len, found), dtype=np.int64, count=len(found))
        piece = np.fromiter(chain.from_iterable(found), dtype=np.int64, count=int(size.sum()))
        if self._unknown is None:
            return piece, size
        known = piece != self._unknown
        text = np.repeat(np.arange(len(size)), size)
        return piece[known], np.bincount(text[known], minlength=len(size)).astype(np.int64)

    def mean_vectors(self, piece: NDArray[np.int64], size: NDArray[np.int64]) -> Vectors:
        """Return what `encode` gives for the texts whose `pieces` these are."""
        return unit_rows(self._sums(piece, size))

    def piece_vectors(self, part: slice = slice(None)) -> Vectors:
        """Return a row of unit length per word piece; padding and unknown are zeros."""
        return unit_rows(self._vectors.including(np.arange(len(self._vectors.table))[part])[part])

    @property
    def piece_count(self) -> int:
        """Number of word pieces."""
        return len(self._vectors.table)

    def _sums(self, piece: NDArray[np.int64], size: NDArray[np.int64]) -> Vectors:
        from scipy.sparse import csr_array

        table = self._vectors.including(piece)
        start = np.concatenate(([0], np.cumsum(size)))
        ones = np.ones(len(piece), dtype=np.float32)
        sums: Vectors = csr_array((ones, piece, start), shape=(len(size), len(table))) @ table
        return sums


class NetworkEncoder:
    """A transformer in int8 (`export_encoder.py`) beside the bundled static encoder.

    The similarity of two texts is (1 - share) times the transformer's plus share times the static
    encoder's: the two err on different texts.
    """

    def __init__(self, folder: Path, static: StaticEncoder) -> None:
        try:
            run = json.loads((folder / RUN_FILE).read_text("utf-8"))
            self.share = float(run["static_share"])
            needed = str(run["static"])
            self._network = Network(folder)
        except Exception as error:
            raise ModelError("encoder cannot be loaded", where=str(folder)) from error
        if needed != static.fingerprint:
            raise ModelError(
                "encoder was made with another static one than is installed", where=str(folder)
            )
        self._static = static
        self.dimension = self._network.outputs + static.dimension
        self.fingerprint = _fingerprint(folder)

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Return an array (n, dimension) of unit length rows; a text without words gives zeros."""
        own = unit_rows(self._network.rows(texts))
        own[[not text.strip() for text in texts]] = 0
        shares = np.sqrt(np.array([1 - self.share, self.share], dtype=np.float32))
        return unit_rows(np.hstack([own * shares[0], self._static.encode(texts) * shares[1]]))


class TransformerEncoder:
    """Any sentence-transformers folder on this machine; needs torch."""

    def __init__(self, folder: Path) -> None:
        try:
            from sentence_transformers import SentenceTransformer
        except ImportError as error:
            raise MissingExtraError(
                "this encoder needs sentence-transformers",
                hint="pip install sentence-transformers",
            ) from error
        self.fingerprint = _fingerprint(folder)
        check_harmless(folder)
        try:
            self._model: Any = SentenceTransformer(
                str(folder),
                device="cpu",
                local_files_only=True,
                trust_remote_code=False,
                model_kwargs={"use_safetensors": True},
            )
        except Exception as error:
            raise ModelError("encoder cannot be loaded", where=str(folder)) from error
        self.dimension = int(self._model.encode(["goed"], show_progress_bar=False).shape[1])

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Return an array (n, dimension) of unit length rows; a text without words gives zeros."""
        if len(texts) == 0:
            return np.zeros((0, self.dimension), dtype=np.float32)
        vectors = self._model.encode(
            list(texts), batch_size=64, convert_to_numpy=True, show_progress_bar=False
        )
        return unit_rows(vectors)


@cache
def bundled_encoder() -> StaticEncoder:
    """Return the one bundled encoder; raises ModelError where it differs from its card."""
    folder = bundled(BUNDLED_ENCODER)
    read_card(folder).verify()
    return StaticEncoder(folder)


def load_encoder(name: str = "") -> Encoder:
    """Return the bundled encoder for "", else the model `name`.

    That is a folder, or the id of a Hugging Face model downloaded before. Raises ModelError where
    it is missing, is no model, or differs from the digests on its card.
    """
    if not name:
        return bundled_encoder()
    folder = located(name)
    if (folder / CARD_FILE).is_file():
        read_card(folder).verify()
    if (folder / RUN_FILE).is_file():
        return NetworkEncoder(folder, bundled_encoder())
    return StaticEncoder(folder) if _is_static(folder) else TransformerEncoder(folder)


def unit_rows(vectors: NDArray[np.floating]) -> Vectors:
    """Scale every row to length one; rows of zeros stay zero."""
    rows = np.asarray(vectors, dtype=np.float32)
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    scaled: Vectors = np.divide(rows, length, out=np.zeros_like(rows), where=length > 0)
    return scaled


def _piece_table(weights: Any) -> tuple[LazyRows, int]:  # noqa: ANN401 - it tells no types
    """Return a vector per word piece, and their length, from the weights of a static encoder.

    Where the vocabulary was quantised `mapping` says which vector a piece has, and `weights` what
    it is multiplied with.
    """
    vectors, names = weights.get_slice("embeddings"), set(weights.keys())
    count, width = vectors.get_shape()
    if not names & {"mapping", "weights"}:
        lazy = LazyRows(count, width, _BLOCK, lambda part: vectors[part].astype(np.float32))
        return lazy, width
    rows = weights.get_tensor("embeddings").astype(np.float32)
    if "mapping" in names:
        rows = rows[weights.get_tensor("mapping")]
    if "weights" in names:
        rows = rows * weights.get_tensor("weights")[:, None]
    return LazyRows(len(rows), width, _BLOCK, lambda part: rows[part]), width


def _unknown(model: dict[str, Any], tokenizer: Tokenizer) -> int | None:
    """Return the piece that stands for what the tokenizer does not know, by its model's JSON."""
    name = model.get("unk_token")
    piece = model.get("unk_id") if name is None else tokenizer.token_to_id(name)
    return None if piece is None else int(piece)


def _reads_words(tokenizer: dict[str, Any]) -> bool:
    """Tell whether each word between spaces is cut the same whatever stands beside it."""
    normaliser = tokenizer["normalizer"] or {}
    steps = normaliser.get("normalizers", [normaliser])
    cutter = tokenizer["pre_tokenizer"] or {}
    return (
        all(step.get("type") in _IN_WORDS or _replaces_signs(step) for step in steps)
        and cutter.get("type") == "Metaspace"
        and cutter.get("prepend_scheme") == "always"
        and cutter.get("split") is True
    )


def _replaces_signs(step: dict[str, Any]) -> bool:
    pattern = str(step.get("pattern", {}).get("Regex", ""))
    a_class = pattern == r"\s+" or (pattern[:1] == "[" and pattern[-2:] == "]+")
    return step.get("type") == "Replace" and step.get("content") == " " and a_class


def _is_static(folder: Path) -> bool:
    """Tell whether a folder is in the layout model2vec writes."""
    config = folder / "config.json"
    return (
        (folder / "tokenizer.json").is_file()
        and config.is_file()
        and '"model2vec"' in config.read_text("utf-8")
    )


def _fingerprint(folder: Path) -> str:
    if (folder / CARD_FILE).is_file():
        return read_card(folder).fingerprint
    import hashlib

    listing = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.suffix in {".safetensors", ".json", ".txt", ".model"}:
            listing.update(f"{path.relative_to(folder).as_posix()}:{sha256_of(path)}\n".encode())
    return listing.hexdigest()[:12]
