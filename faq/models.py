"""The knowledge base: FAQs as curators edit them, and the releases that /ask answers from."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models, transaction

from audit.models import record
from faq.content import Content, KnowledgeBase, Rule

FRACTION = (MinValueValidator(0.0), MaxValueValidator(1.0))
SLUG = r"^[A-Za-z0-9][A-Za-z0-9._-]*\Z"


class FaqQuerySet(models.QuerySet["Faq"]):
    def published(self) -> FaqQuerySet:
        return self.filter(status=Faq.Status.PUBLISHED)

    def contents(self) -> dict[str, Content]:
        """What each FAQ says, by slug; two queries however many there are."""
        return {faq.slug: faq.content() for faq in self.prefetch_related("alternates")}


class Faq(models.Model):
    """One question-and-answer pair as curators see it. What /ask uses is its last release."""

    class Status(models.TextChoices):
        DRAFT = "draft"
        PUBLISHED = "published"
        RETIRED = "retired"

    slug = models.CharField(
        "id",
        max_length=100,
        unique=True,
        validators=[RegexValidator(SLUG, "Use letters, digits, dots, dashes and underscores.")],
        help_text="The id of the file and of the API, such as reset-password.",
    )
    question = models.CharField(max_length=500)
    answer = models.TextField(max_length=20_000)
    category = models.CharField(max_length=100, blank=True)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.DRAFT)
    threshold = models.FloatField(
        null=True,
        blank=True,
        validators=FRACTION,
        help_text="Least similarity to answer with this FAQ; empty: its category's, or the policy's.",
    )
    margin = models.FloatField(
        null=True,
        blank=True,
        validators=FRACTION,
        help_text="Least lead over the next other FAQ; empty: its category's, or the policy's.",
    )
    file_digest = models.CharField(
        max_length=64, blank=True, editable=False, help_text="What the last file said, as a digest."
    )
    created = models.DateTimeField(auto_now_add=True)
    updated = models.DateTimeField(auto_now=True)

    objects: ClassVar[models.Manager[Faq]] = models.Manager.from_queryset(FaqQuerySet)()

    class Meta:
        ordering = ("slug",)
        verbose_name = "FAQ"
        verbose_name_plural = "FAQs"
        indexes = (
            models.Index(fields=["status"], name="faq_status"),
            models.Index(fields=["category"], name="faq_category"),
        )

    def __str__(self) -> str:
        return self.question

    def content(self) -> Content:
        return Content(
            slug=self.slug,
            question=self.question,
            answer=self.answer,
            category=self.category,
            alternates=tuple(alternate.text for alternate in self.alternates.all()),
            threshold=self.threshold,
            margin=self.margin,
        )

    @transaction.atomic
    def move(self, status: Status, *, by: str) -> None:
        """Publish or retire it with the next release."""
        before, self.status = self.status, status
        self.save(update_fields=["status", "updated"])
        changed = {"status": {"before": before, "after": status}}
        record("faq.changed", actor=by, kind="faq", key=self.slug, data={"fields": changed})


class AlternateQuestion(models.Model):
    """Another phrasing that leads to the same FAQ."""

    faq = models.ForeignKey(Faq, models.CASCADE, related_name="alternates")
    text = models.CharField(max_length=500)

    class Meta:
        ordering = ("id",)
        constraints = (models.UniqueConstraint(fields=["faq", "text"], name="faq_alternate_once"),)

    def __str__(self) -> str:
        return self.text


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

    class Meta:
        ordering = ("slug",)

    def __str__(self) -> str:
        return f"{self.slug} {self.digest[:8]}"

    @classmethod
    def of(cls, content: Content) -> Revision:
        return cls(
            digest=content.digest,
            slug=content.slug,
            question=content.question,
            answer=content.answer,
            category=content.category,
            alternates=list(content.alternates),
        )

    def content(self) -> Content:
        return Content(self.slug, self.question, self.answer, self.category, tuple(self.alternates))


class ReleaseQuerySet(models.QuerySet["Release"]):
    def live(self) -> Release | None:
        """The release that /ask answers from: the one with the highest number."""
        return self.order_by("-number").first()


class Release(models.Model):
    """A numbered, immutable state of the published knowledge base."""

    number = models.PositiveIntegerField(unique=True)
    fingerprint = models.CharField(max_length=64)
    embedder = models.CharField(max_length=300, help_text="Whose vectors it uses: model@weights.")
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

    def __str__(self) -> str:
        return f"Release {self.number}"

    def contents(self) -> dict[str, Content]:
        """What its FAQs say, by slug; one query."""
        return {revision.slug: revision.content() for revision in self.revisions.all()}

    def knowledge_base(self) -> KnowledgeBase:
        rules = {category: Rule(**rule) for category, rule in self.rules.items()}
        return KnowledgeBase(self.contents(), rules)

    def hold(self, contents: Iterable[Content]) -> None:
        """Fill a new release. Only ``publishing.publish`` calls it, once."""
        wanted = {content.digest: content for content in contents}
        Revision.objects.bulk_create(
            [Revision.of(content) for content in wanted.values()],
            ignore_conflicts=True,
            batch_size=1000,
        )
        link = Release.revisions.through
        ids = Revision.objects.filter(digest__in=list(wanted)).values_list("id", flat=True)
        link.objects.bulk_create(
            [link(release_id=self.pk, revision_id=pk) for pk in ids], batch_size=5000
        )
