"""What customers typed who were not answered, though one FAQ was close: phrasings it may lack."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.utils import timezone

from audit.models import Record
from faq.content import Content
from faq.phrasing import normalise

PERIOD = timedelta(days=90)
MOST_ASKS = 500
"""Read for one page, the newest; each is decrypted."""

LONGEST = 200
"""Characters; a longer message is a letter."""

NOT_ANSWERED = ("clarify", "unanswered")


@dataclass(frozen=True)
class CustomerWords:
    """A question as it was recorded, redacted, and how many people asked it."""

    text: str
    people: int


def customer_words(content: Content, *, limit: int) -> list[CustomerWords]:
    """Questions that were not answered and whose options or closest FAQ are this one.

    Those of most people first, then the newest. Without the phrasings that the FAQ has by now.
    """
    asks = Record.objects.filter(
        action="question.asked", outcome__in=NOT_ANSWERED, at__gte=timezone.now() - PERIOD
    )[:MOST_ASKS]
    known = set(map(normalise, content.phrasings))
    people: dict[str, set[str]] = defaultdict(set)
    texts: dict[str, str] = {}
    for ask in asks:
        text = str(ask.data.get("question", ""))
        key = normalise(text)
        if not key or key in known or len(text) > LONGEST or content.slug not in _named(ask.data):
            continue
        texts.setdefault(key, text)
        people[key].add(ask.subject)
    ranked = sorted(texts, key=lambda key: -len(people[key]))
    return [CustomerWords(texts[key], len(people[key])) for key in ranked[:limit]]


def _named(data: Mapping[str, Any]) -> set[str]:
    return set(_ids(data))


def _ids(data: Mapping[str, Any]) -> Iterator[str]:
    """The FAQs that were offered, or was closest where none was."""
    options = data.get("options") or []
    if not options:
        closest = (data.get("decision") or {}).get("closest") or {}
        options = [closest]
    for option in options:
        if faq_id := option.get("faq_id"):
            yield faq_id
