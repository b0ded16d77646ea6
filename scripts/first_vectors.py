"""First input vectors for a new vocabulary, from the teacher's and a word alignment.

A new token starts at the weighted mean of the teacher's input vectors of the English tokens it is
a translation of, then moves half-way to the mean of the new tokens that the static encoder finds
nearest. Weights are flat on purpose: the mean of many near translations is a better start than
the best one, as the STS development sets showed.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from scipy.sparse import csr_array
from tokenizers import Tokenizer

from klankbord.models import Encoder
from word_alignment import translations

TRANSLATIONS = 24  # English tokens that make the first vector of a token
FLATNESS = 0.25  # power of P(english | token) P(token | english)
NEIGHBOURS = 10
NEIGHBOUR_SHARE = 0.5
SHARPNESS = 10.0  # of the softmax over the neighbours' cosines
_BLOCK = 2000


def first_vectors(
    tokenizer: Tokenizer,
    teacher: Tokenizer,
    table: torch.Tensor,
    pairs: tuple[Sequence[str], Sequence[str]],
    neighbourhood: Encoder,
) -> torch.Tensor:
    """Return a row per token of `tokenizer`, given the `teacher`'s `table` (tokens, d).

    `pairs` are texts and their English, line by line.
    """
    texts, english = (
        [e.ids for e in of.encode_batch_fast(list(what), add_special_tokens=False)]
        for of, what in zip((tokenizer, teacher), pairs, strict=True)
    )
    sizes = (tokenizer.get_vocab_size(), len(table))
    there = translations(texts, english, sizes)
    back = translations(english, texts, sizes[::-1])
    agreed = csr_array(there.multiply(csr_array(back.T)))
    agreed.data **= FLATNESS
    tokens = [token for token, _ in sorted(tokenizer.get_vocab().items(), key=lambda of: of[1])]
    plain = [token.replace("▁", " ").strip() for token in tokens]
    spelled = teacher.encode_batch_fast(plain, add_special_tokens=False)
    vectors = torch.zeros(sizes[0], table.shape[1])
    for row in range(sizes[0]):
        mine = slice(agreed.indptr[row], agreed.indptr[row + 1])
        best = np.argsort(-agreed.data[mine])[:TRANSLATIONS]
        if len(best):
            weight = agreed.data[mine][best]
            rows = torch.from_numpy(agreed.indices[mine][best].astype(np.int64))
            vectors[row] = torch.from_numpy(weight / weight.sum()).float() @ table[rows]
        elif spelled[row].ids:
            vectors[row] = table[torch.tensor(spelled[row].ids)].mean(0)
    vectors = _smoothed(vectors, torch.from_numpy(neighbourhood.encode(plain)))
    for row, token in enumerate(tokens):
        same = teacher.token_to_id(token) if token.startswith("[") else None
        if same is not None:
            vectors[row] = table[same]
    return vectors


def _smoothed(vectors: torch.Tensor, place: torch.Tensor) -> torch.Tensor:
    """Move each vector towards those of its neighbours in `place`; rows of zeros stay."""
    known = place.norm(dim=1) > 0
    moved = vectors.clone()
    for first in range(0, len(place), _BLOCK):
        part = slice(first, first + _BLOCK)
        alike = (place[part] @ place.T).masked_fill(~known, -1)
        cosine, near = alike.topk(NEIGHBOURS, dim=1)
        mean = ((SHARPNESS * cosine).softmax(1)[:, :, None] * vectors[near]).sum(1)
        mixed = (1 - NEIGHBOUR_SHARE) * vectors[part] + NEIGHBOUR_SHARE * mean
        moved[part] = torch.where(known[part, None], mixed, vectors[part])
    return moved
