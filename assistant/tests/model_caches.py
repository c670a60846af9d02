"""For tests that change the settings of models, which a process reads once."""

from __future__ import annotations

from assistant import wiring


def forget_models() -> None:
    """Load models again at their next use."""
    wiring._local_model_in.cache_clear()
    wiring._multilingual_in.cache_clear()
    wiring.vector_cache.cache_clear()
    wiring.second_language_cache.cache_clear()
