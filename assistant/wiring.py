"""Composition root: build the assistant of a process from the settings."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from functools import cache

from django.conf import settings

from assistant import embedders
from assistant.agent.bounded_agent import BoundedAgent
from assistant.agent.null_agent import NullAgent
from assistant.answering.assistant import Assistant
from assistant.answering.conversations import Conversations
from assistant.chroma.client import READ_SECONDS
from assistant.chroma.faq_search import load_client
from assistant.chroma.index import ChromaIndex
from assistant.chroma.server import ChromaServer
from assistant.decision.policy import ConfidencePolicy, CosinePolicy, Policy, ReleasePolicy
from assistant.interfaces import Agent, Index
from assistant.matching.chroma_candidates import CandidateSearch
from assistant.matching.live_release import LiveRelease
from assistant.matching.loaded_release import LoadedRelease
from audit.privacy import gateway
from audit.privacy.gateway import Channel, is_redacted

CANDIDATE_SECONDS = 2.0
"""Timeout of Chroma while a person waits for an answer."""


@cache
def chroma_server() -> ChromaServer:
    """Our own server on loopback; not used when CHROMA_URL is set."""
    return ChromaServer(settings.CHROMA_PATH, settings.STATE_DIR)


def index() -> Index:
    """The index; starts our own Chroma server if necessary. Raises ``Unavailable``."""
    return _index_at(settings.CHROMA_URL or chroma_server().ensure_running())


@cache
def agent() -> Agent:
    """The agent; without AGENT_MODEL it never answers and Agno is not imported."""
    if not settings.AGENT_MODEL:
        return NullAgent()
    from assistant.agent.providers.agno_client import AgnoClient
    from assistant.agent.providers.sdk import BadModel

    client = AgnoClient(
        model=settings.AGENT_MODEL,
        base_url=settings.AGENT_BASE_URL,
        api_key=settings.AGENT_API_KEY,
        output_tokens=settings.AGENT_LIMITS.output_tokens,
        region=settings.PHONE_REGION,
    )
    try:
        client.load()
    except BadModel as bad:
        # A system check reports it too; FAQs still answer.
        logging.getLogger("assistant.agent").error("%s %s", bad, bad.hint)
    return BoundedAgent(
        client,
        settings.AGENT_LIMITS,
        mode=settings.AGENT_ANSWER_MODE,
        region=settings.PHONE_REGION,
        redact_questions=is_redacted(Channel.PROMPTS),
    )


def conversations() -> Conversations:
    return Conversations(
        turns=settings.CONVERSATION_TURNS,
        days=settings.CONVERSATION_DAYS,
        region=settings.PHONE_REGION,
    )


@cache
def live() -> LiveRelease:
    return LiveRelease(
        lambda release: embedders.vector_cache(embedders.embedder_of(release)),
        lambda collection: CandidateSearch(_candidate_index, collection),
        embedders.second_language_of,
    )


def running_index() -> Index:
    """The index, without starting a server. Raises ``Unavailable``."""
    return _index_at(settings.CHROMA_URL or chroma_server().url())


def _candidate_index() -> ChromaIndex:
    """Without starting a server, because a person waits. Raises ``Unavailable``."""
    return _index_at(settings.CHROMA_URL or chroma_server().url(), CANDIDATE_SECONDS)


@cache
def _index_at(url: str, read_seconds: float = READ_SECONDS) -> ChromaIndex:
    """One index for a process, with a persistent connection: to open one takes 50 ms of CPU."""
    return ChromaIndex(url, read_seconds=read_seconds)


def policy(release: LoadedRelease) -> Policy:
    """The policy that decides for a release; see FAQ_POLICY in docs/settings.md."""
    threshold, overrides = settings.FAQ_CONFIDENCE_THRESHOLD, release.overrides
    if settings.FAQ_POLICY == "cosine":
        return CosinePolicy(threshold, overrides=overrides)
    if settings.FAQ_POLICY == "release" and release.numbers:
        return ReleasePolicy.from_numbers(
            {**release.numbers, "threshold": threshold}, overrides=overrides
        )
    return ConfidencePolicy(threshold, overrides=overrides)


@cache
def get_assistant() -> Assistant:
    return Assistant(
        live=live(),
        agent=agent(),
        policy=policy,
        conversations=conversations() if settings.AGENT_MODEL else None,
    )


def preview_assistant() -> Assistant:
    """For dry runs: without the agent."""
    return Assistant(live=live(), agent=NullAgent(), policy=policy)


def warm_up() -> None:
    """Load the model and the live release before the first question.

    Raises ``Unavailable`` with a one-line reason.
    """
    model = embedders.embedder()
    with ThreadPoolExecutor(1) as pool:
        # A server embeds single questions; only commands embed batches on all processors.
        loading = pool.submit(model.load, threads=1)
        live().current()
        loading.result()
    agent()
    # Unanswered questions get the nearest FAQs from Chroma.
    load_client()
    gateway.load()


def stop() -> None:
    """Stop our own Chroma server, if this process uses it."""
    if not settings.CHROMA_URL:
        chroma_server().stop()
