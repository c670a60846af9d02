"""Find the phrasings that the model of the live release cannot read."""

from __future__ import annotations

from collections.abc import Iterable

from assistant.text.language import ENGLISH_ONLY
from assistant.text.readability import is_readable
from faq.models import Release


def unreadable(phrasings: Iterable[str]) -> list[str]:
    """The ``faq.releases.unreadable.backend``; before the first release, for the default model."""
    suspects = [text for text in phrasings if not is_readable(text, english_only=True)]
    if not suspects:
        return []
    live = Release.objects.live()
    english_only = live is None or live.embedder.startswith(ENGLISH_ONLY)
    return [text for text in suspects if not is_readable(text, english_only=english_only)]
