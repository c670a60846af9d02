"""Vectors, fitted policies, labels, evaluations, conversations and the agent's daily usage."""

from __future__ import annotations

from django.db import models

from assistant.channels.channel import Channel
from assistant.channels.messages import Message, SentMessage, Thread, ThreadTicket
from assistant.desk_texts import PriorityTerm, SetReply
from assistant.health.faq_asks import FaqAsk
from assistant.health.release_comparison import ReleaseComparison
from assistant.health.reviews import HealthReview
from assistant.health.weekly_mail import WeeklyMail
from assistant.help.models import HelpPage, HelpSite
from assistant.labels import Label
from assistant.learning.feedback import Feedback
from assistant.learning.gaps import Gap, GapAsk
from assistant.outcomes.mail import OutcomeSubscription
from assistant.outcomes.rows import Need, NeedAsk, TicketTimes
from assistant.outcomes.sample import SampledAsk
from assistant.suggestions.ask_vectors import AskVector
from assistant.suggestions.faq_proposal import FaqProposal, ResolvedTicket
from assistant.suggestions.suggestion import Suggestion, SuggestionAsk

__all__ = [
    "AgentDay",
    "AskVector",
    "Channel",
    "ConversationTurn",
    "EvaluationRun",
    "FaqAsk",
    "FaqProposal",
    "Feedback",
    "FittedPolicy",
    "Gap",
    "GapAsk",
    "HealthReview",
    "HelpPage",
    "HelpSite",
    "IndexedCollection",
    "Label",
    "Message",
    "Need",
    "NeedAsk",
    "OutcomeSubscription",
    "PhrasingVector",
    "PriorityTerm",
    "ReleaseComparison",
    "ResolvedTicket",
    "SampledAsk",
    "SentMessage",
    "SetReply",
    "Suggestion",
    "SuggestionAsk",
    "Thread",
    "ThreadTicket",
    "TicketTimes",
    "WeeklyMail",
]


class PhrasingVector(models.Model):
    """The vector of a text by an embedder. Immutable; shared by all releases with the text."""

    embedder = models.CharField(max_length=300, help_text="model@weights")
    digest = models.BinaryField(max_length=32, help_text="SHA-256 of the text.")
    vector = models.BinaryField(help_text="float32, little-endian, of length 1.")

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["embedder", "digest"], name="assistant_vector_once"),
        )

    def __str__(self) -> str:
        return f"{self.embedder} {bytes(self.digest).hex()[:8]}"


class IndexedCollection(models.Model):
    """A Chroma collection that has all its entries.

    There is none yet for a release that was published while Chroma was down.
    """

    name = models.CharField(max_length=200, unique=True)
    completed = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name


class FittedPolicy(models.Model):
    """A policy fitted for a release, with its classifier. Immutable."""

    digest = models.CharField(
        max_length=64, unique=True, help_text="SHA-256 of numbers and classifier."
    )
    numbers = models.JSONField(help_text="ReleasePolicy.numbers()")
    classifier = models.JSONField(null=True, help_text="Classifier.as_dict()")
    report = models.JSONField(default=dict, help_text="The data it was fitted on, and its results.")
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("-id",)
        verbose_name = "fitted policy"
        verbose_name_plural = "fitted policies"

    def __str__(self) -> str:
        return f"Policy {self.digest[:12]}"

    @property
    def is_calibrated(self) -> bool:
        """Whether it was calibrated on labelled questions, and so adopted by a person."""
        return bool(self.report.get("kept"))


class EvaluationRun(models.Model):
    """An evaluation of the live release on labelled questions."""

    created = models.DateTimeField(auto_now_add=True)
    release = models.PositiveIntegerField()
    source = models.CharField(max_length=200, help_text="The file of questions.")
    policy = models.JSONField(help_text="The policy's name and numbers.")
    numbers = models.JSONField(help_text="Evaluation.as_dict()")
    questions = models.JSONField(help_text="Each question with its result, redacted.")

    class Meta:
        ordering = ("-id",)
        verbose_name = "evaluation"

    def __str__(self) -> str:
        return f"{self.source} on release {self.release}"


class ConversationTurn(models.Model):
    """One question of a conversation and its answer; deleted after CONVERSATION_DAYS."""

    user_id = models.CharField(max_length=200)
    conversation_id = models.CharField(max_length=100)
    question = models.TextField(help_text="Redacted.")
    answer = models.TextField(blank=True, help_text="Redacted; empty if nothing was answered.")
    faq_ids = models.JSONField(default=list)
    asked = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = (
            models.Index(fields=["user_id", "conversation_id", "-id"], name="assistant_turns"),
            models.Index(fields=["asked"], name="assistant_turn_asked"),
        )

    def __str__(self) -> str:
        return self.question[:60]


class AgentDay(models.Model):
    """The agent's usage in one day (UTC), over all processes."""

    day = models.DateField(unique=True)
    runs = models.PositiveIntegerField(default=0)
    requests = models.PositiveIntegerField(default=0, help_text="Requests to the model.")
    tokens = models.PositiveBigIntegerField(default=0, help_text="Input and output.")
    output_tokens = models.PositiveBigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.day}: {self.runs} runs, {self.tokens} tokens"
