"""For tests that change the settings of models, which a process reads once."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings

from assistant import embedders

CONVERTED_MODELS = settings.CONVERTED_MODELS
"""The models that every test shares."""


def forget_models() -> None:
    """Load models again at their next use."""
    embedders._local_model_in.cache_clear()
    embedders._multilingual_in.cache_clear()
    embedders.vector_cache.cache_clear()
    embedders.second_language_cache.cache_clear()


def link_converted_models(folder: Path) -> None:
    """Let ``folder`` have the models that are already converted."""
    folder.mkdir()
    for file in CONVERTED_MODELS.glob("*.*"):
        (folder / file.name).symlink_to(file)
