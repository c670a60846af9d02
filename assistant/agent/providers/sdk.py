"""Find the class of a provider's models in Agno, and check that its SDK is installed."""

from __future__ import annotations

import importlib
from typing import Any

OPENAI_LIKE = "openai-like"
"""Our provider name for any OpenAI-compatible server."""


class BadModel(Exception):
    """AGENT_MODEL cannot be used; the text gives the reason, ``hint`` the fix."""

    def __init__(self, why: str, hint: str) -> None:
        super().__init__(why)
        self.hint = hint


def check_model(model: str, base_url: str) -> None:
    """Raise ``BadModel`` if the string is malformed or the provider's SDK is not installed."""
    find_model_class(model, base_url)


def find_model_class(model: str, base_url: str) -> tuple[Any, str]:
    """The class in Agno and the model's id there. Raises ``BadModel``."""
    provider, _, model_id = (part.strip() for part in model.partition(":"))
    from agno.models.utils import MODEL_PROVIDER_CLASSES

    if not provider or not model_id:
        raise BadModel(
            f"AGENT_MODEL {model!r} is not of the form provider:model_id.",
            f"For example openai:gpt-5-mini; with AGENT_BASE_URL, {OPENAI_LIKE}:MODEL_NAME.",
        )
    if provider != OPENAI_LIKE and provider not in MODEL_PROVIDER_CLASSES:
        raise BadModel(
            f"AGENT_MODEL {model!r} names a provider that Agno does not support.",
            f"For an OpenAI-compatible server set AGENT_BASE_URL and write {OPENAI_LIKE}:{model}. "
            f"Agno supports {', '.join(sorted(MODEL_PROVIDER_CLASSES))}.",
        )
    if provider == OPENAI_LIKE and not base_url:
        raise BadModel(
            f"AGENT_MODEL {model!r} needs an address.",
            "Set AGENT_BASE_URL, for example http://127.0.0.1:11434/v1.",
        )
    module, name = MODEL_PROVIDER_CLASSES.get(provider, ("", ""))
    if base_url:
        module, name = "agno.models.openai.like", "OpenAILike"
    return _imported(module, name, provider), model_id


def _imported(module: str, name: str, provider: str) -> Any:
    try:
        return getattr(importlib.import_module(module), name)
    except ImportError as missing:
        # Agno's own message names the package and has no secret.
        raise BadModel(
            f"The SDK of the provider {provider!r} is not installed.",
            f"pip install 'agno[{provider}]' ({missing})",
        ) from None
