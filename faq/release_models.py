"""Published releases, their revisions, and the thresholds of categories."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields
from typing import ClassVar

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import connection, models

from faq.content import Content, KnowledgeBase, Rule

CONTENT_FIELDS = tuple(field.name for field in fields(Content))

FRACTION = (MinValueValidator(0.0), MaxValueValidator(1.0))


class CategoryRule(models.Model):
    """Threshold and margin of a category; they take effect with the next release."""

    category = models.CharField(max_length=100, unique=True)
    threshold = models.FloatField(
        null=True, blank=True, validators=FRACTION, help_text="Least similarity to answer."
    )
    margin = models.FloatField(
        null=True, blank=True, validators=FRACTION, help_text="Least lead over the next FAQ."
    )

    class Meta:
        ordering = ("category",)

    def __str__(self) -> str:
        return self.category


class Revision(models.Model):
    """The content of one FAQ in a release. Immutable; releases with equal content share it."""

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
    def from_content(cls, content: Content) -> Revision:
        return cls(digest=content.digest, **content.as_dict())

    def content(self) -> Content:
        values = {name: getattr(self, name) for name in CONTENT_FIELDS}
        return Content(**{**values, "alternates": tuple(self.alternates)})


class ReleaseQuerySet(models.QuerySet["Release"]):
    def live(self) -> Release | None:
        """The release with the highest number: /ask answers from it."""
        return self.order_by("-number").first()


class Release(models.Model):
    """A numbered, immutable state of the published knowledge base."""

    number = models.PositiveIntegerField(unique=True)
    fingerprint = models.CharField(max_length=64)
    embedder = models.CharField(max_length=300, help_text="Embedding model: model@weights.")
    model = models.CharField(
        max_length=500, blank=True, help_text="Folder or name of the model. Empty: LOCAL_EMB_MODEL."
    )
    second_embedder = models.CharField(
        max_length=300, blank=True, help_text="Multilingual model: model@weights. Empty: none."
    )
    collection = models.CharField(max_length=200, help_text="Collection in Chroma.")
    rules = models.JSONField(default=dict, help_text="Thresholds and margins by category.")
    policy = models.CharField(
        max_length=64,
        blank=True,
        help_text="Digest of the fitted policy. Empty: the shipped policy.",
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
        """Content by slug, in one query."""
        # values() instead of instances, which would add a seventh to the time of loading a release.
        rows = self.revisions.values(*CONTENT_FIELDS)
        return {
            row["slug"]: Content(**{**row, "alternates": tuple(row["alternates"])}) for row in rows
        }

    def category_rules(self) -> dict[str, Rule]:
        return {category: Rule(**rule) for category, rule in self.rules.items()}

    def knowledge_base(self) -> KnowledgeBase:
        return KnowledgeBase(self.contents(), self.category_rules())

    def add_revisions(self, contents: Iterable[Content]) -> None:
        """Store the contents of a new release. Call it once, in the transaction that creates it."""
        by_digest = {content.digest: content for content in contents}
        with connection.cursor() as cursor:
            cursor.execute(SELECT_STORED, [list(by_digest)])
            stored = {digest for (digest,) in cursor.fetchall()}
            new = [content for digest, content in by_digest.items() if digest not in stored]
            Revision.objects.bulk_create(
                [Revision.from_content(content) for content in new],
                ignore_conflicts=True,
                batch_size=1000,
            )
            cursor.execute(LINK_REVISIONS, [self.pk, list(by_digest)])


# Arrays instead of one placeholder per value: that saves seconds at 20,000 FAQs.
SELECT_STORED = "SELECT digest FROM faq_revision WHERE digest = ANY(%s)"
LINK_REVISIONS = """
    INSERT INTO faq_release_revisions (release_id, revision_id)
    SELECT %s, id FROM faq_revision WHERE digest = ANY(%s)
"""
