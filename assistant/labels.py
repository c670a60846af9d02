"""Stored labelled questions, and the rule for which knowledge base they count."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable

from django.conf import settings
from django.db import models, transaction

from assistant.calibration.labelled_questions import LabelledQuestion
from audit.models import record
from audit.privacy.redaction import redact

MIN_OVERLAP = 0.5
"""A source of labels counts if at least this share of its FAQs is published."""


class LabelManager(models.Manager["Label"]):
    def counting_for(self, faq_ids: Collection[str]) -> list[Label]:
        """The labels that count for a knowledge base with these FAQs, oldest first.

        A source with mostly other FAQs belongs to another knowledge base. Then none of its labels
        count: a question without an FAQ there may have one here.
        """
        by_source: dict[str, list[Label]] = defaultdict(list)
        for label in self.all():
            by_source[label.source].append(label)
        live_ids = set(faq_ids)
        counting = [
            label
            for labels in by_source.values()
            if _is_about(live_ids, labels)
            for label in labels
            if live_ids.issuperset(label.expected)
        ]
        return sorted(counting, key=lambda label: label.pk)

    @transaction.atomic
    def replace_source(self, questions: Iterable[LabelledQuestion], *, source: str, by: str) -> int:
        """Store a file's labels, and delete earlier ones of that source; return their number."""
        self.filter(source=source).delete()
        labels = self.bulk_create(
            [
                Label(
                    source=source,
                    question=redact(question.question, region=settings.PHONE_REGION),
                    expected=list(question.expected),
                )
                for question in questions
            ],
            batch_size=1000,
        )
        record("label.imported", actor=by, data={"source": source, "questions": len(labels)})
        return len(labels)


class Label(models.Model):
    """A question and the FAQs that answer it: from a file, the desk, or an option that was
    chosen."""

    source = models.CharField(max_length=200, help_text="A file's name, desk, or choice.")
    question = models.TextField(help_text="Redacted.")
    expected = models.JSONField(
        default=list, help_text="The ids of the FAQs that answer it; empty: no FAQ does."
    )
    created = models.DateTimeField(auto_now_add=True)

    objects = LabelManager()

    CHOICE, DESK = "choice", "desk"

    class Meta:
        app_label = "assistant"
        ordering = ("id",)
        indexes = (models.Index(fields=["source"], name="assistant_label_source"),)

    def __str__(self) -> str:
        return f"{self.question[:60]} -> {', '.join(self.expected) or 'no FAQ'}"


def _is_about(live_ids: set[str], labels: Iterable[Label]) -> bool:
    faq_ids = {faq_id for label in labels for faq_id in label.expected}
    return not faq_ids or len(faq_ids & live_ids) >= MIN_OVERLAP * len(faq_ids)
