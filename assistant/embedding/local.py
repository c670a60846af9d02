"""The embedding model on this machine, run by ONNX Runtime or by sentence-transformers."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

from assistant import metrics
from assistant.embedding.conversion import Conversion, ConversionError
from assistant.embedding.model_files import ModelFiles, Precision
from assistant.embedding.onnx_runtime import OnnxEmbedder
from assistant.embedding.reference import SentenceTransformerEmbedder
from assistant.interfaces import Embedder, EmbedderUnavailable, Matrix, Progress

log = logging.getLogger("assistant.embedding")


class LocalModel:
    """One model on this machine, in one precision.

    ``precision``: int8 requires ONNX Runtime and a model that passes its check. fp32 uses ONNX
    Runtime if the converted model agrees with sentence-transformers (the reference), otherwise the
    reference; vectors of both can be compared with each other.
    ``converted_models``: the folder of converted models.

    Loaded once, at first use or by ``load``. Safe to share between threads and, once loaded,
    between forks.
    """

    def __init__(
        self,
        model: str,
        *,
        converted_models: Path,
        precision: Precision = Precision.FP32,
    ) -> None:
        self._reference = SentenceTransformerEmbedder(model)
        self._precision = precision
        self._converted_models = converted_models
        self._threads = os.cpu_count() or 1
        self._loading = threading.Lock()
        self._embedder: Embedder | None = None
        self._description = "not loaded"

    @property
    def model(self) -> str:
        """The folder or the name, as passed in."""
        return self._reference.model

    @property
    def files(self) -> ModelFiles:
        """Raises ``EmbedderUnavailable``."""
        return self._reference.files

    @property
    def name(self) -> str:
        """Such as ``all-MiniLM-L6-v2@53aa51172d14-int8``. Does not load the model."""
        return self._precision.embedder_name(self.files)

    @property
    def dimension(self) -> int:
        return self._loaded().dimension

    @property
    def words(self) -> Mapping[str, int]:
        """The whole words in the tokenizer's vocabulary, in lower case, and their places in it."""
        return self._loaded().words

    @property
    def is_converted(self) -> bool:
        """True if the model is already converted for ONNX Runtime."""
        try:
            return self._conversion().path(self._precision).is_file()
        except (ConversionError, EmbedderUnavailable):
            return False

    @property
    def needs_conversion(self) -> bool:
        """True if loading it would convert it first, which needs torch. Raises
        ``EmbedderUnavailable``."""
        try:
            return not self._conversion().is_done(self._precision)
        except ConversionError:
            return False

    def check(self) -> str:
        """One line for the readiness probe: the model, its backend, and the reason if that is not
        ONNX Runtime."""
        return f"{self.name} on {self._description}"

    def load(self, *, threads: int | None = None) -> None:
        """Load the model now. Raises ``EmbedderUnavailable``.

        ``threads``: the number used for batches of texts; by default one per processor.
        """
        self._threads = threads or self._threads
        loaded = self._loaded()
        if isinstance(loaded, OnnxEmbedder):
            loaded.threads = self._threads

    def embed(self, texts: Sequence[str], *, progress: Progress | None = None) -> Matrix:
        """One unit vector per text, in the order given; shape (len(texts), dimension), float32.

        Raises ``EmbedderUnavailable`` when the model cannot be loaded.
        """
        return self._loaded().embed(texts, progress=progress)

    def _loaded(self) -> Embedder:
        if self._embedder is None:
            with self._loading:
                if self._embedder is None:
                    self._embedder = self._load()
        return self._embedder

    def _conversion(self) -> Conversion:
        return Conversion(self.files, self._converted_models, self._reference)

    def _load(self) -> Embedder:
        # Outside of the try, so that a missing model raises.
        conversion = self._conversion()
        try:
            converted = conversion.open(self._precision)
        except ConversionError as failure:
            why = str(failure)
        else:
            converted.threads = self._threads
            metrics.EMBEDDER.labels("onnx").set(1)
            self._description = f"ONNX Runtime ({self._precision})"
            return converted
        if self._precision is Precision.INT8:
            raise EmbedderUnavailable(
                f"{self.name} cannot run on ONNX Runtime: {why}; run manage.py publish --model, "
                "which then uses fp32"
            )
        log.warning("%s runs on sentence-transformers, which is slower: %s.", self.name, why)
        self._reference.load()
        metrics.EMBEDDER.labels("reference").set(1)
        self._description = f"sentence-transformers ({why})"
        return self._reference
