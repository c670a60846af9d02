"""Questions by mail: the backend of ``tickets.inbound.questions``."""

from __future__ import annotations

from dataclasses import replace

from assistant.agent.null_agent import NullAgent
from assistant.answering.answer import Outcome, Question
from assistant.wiring import get_assistant
from audit.privacy.gateway import Channel, apply_inbound
from tickets.inbound.questions import MailAnswer

CHANNEL = "mail"


def answer_mail(question: str, *, user_id: str) -> MailAnswer:
    """Decide without the agent: a mail is answered with an FAQ's own words or by a person.

    Raises what ``Assistant.ask`` and ``gateway.apply_inbound`` raise.
    """
    assistant = replace(get_assistant(), agent=NullAgent(), conversations=None)
    answer = assistant.ask(
        Question(
            text=apply_inbound(Channel.ASK, question, field="message"),
            user_id=user_id,
            actor=user_id,
            channel=CHANNEL,
        )
    )
    is_faq = answer.outcome is Outcome.ANSWERED and answer.source == "faq"
    text = answer.text if is_faq else None
    return MailAnswer(ask_id=answer.ask_id, outcome=answer.outcome.value, text=text or "")
