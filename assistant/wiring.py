"""Composition root: build the assistant of a process from the settings."""

from __future__ import annotations

import logging
from contextlib import suppress
from functools import cache
from pathlib import Path

from django.conf import settings

from assistant.agent.bounded_agent import BoundedAgent
from assistant.agent.null_agent import NullAgent
from assistant.answering.assistant import Assistant
from assistant.answering.conversations import Conversations
from assistant.chroma.faq_search import load_client
from assistant.chroma.index import ChromaIndex
from assistant.chroma.server import ChromaServer
from assistant.decision.policy import ConfidencePolicy, CosinePolicy, Policy, ReleasePolicy
from assistant.embedding import model_catalog
from assistant.embedding.install import is_installed
from assistant.embedding.local import LocalModel
from assistant.embedding.model_files import Precision
from assistant.embedding.multilingual import MultilingualEmbedder
from assistant.embedding.remote import PREFIX, RemoteEmbedder
from assistant.embedding.vector_cache import VectorCache
from assistant.interfaces import Agent, EmbedderUnavailable, Index
from assistant.matching.chroma_candidates import CandidateSearch
from assistant.matching.live_release import LiveRelease
from assistant.matching.loaded_release import LoadedRelease
from audit.privacy import gateway
from audit.privacy.gateway import Channel, is_redacted
from faq.models import Release

CANDIDATE_SECONDS = 2.0
"""Timeout of Chroma while a person waits for an answer."""

log = logging.getLogger("assistant.embedding")

Model = LocalModel | RemoteEmbedder
"""An embedder with its location in ``model``."""


def embedder(model: str = "") -> Model:
    """The embedder of ``model``, by default of the live release.

    Before the first release: of EMBEDDINGS_URL, or else of LOCAL_EMB_MODEL. Raises
    ``EmbedderUnavailable`` if the live release's model is neither there nor on this machine.
    """
    live = None if model else Release.objects.live()
    if live:
        return embedder_of(live)
    model = model or _first_model()
    entry = model_catalog.catalog_model(model)
    if entry and entry.second_language:
        raise EmbedderUnavailable(
            f"the model {entry.name} is only used in addition to another one: run manage.py "
            f"prepare_model {entry.name}, then manage.py publish without --model"
        )
    return _remote_at(model.removeprefix(PREFIX)) if _is_remote(model) else local_model(model)


def embedder_of(release: Release) -> Model:
    """The embedder that made a release's vectors. Raises ``EmbedderUnavailable``."""
    # Also look for a model of the catalog in the folder of installed models, which may have moved.
    catalog_names = [
        model.name for model in model_catalog.CATALOG if release.embedder.startswith(model.folder)
    ]
    for model in dict.fromkeys(
        (_first_model(), settings.LOCAL_EMB_MODEL, release.model, *catalog_names)
    ):
        with suppress(EmbedderUnavailable):
            if model and _of_release(model, release).name == release.embedder:
                return _of_release(model, release)
    fix = (
        f"run manage.py prepare_model {catalog_names[0]}"
        if catalog_names
        else "set LOCAL_EMB_MODEL to where it is"
    )
    raise EmbedderUnavailable(
        f"Release {release.number} was made with {release.embedder}, which is not on this machine: "
        f"{fix}, or run manage.py publish --model NAME."
    )


def local_model(model: str = "") -> LocalModel:
    """``model``, or LOCAL_EMB_MODEL, as a new release would use it. Needs no database.

    Uses the first precision that EMBEDDING_BACKEND allows and the model can be converted to.
    """
    *preferred, last = _precisions()
    for precision in preferred:
        candidate = _local_model_at(model or settings.LOCAL_EMB_MODEL, precision)
        try:
            candidate.load()
        except EmbedderUnavailable as failure:
            log.warning("The model cannot be used in %s: %s", precision, failure)
        else:
            return candidate
    return _local_model_at(model or settings.LOCAL_EMB_MODEL, last)


def second_language_embedder() -> MultilingualEmbedder | None:
    """The multilingual model for a new release; None if it is not installed."""
    models = settings.CONVERTED_MODELS
    return _multilingual_in(models) if is_installed(model_catalog.MULTILINGUAL, models) else None


def second_language_of(release: Release) -> VectorCache | None:
    """The multilingual model that a release was embedded with; None if there is none.

    Also None if it is not on this machine: then the release answers only in the languages of its
    first model.
    """
    if not release.second_embedder:
        return None
    embedder = second_language_embedder()
    if embedder is None or embedder.name != release.second_embedder:
        log.warning(
            "Release %s was also embedded with %s, which is not on this machine. Questions in "
            "other languages are not answered. Run manage.py prepare_model %s.",
            *(release.number, release.second_embedder, model_catalog.MULTILINGUAL.name),
        )
        return None
    try:
        embedder.load()
    except EmbedderUnavailable as failure:
        log.warning("Questions in other languages are not answered: %s", failure)
        return None
    return second_language_cache(embedder)


@cache
def _multilingual_in(models: Path) -> MultilingualEmbedder:
    return MultilingualEmbedder(models)


@cache
def second_language_cache(embedder: MultilingualEmbedder) -> VectorCache:
    return VectorCache(embedder)


def local_model_is_converted(model: str) -> bool:
    """Whether ``model`` is converted in a precision that a new release would use."""
    return _converted(model) is not None


def _converted(model: str) -> LocalModel | None:
    models = (_local_model_at(model, precision) for precision in _precisions())
    return next((model for model in models if model.is_converted), None)


def _precisions() -> tuple[Precision, ...]:
    """The precisions that EMBEDDING_BACKEND allows for a new release, preferred first."""
    if settings.EMBEDDING_BACKEND == "auto":
        return (Precision.INT8, Precision.FP32)
    if settings.EMBEDDING_BACKEND == "onnx-int8":
        return (Precision.INT8,)
    return (Precision.FP32,)


def _first_model() -> str:
    if settings.EMBEDDINGS_URL:
        return PREFIX + settings.EMBEDDINGS_MODEL
    return settings.LOCAL_EMB_MODEL


def _of_release(model: str, release: Release) -> Model:
    if _is_remote(model):
        return _remote_at(model.removeprefix(PREFIX))
    return _local_model_at(model, Precision.of(release.embedder))


def _is_remote(model: str) -> bool:
    return model.startswith(PREFIX)


def _local_model_at(model: str, precision: Precision) -> LocalModel:
    """``model``: a name of ``model_catalog``, or a folder or name of any other."""
    return _local_model_in(model_catalog.location(model, settings.CONVERTED_MODELS), precision)


@cache
def _local_model_in(model: str, precision: Precision) -> LocalModel:
    backend = settings.EMBEDDING_BACKEND
    return LocalModel(
        model,
        # An existing fp32 release can be served with every setting.
        backend="auto" if backend == "onnx-int8" else backend,
        precision=precision,
        converted_models=settings.CONVERTED_MODELS,
    )


@cache
def _remote_at(model: str) -> RemoteEmbedder:
    if not settings.EMBEDDINGS_URL:
        raise EmbedderUnavailable(f"The model {model} is remote: set EMBEDDINGS_URL.")
    return RemoteEmbedder(settings.EMBEDDINGS_URL, model, api_key=settings.EMBEDDINGS_API_KEY)


@cache
def vector_cache(embedder: Model) -> VectorCache:
    return VectorCache(embedder)


@cache
def chroma_server() -> ChromaServer:
    """Our own server on loopback; not used when CHROMA_URL is set."""
    return ChromaServer(settings.CHROMA_PATH, settings.STATE_DIR)


def index() -> Index:
    """The index; starts our own Chroma server if necessary. Raises ``Unavailable``."""
    return ChromaIndex(settings.CHROMA_URL or chroma_server().ensure_running())


@cache
def agent() -> Agent:
    """The agent; without AGENT_MODEL it never answers and Agno is not imported."""
    if not settings.AGENT_MODEL:
        return NullAgent()
    from assistant.agent.agno_model import AgnoClient, BadModel

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
        lambda release: vector_cache(embedder_of(release)),
        lambda collection: CandidateSearch(_candidate_index, collection),
        second_language_of,
    )


def running_index() -> Index:
    """The index, without starting a server. Raises ``Unavailable``."""
    return ChromaIndex(settings.CHROMA_URL or chroma_server().url())


def _candidate_index() -> ChromaIndex:
    """Without starting a server, because a person waits. Raises ``Unavailable``."""
    return _index_at(settings.CHROMA_URL or chroma_server().url())


@cache
def _index_at(url: str) -> ChromaIndex:
    """One index for all searches, with a persistent connection."""
    return ChromaIndex(url, read_seconds=CANDIDATE_SECONDS)


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
    # A server embeds single questions; only commands embed batches on all processors.
    embedder().load(threads=1)
    live().current()
    agent()
    # Questions without an answer ask Chroma for FAQs near them.
    load_client()
    gateway.load()


def stop() -> None:
    """Stop our own Chroma server, if this process uses it."""
    if not settings.CHROMA_URL:
        chroma_server().stop()
