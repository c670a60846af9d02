"""What tests of this app share: one loaded model and one Chroma server for the whole run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant.chroma_server import ChromaServer
from assistant.embedder import SentenceTransformerEmbedder


@pytest.fixture(scope="session")
def model() -> SentenceTransformerEmbedder:
    """The real model, loaded once: it takes seconds."""
    embedder = SentenceTransformerEmbedder("all-MiniLM-L6-v2")
    embedder.load()
    return embedder


@pytest.fixture(scope="session")
def chroma_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real Chroma server with an empty directory of its own."""
    folder: Path = tmp_path_factory.mktemp("chroma")
    server = ChromaServer(folder / "data", folder)
    yield server.ensure_running()
    server.stop()
