"""The FAQs for the ticket desk: the backend of ``tickets.faq_lookup``."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.text import slugify

from assistant.answering.answer import Question
from assistant.answering.steps import Path
from assistant.decision.decision import Match
from assistant.matching.loaded_release import LoadedRelease
from assistant.releases.preview import Preview
from assistant.wiring import get_assistant
from faq.content import Content, Draft
from faq.models import Faq, PhrasingConflict
from faq.releases.drafts import upsert
from faq.write_lock import lock_knowledge_base
from tickets.faq_lookup import DraftError, FaqMatch

LONGEST_SLUG = 80
_WORD = re.compile(r"\w+")


def suggestions(question: str, *, audiences: Collection[str]) -> list[FaqMatch]:
    """The FAQs /ask would answer or clarify with, without the agent and without a record."""
    assistant = get_assistant()
    release = assistant.live.current()
    typed_question = Question(text=question, user_id="", actor="", audiences=frozenset(audiences))
    decision = assistant.decide(typed_question, release, Path())
    matches = [decision.chosen] if decision.chosen else decision.options
    return [_lookup_result(match, release) for match in matches]


def unpublished(values: Sequence[str]) -> list[str]:
    contents = get_assistant().live.current().contents.values()
    published = "\n".join(
        f"{content.question}\n{content.answer}" for content in contents
    ).casefold()
    return [value for value in values if value.casefold() not in published]


def nearest(question: str, *, limit: int) -> list[FaqMatch]:
    release = get_assistant().live.current()
    vector = release.embed([question]).vectors[question]
    result = release.search(question, vector, limit=limit)
    return [_lookup_result(match, release) for match in result.matches]


def search(words: str, *, limit: int) -> list[FaqMatch]:
    """FAQs that hold every word, in the question or else anywhere, each by similarity; then others.

    A word is also the beginning of one: "book" finds "booking".
    """
    release = get_assistant().live.current()
    vector = release.embed([words]).vectors[words]
    matches = release.search(words, vector, limit=len(release.contents)).matches
    typed = [word.casefold() for word in _WORD.findall(words)]

    def missing(match: Match) -> tuple[bool, bool]:
        content = release.contents[match.faq_id]
        everything = " ".join((*content.phrasings, content.answer))
        return not _holds(content.question, typed), not _holds(everything, typed)

    return [_lookup_result(match, release) for match in sorted(matches, key=missing)[:limit]]


def _holds(text: str, typed: Sequence[str]) -> bool:
    words = [word.casefold() for word in _WORD.findall(text)]
    return all(any(word.startswith(each) for word in words) for each in typed)


def _lookup_result(match: Match, release: LoadedRelease) -> FaqMatch:
    content = release.contents[match.faq_id]
    return FaqMatch(content.slug, content.question, content.answer, match.similarity)


def create_draft(phrasings: Sequence[str], answer: str, *, category: str, by: str) -> str:
    longest = Faq._meta.get_field("question").max_length
    texts = dict.fromkeys(" ".join(phrasing.split())[:longest] for phrasing in phrasings)
    first, *others = texts
    try:
        with lock_knowledge_base():
            slug = _unused_faq_id(first)
            content = Content(slug, first, answer, category, alternates=tuple(others))
            upsert({slug: Draft(content, owner=by)}, actor=by)
    except PhrasingConflict as conflict:
        raise DraftError(str(conflict)) from conflict
    return slug


def _unused_faq_id(question: str) -> str:
    """A new faq_id from the question's words, numbered if it exists; "faq" for other scripts."""
    words = slugify(question)[:LONGEST_SLUG].strip("-_") or "faq"
    existing = set(Faq.objects.filter(slug__startswith=words).values_list("slug", flat=True))
    number, slug = 1, words
    while slug in existing:
        number += 1
        slug = f"{words}-{number}"
    return slug


def get_faq(faq_id: str) -> FaqMatch | None:
    faq = Faq.objects.filter(slug=faq_id).first()
    return FaqMatch(faq.slug, faq.question, faq.answer, 0.0) if faq else None


def decision_html(outcome: str, answer: str, decision: Mapping[str, Any]) -> SafeString:
    payload = {"outcome": outcome, "answer": answer, "decision": decision}
    return render_to_string("assistant/decision.html", {"preview": Preview("", payload)})


def edit_url(faq_id: str) -> str:
    faq = Faq.objects.filter(slug=faq_id).first()
    return reverse("admin:faq_faq_change", args=[faq.pk]) if faq else ""
