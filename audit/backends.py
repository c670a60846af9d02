"""Backends: implementations of a protocol by an app that the calling app may not import.

The calling app declares a ``Backend`` next to the protocol. The other app registers its
implementation in ``AppConfig.ready``.
- ``faq.releases.publishing.preparation`` embeds and indexes a release:
  ``assistant.releases.preparation.prepare``.
- ``faq.releases.near_duplicates.backend`` finds other FAQs that are close:
  ``assistant.releases.near_duplicates``.
- ``faq.releases.unreadable.backend`` finds phrasings that the model cannot read:
  ``assistant.releases.unreadable.unreadable``.
- ``tickets.faq_lookup.backend`` finds FAQs for a ticket: ``assistant.releases.ticket_knowledge``.
- ``tickets.delivery.channels.backend`` sends to chat: ``assistant.channels.sending``.
- ``faq.sources.fetching.get`` makes the requests to sources of FAQs:
  ``assistant.source_requests.get``.
- ``tickets.inbound.questions.backend`` decides a question that came by mail:
  ``assistant.channels.mail``.
- ``faq.health.backend`` reports the health of an FAQ:
  ``assistant.health.since_change.faq_health``.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Generic, TypeVar

from django.core.exceptions import ImproperlyConfigured

Implementation = TypeVar("Implementation")


class Backend(Generic[Implementation]):
    """A place for one implementation of a protocol."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._implementation: Implementation | None = None

    def register(self, implementation: Implementation) -> None:
        self._implementation = implementation

    def get(self) -> Implementation:
        """Raises ``ImproperlyConfigured`` if nothing is registered."""
        if self._implementation is None:
            raise ImproperlyConfigured(f"No app in INSTALLED_APPS registers {self._name}.")
        return self._implementation

    @contextmanager
    def replaced(self, implementation: Implementation) -> Iterator[None]:
        """Use another implementation inside the block, for tests."""
        before = self._implementation
        self._implementation = implementation
        try:
            yield
        finally:
            self._implementation = before
