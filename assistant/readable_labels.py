"""Readable labels of outcomes, reasons and steps, for pages and commands.

Pure: standard library only. The API keeps the words of the enumerations.
"""

from __future__ import annotations

from typing import Any

from assistant.agent.reasons import AgentReason
from assistant.answering.answer import Outcome
from assistant.decision.reasons import Reason

OUTCOMES = {
    Outcome.ANSWERED: "Answered",
    Outcome.CLARIFY: "Asked to clarify",
    Outcome.UNANSWERED: "Not answered",
}

REASONS = {
    Reason.EXACT: "the question is one of the FAQ's phrasings",
    Reason.CONFIDENT: "the closest FAQ is similar enough",
    Reason.CHOSEN: "the customer chose this FAQ",
    Reason.EACH_QUESTION: "each of the questions has a clear answer",
    Reason.AGENT_CHOICE: "the agent chose the closest FAQ among the options",
    Reason.OTHER_LANGUAGE: "the multilingual model is sure of the FAQ",
    Reason.OTHER_LANGUAGE_UNSURE: "the multilingual model is not sure of the FAQ",
    Reason.FOLLOW_UP: "the question continues an earlier one and is not clear without it",
    Reason.AMBIGUOUS: "several FAQs are about equally close",
    Reason.UNSURE: "the closest FAQ is not similar enough for an answer",
    Reason.SEVERAL_QUESTIONS: "the message asks several questions",
    Reason.DISAGREEMENT: "one sentence leads to another FAQ than the whole message",
    Reason.OPPOSITE: "the question means the opposite of the closest phrasing",
    Reason.OTHER_IDENTIFIER: "the question has a different number or code than the closest FAQ",
    Reason.OTHER_NAME: "the question has a different name than the closest phrasing",
    Reason.UNDERSPECIFIED: "the question lacks the word that distinguishes two FAQs",
    Reason.PRIORITY_TERM: "the question has a priority term of the desk",
    Reason.IN_ANSWER: "the words of the question occur only in an FAQ's answer",
    Reason.BELOW_THRESHOLD: "no FAQ is similar enough",
    Reason.NO_MATCH: "there is no FAQ to compare with",
    Reason.UNSUPPORTED_LANGUAGE: "the language is not supported",
    Reason.UNREADABLE: "the message has no readable words",
    Reason.NONE_OF_THESE: "the customer rejected the options",
    Reason.SMALL_TALK: "the message is small talk",
    Reason.HAND_OFF: "the customer asks for a person",
}

AGENT_REASONS = {
    AgentReason.ANSWERED: "answered",
    AgentReason.NOT_CONFIGURED: "not called (no model is set, or this is a preview)",
    AgentReason.NO_FAQ: "no FAQ answers the question",
    AgentReason.CLARIFIED: "several FAQs may be meant",
    AgentReason.CHOSEN: "the model chose the closest FAQ",
    AgentReason.DISAGREED: "the model chose another FAQ than the closest",
    AgentReason.NOT_REWRITTEN: "the follow-up could not be rewritten",
    AgentReason.IRRELEVANT: "the reply is not about the question",
    AgentReason.REWRITTEN: "an FAQ answers the rewritten question",
    AgentReason.NO_CITATION: "the reply names no FAQ",
    AgentReason.NOT_GROUNDED: "the FAQs do not support the reply",
    AgentReason.BUSY: "all runs are in use",
    AgentReason.RESTING: "paused after repeated failures",
    AgentReason.OVER_BUDGET: "the budget of the day is used up",
    AgentReason.CLOSED: "the caller disconnected",
    AgentReason.TIMED_OUT: "timed out",
    AgentReason.TOO_MANY_REQUESTS: "too many requests to the model in one run",
    AgentReason.TOO_LONG: "the reply was too long",
    AgentReason.KEY_REFUSED: "the provider refused the API key",
    AgentReason.RATE_LIMITED: "the provider's rate limit was reached",
    AgentReason.REQUEST_REFUSED: "the provider refused the request",
    AgentReason.PROVIDER_ERROR: "the provider failed",
    AgentReason.UNREACHABLE: "the provider cannot be reached",
    AgentReason.UNREADABLE: "the provider's reply was unreadable",
    AgentReason.NO_TEXT: "the reply had no text",
    AgentReason.MISCONFIGURED: "AGENT_MODEL cannot be used",
    AgentReason.FAILED: "failed",
}

STEPS = {
    "embed": "Embed the question",
    "match": "Compare with the FAQs",
    "search_answers": "Search the FAQs' answers",
    "match_second_language": "Compare with the FAQs by the multilingual model",
    "rewrite": "Rewrite the follow-up question",
    "model_request": "Request to the model",
    "tool_call": "Search by the model",
    "ground": "Check the reply against the FAQs",
    "agent": "Agent",
}

RESULTS = {
    "right": "answered right",
    "wrong": "answered wrong",
    "offered": "asked to clarify, right FAQ offered",
    "asked": "asked to clarify, right FAQ not offered",
    "fell_through": "not answered",
}
"""Labels of the values of ``evaluation.evaluate.Result``, which runs store."""


def step_label(step: dict[str, Any]) -> str:
    """A step of a decision's path, such as ``Agent: timed out``."""
    label = str(STEPS.get(step["step"], step["step"]))
    if "reason" in step:
        label += f": {AGENT_REASONS.get(step['reason'], step['reason'])}"
    return label + (" (cached)" if step.get("cached") else "")
