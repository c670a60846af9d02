"""Sources of FAQs, and which FAQ came from which question of them."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator, URLValidator
from django.db import models, transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from audit.models import record
from faq.content import Draft
from faq.sources.fetching import Address, Kind
from faq.sources.pairs import Pair

if TYPE_CHECKING:
    from django_stubs_ext.db.models.manager import RelatedManager

MISSES_UNTIL_GONE = 2
"""A question counts as gone once it was missing in so many readings in a row."""

MIN_TIME_BETWEEN_MISSES = timedelta(hours=12)
"""Readings closer together count once: a page may be incomplete for an hour."""

EARLY = timedelta(minutes=90)
"""A source is due so much before its interval ends, since the worker looks once an hour."""


class SourceQuerySet(models.QuerySet["Source"]):
    def imported(self) -> SourceQuerySet:
        """Sources of which drafts were saved. The others wait for somebody who looks at them."""
        return self.filter(Exists(SourcePair.objects.filter(source=OuterRef("pk"))))

    def failed(self) -> SourceQuerySet:
        """Sources that could not be read at the last try."""
        return self.exclude(last_error="")

    def due(self) -> SourceQuerySet:
        """Imported sources whose interval has ended."""
        now = timezone.now()
        is_due = Q()
        for interval, days in DAYS.items():
            latest = now - timedelta(days=days) + EARLY
            is_due |= Q(interval=interval, last_checked__lt=latest)
        return self.imported().filter(is_due)


class Source(models.Model):
    """A page or help centre that FAQs are imported from, and read again for changes."""

    class Kind(models.TextChoices):
        PAGE = Kind.PAGE.value, "Web page"
        ZENDESK = Kind.ZENDESK.value, "Help centre of Zendesk"
        INTERCOM = Kind.INTERCOM.value, "Help centre of Intercom"

    class Interval(models.TextChoices):
        DAILY = "daily"
        WEEKLY = "weekly"
        NEVER = "never", "only by “Fetch now”"

    name = models.CharField(max_length=100, unique=True)
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.PAGE)
    url = models.CharField(
        "URL",
        max_length=500,
        validators=[URLValidator(schemes=["https", "http"])],
        help_text="The page; for Zendesk such as https://help.example.com; for Intercom "
        "https://api.intercom.io, or your region's address.",
    )
    locale = models.CharField(
        max_length=20,
        default="en-us",
        validators=[RegexValidator(r"^[A-Za-z]{2,3}(-[A-Za-z0-9]+)*\Z", "Such as en-us.")],
        help_text="For Zendesk: the language of the articles to read.",
    )
    secret = models.CharField("access token", max_length=500, blank=True, help_text="For Intercom.")
    interval = models.CharField(
        "fetch it",
        max_length=10,
        choices=Interval.choices,
        default=Interval.DAILY,
        help_text="Changes become drafts for the review. Nothing is published by itself.",
    )
    category = models.CharField(max_length=100, blank=True, help_text="Of new FAQs.")
    audience = models.CharField(
        max_length=100, blank=True, help_text="Of new FAQs. Empty: everybody."
    )
    owner = models.CharField(max_length=200, blank=True, help_text="Of new FAQs.")
    etag = models.CharField(max_length=500, blank=True, editable=False)
    content_hash = models.CharField(
        max_length=64, blank=True, editable=False, help_text="SHA-256 of its questions and answers."
    )
    last_checked = models.DateTimeField(null=True, editable=False)
    last_error = models.TextField(blank=True, editable=False)
    last_result = models.JSONField(
        default=dict, editable=False, help_text="See ``refresh.Result``."
    )
    created = models.DateTimeField(auto_now_add=True)

    objects: ClassVar[models.Manager[Source]] = models.Manager.from_queryset(SourceQuerySet)()

    if TYPE_CHECKING:
        pairs: RelatedManager[SourcePair]

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        super().clean()
        if "@" in urlsplit(self.url).netloc:
            reason = "Leave out the user name and password: this address is shown to people."
            raise ValidationError({"url": reason})
        if self.kind == self.Kind.INTERCOM and not self.secret:
            raise ValidationError({"secret": "Intercom needs an access token."})

    @property
    def is_imported(self) -> bool:
        return self.pairs.exists()

    @property
    def address(self) -> Address:
        return Address(Kind(self.kind), self.url, self.locale, self.secret)

    @transaction.atomic
    def mark_failed(self, error: str, *, by: str) -> None:
        """Store why it could not be read. FAQs, and what is known of them, stay as they are."""
        self.last_checked, self.last_error = timezone.now(), error
        self.save(update_fields=["last_checked", "last_error"])
        self.record("failed", by=by, error=error)

    @transaction.atomic
    def mark_previewed(self, content_hash: str, *, by: str) -> None:
        """Store that it was read for the preview of its first import."""
        self.last_checked, self.last_error = timezone.now(), ""
        self.content_hash = content_hash
        self.save(update_fields=["last_checked", "last_error", "content_hash"])
        self.record("previewed", by=by, hash=content_hash)

    def record(self, verb: str, *, by: str, **data: Any) -> None:
        data = {"name": self.name, "url": self.url, **data}
        record(f"source.{verb}", actor=by, kind="source", key=self.pk, data=data)


DAYS = {Source.Interval.DAILY: 1, Source.Interval.WEEKLY: 7}


class SourcePair(models.Model):
    """A question of a source with its answer, as last read, and its FAQ.

    ``question`` is the FAQ's as it was imported; other wordings of the source are ``alternates``.
    Texts are stored as in a draft: validated, and redacted if the site does that.
    """

    source = models.ForeignKey(Source, models.CASCADE, related_name="pairs")
    faq = models.ForeignKey("faq.Faq", models.CASCADE, related_name="source_pairs")
    key = models.CharField(max_length=100, blank=True, help_text="The id of its article.")
    url = models.CharField(max_length=1_000, blank=True, help_text="The page of its article.")
    question = models.CharField(max_length=500)
    alternates = models.JSONField(default=list)
    answer = models.TextField()
    missing = models.PositiveIntegerField(
        default=0, help_text="Readings in a row that did not have it."
    )
    last_missing = models.DateTimeField(null=True, help_text="When ``missing`` was last counted.")

    class Meta:
        ordering = ("id",)
        constraints = (
            models.UniqueConstraint(fields=["source", "faq"], name="faq_source_pair_once"),
        )

    def __str__(self) -> str:
        return self.question

    def as_pair(self) -> Pair:
        return Pair(self.question, self.answer, tuple(self.alternates), self.key, self.url)

    @property
    def is_gone(self) -> bool:
        return self.missing >= MISSES_UNTIL_GONE

    def miss(self) -> bool:
        """Count a reading that did not have it. False if the last one is too close, or it is gone.

        Does not save.
        """
        now = timezone.now()
        is_close = (
            self.last_missing is not None and now - self.last_missing < MIN_TIME_BETWEEN_MISSES
        )
        if self.is_gone or (self.missing and is_close):
            return False
        self.missing, self.last_missing = self.missing + 1, now
        return True

    def is_edited(self, draft: Draft) -> bool:
        """Whether somebody edited or retired the draft since it came from the source."""
        content = draft.content
        is_same = (content.question, content.answer) == (self.question, self.answer)
        return not is_same or (draft.retired and not self.is_gone)
