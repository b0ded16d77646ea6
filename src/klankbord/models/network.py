"""A transformer exported to int8 ONNX: texts in, rows of numbers out, without torch."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]
    Entry = str | tuple[str, str]

LONGEST = 96  # tokens of question and text; of a longer one the beginning and the end are read
ONNX_FILE = "model.int8.onnx"
RUN_FILE = "klankbord.json"  # what a model needs to know besides its weights
_BATCH = 2048


class Network:
    """The transformer by itself, which answers the same for a text in any company.

    Each text goes through by itself: int8 activations are scaled to what is in a batch, and a
    text must score the same whatever stands beside it.
    """

    def __init__(self, folder: Path) -> None:
        from tokenizers import Tokenizer

        onnxruntime = _silent_runtime()
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

    def rows(self, entries: Sequence[Entry]) -> Floats:
        """Return (n, outputs), a row for each text or pair of texts."""
        found = np.zeros((len(entries), self.outputs), dtype=np.float32)
        with ThreadPoolExecutor(max_workers=os.cpu_count() or 1) as pool:
            for first in range(0, len(entries), _BATCH):
                part = slice(first, first + _BATCH)
                encodings = self._tokenizer.encode_batch_fast(list(entries[part]))
                found[part] = np.concatenate(list(pool.map(self._run, encodings, chunksize=16)))
        return found

    def _run(self, encoding: Any) -> Floats:  # noqa: ANN401 - a tokenizers encoding
        ids, types = ends(encoding.ids), ends(encoding.type_ids)
        if not ids:
            return np.zeros((1, self.outputs), dtype=np.float32)
        fed = {
            "input_ids": np.array([ids], dtype=np.int64),
            "attention_mask": np.ones((1, len(ids)), dtype=np.int64),
            "token_type_ids": np.array([types], dtype=np.int64),
        }
        row: Floats = self._session.run(None, fed)[0]
        return row


def _silent_runtime() -> Any:  # noqa: ANN401 - the module
    """Return onnxruntime, which in some releases reports its use to its maker unless told not to.

    The variable must be there before the first import: without it a first event is sent at once.
    """
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    import onnxruntime

    onnxruntime.disable_telemetry_events()
    return onnxruntime


def ends(ids: list[int]) -> list[int]:
    """Return the beginning and the end of what is too long: an end tells more than a middle."""
    half = LONGEST // 2
    return ids if len(ids) <= LONGEST else ids[:half] + ids[-half:]
