"""The embedding model on this machine, computed by what is fastest and right."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Sequence
from pathlib import Path

from assistant import metrics
from assistant.bert import Unconvertible
from assistant.converting import open_converted
from assistant.embedder import SentenceTransformerEmbedder
from assistant.glancing import open_glance
from assistant.interfaces import Embedder, EmbedderUnavailable, Matrix, Progress, Vector
from assistant.model_files import ModelFiles
from assistant.onnx_embedder import OnnxEmbedder

BACKENDS = ("auto", "onnx", "reference")

log = logging.getLogger("assistant.embedder")


class LocalModel:
    """One model by either backend; their vectors can be compared with each other.

    ``backend``: ``auto`` computes with ONNX Runtime where the model can be converted and agrees
    with sentence-transformers, the reference, and else with that. ``onnx`` and ``reference``
    insist on one.
    ``kept``: the folder of converted models. ``glances``: whether ``glance`` is wanted; only ONNX
    Runtime can.

    Loaded once, at first use or by ``load``. Safe to share between threads and, once loaded,
    between forks.
    """

    def __init__(self, model: str, *, backend: str, kept: Path, glances: bool = False) -> None:
        if backend not in BACKENDS:
            raise ValueError(f"backend must be one of {', '.join(BACKENDS)}, not {backend!r}")
        self._reference = SentenceTransformerEmbedder(model)
        self._backend = backend
        self._kept = kept
        self._glances = glances
        self._loading = threading.Lock()
        self._chosen: Embedder | None = None
        self._told = "not loaded"

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
    def told(self) -> str:
        """By what it computes, and why it is not ONNX Runtime if it could be."""
        return self._told

    def check(self) -> str:
        """One line for a probe."""
        return f"{self.name} by {self._told}"

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

    def glance(self, text: str) -> Vector | None:
        """The text's unit vector, a little off and in half the time; None if it cannot.

        Only ``assistant.clear`` says whether it is good enough. Raises ``EmbedderUnavailable``.
        """
        loaded = self._loaded()
        return loaded.glance(text) if isinstance(loaded, OnnxEmbedder) else None

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
                converted = open_converted(files, self._kept, self._reference, threads=threads)
            except Unconvertible as unfit:
                why = str(unfit)
            else:
                metrics.EMBEDDER.labels("onnx").set(1)
                self._told = f"ONNX Runtime{self._glancing(converted, files)}"
                return converted
            if self._backend == "onnx":
                raise EmbedderUnavailable(
                    f"{files.name} cannot be computed by ONNX Runtime: {why}; "
                    "EMBEDDING_BACKEND=auto allows the reference"
                )
            log.warning("%s is computed by sentence-transformers: %s.", files.name, why)
        self._reference.load()
        metrics.EMBEDDER.labels("reference").set(1)
        self._told = f"sentence-transformers ({why})"
        return self._reference

    def _glancing(self, converted: OnnxEmbedder, files: ModelFiles) -> str:
        if not self._glances:
            return ""
        try:
            open_glance(converted, files, self._kept)
        except Unconvertible as unfit:
            log.warning("%s cannot glance: %s.", files.name, unfit)
            return f", without glances ({unfit})"
        return ", at a glance first"
