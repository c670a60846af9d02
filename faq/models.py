"""FAQ drafts that curators edit, and the published releases that /ask answers from."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from django.core.validators import RegexValidator
from django.db import connection, models, transaction
from django.db.models import Case, F, OuterRef, Subquery, Value, When

from audit.models import record
from faq.content import Clash, Content, clashes
from faq.draft_comments import DraftComment
from faq.hit_counts import DailyHits
from faq.ingested_files import IngestedFile
from faq.jobs import BackgroundJob
from faq.phrasing import key_of
from faq.release_models import FRACTION, CategoryRule, Release, Revision
from faq.sources.source import Source, SourcePair
from faq.stages import StagedDraft, StagedDraftManager
from faq.uploads import Upload

__all__ = [
    "AlternateQuestion",
    "BackgroundJob",
    "CategoryRule",
    "DailyHits",
    "DraftComment",
    "Faq",
    "IngestedFile",
    "Phrasing",
    "PhrasingConflict",
    "Release",
    "Revision",
    "Source",
    "SourcePair",
    "Upload",
]

SLUG = r"^[A-Za-z0-9][A-Za-z0-9._-]*\Z"

CHUNK_SIZE = 2_000


class PhrasingConflict(Exception):
    """A phrasing already belongs to another FAQ; see ``clashes``."""

    problem_status = 409

    def __init__(self, clashes: Iterable[Clash]) -> None:
        self.clashes = tuple(clashes)
        super().__init__("; ".join(map(str, self.clashes)))


class FaqQuerySet(models.QuerySet["Faq"]):
    def in_use(self) -> FaqQuerySet:
        """FAQs that are not retired."""
        return self.filter(retired=False)

    def contents(self) -> dict[str, Content]:
        """Content by slug. Two queries per ``CHUNK_SIZE`` rows."""
        faqs = self.prefetch_related("alternates").iterator(CHUNK_SIZE)
        return {faq.slug: faq.content() for faq in faqs}

    def with_status(self) -> FaqQuerySet:
        """Annotate ``status``: how each draft differs from the live release."""
        live = Release.objects.live()
        published = Revision.objects.filter(
            slug=OuterRef("slug"), releases=live.pk if live else None
        )
        status = Faq.Status
        derived = Case(
            When(retired=True, live_digest=None, then=Value(status.RETIRED.value)),
            When(retired=True, then=Value(status.RETIRING.value)),
            When(live_digest=None, then=Value(status.DRAFT.value)),
            When(live_digest=F("digest"), then=Value(status.PUBLISHED.value)),
            default=Value(status.CHANGED.value),
            output_field=models.CharField(),
        )
        annotated: FaqQuerySet = self.annotate(live_digest=Subquery(published.values("digest")[:1]))
        return annotated.annotate(**{"status": derived})

    @transaction.atomic
    def refresh_claims(self) -> None:
        """Update digests and phrasing claims after texts changed.

        Raises ``PhrasingConflict`` if two FAQs that are not retired share a phrasing.
        """
        faqs = list(self.prefetch_related("alternates"))
        contents = {faq.pk: faq.content() for faq in faqs}
        stale = [faq for faq in faqs if faq.digest != contents[faq.pk].digest]
        for faq in stale:
            faq.digest = contents[faq.pk].digest
        Faq.objects.bulk_update(stale, ["digest"], batch_size=1000)
        Phrasing.objects.claim(
            {faq.pk: () if faq.retired else contents[faq.pk].phrasings for faq in faqs}
        )


class FaqManager(StagedDraftManager.from_queryset(FaqQuerySet)):  # type: ignore[misc]
    pass


class Faq(StagedDraft):
    """A question-and-answer pair as curators edit it. /ask uses the live release, not this row."""

    class Status(models.TextChoices):
        """How a draft differs from the live release; computed by ``with_status``."""

        DRAFT = "draft"
        CHANGED = "changed"
        PUBLISHED = "published"
        RETIRING = "retiring"
        RETIRED = "retired"

    status: str
    """Set only by ``FaqQuerySet.with_status``."""

    slug = models.CharField(
        "FAQ id",
        max_length=100,
        unique=True,
        validators=[RegexValidator(SLUG, "Use letters, digits, dots, dashes and underscores.")],
        help_text="The id in files and in the API (faq_id), such as reset-password.",
    )
    question = models.CharField(max_length=500)
    answer = models.TextField(max_length=20_000)
    category = models.CharField(max_length=100, blank=True)
    audience = models.CharField(
        max_length=100,
        blank=True,
        help_text="Only customers of this audience get this answer. Empty: everybody.",
    )
    owner = models.CharField(max_length=200, blank=True, help_text="Who keeps it up to date.")
    review_by = models.DateField(null=True, blank=True, help_text="When to review it.")
    retired = models.BooleanField(
        default=False, help_text="A retired FAQ is not part of the next release."
    )
    threshold = models.FloatField(
        null=True,
        blank=True,
        validators=FRACTION,
        help_text="Least similarity to answer with it. Empty: its category's or the policy's.",
    )
    margin = models.FloatField(
        null=True,
        blank=True,
        validators=FRACTION,
        help_text="Least lead over the next FAQ. Empty: its category's or the policy's.",
    )
    digest = models.CharField(
        max_length=64, blank=True, editable=False, help_text="Digest of its content."
    )
    file_digest = models.CharField(
        max_length=64,
        blank=True,
        editable=False,
        help_text="Digest of its row in the file last ingested.",
    )
    created = models.DateTimeField(auto_now_add=True)
    updated = models.DateTimeField(auto_now=True)

    objects: ClassVar[FaqManager] = FaqManager()

    class Meta:
        ordering = ("slug",)
        verbose_name = "FAQ"
        verbose_name_plural = "FAQs"
        indexes = (
            models.Index(fields=["retired"], name="faq_retired"),
            models.Index(fields=["review_by"], name="faq_review_by"),
            models.Index(fields=["category"], name="faq_category"),
            models.Index(fields=["stage"], name="faq_stage", condition=~models.Q(stage="")),
        )
        permissions = (("propose_faq", "Can propose FAQs and phrasings"),)

    def __str__(self) -> str:
        return self.question

    @transaction.atomic
    def save(self, *args: Any, **kwargs: Any) -> None:
        super().save(*args, **kwargs)
        Faq.objects.filter(pk=self.pk).refresh_claims()

    def content(self) -> Content:
        return Content(
            slug=self.slug,
            question=self.question,
            answer=self.answer,
            category=self.category,
            alternates=tuple(alternate.text for alternate in self.alternates.all()),
            threshold=self.threshold,
            margin=self.margin,
            audience=self.audience,
        )

    @transaction.atomic
    def retire(self, *, by: str, retired: bool = True) -> None:
        """Retire the FAQ, or restore it. Raises ``PhrasingConflict``.

        A retired FAQ is not part of the next release.
        """
        before, self.retired = self.retired, retired
        if before == retired:
            return
        self.save(update_fields=["retired", "updated"])
        changed = {"retired": {"before": before, "after": retired}}
        record("faq.changed", actor=by, kind="faq", key=self.slug, data={"fields": changed})


class AlternateQuestion(models.Model):
    """Another wording of an FAQ's question."""

    faq = models.ForeignKey(Faq, models.CASCADE, related_name="alternates")
    text = models.CharField(max_length=500)

    class Meta:
        ordering = ("id",)
        constraints = (models.UniqueConstraint(fields=["faq", "text"], name="faq_alternate_once"),)

    def __str__(self) -> str:
        return self.text

    @transaction.atomic
    def save(self, *args: Any, **kwargs: Any) -> None:
        super().save(*args, **kwargs)
        Faq.objects.filter(pk=self.faq_id).refresh_claims()

    @transaction.atomic
    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        deleted = super().delete(*args, **kwargs)
        Faq.objects.filter(pk=self.faq_id).refresh_claims()
        return deleted


class PhrasingManager(models.Manager["Phrasing"]):
    def claim(self, phrasings_by_faq: dict[int, tuple[str, ...]]) -> None:
        """Replace the phrasings of these FAQs, given by primary key.

        Raises ``PhrasingConflict``.
        """
        claims = {
            key_of(phrasing): (pk, phrasing)
            for pk, phrasings in phrasings_by_faq.items()
            for phrasing in phrasings
        }
        with connection.cursor() as cursor:
            cursor.execute(SELECT_CLAIMS, [list(claims), list(phrasings_by_faq)])
            stored = [(pk, bytes(key), faq_id) for pk, key, faq_id in cursor.fetchall()]
        conflicts = [
            Clash(claims[key][1], (_slug(claims[key][0]), _slug(faq_id)))
            for _, key, faq_id in stored
            if faq_id not in phrasings_by_faq
        ]
        keys_per_faq = [set(map(key_of, phrasings)) for phrasings in phrasings_by_faq.values()]
        if len(claims) < sum(map(len, keys_per_faq)):
            in_use = [pk for pk, phrasings in phrasings_by_faq.items() if phrasings]
            conflicts += clashes(Faq.objects.filter(pk__in=in_use).contents().values())
        if conflicts:
            raise PhrasingConflict(conflicts)
        stale = []
        for pk, key, faq_id in stored:
            if claims.get(key, (None,))[0] == faq_id:
                del claims[key]
            else:
                stale.append(pk)
        self.filter(pk__in=stale).delete()
        with connection.cursor() as cursor:
            cursor.execute(INSERT_CLAIMS, [list(claims), [pk for pk, _ in claims.values()]])


# Arrays instead of one placeholder per value: that saves seconds at 20,000 FAQs.
SELECT_CLAIMS = "SELECT id, key, faq_id FROM faq_phrasing WHERE key = ANY(%s) OR faq_id = ANY(%s)"
INSERT_CLAIMS = (
    "INSERT INTO faq_phrasing (key, faq_id) SELECT * FROM unnest(%s::bytea[], %s::bigint[])"
)


class Phrasing(models.Model):
    """One phrasing of one FAQ that is not retired; unique in the database."""

    key = models.BinaryField(
        max_length=32, unique=True, help_text="SHA-256 of the normalised phrasing."
    )
    faq = models.ForeignKey(Faq, models.CASCADE, related_name="claims")

    objects: ClassVar[PhrasingManager] = PhrasingManager()

    def __str__(self) -> str:
        return f"{bytes(self.key).hex()[:8]} -> {self.faq_id}"


def _slug(pk: int) -> str:
    return str(Faq.objects.values_list("slug", flat=True).get(pk=pk))
