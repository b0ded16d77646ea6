"""A transformer exported to int8 ONNX: texts in, rows of numbers out, without torch."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from klankbord.room import cores

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]
    Entry = str | tuple[str, str]

LONGEST = 96  # tokens of question and text; of a longer one the beginning and the end are read
ONNX_FILE = "model.int8.onnx"
RUN_FILE = "klankbord.json"  # what a model needs to know besides its weights
_BATCH = 4096
_TOKENS = 512  # of the texts that go through together


class Network:
    """The transformer by itself, which answers the same for a text in any company.

    Texts of the same number of tokens go through together, never with padding: what a text gets
    is the same to the last bit as it gets by itself.
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
        # a batch per core does more than many cores in one batch
        with ThreadPoolExecutor(cores()) as pool:
            for first in range(0, len(entries), _BATCH):
                part = list(entries[first : first + _BATCH])
                read = [_fed(each) for each in self._tokenizer.encode_batch_fast(part)]
                groups = list(_alike([len(ids) for ids, _ in read]))
                parts = pool.map(self._run, [[read[row] for row in rows] for rows in groups])
                for rows, answers in zip(groups, parts, strict=True):
                    found[[first + row for row in rows]] = answers
        return found

    def _run(self, read: Sequence[tuple[list[int], list[int]]]) -> Floats:
        ids, types = (np.array(column, dtype=np.int64) for column in zip(*read, strict=True))
        fed = {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": types}
        rows: Floats = self._session.run(None, fed)[0]
        return rows


def _fed(encoding: Any) -> tuple[list[int], list[int]]:  # noqa: ANN401 - a tokenizers encoding
    return ends(encoding.ids), ends(encoding.type_ids)


def _alike(lengths: Sequence[int]) -> Iterator[list[int]]:
    """Yield the places of equal lengths, at most `_TOKENS` together; the longest first."""
    order = sorted(range(len(lengths)), key=lambda row: -lengths[row])
    for length, same in groupby(order, key=lengths.__getitem__):
        rows = list(same) if length else []  # no tokens: no answer
        most = max(1, _TOKENS // max(length, 1))
        for first in range(0, len(rows), most):
            yield rows[first : first + most]


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
