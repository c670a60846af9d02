"""Find questions that were not answered although an FAQ was close: phrasings for that FAQ."""

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
MAX_ASKS = 500
"""The newest asks that are read for one page; each is decrypted."""

MAX_LENGTH = 200
"""Characters; longer messages are no phrasings."""

NOT_ANSWERED = ("clarify", "unanswered")


@dataclass(frozen=True)
class CustomerWords:
    """A question as it was recorded, redacted, and how many people asked it."""

    text: str
    people: int


def customer_words(content: Content, *, limit: int) -> list[CustomerWords]:
    """Questions that were not answered, with this FAQ among the options or the closest.

    Sorted by the number of people, then newest first; without phrasings that the FAQ already has.
    """
    asks = Record.objects.filter(
        action="question.asked", outcome__in=NOT_ANSWERED, at__gte=timezone.now() - PERIOD
    )[:MAX_ASKS]
    phrasings = set(map(normalise, content.phrasings))
    people: dict[str, set[str]] = defaultdict(set)
    texts: dict[str, str] = {}
    for ask in asks:
        text = str(ask.data.get("question", ""))
        key = normalise(text)
        if (
            not key
            or key in phrasings
            or len(text) > MAX_LENGTH
            or content.slug not in _offered(ask.data)
        ):
            continue
        texts.setdefault(key, text)
        people[key].add(ask.subject)
    ranked = sorted(texts, key=lambda key: -len(people[key]))
    return [CustomerWords(texts[key], len(people[key])) for key in ranked[:limit]]


def _offered(data: Mapping[str, Any]) -> set[str]:
    """The ids of the FAQs that were offered, or of the closest FAQ if none was."""
    return set(_ids(data))


def _ids(data: Mapping[str, Any]) -> Iterator[str]:
    options = data.get("options") or []
    if not options:
        closest = (data.get("decision") or {}).get("closest") or {}
        options = [closest]
    for option in options:
        if faq_id := option.get("faq_id"):
            yield faq_id
