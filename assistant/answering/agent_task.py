"""What the agent gets: the question, the FAQs near it, and functions that search and compare."""

from __future__ import annotations

from collections.abc import Sequence

from assistant.answering.answer import Question
from assistant.decision.agent_choice import may_choose
from assistant.decision.decision import Decision, decide
from assistant.decision.matches import Match
from assistant.decision.policy import Policy
from assistant.decision.reasons import ASKS_BACK
from assistant.interfaces import SearchResult, Task, Turn
from assistant.matching.loaded_release import LoadedRelease
from assistant.matching.merging import merge


def may_agent_choose(question: Question, decision: Decision, release: LoadedRelease) -> bool:
    """Whether a model may choose among the options of a decision that asks back."""
    first = decision.closest
    if first is None or not may_choose(decision):
        return False
    return release.wording.conflict(question.text, first.faq_id, first.phrasing) is None


def task_of(
    question: Question,
    decision: Decision,
    near: Sequence[Match],
    release: LoadedRelease,
    policy: Policy,
    *,
    turns: tuple[Turn, ...],
    chooses: bool,
) -> Task:
    """``near``: the FAQs near the question, nearest first. ``chooses``: the agent may only choose
    among the decision's options."""

    def search(text: str, limit: int) -> SearchResult:
        vector = release.embed([text]).vectors[text]
        category, audiences = question.category, question.audiences
        matches = release.search(
            text, vector, limit=limit, category=category, audiences=audiences
        ).matches
        answers = release.search_answers(
            vector, limit=limit, category=category, audiences=audiences
        )
        return SearchResult(merge(matches, answers.matches)[:limit], degraded=answers.degraded)

    def would_be_answered(matches: Sequence[Match]) -> bool:
        return decide(matches, policy).chosen is not None

    def relevance(text: str, texts: Sequence[str]) -> float:
        vectors = release.embed([text, *texts]).vectors
        return max((float(vectors[other] @ vectors[text]) for other in texts), default=-1.0)

    return Task(
        question=question.text,
        matches=near,
        contents=release.visible(question.category, question.audiences),
        search=search,
        would_be_answered=would_be_answered,
        relevance=relevance,
        turns=turns,
        options=decision.options if chooses else (),
        only_rewrite=decision.reason in ASKS_BACK and not chooses,
    )
