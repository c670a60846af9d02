"""Mails that came in, each stored once."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any, ClassVar

from django.db import IntegrityError, connection, models, transaction
from django.db.models import F
from django.utils import timezone
from django.utils.crypto import salted_hmac

from audit.models import SubjectKey, record
from audit.people import encryption
from audit.people.pseudonyms import Pseudonym, stored_name
from tickets.inbound import parsing

PREFIX = "mail:"
"""Of the user ids of people whom we only know by a mail."""

UNKNOWN = "unknown"
"""In place of the address of a mail without a sender."""

MAX_TRIES = 5
"""After so many interrupted tries a mail is parked: it may be what stops the worker."""

DAILY_AUTOMATIC = 3
"""Automatic mails to one address in 24 hours, at most."""

CONTENT_LIFETIME = timedelta(days=90)
"""How long the content of a mail stays that needs no more work."""

REFERABLE = re.compile(r"[\x21-\x7e]{1,200}\Z")
"""A Message-ID that fits on one line of a header."""

LOCK = 0x4D41_494C
"""First half of the advisory locks of senders; any number that nothing else uses."""


def user_id_of(address: str) -> str:
    """The user id of a person whom we only know by a mail's address: ``mail:jo@example.com``."""
    return f"{PREFIX}{address.casefold() or UNKNOWN}"


class InboundMailQuerySet(models.QuerySet["InboundMail"]):
    def parked(self) -> InboundMailQuerySet:
        """Mails that a person has to look at."""
        return self.filter(status=InboundMail.Status.PARKED)

    def waiting(self) -> InboundMailQuerySet:
        return self.filter(status=InboundMail.Status.WAITING).order_by("id")

    def with_old_content(self) -> InboundMailQuerySet:
        finished = self.exclude(status__in=(InboundMail.Status.WAITING, InboundMail.Status.PARKED))
        return finished.filter(received__lt=timezone.now() - CONTENT_LIFETIME).exclude(raw=None)


class InboundMailManager(models.Manager.from_queryset(InboundMailQuerySet)):  # type: ignore[misc]
    @transaction.atomic
    def store(self, raw: bytes, *, source: str, size: int | None = None) -> InboundMail | None:
        """Store a mail that waits to be received; None if it is there already.

        ``size``: of the whole mail in bytes, if ``raw`` is only its beginning; it is parked then.
        """
        address = parsing.sender_of(raw)
        mail: InboundMail = self.model(
            **_identity(raw),
            source=source,
            sender=stored_name(user_id_of(address)),
            size=size or len(raw),
        )
        mail.person = SubjectKey.objects.get_or_create_key(mail.sender)
        mail.address, mail.raw = mail.person.encrypt(address), mail.person.encrypt_bytes(raw)
        mail.reference = mail.person.encrypt(parsing.message_id_of(raw))
        try:
            # Whoever stores the same mail at the same time waits for this row.
            with transaction.atomic():
                mail.save(force_insert=True)
        except IntegrityError:
            return None
        if mail.size > parsing.MAX_BYTES:
            mail.park(InboundMail.Reason.TOO_LARGE)
        return mail

    def start(self, pk: int) -> bool:
        """Count a try, in a transaction of its own. False if the mail does not wait any more.

        A mail whose tries were all interrupted is parked.
        """
        mail = self.filter(pk=pk).waiting()
        if mail.filter(tries__lt=MAX_TRIES).update(tries=F("tries") + 1):
            return True
        if stopped := mail.first():
            stopped.park(InboundMail.Reason.INTERRUPTED)
        return False

    def may_send_automatic(self, mail: InboundMail, *, ticket: int | None = None) -> bool:
        """Whether a program may write to the mail's sender now: at most one mail a thread, three an
        address and day. Call it in the transaction that sends the mail."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s, hashtext(%s))", [LOCK, mail.sender])
        since = timezone.now() - timedelta(days=1)
        recent = self.filter(sender=mail.sender, automatic__gte=since).count()
        thread = self.filter(ticket=ticket).exclude(automatic=None) if ticket else self.none()
        return recent < DAILY_AUTOMATIC and not thread.exists()

    def by_comment(self, ticket: int) -> dict[int | None, InboundMail]:
        """The mails of a ticket's conversation by comment; None: its first message."""
        mails = self.filter(ticket=ticket).defer("raw").order_by("-id")
        return {mail.comment_id: mail for mail in mails}


class InboundMail(models.Model):
    """A mail that came in, and what became of it. Content and address are encrypted."""

    class Status(models.TextChoices):
        WAITING = "waiting", "Not read yet"
        OPENED = "opened", "Opened a ticket"
        JOINED = "joined", "Joined its ticket"
        NOTED = "noted", "Added as a note"
        ANSWERED = "answered", "Answered by an FAQ"
        PARKED = "parked"
        DISMISSED = "dismissed"
        OWN = "own", "One of our own mails"

    class Reason(models.TextChoices):
        AUTOMATIC = "automatic", "A program wrote it"
        OWN_ADDRESS = "own_address", "It comes from an address of this site"
        TOO_LARGE = "too_large", "It is larger than 10 MB"
        UNREADABLE = "unreadable", "It is malformed"
        CLOSED = "closed", "The ticket it answers is closed"
        EMPTY = "empty", "It has no text"
        PERSONAL_DATA = "personal_data", "REDACTION rejects its personal data"
        INTERRUPTED = "interrupted", "Receiving it failed several times"

    class Source(models.TextChoices):
        MAILBOX = "mailbox"
        WEBHOOK = "webhook"

    message_id = models.CharField(max_length=64, help_text="A keyed hash of its Message-ID.")
    digest = models.CharField(max_length=64, help_text="A keyed hash of sender, subject and body.")
    source = models.CharField(max_length=10, choices=Source.choices)
    sender = models.CharField("user id", max_length=200, help_text="As a pseudonym.")
    person = Pseudonym(
        db_column="person", help_text="The owner of the key of the encrypted fields."
    )
    address = models.BinaryField(null=True, help_text="The sender's address, encrypted.")
    reference = models.BinaryField(null=True, help_text="Its Message-ID, encrypted.")
    raw = models.BinaryField(null=True, help_text="The mail as it came, encrypted.")
    size = models.PositiveIntegerField(help_text="In bytes.")
    is_verified = models.BooleanField(
        "address verified", default=False, help_text="Our mail server says dmarc=pass."
    )
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.WAITING)
    reason = models.CharField(max_length=15, choices=Reason.choices, blank=True)
    detail = models.CharField(max_length=200, blank=True, help_text="More about the reason.")
    is_automatic = models.BooleanField("by a program", default=False)
    ticket = models.ForeignKey("tickets.Ticket", models.SET_NULL, null=True, related_name="mails")
    comment = models.ForeignKey("tickets.Comment", models.SET_NULL, null=True, related_name="+")
    ask_id = models.UUIDField("ask id", null=True)
    automatic = models.DateTimeField(
        null=True, help_text="When a program answered its sender, if one did."
    )
    tries = models.PositiveSmallIntegerField(default=0)
    received = models.DateTimeField(auto_now_add=True)

    objects: ClassVar[InboundMailManager] = InboundMailManager()

    class Meta:
        ordering = ("-id",)
        verbose_name = "mail"
        constraints = (
            models.UniqueConstraint(fields=["message_id", "digest"], name="inbound_mail_once"),
        )
        indexes = (
            models.Index(fields=["status", "-id"], name="inbound_mail_status"),
            models.Index(fields=["sender", "automatic"], name="inbound_mail_automatic"),
        )

    def __str__(self) -> str:
        return f"Mail {self.pk}"

    @property
    def email(self) -> str:
        """The sender's address; empty if there is none or the person was erased."""
        return self._decrypt(self.address).decode()

    @property
    def original_message_id(self) -> str:
        """Its Message-ID, without angle brackets; empty if there is none that a header may hold."""
        message_id = self._decrypt(self.reference).decode("ascii", "replace")
        return message_id if REFERABLE.match(message_id) else ""

    @property
    def content(self) -> bytes:
        """The mail as it came; empty if it was erased or is too old."""
        return self._decrypt(self.raw)

    def _decrypt(self, encrypted: bytes | memoryview | None) -> bytes:
        try:
            key = self.person if encrypted else None
            return key.decrypt_bytes(bytes(encrypted)) if key and encrypted else b""
        except (SubjectKey.DoesNotExist, encryption.DecryptionError):
            return b""

    # --- What becomes of it -----------------------------------------------------------------------

    def finish(self, status: str, **fields: Any) -> None:
        """Set its status, within the transaction that does what the status says."""
        for name, value in {"status": status, **fields}.items():
            setattr(self, name, value)
        self.save(update_fields=["status", *fields])

    @transaction.atomic
    def park(self, reason: str, *, detail: str = "", is_automatic: bool = False) -> None:
        """Store it for a person to look at."""
        self.finish(
            self.Status.PARKED, reason=reason, detail=detail[:200], is_automatic=is_automatic
        )
        self.record("parked", reason=reason, detail=detail[:200])

    @transaction.atomic
    def dismiss(self, *, by: str) -> bool:
        """Take a parked mail from the list. False if it is not parked."""
        self.refresh_from_db(from_queryset=type(self).objects.select_for_update())
        if self.status != self.Status.PARKED:
            return False
        self.finish(self.Status.DISMISSED)
        self.record("dismissed", by=by)
        return True

    def record_view(self, *, by: str) -> None:
        """Record that somebody at the desk read its content."""
        self.record("viewed", by=by)

    def record(self, verb: str, *, by: str = "", **data: object) -> None:
        """Append an audit record about it, within the transaction of what it records."""
        data = {"user_id": self.sender, "channel": "mail", **data}
        record(f"mail.{verb}", actor=by, kind="mail", key=self.pk, data=data)


def _identity(raw: bytes) -> dict[str, str]:
    """The same for two copies of a mail that came on different ways."""
    message_id = parsing.message_id_of(raw)
    return {
        "message_id": _digest(message_id.encode()) if message_id else "",
        "digest": _digest(parsing.content_of(raw)),
    }


def _digest(data: bytes) -> str:
    """A keyed hash, so that a short text cannot be guessed from it."""
    return salted_hmac("tickets.inbound_mail", data, algorithm="sha256").hexdigest()
