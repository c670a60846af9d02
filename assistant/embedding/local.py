"""The embedding model on this machine, computed by what is fastest and right."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Sequence
from pathlib import Path

from assistant import metrics
from assistant.embedding.conversion import ConversionError, graph_path, open_converted
from assistant.embedding.model_files import ModelFiles
from assistant.embedding.reference import SentenceTransformerEmbedder
from assistant.interfaces import Embedder, EmbedderUnavailable, Matrix, Progress

BACKENDS = ("auto", "onnx", "reference")

log = logging.getLogger("assistant.embedding.reference")


class LocalModel:
    """One model by either backend; their vectors can be compared with each other.

    ``backend``: ``auto`` computes with ONNX Runtime where the model can be converted and agrees
    with sentence-transformers, the reference, and else with that. ``onnx`` and ``reference``
    insist on one.
    ``converted_models``: the folder of converted models.

    Loaded once, at first use or by ``load``. Safe to share between threads and, once loaded,
    between forks.
    """

    def __init__(self, model: str, *, backend: str, converted_models: Path) -> None:
        if backend not in BACKENDS:
            raise ValueError(f"backend must be one of {', '.join(BACKENDS)}, not {backend!r}")
        self._reference = SentenceTransformerEmbedder(model)
        self._backend = backend
        self._converted_models = converted_models
        self._loading = threading.Lock()
        self._chosen: Embedder | None = None
        self._description = "not loaded"

    @property
    def model(self) -> str:
        """Where it is found: the folder or the name it was made with."""
        return self._reference.model

    @property
    def files(self) -> ModelFiles:
        """Raises ``EmbedderUnavailable``."""
        return self._reference.files

    @property
    def name(self) -> str:
        """Such as ``all-MiniLM-L6-v2@53aa51172d14``. Needs the weights, not the loaded model."""
        return self._reference.name

    @property
    def dimension(self) -> int:
        return self._loaded().dimension

    @property
    def words(self) -> frozenset[str]:
        """The tokenizer's whole words: what it does not have to take apart."""
        return self._loaded().words

    @property
    def backend_description(self) -> str:
        """What computes the vectors, and why it is not ONNX Runtime if that was allowed."""
        return self._description

    @property
    def is_converted(self) -> bool:
        """Whether a file for ONNX Runtime is there, so that loading does not have to convert it."""
        try:
            return graph_path(self.files, self._converted_models).is_file()
        except (ConversionError, EmbedderUnavailable):
            return False

    def check(self) -> str:
        """One line for a probe."""
        return f"{self.name} by {self._description}"

    def load(self, *, threads: int | None = None) -> None:
        """Be ready for the first text. Raises ``EmbedderUnavailable``.

        ``threads``: how many compute when many texts are given at once; by default one for each
        processor.
        """
        self._loaded(threads)

    def embed(self, texts: Sequence[str], *, progress: Progress | None = None) -> Matrix:
        """One unit vector per text, in the order given; shape (len(texts), dimension), float32.

        Raises ``EmbedderUnavailable`` when the model cannot be loaded.
        """
        return self._loaded().embed(texts, progress=progress)

    def _loaded(self, threads: int | None = None) -> Embedder:
        if self._chosen is None:
            # Found first, so that a missing model says so whatever the backend.
            files = self.files
            with self._loading:
                if self._chosen is None:
                    self._chosen = self._choose(files, threads or os.cpu_count() or 1)
        return self._chosen

    def _choose(self, files: ModelFiles, threads: int) -> Embedder:
        why = "as set"
        if self._backend != "reference":
            try:
                converted = open_converted(
                    files, self._converted_models, self._reference, threads=threads
                )
            except ConversionError as failure:
                why = str(failure)
            else:
                metrics.EMBEDDER.labels("onnx").set(1)
                self._description = "ONNX Runtime"
                return converted
            if self._backend == "onnx":
                raise EmbedderUnavailable(
                    f"{files.name} cannot be computed by ONNX Runtime: {why}; "
                    "EMBEDDING_BACKEND=auto allows the reference"
                )
            log.warning("%s is computed by sentence-transformers: %s.", files.name, why)
        self._reference.load()
        metrics.EMBEDDER.labels("reference").set(1)
        self._description = f"sentence-transformers ({why})"
        return self._reference
