"""What the desk writes: replies to small talk, and terms that put an FAQ first."""

from __future__ import annotations

from collections.abc import Mapping

from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.db import models

from assistant.text.intents import DEFAULT_REPLIES, Intent
from faq.models import Faq

CACHE_KEY = "assistant.priority_terms"
CACHE_SECONDS = 5
"""How long a process may go on without a change: every question needs these."""


class SetReplyManager(models.Manager["SetReply"]):
    def text_for(self, intent: Intent) -> str:
        """The desk's reply, the shipped one where it has none."""
        text = self.filter(intent=intent.value).values_list("text", flat=True).first()
        return text or DEFAULT_REPLIES[intent]


class SetReply(models.Model):
    """What is replied to small talk, or to the wish for a person."""

    intent = models.CharField(
        max_length=40, unique=True, choices=[(intent.value, intent.value) for intent in Intent]
    )
    text = models.TextField(max_length=1000)

    objects = SetReplyManager()

    class Meta:
        ordering = ("id",)
        verbose_name = "set reply"
        verbose_name_plural = "set replies"

    def __str__(self) -> str:
        return self.intent


class PriorityTermManager(models.Manager["PriorityTerm"]):
    def by_term(self) -> Mapping[str, str]:
        """The id of the FAQ of each term, in lower case; a change counts after some seconds."""
        terms: Mapping[str, str] | None = cache.get(CACHE_KEY)
        if terms is None:
            terms = {row.term: row.faq_id for row in self.all()}
            cache.set(CACHE_KEY, terms, CACHE_SECONDS)
        return terms


class PriorityTerm(models.Model):
    """A word or a few, such as "stolen", that puts one FAQ first wherever somebody writes it."""

    term = models.CharField(
        max_length=100, unique=True, help_text="A word or a few, such as stolen or gas leak."
    )
    faq_id = models.CharField(max_length=100, help_text="The id of the FAQ that is offered first.")

    objects = PriorityTermManager()

    class Meta:
        ordering = ("term",)
        verbose_name = "priority term"

    def __str__(self) -> str:
        return f"{self.term}: {self.faq_id}"

    def clean(self) -> None:
        self.term = " ".join(self.term.lower().split())
        if not Faq.objects.filter(slug=self.faq_id).exists():
            raise ValidationError({"faq_id": f"There is no FAQ {self.faq_id!r}."})
