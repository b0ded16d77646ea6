"""Sentence encoders: the bundled static one, a network beside it, any sentence-transformers."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from klankbord.errors import MissingExtraError, ModelError
from klankbord.files import sha256_of
from klankbord.models.card import CARD_FILE, read_card
from klankbord.models.located import check_harmless, located
from klankbord.models.network import RUN_FILE, Network
from klankbord.resources import bundled

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Vectors = NDArray[np.float32]

BUNDLED_ENCODER = "models/encoder-static"
_BATCH = 1024


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
    """A model2vec folder: the mean of token vectors, without torch."""

    def __init__(self, folder: Path) -> None:
        from model2vec import StaticModel

        self.fingerprint = _fingerprint(folder)
        try:
            self._model = StaticModel.from_pretrained(folder, quantize_to="float32")
        except Exception as error:
            raise ModelError("encoder cannot be loaded", where=str(folder)) from error
        self.dimension = int(self._model.dim)

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Return an array (n, dimension) of unit length rows; a text without words gives zeros."""
        if len(texts) == 0:
            return np.zeros((0, self.dimension), dtype=np.float32)
        vectors = self._model.encode(
            list(texts), batch_size=_BATCH, normalize=False, use_multiprocessing=False
        )
        return unit_rows(vectors)

    def pieces(self, texts: Sequence[str]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the word pieces of all texts end to end, and how many each text has."""
        found = self._model.tokenize(list(texts)) if len(texts) else []
        size = np.fromiter(map(len, found), dtype=np.int64, count=len(found))
        flat = chain.from_iterable(found)
        return np.fromiter(flat, dtype=np.int64, count=int(size.sum())), size

    def mean_vectors(self, piece: NDArray[np.int64], size: NDArray[np.int64]) -> Vectors:
        """Return what `encode` gives for the texts whose `pieces` these are."""
        from scipy.sparse import csr_array

        start = np.concatenate(([0], np.cumsum(size)))
        ones = np.ones(len(piece), dtype=np.float32)
        shape = (len(size), len(self._model.embedding))
        return unit_rows(csr_array((ones, piece, start), shape=shape) @ self._model.embedding)

    def piece_vectors(self) -> Vectors:
        """Return a row of unit length per word piece; padding and unknown are zeros."""
        return unit_rows(self._model.embedding)


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


def bundled_encoder() -> StaticEncoder:
    """Return the bundled encoder; raises ModelError where it differs from its card."""
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
