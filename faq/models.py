"""The knowledge base: FAQs as curators edit them, and the releases that /ask answers from."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from django.core.validators import RegexValidator
from django.db import connection, models, transaction
from django.db.models import Case, F, OuterRef, Subquery, Value, When

from audit.models import record
from faq.content import Clash, Content, clashes
from faq.files.ingested_files import IngestedFile
from faq.hit_counts import CountedUpTo, DailyHits
from faq.phrasing import key_of
from faq.release_models import FRACTION, CategoryRule, Release, Revision
from faq.uploads import Upload

__all__ = [
    "AlternateQuestion",
    "CategoryRule",
    "CountedUpTo",
    "DailyHits",
    "Faq",
    "IngestedFile",
    "Phrasing",
    "Release",
    "Revision",
    "Taken",
    "Upload",
]

SLUG = r"^[A-Za-z0-9][A-Za-z0-9._-]*\Z"


READ_AT_ONCE = 2_000


class Taken(Exception):
    """A phrasing already leads to another FAQ; ``clashes`` says which to which."""

    problem_status = 409

    def __init__(self, found: Iterable[Clash]) -> None:
        self.clashes = tuple(found)
        super().__init__("; ".join(map(str, self.clashes)))


class FaqQuerySet(models.QuerySet["Faq"]):
    def in_use(self) -> FaqQuerySet:
        """Those that the next release of everything would have."""
        return self.filter(retired=False)

    def contents(self) -> dict[str, Content]:
        """What each FAQ says, by slug; two queries for every ``READ_AT_ONCE`` of them."""
        read = self.prefetch_related("alternates").iterator(READ_AT_ONCE)
        return {faq.slug: faq.content() for faq in read}

    def with_status(self) -> FaqQuerySet:
        """With ``status``: how each draft stands against the live release."""
        live = Release.objects.live()
        said = Revision.objects.filter(slug=OuterRef("slug"), releases=live.pk if live else None)
        status = Faq.Status
        derived = Case(
            When(retired=True, live_digest=None, then=Value(status.RETIRED.value)),
            When(retired=True, then=Value(status.RETIRING.value)),
            When(live_digest=None, then=Value(status.DRAFT.value)),
            When(live_digest=F("digest"), then=Value(status.PUBLISHED.value)),
            default=Value(status.CHANGED.value),
            output_field=models.CharField(),
        )
        annotated: FaqQuerySet = self.annotate(live_digest=Subquery(said.values("digest")[:1]))
        return annotated.annotate(**{"status": derived})

    @transaction.atomic
    def settle(self) -> None:
        """After their texts have changed: their digests, and the phrasings they lay claim to.

        Raises ``Taken`` if a phrasing leads to two FAQs that are in use.
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


class FaqManager(models.Manager.from_queryset(FaqQuerySet)):  # type: ignore[misc]
    pass


class Faq(models.Model):
    """One question-and-answer pair as curators edit it: a draft. /ask uses its last release."""

    class Status(models.TextChoices):
        """How a draft stands against the live release; derived, see ``with_status``."""

        DRAFT = "draft"
        CHANGED = "changed"
        PUBLISHED = "published"
        RETIRING = "retiring"
        RETIRED = "retired"

    status: str
    """Only on rows read ``with_status``."""

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
    audience = models.CharField(
        max_length=100,
        blank=True,
        help_text="Only callers of this audience are answered with it; empty: everybody.",
    )
    owner = models.CharField(max_length=200, blank=True, help_text="Who keeps it right.")
    review_by = models.DateField(null=True, blank=True, help_text="When to read it again.")
    retired = models.BooleanField(
        default=False, help_text="The next release goes without it; it stays here to be read."
    )
    threshold = models.FloatField(
        null=True,
        blank=True,
        validators=FRACTION,
        help_text="Least similarity to answer with it; empty: its category's, or the policy's.",
    )
    margin = models.FloatField(
        null=True,
        blank=True,
        validators=FRACTION,
        help_text="Least lead over the next other FAQ; empty: its category's, or the policy's.",
    )
    digest = models.CharField(
        max_length=64, blank=True, editable=False, help_text="Of its content; see settle."
    )
    file_digest = models.CharField(
        max_length=64, blank=True, editable=False, help_text="What the last file said, as a digest."
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
        )

    def __str__(self) -> str:
        return self.question

    @transaction.atomic
    def save(self, *args: Any, **kwargs: Any) -> None:
        super().save(*args, **kwargs)
        Faq.objects.filter(pk=self.pk).settle()

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
        """Leave it out of the next release, or bring it back. Raises ``Taken``."""
        before, self.retired = self.retired, retired
        if before == retired:
            return
        self.save(update_fields=["retired", "updated"])
        changed = {"retired": {"before": before, "after": retired}}
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

    @transaction.atomic
    def save(self, *args: Any, **kwargs: Any) -> None:
        super().save(*args, **kwargs)
        Faq.objects.filter(pk=self.faq_id).settle()

    @transaction.atomic
    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        deleted = super().delete(*args, **kwargs)
        Faq.objects.filter(pk=self.faq_id).settle()
        return deleted


class PhrasingManager(models.Manager["Phrasing"]):
    def claim(self, wanted: dict[int, tuple[str, ...]]) -> None:
        """Let each FAQ, by its primary key, have these phrasings and no others.

        Raises ``Taken``.
        """
        claims = {
            key_of(phrasing): (pk, phrasing)
            for pk, phrasings in wanted.items()
            for phrasing in phrasings
        }
        with connection.cursor() as cursor:
            cursor.execute(CLAIMED, [list(claims), list(wanted)])
            held = [(pk, bytes(key), faq_id) for pk, key, faq_id in cursor.fetchall()]
        found = [
            Clash(claims[key][1], (_slug(claims[key][0]), _slug(faq_id)))
            for _, key, faq_id in held
            if faq_id not in wanted
        ]
        if len(claims) < sum(len({key_of(p) for p in each}) for each in wanted.values()):
            chosen = Faq.objects.filter(pk__in=[pk for pk, each in wanted.items() if each])
            found += clashes(chosen.contents().values())
        if found:
            raise Taken(found)
        stale = []
        for pk, key, faq_id in held:
            if claims.get(key, (None,))[0] == faq_id:
                del claims[key]
            else:
                stale.append(pk)
        self.filter(pk__in=stale).delete()
        with connection.cursor() as cursor:
            cursor.execute(CLAIM, [list(claims), [pk for pk, _ in claims.values()]])


# Arrays, not a placeholder for every value: seconds at 20,000 FAQs.
CLAIMED = "SELECT id, key, faq_id FROM faq_phrasing WHERE key = ANY(%s) OR faq_id = ANY(%s)"
CLAIM = "INSERT INTO faq_phrasing (key, faq_id) SELECT * FROM unnest(%s::bytea[], %s::bigint[])"


class Phrasing(models.Model):
    """That a phrasing leads to one FAQ in use. The database refuses it to a second one."""

    key = models.BinaryField(max_length=32, unique=True, help_text="SHA-256, normalised.")
    faq = models.ForeignKey(Faq, models.CASCADE, related_name="claims")

    objects: ClassVar[PhrasingManager] = PhrasingManager()

    def __str__(self) -> str:
        return f"{bytes(self.key).hex()[:8]} -> {self.faq_id}"


def _slug(pk: int) -> str:
    return str(Faq.objects.values_list("slug", flat=True).get(pk=pk))
