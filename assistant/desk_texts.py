"""Texts of the desk: replies to small talk, and priority terms."""

from __future__ import annotations

from collections.abc import Mapping

from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.db import models

from assistant.text.intents import DEFAULT_REPLIES, Intent
from faq.models import Faq

CACHE_KEY = "assistant.priority_terms"
CACHE_SECONDS = 5
"""A change takes effect after at most this time; without a cache every question needs a query."""


INTENT_LABELS = {
    Intent.GREETING: "greeting",
    Intent.THANKS: "thanks",
    Intent.GOODBYE: "goodbye",
    Intent.WELLBEING: "“how are you?”",
    Intent.IDENTITY: "“who are you?”",
    Intent.TIME: "“what time is it?”",
    Intent.ACKNOWLEDGEMENT: "“ok”",
    Intent.PERSON: "asks for a person",
}


class SetReplyManager(models.Manager["SetReply"]):
    def text_for(self, intent: Intent) -> str:
        """The desk's reply, or the shipped one."""
        text = self.filter(intent=intent.value).values_list("text", flat=True).first()
        return text or DEFAULT_REPLIES[intent]


class SetReply(models.Model):
    """The reply to small talk, or to a customer who asks for a person."""

    intent = models.CharField(
        max_length=40,
        unique=True,
        choices=[(intent.value, label) for intent, label in INTENT_LABELS.items()],
    )
    text = models.TextField(max_length=1000)

    objects = SetReplyManager()

    class Meta:
        ordering = ("id",)
        verbose_name = "set reply"
        verbose_name_plural = "set replies"

    def __str__(self) -> str:
        return str(self.get_intent_display())


class PriorityTermManager(models.Manager["PriorityTerm"]):
    def by_term(self) -> Mapping[str, str]:
        """The id of the FAQ of each term, in lower case, cached for some seconds."""
        terms: Mapping[str, str] | None = cache.get(CACHE_KEY)
        if terms is None:
            terms = {row.term: row.faq_id for row in self.all()}
            cache.set(CACHE_KEY, terms, CACHE_SECONDS)
        return terms


class PriorityTerm(models.Model):
    """One or a few words, such as "stolen", for which one FAQ is offered first."""

    term = models.CharField(
        max_length=100, unique=True, help_text="One or a few words, such as stolen or gas leak."
    )
    faq_id = models.CharField(
        "FAQ id", max_length=100, help_text="The id of the FAQ that is offered first."
    )

    objects = PriorityTermManager()

    class Meta:
        ordering = ("term",)
        verbose_name = "priority term"

    def __str__(self) -> str:
        return f"{self.term}: {self.faq_id}"

    def clean(self) -> None:
        self.term = " ".join(self.term.lower().split())
        if not Faq.objects.filter(slug=self.faq_id).exists():
            raise ValidationError({"faq_id": f"No FAQ has the id {self.faq_id!r}."})
