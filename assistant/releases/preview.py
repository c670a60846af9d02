"""Preview the answer to a question: by the live release, and with all drafts published."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from assistant import embedders, wiring
from assistant.answering.answer import Answer, BadQuestion, Question
from assistant.answering.retrieval import SHOWN
from assistant.calibration import fitted_policies
from assistant.evaluation import offline
from assistant.matching import stored_vectors
from assistant.matching.loaded_release import LoadedRelease
from audit.models import record
from faq.releases.publishing import current_rules, draft_knowledge_base
from faq.releases.review import review

MAX_NEW_TEXTS = 300
"""The most texts without a vector that a preview embeds, which takes about three seconds."""


class TooManyNewTexts(Exception):
    """Embedding the new texts of the drafts takes too long for a preview."""


@dataclass(frozen=True)
class Preview:
    """The reply of /ask in ``payload``, or a ``problem`` that prevented it.

    ``ranked``: the closest FAQs with similarity, lead and confidence, as ``Match.as_dict``.
    ``questions``: the FAQs' own questions, by faq_id.
    """

    title: str
    payload: dict[str, Any] | None = None
    problem: str = ""
    ranked: tuple[dict[str, Any], ...] = ()
    questions: Mapping[str, str] = field(default_factory=dict)


def preview_answers(
    text: str, *, actor: str, category: str = "", audience: str = ""
) -> list[Preview]:
    """Preview the drafts, then the live release. Recorded as a preview, not as a question."""
    question = Question(
        text=text,
        user_id=actor,
        actor=actor,
        category=category,
        audiences=frozenset({audience} if audience else ()),
    )
    live = wiring.live().current()
    previews = [_of_drafts(question, live)]
    if live.number is not None:
        previews.append(_preview(f"Live release {live.number}", question, live))
    record(
        "question.previewed",
        actor=actor,
        data={
            "question": text,
            "category": category,
            "audience": audience,
            "previews": {preview.title: _summary(preview) for preview in previews},
        },
    )
    return previews


def _of_drafts(question: Question, live: LoadedRelease) -> Preview:
    try:
        return _preview("With all drafts published", question, _draft.of(live))
    except TooManyNewTexts as error:
        return Preview("With all drafts published", problem=str(error))


def _preview(title: str, question: Question, release: LoadedRelease) -> Preview:
    try:
        answer: Answer = wiring.preview_assistant().dry_run(question, release)
    except BadQuestion as error:
        return Preview(title, problem=str(error))
    ranked = tuple(match.as_dict() for match in answer.decision.ranked[:SHOWN])
    return Preview(title, payload=answer.as_dict(), ranked=ranked, questions=answer.questions)


def _summary(preview: Preview) -> dict[str, Any]:
    payload = preview.payload or {}
    return {name: payload.get(name) for name in ("outcome", "faq_id", "similarity", "release")}


class DraftRelease:
    """The drafts as a release in memory, rebuilt only when they changed."""

    def __init__(self) -> None:
        self._built: tuple[object, LoadedRelease] | None = None
        self._building = threading.Lock()

    def of(self, live: LoadedRelease) -> LoadedRelease:
        """Raises ``TooManyNewTexts``."""
        waiting, rules = review(), current_rules()
        if not waiting.waiting and rules == live.rules:
            return replace(live, number=None)
        # Identifies the content without reading it, which would take seconds at 20,000 FAQs.
        key = (live.pk, waiting.digest, rules)
        with self._building:
            if self._built is None or self._built[0] != key:
                self._built = (key, self._build(live))
            return self._built[1]

    @staticmethod
    def _build(live: LoadedRelease) -> LoadedRelease:
        knowledge_base, embedder = draft_knowledge_base(), embedders.embedder()
        contents = list(knowledge_base.contents.values())
        texts = set(fitted_policies.needed(contents))
        new = len(texts) - len(stored_vectors.stored(embedder.name, texts))
        if new > MAX_NEW_TEXTS:
            raise TooManyNewTexts(
                f"The drafts have {new:,} new texts, too many to embed for a preview. Publish the "
                "drafts, then preview the live release."
            )
        release, release_fit = offline.release_in_memory(
            contents, embedder, second_embedder=embedders.second_language_embedder(), texts=texts
        )
        fitted = release_fit.fitted
        return replace(
            release,
            rules=knowledge_base.rules,
            numbers=fitted.policy.numbers() if fitted.classifier else None,
            embedder=live.embedder or embedders.vector_cache(embedder),
        )


_draft = DraftRelease()
