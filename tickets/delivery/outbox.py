"""Transactional outbox for mail and webhooks.

A delivery is written in the transaction of its event, together with the job that sends it: either
everything is committed or nothing. The queue (procrastinate, in the same Postgres) then delivers it
at least once, with growing delays between tries (``settings.DELIVERY_RETRY_DELAYS``). A delivery
that fails at the last try, or permanently, is a dead letter.
"""

from __future__ import annotations

import math
import uuid
from contextlib import suppress
from datetime import timedelta
from typing import Any, ClassVar

from django.conf import settings
from django.db import connection, models, transaction
from django.utils import timezone
from procrastinate.contrib.django.django_connector import DjangoConnector
from procrastinate.exceptions import AlreadyEnqueued
from procrastinate.jobs import Job, JobDeferrer
from procrastinate.manager import JobManager

from audit.models import record
from audit.people.pseudonyms import stored_name
from tickets.delivery import mail_headers
from tickets.delivery.recipients import TO_DESK, TO_REQUESTER, address_of
from tickets.delivery.webhooks.webhook import Webhook

TASK = "tickets.deliver"

QUEUE = JobManager(DjangoConnector())
"""On Django's connection, so that a job is part of the transaction that enqueues it."""

LAST_HEARTBEAT = "SELECT extract(epoch FROM now() - max(last_heartbeat)) FROM procrastinate_workers"

ORPHANED_AFTER = timedelta(minutes=5)


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    def dead(self) -> DeliveryQuerySet:
        """Dead letters: not tried again until somebody resends them."""
        return self.filter(status=Delivery.Status.DEAD)

    def orphaned(self) -> DeliveryQuerySet:
        """Pending deliveries whose next try is overdue: their job was lost."""
        late = timezone.now() - ORPHANED_AFTER
        return self.filter(status=Delivery.Status.PENDING, next_try__lt=late)


def oldest_due_seconds() -> float:
    """Seconds since the oldest pending delivery was due; 0 if none is due."""
    now = timezone.now()
    due = Delivery.objects.filter(status=Delivery.Status.PENDING, next_try__lte=now)
    since = due.aggregate(since=models.Min("next_try"))["since"]
    return (now - since).total_seconds() if since else 0.0


def heartbeat_age() -> float:
    """Seconds since the last heartbeat of a worker; infinite if none runs."""
    with connection.cursor() as cursor:
        cursor.execute(LAST_HEARTBEAT)
        age = cursor.fetchone()[0]
    return math.inf if age is None else float(age)


class Delivery(models.Model):
    """One event for one address. Receivers recognise duplicates by its id."""

    class Status(models.TextChoices):
        PENDING = "pending"
        DELIVERED = "delivered"
        DEAD = "dead"

    class Kind(models.TextChoices):
        MAIL = "mail"
        WEBHOOK = "webhook"
        CHANNEL = "channel"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    ticket = models.ForeignKey(
        "tickets.Ticket",
        models.CASCADE,
        null=True,
        related_name="deliveries",
        help_text="Empty: a mail to somebody at the desk, or an answer, that is about no ticket.",
    )
    inbound = models.ForeignKey(
        "tickets.InboundMail",
        models.CASCADE,
        null=True,
        related_name="deliveries",
        help_text="The customer's mail that it answers without a ticket.",
    )
    event = models.CharField(max_length=20)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    webhook = models.ForeignKey(Webhook, models.SET_NULL, null=True, blank=True)
    address = models.CharField(
        max_length=500,
        help_text="A URL, a channel, or a recipient whose address is looked up when it is sent.",
    )
    payload = models.JSONField(
        help_text="The body of a webhook, or a mail or a reply with its text masked."
    )
    original = models.BinaryField(
        null=True, help_text="The text as written, encrypted; null where nothing is masked."
    )
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.PENDING)
    tries = models.PositiveIntegerField(default=0, help_text="Since it was last resent.")
    next_try = models.DateTimeField(null=True, blank=True)
    created = models.DateTimeField(auto_now_add=True)
    delivered = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[models.Manager[Delivery]] = models.Manager.from_queryset(DeliveryQuerySet)()

    class Meta:
        ordering = ("-created", "id")
        verbose_name_plural = "deliveries"
        indexes = (
            models.Index(fields=["status", "-created"], name="delivery_status"),
            models.Index(fields=["-created"], name="delivery_created"),
        )

    def __str__(self) -> str:
        return f"{self.title} to {self.address}"

    @property
    def title(self) -> str:
        """Such as ``Ticket 12 resolved``."""
        event = self.event.replace("_", " ")
        return f"Ticket {self.ticket_id} {event}" if self.ticket_id else event.capitalize()

    @classmethod
    def mail_colleague(cls, name: str, *, event: str, subject: str, text: str) -> None:
        """Store and enqueue a mail to somebody at the desk. Call it in the event's transaction."""
        delivery = cls.objects.create(
            event=event,
            kind=cls.Kind.MAIL,
            address=stored_name(name),
            payload={"subject": subject, "text": text},
            next_try=timezone.now(),
        )
        delivery.enqueue()

    @classmethod
    def answer_mail(cls, inbound_id: int, *, subject: str, text: str) -> None:
        """Store and enqueue an FAQ's answer to an ``InboundMail``. Call it in a transaction."""
        delivery = cls.objects.create(
            inbound_id=inbound_id,
            event="answered",
            kind=cls.Kind.MAIL,
            address=TO_REQUESTER,
            payload={"subject": subject, "text": text},
            next_try=timezone.now(),
        )
        delivery.enqueue()

    @property
    def thread(self) -> str:
        """The name of the thread of a mail; empty if it belongs to none."""
        if self.ticket_id:
            return mail_headers.ticket_thread(self.ticket_id)
        return mail_headers.mail_thread(self.inbound_id) if self.inbound_id else ""

    @property
    def receiver(self) -> str:
        """The server it goes to; deliveries to one share its slots."""
        if self.kind == self.Kind.CHANNEL:
            return f"channel {self.address}"
        return f"webhook {self.webhook_id}" if self.kind == self.Kind.WEBHOOK else "mail"

    def mail_address(self) -> str:
        """The recipient's current address; empty if there is none."""
        if self.address == TO_REQUESTER and (customer := self.inbound or self.ticket):
            return customer.email
        return settings.SUPPORT_EMAIL if self.address == TO_DESK else address_of(self.address)

    def answered_message_id(self) -> str:
        """The Message-ID of the customer's mail that it answers; empty if there is none."""
        if self.address != TO_REQUESTER:
            return ""
        if self.inbound:
            return self.inbound.original_message_id
        mail = self.ticket.mails.filter(comment=None).first() if self.ticket else None
        return mail.original_message_id if mail else ""

    def full_text(self) -> str:
        """The text of a mail or a reply, unmasked."""
        text: str = self.payload["text"]
        return (self.ticket and self.ticket.decrypt(self.original)) or text

    def enqueue(self) -> None:
        """Add a job that sends it. Raises ``AlreadyEnqueued`` if there is one."""
        name = str(self.pk)
        job = Job(id=None, task_name=TASK, queue=self.kind, lock=None, queueing_lock=name)
        JobDeferrer(job_manager=QUEUE, job=job).defer(delivery_id=name)

    def enqueue_unless_waiting(self) -> None:
        with suppress(AlreadyEnqueued), transaction.atomic():
            self.enqueue()

    @transaction.atomic
    def mark_delivered(self, attempt: Attempt) -> None:
        self._save_attempt(
            attempt, status=self.Status.DELIVERED, delivered=attempt.at, next_try=None
        )

    @transaction.atomic
    def mark_failed(
        self, attempt: Attempt, *, least_seconds: int = 0, is_permanent: bool = False
    ) -> int | None:
        """Seconds until the next try, as many as the receiver asks for; None if it was the last.

        ``is_permanent``: another try would fail as well.
        """
        if is_permanent or self.tries >= len(settings.DELIVERY_RETRY_DELAYS):
            self._save_attempt(attempt, status=self.Status.DEAD, next_try=None)
            return None
        seconds: int = max(settings.DELIVERY_RETRY_DELAYS[self.tries], least_seconds)
        self._save_attempt(attempt, next_try=timezone.now() + timedelta(seconds=seconds))
        return seconds

    def postpone(self, seconds: int) -> None:
        """The next try is later, and this was none."""
        self.next_try = timezone.now() + timedelta(seconds=seconds)
        self.save(update_fields=["next_try"])

    def _save_attempt(self, attempt: Attempt, **changes: Any) -> None:
        attempt.save(force_insert=True)
        for name, value in {"tries": self.tries + 1, **changes}.items():
            setattr(self, name, value)
        self.save(update_fields=["tries", *changes])

    @transaction.atomic
    def resend(self, *, by: str) -> bool:
        """Start over with the first try, under the same id. False if it is pending."""
        self.refresh_from_db(from_queryset=Delivery.objects.select_for_update())
        if self.status == self.Status.PENDING:
            return False
        self.status, self.tries, self.next_try = self.Status.PENDING, 0, timezone.now()
        self.save(update_fields=["status", "tries", "next_try"])
        record("delivery.resent", actor=by, kind="delivery", key=self.pk)
        self.enqueue_unless_waiting()
        return True


class Attempt(models.Model):
    """One try of a delivery; the admin shows them as its log."""

    delivery = models.ForeignKey(Delivery, models.CASCADE, related_name="attempts")
    at = models.DateTimeField(default=timezone.now)
    succeeded = models.BooleanField()
    result = models.CharField(max_length=300, help_text="The status of the reply, or the error.")
    ms = models.PositiveIntegerField()

    class Meta:
        ordering = ("id",)

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S} {self.result}"
