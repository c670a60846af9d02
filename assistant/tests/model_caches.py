"""For tests that change the settings of models, which a process reads once."""

from __future__ import annotations

from assistant import embedders


def forget_models() -> None:
    """Load models again at their next use."""
    embedders._local_model_in.cache_clear()
    embedders._multilingual_in.cache_clear()
    embedders.vector_cache.cache_clear()
    embedders.second_language_cache.cache_clear()
