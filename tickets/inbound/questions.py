"""Ask the site a question that came by mail, by a backend: tickets may not import the assistant.

``assistant`` registers a ``QuestionAnswerer``. If it fails, the mail becomes a ticket without an
ask.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Protocol

from django.db import transaction

from audit.backends import Backend

log = logging.getLogger("tickets.inbound.questions")


@dataclass(frozen=True)
class MailAnswer:
    """What the site decided; the ask is recorded."""

    ask_id: str
    outcome: str
    """``answered``, ``clarify`` or ``unanswered``."""
    text: str
    """The answer of the FAQs, as published; empty unless one or more of them answer."""


class QuestionAnswerer(Protocol):
    def answer_mail(self, question: str, *, user_id: str) -> MailAnswer:
        """Decide without the agent, and record the ask with the channel ``mail``.

        Raises whatever makes that impossible.
        """
        ...


backend: Backend[QuestionAnswerer] = Backend("tickets.inbound.questions.backend")


def ask(question: str, *, user_id: str) -> MailAnswer | None:
    """None if the site cannot decide now; then nothing is recorded."""
    try:
        with transaction.atomic():
            return backend.get().answer_mail(question, user_id=user_id)
    except Exception:
        log.exception("a question by mail could not be answered; the mail becomes a ticket")
        return None
