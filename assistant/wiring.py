"""Settings -> one Assistant per process."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache

from django.conf import settings

from assistant.answering import Assistant
from assistant.chroma_server import ChromaServer, ping
from assistant.embedder import SentenceTransformerEmbedder
from assistant.fakes import NullAgent
from assistant.index import ChromaIndex
from assistant.interfaces import Agent, Index
from assistant.live import LiveRelease, LoadedRelease
from assistant.policy import ConfidencePolicy, CosinePolicy, Policy, ReleasePolicy
from assistant.vector_cache import VectorCache


@cache
def embedder() -> SentenceTransformerEmbedder:
    return SentenceTransformerEmbedder(settings.LOCAL_EMB_MODEL)


@cache
def chroma_server() -> ChromaServer:
    """Our own server on loopback; not used when CHROMA_URL names another."""
    return ChromaServer(settings.CHROMA_PATH, settings.STATE_DIR)


def index() -> Index:
    """Starts the Chroma server of our own if it does not run. Raises ``Unavailable``."""
    return ChromaIndex(settings.CHROMA_URL or chroma_server().ensure_running())


@cache
def agent() -> Agent:
    return NullAgent()


@cache
def live() -> LiveRelease:
    return LiveRelease(embedder().name)


def policy(release: LoadedRelease) -> Policy:
    """The policy that decides for a release; see FAQ_POLICY in README.md."""
    threshold, overrides = settings.FAQ_CONFIDENCE_THRESHOLD, release.overrides
    if settings.FAQ_POLICY == "cosine":
        return CosinePolicy(threshold, overrides=overrides)
    if settings.FAQ_POLICY == "release" and release.numbers:
        chosen: ConfidencePolicy = ReleasePolicy.from_numbers(release.numbers, overrides=overrides)
    else:
        chosen = ConfidencePolicy(overrides=overrides)
    margin = chosen.margin if settings.FAQ_MARGIN is None else settings.FAQ_MARGIN
    return replace(chosen, threshold=threshold, margin=margin)


@cache
def get_assistant() -> Assistant:
    return Assistant(embedder=VectorCache(embedder()), live=live(), agent=agent(), policy=policy)


def warm_up() -> None:
    """Load the model and the live release now, so that the first question need not wait.

    Raises ``Unavailable`` with one clear line.
    """
    embedder().load()
    live().current()


def readiness_checks() -> dict[str, Callable[[], str]]:
    """One line per dependency of the assistant; a check that raises means not ready."""
    return {"index": _index, "embedder": _embedder, "release": _release, "agent": _agent}


def _index() -> str:
    ping(settings.CHROMA_URL or chroma_server().url())
    return "Chroma answers"


def _embedder() -> str:
    return embedder().name


def _release() -> str:
    release = live().current()
    return f"release {release.number}, {len(release.contents)} FAQs"


def _agent() -> str:
    agent().ping()
    return "not configured"


def stop() -> None:
    """Stop the Chroma server of our own, if this site runs one."""
    if not settings.CHROMA_URL:
        chroma_server().stop()
