"""Choose and build the embedder of a release, or of the next one, from the settings."""

from __future__ import annotations

import logging
from contextlib import suppress
from functools import cache
from pathlib import Path

from django.conf import settings

from assistant.embedding import model_catalog
from assistant.embedding.install import is_installed
from assistant.embedding.local import LocalModel
from assistant.embedding.model_files import Precision
from assistant.embedding.multilingual import MultilingualEmbedder
from assistant.embedding.remote import PREFIX, RemoteEmbedder
from assistant.embedding.vector_cache import VectorCache
from assistant.interfaces import EmbedderUnavailable
from faq.models import Release

log = logging.getLogger("assistant.embedding")

Model = LocalModel | RemoteEmbedder
"""An embedder with its location in ``model``."""


def embedder(model: str = "") -> Model:
    """The embedder of ``model``, by default of the live release.

    Before the first release: of EMBEDDINGS_URL, or else of LOCAL_EMB_MODEL. Raises
    ``EmbedderUnavailable`` if the live release's model is not on this machine.
    """
    live = None if model else Release.objects.live()
    if live:
        return embedder_of(live)
    model = model or _configured_model()
    entry = model_catalog.catalog_model(model)
    if entry and entry.second_language:
        raise EmbedderUnavailable(
            f"the model {entry.name} is only used in addition to another one: run manage.py "
            f"prepare_model {entry.name}, then manage.py publish without --model"
        )
    return _remote_at(model.removeprefix(PREFIX)) if _is_remote(model) else local_model(model)


def embedder_of(release: Release) -> Model:
    """The embedder that computed a release's vectors. Raises ``EmbedderUnavailable``."""
    # Also look for a model of the catalog in the folder of installed models, which may have moved.
    catalog_names = [
        model.name for model in model_catalog.CATALOG if release.embedder.startswith(model.folder)
    ]
    for model in dict.fromkeys(
        (_configured_model(), settings.LOCAL_EMB_MODEL, release.model, *catalog_names)
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

    In eight bits, or in fp32 if the model cannot be converted to eight bits.
    """
    model = model or settings.LOCAL_EMB_MODEL
    preferred = _local_model_at(model, Precision.INT8)
    try:
        preferred.load()
    except EmbedderUnavailable as failure:
        log.warning("The model is used in fp32: %s", failure)
        return _local_model_at(model, Precision.FP32)
    return preferred


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
    """Whether ``model`` is converted in any precision."""
    return any(_local_model_at(model, precision).is_converted for precision in Precision)


def _configured_model() -> str:
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
    return LocalModel(model, precision=precision, converted_models=settings.CONVERTED_MODELS)


@cache
def _remote_at(model: str) -> RemoteEmbedder:
    if not settings.EMBEDDINGS_URL:
        raise EmbedderUnavailable(f"The model {model} is remote: set EMBEDDINGS_URL.")
    return RemoteEmbedder(settings.EMBEDDINGS_URL, model, api_key=settings.EMBEDDINGS_API_KEY)


@cache
def vector_cache(embedder: Model) -> VectorCache:
    return VectorCache(embedder)
