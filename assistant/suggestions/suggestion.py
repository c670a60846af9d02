"""Suggestions: a phrasing proposed for an FAQ, because people or support chose that FAQ.

The rows have counts and ids; the texts stay in the audit trail.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.db import models, transaction
from django.db.models import Count, Max, Q
from django.utils import timezone

from assistant.learning.recorded_asks import RecordedAsk
from assistant.suggestions.dismissable import Dismissable
from audit.models import SubjectKey
from faq.models import Faq

LIFETIME = timedelta(days=28)
"""A suggestion without a new ask for this long has expired."""

PROOF_LIFETIME = timedelta(days=1)

ENOUGH_PEOPLE, ENOUGH_ASKS = 3, 5
"""A phrasing is suggested when so many people stand for it, or so many asks of several people."""

MIN_PEOPLE = 2
"""The asks of one person alone never make a suggestion, however many there are."""


class NotAcceptable(Exception):
    """The suggestion is not open, or its text was erased."""


class SuggestionQuerySet(models.QuerySet["Suggestion"]):
    def with_counts(self) -> SuggestionQuerySet:
        """``asks``, ``people``, ``last``, and ``picked``, ``resolved``, ``helpful`` by kind."""
        counts: dict[str, Any] = {
            str(kind): Count("asks_in", filter=Q(asks_in__kind=kind))
            for kind in SuggestionAsk.Kind.values
        }
        counts |= {
            "asks": Count("asks_in"),
            "people": Count("asks_in__person", distinct=True),
            "last": Max("asks_in__at"),
        }
        return self.annotate(**counts)

    def ranked(self) -> SuggestionQuerySet:
        """By number of people, the largest first, then by the newest ask."""
        counted: Any = self.with_counts()
        ranked: SuggestionQuerySet = counted.order_by("-people", "-last", "-pk")
        return ranked

    def recent(self) -> SuggestionQuerySet:
        """Open, with a text, and not expired."""
        counted: Any = self.ranked().filter(status=Suggestion.Status.OPEN)
        suggestions: SuggestionQuerySet = counted.exclude(text_ask=None).filter(last__gte=_expiry())
        return suggestions

    def ready(self) -> SuggestionQuerySet:
        """Those that enough people stand for, see ``enough``."""
        return self.recent().filter(enough())

    def growing(self) -> SuggestionQuerySet:
        return self.recent().exclude(enough())

    def expired(self) -> SuggestionQuerySet:
        counted: Any = self.ranked().filter(status=Suggestion.Status.OPEN)
        suggestions: SuggestionQuerySet = counted.filter(last__lt=_expiry())
        return suggestions

    def without_proof(self, release: int) -> SuggestionQuerySet:
        """Ready ones whose proof is missing, older than a day or of another release."""
        is_current = Q(proof_release=release, proved__gte=timezone.now() - PROOF_LIFETIME)
        unproved: SuggestionQuerySet = self.ready().exclude(is_current & Q(proved__isnull=False))
        return unproved

    def with_erased_text(self) -> SuggestionQuerySet:
        """Open ones whose text was that of a person who was erased since."""
        people = SubjectKey.objects.values("pseudonym")
        is_open = self.filter(status=Suggestion.Status.OPEN).exclude(text_ask=None)
        return is_open.exclude(text_ask__person__in=people)


def has_work(release: int) -> bool:
    """Whether there are new asks, texts that were erased, or suggestions without a proof for the
    live ``release``."""
    suggestions = Suggestion.objects.all()
    return (
        SuggestionAsk.objects.filter(suggestion=None).exists()
        or suggestions.with_erased_text().exists()
        or suggestions.without_proof(release).exists()
    )


def enough() -> Q:
    """``ENOUGH_PEOPLE`` people, or ``ENOUGH_ASKS`` asks of ``MIN_PEOPLE`` people."""
    by_asks = Q(asks__gte=ENOUGH_ASKS, people__gte=MIN_PEOPLE)
    return Q(people__gte=ENOUGH_PEOPLE) | by_asks


def _expiry() -> Any:
    return timezone.now() - LIFETIME


class Suggestion(Dismissable):
    """A phrasing proposed for an FAQ; its id stays when its asks are grouped again."""

    kind = "suggestion"

    class Status(models.TextChoices):
        OPEN = "open"
        ACCEPTED = "accepted"
        DISMISSED = "dismissed"
        WITHDRAWN = "withdrawn"
        """Its questions were accepted for another FAQ."""

    faq_id = models.CharField(max_length=100, db_index=True)
    status = models.CharField(max_length=20, choices=Status, default=Status.OPEN)
    text_ask = models.ForeignKey(
        "SuggestionAsk",
        models.SET_NULL,
        null=True,
        related_name="+",
        help_text="The ask whose text is proposed.",
    )
    lead = models.FloatField(
        null=True, help_text="How much nearer the text is to its FAQ than to any other, -2..2."
    )
    nearest_other = models.CharField(max_length=100, blank=True, help_text="The nearest other FAQ.")
    rivals = models.ManyToManyField(
        "self", help_text="Suggestions of the same questions for other FAQs."
    )
    proof = models.JSONField(null=True, help_text="As proof.Proof.as_dict; ids, never texts.")
    proof_release = models.PositiveIntegerField(null=True)
    proved = models.DateTimeField(null=True)
    created = models.DateTimeField(auto_now_add=True)

    # Set by ``with_counts``.
    asks: int
    people: int
    picked: int
    resolved: int
    helpful: int

    objects = SuggestionQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)

    def __str__(self) -> str:
        return f"Suggestion {self.pk} for {self.faq_id}"

    def accept(self, text: str, *, by: str, release: int | None) -> bool:
        """Add ``text`` to the draft of its FAQ, and withdraw the rivals.

        ``release``: the live one, for the record. False if the draft has the text already. Raises
        ``NotAcceptable``, ``PhrasingConflict`` if the text is a phrasing of another FAQ,
        ``Unreadable`` and ``PersonalData``; then nothing changed.
        """
        with transaction.atomic():
            self._lock()
            faq = Faq.objects.in_use().filter(slug=self.faq_id).first()
            if self.status != self.Status.OPEN or not text or faq is None:
                raise NotAcceptable(
                    f"This suggestion is {self.status} already."
                    if self.status != self.Status.OPEN
                    else "Its text was erased, or its FAQ retired. Nothing was changed."
                )
            is_new: bool = faq.add_phrasing(text, by=by)
            withdrawn = list(self.rivals.filter(status=self.Status.OPEN))
            pks = [rival.pk for rival in withdrawn]
            data = {"release": release, "asks": self._ask_ids(), "withdrawn": pks}
            self._change("accepted", by, data, status=self.Status.ACCEPTED)
            for rival in withdrawn:
                data = {"accepted": self.pk}
                rival._change("withdrawn", by, data, status=self.Status.WITHDRAWN)
        return is_new

    def clear_proof(self) -> None:
        """After the text changed. Does not save."""
        self.proof = self.proof_release = self.proved = None

    def _ask_ids(self) -> list[str]:
        return [str(ask_id) for ask_id in self.asks_in.values_list("ask_id", flat=True)]

    def _change(self, verb: str, by: str, data: dict[str, Any], **fields: Any) -> None:
        super()._change(verb, by, {"faq_id": self.faq_id, **data}, **fields)

    def count_people(self) -> int:
        return self.asks_in.values("person").distinct().count()


class SuggestionAskQuerySet(models.QuerySet["SuggestionAsk"]):
    def undecided(self) -> SuggestionAskQuerySet:
        """Those not yet grouped, and those of suggestions that may still change."""
        may_change = (Suggestion.Status.OPEN, Suggestion.Status.DISMISSED)
        return self.filter(Q(suggestion=None) | Q(suggestion__status__in=may_change))

    def delete_from_people(self, ask_ids: Iterable[str]) -> None:
        """Delete rows of these asks that people caused; those by support stay."""
        self.filter(ask_id__in=ask_ids).exclude(kind=SuggestionAsk.Kind.RESOLVED).delete()


class SuggestionAsk(RecordedAsk):
    """One ask that is evidence for an FAQ."""

    class Kind(models.TextChoices):
        PICKED = "picked", "Picked from the options"
        RESOLVED = "resolved", "Support resolved a ticket with it"
        HELPFUL = "helpful", "Rated helpful on a near tie"

    kind = models.CharField(max_length=20, choices=Kind)
    faq_id = models.CharField(max_length=100)
    suggestion = models.ForeignKey(Suggestion, models.SET_NULL, null=True, related_name="asks_in")

    objects = SuggestionAskQuerySet.as_manager()

    class Meta:
        ordering = ("-at",)
        verbose_name = "ask of a suggestion"
        verbose_name_plural = "asks of suggestions"
