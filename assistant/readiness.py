"""Readiness checks of the assistant's dependencies, for /readyz."""

from __future__ import annotations

import logging
from collections.abc import Callable

from django.conf import settings

from assistant import embedders, wiring
from assistant.chroma.heartbeat import ping
from assistant.interfaces import Degraded, IndexUnavailable
from assistant.releases import indexing
from faq.models import Release

log = logging.getLogger("assistant.index")


def readiness_checks() -> dict[str, Callable[[], str]]:
    """A check for each dependency of the assistant, which returns one line.

    If a check raises ``Degraded``, the site is degraded; if it raises anything else, not ready.
    """
    return {"index": _index, "embedder": _embedder, "release": _release, "agent": _agent}


def _index() -> str:
    try:
        ping(settings.CHROMA_URL or wiring.chroma_server().url())
    except IndexUnavailable as failure:
        log.warning("%s", failure)
        raise Degraded(
            "Chroma does not answer; questions are answered and releases published without it"
        ) from failure
    release = Release.objects.live()
    if release and not indexing.is_complete(release):
        raise Degraded(f"release {release.number} is not in Chroma yet; the worker adds it")
    return "Chroma answers"


def _embedder() -> str:
    return embedders.embedder().check()


def _release() -> str:
    release = wiring.live().current()
    line = f"release {release.number}, {len(release.contents)} FAQs"
    if release.second_language:
        line += f", other languages by {release.second_language.name}"
    return line


def _agent() -> str:
    return wiring.agent().ping()
