"""What tests of this app share: one loaded model and one Chroma server for the whole run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from assistant import embedders, wiring
from assistant.agent.limits import Limits
from assistant.chroma.server import ChromaServer
from assistant.embedding import model_files
from assistant.embedding.local import LocalModel
from assistant.embedding.reference import SentenceTransformerEmbedder
from assistant.tests.scripted_model import ScriptedModel, serving


@pytest.fixture
def no_counts() -> None:
    """Nobody has used up a rate limit."""
    cache.clear()


@pytest.fixture
def visitor() -> Client:
    """A browser that was never on the site."""
    return Client()


@pytest.fixture(scope="session")
def model() -> SentenceTransformerEmbedder:
    """The real model, loaded once: it takes seconds."""
    embedder = SentenceTransformerEmbedder("all-MiniLM-L6-v2")
    embedder.load()
    return embedder


@pytest.fixture(scope="session")
def converted() -> LocalModel:
    """The same model as a new site computes it: by ONNX Runtime, in eight bits."""
    local = embedders.local_model()
    local.load()
    return local


@pytest.fixture(scope="session")
def small_model(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A real model of 32 dimensions with weights nobody trained, beside the bundled one."""
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer import modules as parts
    from transformers import AutoTokenizer, BertConfig, BertModel

    words = AutoTokenizer.from_pretrained(str(model_files.find("all-MiniLM-L6-v2").folder))
    torch.manual_seed(7)
    bert = BertModel(
        BertConfig(
            vocab_size=words.vocab_size,
            hidden_size=32,
            num_hidden_layers=1,
            num_attention_heads=2,
            intermediate_size=32,
        )
    )
    raw, folder = (tmp_path_factory.mktemp("model") / name for name in ("raw", "small"))
    bert.save_pretrained(raw)
    words.save_pretrained(raw)
    SentenceTransformer(modules=[parts.Transformer(str(raw)), parts.Pooling(32)]).save(str(folder))
    return str(folder)


@pytest.fixture(scope="session")
def chroma_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real Chroma server with an empty directory of its own."""
    folder: Path = tmp_path_factory.mktemp("chroma")
    server = ChromaServer(folder / "data", folder)
    yield server.ensure_running()
    server.stop()


@pytest.fixture
def scripted() -> Iterator[ScriptedModel]:
    """A model's server on 127.0.0.1 that says what the test tells it to."""
    with serving() as model:
        yield model


@pytest.fixture
def with_agent(settings: Any, scripted: ScriptedModel) -> Iterator[Callable[..., ScriptedModel]]:
    """Switch the site's agent on: ``with_agent(seconds=1)`` sets limits, ``mode=`` the mode."""

    def switch_on(*, mode: str = "grounded", **limits: Any) -> ScriptedModel:
        # The published rule: what is not close enough falls back, whatever a fitted policy says.
        settings.FAQ_POLICY = "cosine"
        settings.AGENT_MODEL = "openai-like:scripted"
        settings.AGENT_BASE_URL = scripted.url
        settings.AGENT_ANSWER_MODE = mode
        settings.AGENT_LIMITS = Limits(**{"seconds": 5.0, **limits})
        forget()
        # The first use imports Agno, which takes seconds that no limit is about.
        wiring.agent()
        forget()
        return scripted

    def forget() -> None:
        wiring.agent.cache_clear()
        wiring.get_assistant.cache_clear()

    yield switch_on
    forget()
