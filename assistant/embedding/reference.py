"""Embed texts with sentence-transformers: the reference for the other backends.

The only module that imports it or torch, and only when a vector is first needed: the import takes
seconds and half a gigabyte of memory. A site that uses ``onnx_runtime`` never imports them.
"""

from __future__ import annotations

import os
import threading
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from assistant.embedding import model_files
from assistant.embedding.model_files import ModelFiles
from assistant.embedding.vocabulary import whole_words
from assistant.interfaces import EmbedderUnavailable, Matrix, Progress

BATCH_SIZE = 32


class SentenceTransformerEmbedder:
    """One model, loaded once, at first use or by ``load``.

    ``model``: the value of LOCAL_EMB_MODEL. A folder, or a model's name on the hub, with or without
    the leading "sentence-transformers/". ``all-MiniLM-L6-v2`` comes from an installed package; any
    other name must already be in the local model cache (``hf download NAME`` puts it there).

    Safe to share between threads. The model reads the first ``max_seq_length`` tokens of a text
    (256 for all-MiniLM-L6-v2) and ignores the rest.
    """

    def __init__(self, model: str, *, device: str = "cpu") -> None:
        self._model_name = model
        self._device = device
        self._model: Any = None
        self._files: ModelFiles | None = None
        self._loading = threading.Lock()
        # The tokenizer fails in a second thread ("Already borrowed") while one sets it up. With
        # the lock, eight threads are as fast as without it.
        self._encoding = threading.Lock()

    @property
    def model(self) -> str:
        """The folder or the name, as passed in."""
        return self._model_name

    @property
    def files(self) -> ModelFiles:
        """Raises ``EmbedderUnavailable``."""
        with self._loading:
            if self._files is None:
                self._files = model_files.find(self._model_name)
            return self._files

    @property
    def name(self) -> str:
        """Such as ``all-MiniLM-L6-v2@53aa51172d14``. Needs the weights, not the loaded model."""
        return self.files.name

    @property
    def dimension(self) -> int:
        return int(self._loaded().get_embedding_dimension())

    @property
    def max_tokens(self) -> int:
        """The model truncates longer texts."""
        return int(self._loaded().max_seq_length)

    @property
    def words(self) -> Mapping[str, int]:
        """The whole words in the tokenizer's vocabulary, in lower case, and their places in it."""
        return whole_words(self._loaded().tokenizer.get_vocab())

    def load(self) -> None:
        """Load the model now. Raises ``EmbedderUnavailable``."""
        self._loaded()

    def embed(self, texts: Sequence[str], *, progress: Progress | None = None) -> Matrix:
        """One unit vector per text, in the order given; shape (len(texts), dimension), float32.

        Raises ``EmbedderUnavailable`` when the model cannot be loaded.
        """
        vectors = np.zeros((len(texts), self.dimension), dtype=np.float32)
        # A batch is padded to its longest text, so sort by length.
        by_length = sorted(range(len(texts)), key=lambda row: len(texts[row]))
        for start in range(0, len(by_length), BATCH_SIZE):
            rows = by_length[start : start + BATCH_SIZE]
            vectors[rows] = self._encode([texts[row] for row in rows])
            if progress:
                progress(len(rows))
        return vectors

    def export(self, graph: Path) -> None:
        """Write the model, with pooling and normalisation, as an ONNX graph.

        Input ``ids``, int64 (1, tokens); output ``vectors``, float32 (1, dimension), of length 1.
        Raises ``EmbedderUnavailable`` when the model cannot be loaded, and the exporter's exception
        for an unsupported model.
        """
        model = self._loaded()
        with self._encoding:
            _export(model, graph)

    def _encode(self, texts: list[str]) -> Matrix:
        # One lock per batch, so that a question waits for a single batch of an ingest.
        with self._encoding:
            encoded = self._loaded().encode(
                [writable(text) for text in texts],
                batch_size=BATCH_SIZE,
                normalize_embeddings=True,
                show_progress_bar=False,
            )
        return np.asarray(encoded, dtype=np.float32)

    def _loaded(self) -> Any:
        if self._model is None:
            folder = self.files.folder
            with self._loading:
                if self._model is None:
                    self._model = self._load_from(folder)
        return self._model

    def _load_from(self, folder: Path) -> Any:
        name = model_files.short(self._model_name)
        try:
            _set_before_import()
            import torch
            from sentence_transformers import SentenceTransformer

            # Request threads share the processor; thread pools would compete for it.
            torch.set_num_threads(1)
            return SentenceTransformer(str(folder), device=self._device, local_files_only=True)
        except ModuleNotFoundError as missing:
            raise EmbedderUnavailable(
                f"the model {name} is not converted for ONNX Runtime yet, which needs "
                f"{missing.name} once: pip install -r requirements.txt and run manage.py "
                "prepare_model, or build the image with --build-arg PREPARE_MODELS=NAME"
            ) from missing
        except Exception as error:
            raise EmbedderUnavailable(
                f"the model {name} cannot be loaded ({type(error).__name__}): "
                f"{model_files.fix(self._model_name)}"
            ) from error


def _set_before_import() -> None:
    # The libraries read these once, at import.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")


def _export(model: Any, graph: Path) -> None:
    import torch

    class Normalised(torch.nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, ids: Any) -> Any:
            features = self.model({"input_ids": ids})
            return torch.nn.functional.normalize(features["sentence_embedding"], dim=1)

    with warnings.catch_warnings(), torch.inference_mode():
        # The check of the vectors detects tracing errors.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            Normalised().eval(),
            (torch.ones(1, 8, dtype=torch.int64),),
            str(graph),
            input_names=["ids"],
            output_names=["vectors"],
            dynamic_axes={"ids": {1: "tokens"}},
            opset_version=17,
            # The newer exporter takes 11 s instead of 1, and two more packages.
            dynamo=False,
        )


def writable(text: str) -> str:
    """Replace lone surrogates, such as from a command line, by "?"."""
    return text.encode("utf-8", "replace").decode("utf-8")
