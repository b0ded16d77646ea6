"""The accurate tone model: a transformer in int8, and the cascade that spares it."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from klankbord.errors import ModelError
from klankbord.models.capitals import marked_capitals
from klankbord.models.card import read_card
from klankbord.models.fast_tone import FastToneModel
from klankbord.models.scores import Thresholds, ToneScores, from_logits, replaced
from klankbord.records import Progress, silent
from klankbord.schema import TONES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

LONGEST = 96  # tokens of question and text; of a longer one the beginning and the end are read
RUN_FILE = "klankbord.json"
ONNX_FILE = "model.int8.onnx"
_BATCH = 2048


class Network:
    """The transformer by itself: texts in, logits out, the same for a text in any company.

    Each text goes through by itself: int8 activations are scaled to what is in a batch, and a
    text must score the same whatever stands beside it.
    """

    def __init__(self, folder: Path) -> None:
        import onnxruntime
        from tokenizers import Tokenizer

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(
            (folder / ONNX_FILE).read_bytes(), options, providers=["CPUExecutionProvider"]
        )
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()
        self.outputs = int(self._session.get_outputs()[0].shape[1])

    def logits(
        self, texts: Sequence[str], questions: Sequence[str], progress: Progress = silent
    ) -> Floats:
        """Return (n, 5 tones + mixed + themes + 4 flags)."""
        found = np.zeros((len(texts), self.outputs), dtype=np.float32)
        with ThreadPoolExecutor(max_workers=os.cpu_count() or 1) as pool:
            for first in range(0, len(texts), _BATCH):
                progress("accurate tone", first, len(texts))
                part = slice(first, first + _BATCH)
                pairs = zip(texts[part], questions[part], strict=True)
                encodings = self._tokenizer.encode_batch_fast([_entry(*pair) for pair in pairs])
                rows = list(pool.map(self._run, encodings, chunksize=16))
                found[part] = np.concatenate(rows)
        progress("accurate tone", len(texts), len(texts))
        return found

    def _run(self, encoding: Any) -> Floats:  # noqa: ANN401 - a tokenizers encoding
        ids, types = encoding.ids, encoding.type_ids
        if len(ids) > LONGEST:
            half = LONGEST // 2
            ids, types = ids[:half] + ids[-half:], types[:half] + types[-half:]
        fed = {
            "input_ids": np.array([ids], dtype=np.int64),
            "attention_mask": np.ones((1, len(ids)), dtype=np.int64),
            "token_type_ids": np.array([types], dtype=np.int64),
        }
        row: Floats = self._session.run(None, fed)[0]
        return row


def _entry(text: str, question: str) -> str | tuple[str, str]:
    """Return what the tokenizer takes: the text, after its question where it has one."""
    return (question, marked_capitals(text)) if question else marked_capitals(text)


class AccurateToneModel:
    """The network, with the evidence of the fast model weighed in."""

    def __init__(self, folder: Path, fast: FastToneModel) -> None:
        try:
            run: dict[str, Any] = json.loads((folder / RUN_FILE).read_text("utf-8"))
            self.thresholds = Thresholds(**run["thresholds"])
            self.certain = float(run["certain"])
            self._temperature = float(run["temperature"])
            self._shift = np.asarray(run["shift"], dtype=np.float32)
            self._weight = float(run["fast_weight"])
            needed = str(run["fast"])
            self._network = Network(folder)
        except Exception as error:
            raise ModelError("tone model cannot be loaded", where=str(folder)) from error
        if needed != fast.weights_fingerprint:
            raise ModelError(
                "accurate tone model was made with another fast one than is installed",
                where=str(folder),
            )
        self.themes = fast.themes
        self.fast = fast
        self.fingerprint = f"{read_card(folder).fingerprint}-{fast.fingerprint}"

    def predict(self, texts: Sequence[str], questions: Sequence[str]) -> ToneScores:
        """Score `texts`, each with the question it answers ("" for none)."""
        if len(texts) != len(questions):
            raise ValueError(f"{len(texts)} texts but {len(questions)} questions")
        own, other = self._network.logits(texts, questions), self.fast.logits(texts, questions)
        logits = (1 - self._weight) * own + self._weight * other
        level = (logits[:, : len(TONES)] / self._temperature + self._shift).argmax(axis=1)
        cues = self.fast.cues(texts, level)
        return from_logits(logits, self._temperature, self._shift, len(self.themes), cues)


class CascadeToneModel:
    """The fast model for every text, the accurate one where the fast one is unsure."""

    def __init__(self, accurate: AccurateToneModel, certain: float | None = None) -> None:
        self._accurate = accurate
        self.fast = accurate.fast
        self._certain = accurate.certain if certain is None else certain
        self.themes, self.thresholds = accurate.themes, accurate.thresholds
        self.fingerprint = f"{accurate.fingerprint}-{self._certain:g}"

    def predict(self, texts: Sequence[str], questions: Sequence[str]) -> ToneScores:
        """Score `texts`, each with the question it answers ("" for none)."""
        scores = self.fast.predict(texts, questions)
        unsure = np.flatnonzero(scores.probabilities.max(axis=1) < self._certain)
        if not len(unsure):
            return scores
        rows = unsure.tolist()
        better = self._accurate.predict(
            [texts[row] for row in rows], [questions[row] for row in rows]
        )
        return replaced(scores, unsure, better)
