"""Published FAQs for everybody: lists, search, suggestions while typing, and a sitemap.

Nothing is recorded.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache

from django.contrib.sitemaps import Sitemap
from django.core.paginator import Paginator
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.safestring import mark_safe
from rest_framework.exceptions import NotFound
from rest_framework.request import Request

from assistant.decision.agent_choice import MIN_SIMILARITY
from assistant.help.page import HelpView
from assistant.help.question_index import QuestionIndex
from assistant.releases.ticket_knowledge import search
from assistant.serializers import MAX_MESSAGE_LENGTH
from assistant.wiring import get_assistant
from faq.content import Content
from faq.markdown import to_html
from faq.published import PublishedFaq, as_published

EVERYBODY: frozenset[str] = frozenset()
"""No audience: FAQs for one are left out."""

FAQS_ON_PAGE = 50
SEARCH_RESULTS = 10
MAX_SEARCH_LENGTH = 200
WHILE_TYPING = 5


def public_contents() -> Mapping[str, Content]:
    """The FAQs of the live release that everybody may read. Raises ``EmbedderUnavailable``."""
    return get_assistant().live.current().visible(audiences=EVERYBODY)


def public_categories() -> list[tuple[str, int]]:
    """Each with the number of its FAQs. Raises ``EmbedderUnavailable``."""
    counts = Counter(content.category for content in public_contents().values())
    return sorted((name, count) for name, count in counts.items() if name)


@lru_cache(1)
def _question_index(release: int) -> QuestionIndex:
    """``release``: the primary key of the live one, for the cache."""
    return QuestionIndex(public_contents())


class FaqsView(HelpView):
    @property
    def counts_reading(self) -> bool:  # type: ignore[override]
        return bool(self.request.query_params.get("q"))

    def get(self, request: Request) -> HttpResponseBase:
        words = request.query_params.get("q", "").strip()[:MAX_SEARCH_LENGTH]
        category = request.query_params.get("category", "")
        contents = public_contents()
        if words:
            matches = search(
                words, limit=SEARCH_RESULTS, audiences=EVERYBODY, least_similarity=MIN_SIMILARITY
            )
            faqs = [contents[match.faq_id] for match in matches]
        else:
            faqs = sorted(
                (content for content in contents.values() if category in ("", content.category)),
                key=lambda content: content.question.casefold(),
            )
        listed = Paginator(faqs, FAQS_ON_PAGE).get_page(request.query_params.get("page"))
        context = {
            "tab": "faqs",
            "words": words,
            "category": category,
            "categories": public_categories(),
            "faqs": listed,
        }
        return self.page("help/faqs.html", context)


class QuestionsView(HelpView):
    """Questions suggested while a visitor types. A POST keeps the text out of logs of addresses."""

    is_typing = True

    def post(self, request: Request) -> HttpResponseBase:
        index = _question_index(get_assistant().live.current().pk)
        faqs = index.find(request.POST.get("message", "")[:MAX_MESSAGE_LENGTH], limit=WHILE_TYPING)
        return self.page("help/questions.html", {"faqs": faqs})


class FaqView(HelpView):
    def get(self, request: Request, faq_id: str) -> HttpResponseBase:
        content = public_contents().get(faq_id)
        if content is None:
            raise NotFound
        [faq] = as_published([content])
        html = mark_safe(to_html(faq.answer))  # noqa: S308 (markdown without HTML)
        return self.page("help/faq.html", {"tab": "faqs", "faq": faq, "html": html})


class FaqSitemap(Sitemap):  # type: ignore[type-arg]
    """For search engines; FAQs with an audience are not in it."""

    limit = 10_000

    def items(self) -> list[PublishedFaq]:
        return as_published(public_contents().values())

    def location(self, item: PublishedFaq) -> str:
        return reverse("help:faq", args=[item.faq_id])

    def lastmod(self, item: PublishedFaq) -> datetime | None:
        return item.since
