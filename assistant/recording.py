"""What is kept of an ask: its audit record, an example to calibrate on, its metrics."""

from __future__ import annotations

from django.conf import settings

from assistant import metrics
from assistant.answer import Answer, Question
from assistant.decision import Reason, decide
from assistant.loaded import LoadedRelease
from assistant.models import Label
from audit.models import record
from audit.redaction import redact

RECORDED = (
    *("outcome", "source", "answer", "faq_id", "similarity", "options"),
    *("citations", "release", "degraded", "left_open", "decision"),
)


def record_ask(question: Question, answer: Answer, release: LoadedRelease) -> None:
    """Raises ``audit.models.AuditUnavailable``."""
    told = answer.as_dict()
    record(
        "question.asked",
        actor=question.actor,
        kind="ask",
        key=answer.ask_id,
        data={
            "user_id": question.user_id,
            "roles": list(question.roles),
            "question": question.text,
            "category": question.category,
            "choice": question.choice,
            "conversation_id": question.conversation_id,
            "embedder": release.embedder.name if release.embedder else "",
            "agent_model": next((step["model"] for step in answer.path if "model" in step), ""),
            **{name: told[name] for name in RECORDED},
        },
    )


def example_of(question: Question, answer: Answer) -> Label | None:
    """What a person picks when asked back is an example to calibrate on; no other choice is."""
    decision = answer.decision
    if decision.reason is not Reason.CHOSEN:
        return None
    offered = decide(decision.ranked, decision.policy).options
    if all(option.faq_id != question.choice for option in offered):
        return None
    text = redact(question.text, region=settings.PHONE_REGION)
    return Label(source=Label.CHOICE, question=text, expected=[question.choice])


def count(answer: Answer, seconds: float) -> None:
    """In the metrics; ``seconds`` it took."""
    outcome, closest = answer.outcome.value, answer.decision.closest
    metrics.ASKS.labels(outcome, answer.source or "none", answer.decision.reason.value).inc()
    metrics.SECONDS.labels(outcome).observe(seconds)
    if any(step["step"] == "glance" for step in answer.path):
        metrics.GLANCES.labels("clear" if answer.decision.glanced else "unclear").inc()
    if closest:
        metrics.SIMILARITY.labels(outcome).observe(closest.similarity)
