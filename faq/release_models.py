"""What is published: releases, the revisions in them, and what categories ask for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields
from typing import ClassVar

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import connection, models

from faq.content import Content, KnowledgeBase, Rule

NAMES = tuple(each.name for each in fields(Content))
"""So that no field of Content can be forgotten here."""

FRACTION = (MinValueValidator(0.0), MaxValueValidator(1.0))


class CategoryRule(models.Model):
    """What a category asks for itself; it goes live with the next release."""

    category = models.CharField(max_length=100, unique=True)
    threshold = models.FloatField(
        null=True, blank=True, validators=FRACTION, help_text="Least similarity to answer."
    )
    margin = models.FloatField(
        null=True, blank=True, validators=FRACTION, help_text="Least lead over the next other FAQ."
    )

    class Meta:
        ordering = ("category",)

    def __str__(self) -> str:
        return self.category


class Revision(models.Model):
    """What one FAQ said in some release. Never changed; releases that agree share it."""

    digest = models.CharField(max_length=64, unique=True)
    slug = models.CharField(max_length=100)
    question = models.CharField(max_length=500)
    answer = models.TextField()
    category = models.CharField(max_length=100, blank=True)
    alternates = models.JSONField(default=list)
    threshold = models.FloatField(null=True)
    margin = models.FloatField(null=True)
    audience = models.CharField(max_length=100, blank=True)

    class Meta:
        ordering = ("slug",)
        indexes = (models.Index(fields=["slug"], name="faq_revision_slug"),)

    def __str__(self) -> str:
        return f"{self.slug} {self.digest[:8]}"

    @classmethod
    def of(cls, content: Content) -> Revision:
        return cls(digest=content.digest, **content.as_dict())

    def content(self) -> Content:
        said = {name: getattr(self, name) for name in NAMES}
        return Content(**{**said, "alternates": tuple(self.alternates)})


class ReleaseQuerySet(models.QuerySet["Release"]):
    def live(self) -> Release | None:
        """The release that /ask answers from: the one with the highest number."""
        return self.order_by("-number").first()


class Release(models.Model):
    """A numbered, immutable state of the published knowledge base."""

    number = models.PositiveIntegerField(unique=True)
    fingerprint = models.CharField(max_length=64)
    embedder = models.CharField(max_length=300, help_text="Whose vectors it uses: model@weights.")
    model = models.CharField(
        max_length=500, blank=True, help_text="Where that model is; empty: LOCAL_EMB_MODEL."
    )
    collection = models.CharField(max_length=200, help_text="Its collection in Chroma.")
    rules = models.JSONField(default=dict, help_text="Thresholds and margins by category.")
    policy = models.CharField(
        max_length=64, blank=True, help_text="The policy fitted for it; empty: the shipped one."
    )
    note = models.CharField(max_length=500, blank=True)
    published_at = models.DateTimeField(auto_now_add=True)
    published_by = models.CharField(max_length=200, blank=True)
    added = models.PositiveIntegerField(default=0)
    changed = models.PositiveIntegerField(default=0)
    retired = models.PositiveIntegerField(default=0)
    revisions = models.ManyToManyField(Revision, related_name="releases")

    objects: ClassVar[models.Manager[Release]] = models.Manager.from_queryset(ReleaseQuerySet)()

    class Meta:
        ordering = ("-number",)
        permissions = (("publish_release", "Can publish and roll back"),)

    def __str__(self) -> str:
        return f"Release {self.number}"

    def contents(self) -> dict[str, Content]:
        """What its FAQs say, by slug; one query."""
        # Not of whole rows: making objects of them takes a seventh of all that loading a release
        # does.
        said = self.revisions.values(*NAMES)
        return {
            each["slug"]: Content(**{**each, "alternates": tuple(each["alternates"])})
            for each in said
        }

    def knowledge_base(self) -> KnowledgeBase:
        rules = {category: Rule(**rule) for category, rule in self.rules.items()}
        return KnowledgeBase(self.contents(), rules)

    def hold(self, contents: Iterable[Content]) -> None:
        """Store the contents of a new release. Call it once, in the transaction that creates it."""
        wanted = {content.digest: content for content in contents}
        with connection.cursor() as cursor:
            cursor.execute(KNOWN, [list(wanted)])
            known = {digest for (digest,) in cursor.fetchall()}
            Revision.objects.bulk_create(
                [Revision.of(content) for digest, content in wanted.items() if digest not in known],
                ignore_conflicts=True,
                batch_size=1000,
            )
            cursor.execute(HOLD, [self.pk, list(wanted)])


# Arrays, not a placeholder for every value: seconds at 20,000 FAQs.
KNOWN = "SELECT digest FROM faq_revision WHERE digest = ANY(%s)"
HOLD = """
    INSERT INTO faq_release_revisions (release_id, revision_id)
    SELECT %s, id FROM faq_revision WHERE digest = ANY(%s)
"""
