"""The FAQs for the ticket desk: the backend of ``tickets.faq_lookup``."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from assistant.answering.answer import Question
from assistant.decision.matches import Match
from assistant.matching.loaded_release import LoadedRelease
from assistant.releases.preview import Preview
from assistant.releases.preview_card import cards
from assistant.steps import Path
from assistant.text import cleaning
from assistant.wiring import get_assistant
from audit.privacy.gateway import PersonalData
from faq.files.personal_data import rejection_reason
from faq.files.reader import Unreadable
from faq.models import Faq, PhrasingConflict
from faq.stages import FaqIdInUse
from tickets.faq_lookup import FaqMatch, ProposalError

DECISION_FIELDS = {"reason", "policy", "features", "parts", "path", "threshold", "threshold_from"}
"""The fields that the chart of a decision needs; records of earlier versions lack some."""

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


def search(
    words: str,
    *,
    limit: int,
    audiences: Collection[str] | None = None,
    least_similarity: float = -1.0,
) -> list[FaqMatch]:
    """FAQs with every word in the question, then with every word anywhere, then all others.

    Within each group by similarity. A word matches the start of a word: "book" matches "booking".
    ``audiences``: those of the reader; None: every FAQ. ``least_similarity``, -1 to 1: of the FAQs
    that lack a word.
    """
    release = get_assistant().live.current()
    vector = release.embed([words]).vectors[words]
    everything = len(release.contents)
    matches = release.search(words, vector, limit=everything, audiences=audiences).matches
    typed = [word.casefold() for word in _WORD.findall(words)]

    def missing(match: Match) -> tuple[bool, bool]:
        content = release.contents[match.faq_id]
        text = " ".join((*content.phrasings, content.answer))
        return not _has_words(content.question, typed), not _has_words(text, typed)

    matches = [
        match
        for match in sorted(matches, key=missing)
        if match.similarity >= least_similarity or not all(missing(match))
    ]
    return [_lookup_result(match, release) for match in matches[:limit]]


def _has_words(text: str, typed: Sequence[str]) -> bool:
    words = [word.casefold() for word in _WORD.findall(text)]
    return all(any(word.startswith(start) for word in words) for start in typed)


def _lookup_result(match: Match, release: LoadedRelease) -> FaqMatch:
    content = release.contents[match.faq_id]
    return FaqMatch(content.slug, content.question, content.answer, match.similarity)


def add_phrasing(faq_id: str, text: str, *, by: str) -> bool:
    faq = Faq.objects.in_use().filter(slug=faq_id).first()
    if faq is None:
        raise ProposalError({"question": "This FAQ does not exist any more."})
    with _as_proposal_errors(faq_id):
        added: bool = faq.add_phrasing(text, by=by, is_proposal=True)
    return added


def propose(
    question: str,
    answer: str,
    *,
    faq_id: str,
    category: str,
    alternates: Sequence[str],
    by: str,
) -> str:
    fields = {"faq_id": faq_id, "category": category, "alternates": alternates}
    with _as_proposal_errors():
        return str(Faq.objects.propose(question, answer, **fields, by=by).slug)


@contextmanager
def _as_proposal_errors(faq_id: str = "") -> Iterator[None]:
    """Convert errors of the knowledge base to ``ProposalError``. ``faq_id``: of the draft."""
    try:
        yield
    except PhrasingConflict as conflict:
        clash = conflict.clashes[0]
        other = Faq.objects.filter(slug__in=clash.slugs).exclude(slug=faq_id)[0]
        text = f"“{clash.phrasing}” is already a question of {other.slug}: {other.question}"
        raise ProposalError({"question": text}) from conflict
    except FaqIdInUse as in_use:
        text = f"Another FAQ has the id {in_use}. Choose a different one."
        raise ProposalError({"faq_id": text}) from in_use
    except Unreadable as unreadable:
        problems = unreadable.problems
        errors = {problem.column or "question": f"This {problem.reason}." for problem in problems}
        raise ProposalError(_by_field(errors)) from unreadable
    except PersonalData as personal:
        kinds = personal.kinds_by_field.items()
        errors = {field: f"This {rejection_reason(names)}." for field, names in kinds}
        raise ProposalError(_by_field(errors)) from personal


_FIELDS = {"id": "faq_id", "slug": "faq_id"}


def _by_field(errors: Mapping[str, str]) -> dict[str, str]:
    return {_FIELDS.get(column, column): text for column, text in errors.items()}


def strip_pleasantries(text: str) -> str:
    return cleaning.strip_pleasantries(text)


def short_id(question: str) -> str:
    return str(Faq.objects.unused_id(question))


def get_faq(faq_id: str) -> FaqMatch | None:
    faq = Faq.objects.filter(slug=faq_id).first()
    return FaqMatch(faq.slug, faq.question, faq.answer, 0.0) if faq else None


def decision_html(outcome: str, answer: str, decision: Mapping[str, Any]) -> SafeString:
    if not decision.keys() >= DECISION_FIELDS:
        return format_html("<p>{}</p>", "An earlier version recorded this decision.")
    matches = next((step["matches"] for step in decision["path"] if step["step"] == "match"), ())
    lists = dict.fromkeys(("answers", "options", "nearest", "citations"), ())
    payload = {"outcome": outcome, "answer": answer, "decision": decision, **lists}
    ranked = tuple({"confidence": None, **match} for match in matches)
    [card] = cards([Preview("", payload, ranked=ranked)])
    return render_to_string("assistant/decision.html", {"card": card})


def edit_url(faq_id: str) -> str:
    faq = Faq.objects.filter(slug=faq_id).first()
    return reverse("admin:faq_faq_change", args=[faq.pk]) if faq else ""
