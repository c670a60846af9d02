"""Record an ask: its audit record, a label for calibration, its metrics."""

from __future__ import annotations

from django.conf import settings

from assistant import metrics
from assistant.answering.answer import Answer, Purpose, Question
from assistant.decision.decision import decide
from assistant.decision.reasons import Reason
from assistant.matching.loaded_release import LoadedRelease
from assistant.models import Label
from audit.models import record
from audit.privacy.redaction import redact

RECORDED = (
    *("outcome", "source", "answer", "answers", "faq_id", "similarity", "options"),
    *("citations", "release", "degraded", "unanswered_parts", "corrected", "decision"),
)

ACTIONS = {
    Purpose.QUESTION: "question.asked",
    Purpose.BENCHMARK: "question.benchmarked",
    Purpose.TRY: "question.tried",
}
"""Dashboards, hit counters and gaps count ``question.asked`` alone."""


def record_ask(question: Question, answer: Answer, release: LoadedRelease) -> None:
    """Raises ``audit.models.AuditUnavailable``."""
    payload = answer.as_dict()
    record(
        ACTIONS[question.purpose],
        actor=question.actor,
        kind="ask",
        key=answer.ask_id,
        data={
            "user_id": question.user_id,
            "roles": list(question.roles),
            "question": question.text,
            "category": question.category,
            "audiences": sorted(question.audiences),
            "choice": question.choice,
            "conversation_id": question.conversation_id,
            "channel": question.channel,
            "embedder": release.embedder.name if release.embedder else "",
            "agent_model": next((step["model"] for step in answer.path if "model" in step), ""),
            **{name: payload[name] for name in RECORDED},
        },
    )


def label_of(question: Question, answer: Answer) -> Label | None:
    """A label for calibration if the person chose one of the options of a clarification."""
    decision = answer.decision
    if decision.reason is not Reason.CHOSEN or question.purpose is not Purpose.QUESTION:
        return None
    offered = decide(decision.ranked, decision.policy).options
    if all(option.faq_id != question.choice for option in offered):
        return None
    text = redact(question.text, region=settings.PHONE_REGION)
    return Label(source=Label.CHOICE, question=text, expected=[question.choice])


def count(question: Question, answer: Answer, seconds: float) -> None:
    """Update the metrics; ``seconds``: the duration."""
    if question.purpose is not Purpose.QUESTION:
        return
    outcome, closest = answer.outcome.value, answer.decision.closest
    metrics.ASKS.labels(outcome, answer.source or "none", answer.decision.reason.value).inc()
    metrics.SECONDS.labels(outcome).observe(seconds)
    if closest:
        metrics.SIMILARITY.labels(outcome).observe(closest.similarity)
