"""The steps that find FAQs: embed, match, and ask Chroma for what no phrasing names."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping
from typing import Any

from assistant import telemetry
from assistant.answering.answer import SHOW_NOTHING, Question
from assistant.decision.decision import Decision
from assistant.decision.matches import Match, rank
from assistant.decision.message import MATCHES, Message
from assistant.decision.reasons import ASKS_BACK, Reason
from assistant.embedding.vector_cache import Embedded
from assistant.interfaces import INDEX_UNAVAILABLE, SearchResult, Vector
from assistant.matching.loaded_release import LoadedRelease
from assistant.matching.merging import merge
from assistant.steps import Path, Step, ms
from assistant.text.cleaning import strip_pleasantries
from faq.content import Content

SHOWN = 5
"""FAQs named in a step of the path."""

NOT_SEARCHED = ASKS_BACK | SHOW_NOTHING | {Reason.UNSUPPORTED_LANGUAGE}
"""The reply has options, or no FAQ is near."""


def embed(message: Message, release: LoadedRelease, path: Path) -> Embedded:
    started = time.perf_counter()
    with telemetry.step("embed"):
        embedded = release.embed(message.texts)
    path.add({"step": "embed", "ms": ms(started), "cached": embedded.cached})
    return embedded


def match(
    message: Message, question: Question, release: LoadedRelease, embedded: Embedded, path: Path
) -> dict[str, list[Match]]:
    """The matches of each text of the message."""
    matches = {}
    for text in message.texts:
        started = time.perf_counter()
        with telemetry.step("match"):
            result = search(
                text,
                question,
                release,
                embedded.vectors[text],
                limit=MATCHES,
                also=message.also if text == message.text else (),
            )
        step: Step = {"step": "match", "ms": ms(started)}
        if result.degraded:
            step["degraded"] = INDEX_UNAVAILABLE
        path.add({**step, "matches": [as_step(match) for match in result.matches[:SHOWN]]})
        matches[text] = result.matches
    return matches


def near_faqs(
    question: Question, decision: Decision, release: LoadedRelease, path: Path
) -> list[Match]:
    """The FAQs near a question that nothing answers: by their phrasings, and, asked of Chroma, by
    their answers. They are candidates: nothing is decided by them."""
    if decision.chosen or decision.reason in NOT_SEARCHED or not decision.ranked:
        return list(decision.ranked)
    started = time.perf_counter()
    text = strip_pleasantries(question.text)
    result = release.search_answers(
        release.embed([text]).vectors[text],
        limit=SHOWN,
        category=question.category,
        audiences=question.audiences,
    )
    step: Step = {"step": "search_answers", "ms": ms(started)}
    if result.degraded:
        step["degraded"] = INDEX_UNAVAILABLE
    path.add({**step, "matches": [as_step(match) for match in result.matches]})
    every = rank([*decision.ranked, *result.matches], decision.policy)
    by_faq = {match.faq_id: match for match in every}
    return merge(decision.ranked, [by_faq[match.faq_id] for match in result.matches])


def match_second_language(
    message: Message, question: Question, release: LoadedRelease, path: Path
) -> list[Match]:
    """The matches of a message in another language by the multilingual model, if there is one."""
    started = time.perf_counter()
    matches = release.match_second_language(
        message, limit=MATCHES, category=question.category, audiences=question.audiences
    )
    if matches and release.second_language:
        path.add(
            {
                "step": "match_second_language",
                "ms": ms(started),
                "model": release.second_language.name,
                "matches": [as_step(match) for match in matches[:SHOWN]],
            }
        )
    return matches


def search(
    text: str,
    question: Question,
    release: LoadedRelease,
    vector: Vector,
    *,
    limit: int,
    also: Collection[str] = (),
) -> SearchResult:
    return release.search(
        text,
        vector,
        limit=limit,
        category=question.category,
        audiences=question.audiences,
        also=also,
    )


def visible(question: Question, release: LoadedRelease) -> Mapping[str, Content]:
    """The FAQs that may answer: visible to the caller and, if set, of the category."""
    return release.visible(question.category, question.audiences)


def as_step(match: Match) -> dict[str, Any]:
    return {
        "faq_id": match.faq_id,
        "phrasing": match.phrasing,
        "similarity": match.similarity,
    }
