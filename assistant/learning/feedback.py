"""Whether a reply of /ask helped. It never changes how questions are decided."""

from __future__ import annotations

import uuid
from typing import Any

from django.db import models, transaction

from audit.models import record
from audit.people.erasure import Person
from audit.people.pseudonyms import stored_name
from audit.privacy.gateway import Channel, apply_inbound
from tickets.original_ask import find_record


class Reason(models.TextChoices):
    """Why a reply did not help."""

    WRONG = "wrong", "It answers another question"
    UNCLEAR = "unclear", "It is hard to understand"
    OUTDATED = "outdated", "It is no longer true"
    INCOMPLETE = "incomplete", "Something is missing"
    OTHER = "other", "Another reason"


class AskNotFound(Exception):
    """The person has no ask with this id."""

    problem_status = 404

    def __str__(self) -> str:
        return "ask_id: you have no ask with this id."


class FeedbackManager(models.Manager["Feedback"]):
    def submit(
        self,
        *,
        ask_id: uuid.UUID,
        user_id: str,
        actor: str,
        helpful: bool,
        reason: str = "",
        comment: str = "",
    ) -> Feedback:
        """Store and record a person's feedback on their ask; it replaces an earlier one.

        Raises ``AskNotFound``, ``gateway.PersonalData`` or ``audit.models.AuditUnavailable``.
        """
        ask = find_record(user_id, str(ask_id))
        if ask is None:
            raise AskNotFound
        comment = apply_inbound(Channel.COMMENTS, comment, field="comment")
        with transaction.atomic():
            feedback, _ = self.update_or_create(
                ask_id=ask_id,
                defaults={
                    "user_id": stored_name(user_id),
                    "outcome": ask.outcome,
                    "faq_id": ask.data.get("faq_id") or "",
                    "release": ask.data.get("release"),
                    "asked": ask.at,
                    "helpful": helpful,
                    "reason": reason,
                    "comment": comment,
                },
            )
            record(
                "ask.rated",
                actor=actor,
                kind="ask",
                key=ask_id,
                data={
                    "user_id": user_id,
                    "faq_id": feedback.faq_id,
                    "helpful": helpful,
                    "reason": reason,
                    "comment": comment,
                },
            )
        return feedback

    def erase(self, person: Person) -> int:
        """Empty the name and the comment; the rating stays, so that counts stay true."""
        return self.filter(user_id__in=person.names).update(user_id="", comment="")


class Feedback(models.Model):
    """One person's rating of one reply."""

    ask_id = models.UUIDField(unique=True)
    user_id = models.CharField(max_length=200, blank=True, help_text="Empty once erased.")
    outcome = models.CharField(max_length=20)
    faq_id = models.CharField(max_length=100, blank=True, db_index=True)
    release = models.PositiveIntegerField(null=True)
    asked = models.DateTimeField()
    helpful = models.BooleanField()
    reason = models.CharField(max_length=20, blank=True, choices=Reason)
    comment = models.TextField(blank=True, help_text="Redacted; empty once erased.")
    created = models.DateTimeField(auto_now_add=True)
    changed = models.DateTimeField(auto_now=True)

    objects = FeedbackManager()

    class Meta:
        ordering = ("-id",)
        verbose_name_plural = "feedback"
        indexes = (models.Index(fields=["user_id"], name="assistant_feedback_user"),)

    def __str__(self) -> str:
        return f"{'helpful' if self.helpful else 'not helpful'}: {self.faq_id or self.outcome}"

    def as_dict(self) -> dict[str, Any]:
        return {
            "ask_id": str(self.ask_id),
            "helpful": self.helpful,
            "reason": self.reason,
            "comment": self.comment,
        }
