"""Transactional outbox for mail and webhooks.

A delivery is written in the transaction of its event, together with the job that sends it: either
everything is committed or nothing. The queue (procrastinate, in the same Postgres) then delivers it
at least once, with growing delays between tries (``settings.DELIVERY_RETRY_DELAYS``). A delivery
that fails at the last try is a dead letter.
"""

from __future__ import annotations

import math
import uuid
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator, validate_email
from django.db import connection, models, transaction
from django.urls import reverse
from django.utils import timezone
from procrastinate.contrib.django.django_connector import DjangoConnector
from procrastinate.exceptions import AlreadyEnqueued
from procrastinate.jobs import Job, JobDeferrer
from procrastinate.manager import JobManager

from audit.models import record
from audit.people.pseudonyms import is_pseudonym, stored_name
from audit.privacy.gateway import Channel, redact_outbound
from tickets.delivery import links, mail, webhook_signature

if TYPE_CHECKING:
    from tickets.comments import Comment
    from tickets.models import Ticket

TASK = "tickets.deliver"

QUEUE = JobManager(DjangoConnector())
"""On Django's connection, so that a job is part of the transaction that enqueues it."""

OVERLAP = timedelta(hours=24)
"""How long the previous secret signs too, so that receivers can switch."""

LAST_HEARTBEAT = "SELECT extract(epoch FROM now() - max(last_heartbeat)) FROM procrastinate_workers"

ORPHANED_AFTER = timedelta(minutes=5)

TO_REQUESTER, TO_DESK = "the requester", "the desk"
"""Recipients besides named people of the desk; the blank tells them from names."""

DESK_ONLY = frozenset({"assigned", "breached", "prioritised"})
"""Events that the requester gets no mail about."""

FALLS_BACK_TO_DESK = frozenset({"opened", "reopened", "breached"})
"""Events mailed to the desk's own address if the ticket has no assignee."""


class Webhook(models.Model):
    """A program that receives ticket events."""

    name = models.CharField(max_length=100, unique=True)
    url = models.CharField(
        "URL", max_length=500, validators=[URLValidator(schemes=["https", "http"])]
    )
    is_active = models.BooleanField("active", default=True)
    secret = models.CharField(max_length=100, default=webhook_signature.new_secret, editable=False)
    previous_secret = models.CharField(max_length=100, blank=True, editable=False)
    rotated = models.DateTimeField(null=True, editable=False)
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name

    def keys(self) -> list[str]:
        """The secrets to sign with; for a day after a rotation the previous one too."""
        overlaps = self.rotated is not None and timezone.now() - self.rotated < OVERLAP
        return [self.secret, self.previous_secret] if overlaps else [self.secret]

    @transaction.atomic
    def rotate(self, *, by: str) -> None:
        """Make a new secret. The old one keeps signing too for a day."""
        self.refresh_from_db(from_queryset=Webhook.objects.select_for_update())
        self.previous_secret, self.secret = self.secret, webhook_signature.new_secret()
        self.rotated = timezone.now()
        self.save(update_fields=["secret", "previous_secret", "rotated"])
        record("webhook.rotated", actor=by, kind="webhook", key=self.pk)


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

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    ticket = models.ForeignKey("tickets.Ticket", models.CASCADE, related_name="deliveries")
    event = models.CharField(max_length=20)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    webhook = models.ForeignKey(Webhook, models.SET_NULL, null=True, blank=True)
    address = models.CharField(
        max_length=500,
        help_text="A URL, or a recipient whose address is looked up when it is sent.",
    )
    payload = models.JSONField(help_text="The body of a webhook, or a mail with its text masked.")
    original = models.BinaryField(
        null=True, help_text="A mail's text as written, encrypted; null where nothing is masked."
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
        return f"{self.event} of ticket {self.ticket_id} to {self.address}"

    def mail_address(self) -> str:
        """The recipient's current address; empty if there is none."""
        if self.address == TO_REQUESTER:
            return self.ticket.email
        return settings.SUPPORT_EMAIL if self.address == TO_DESK else address_of(self.address)

    def mail_text(self) -> str:
        """The text of the mail, unmasked."""
        text: str = self.payload["text"]
        return self.ticket.decrypt(self.original) or text

    def enqueue(self) -> None:
        """Add a job that sends it. Raises ``AlreadyEnqueued`` if there is one."""
        name = str(self.pk)
        job = Job(id=None, task_name=TASK, queue="default", lock=None, queueing_lock=name)
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
    def mark_failed(self, attempt: Attempt) -> int | None:
        """Seconds until the next try; None if this was the last one."""
        if self.tries >= len(settings.DELIVERY_RETRY_DELAYS):
            self._save_attempt(attempt, status=self.Status.DEAD, next_try=None)
            return None
        seconds: int = settings.DELIVERY_RETRY_DELAYS[self.tries]
        self._save_attempt(attempt, next_try=timezone.now() + timedelta(seconds=seconds))
        return seconds

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


def notify(
    ticket: Ticket,
    event: str,
    *,
    by: str,
    comment: Comment | None = None,
    assignee: str | None = None,
    is_mailed: bool = True,
) -> None:
    """Store and enqueue the deliveries of an event. Call it in the event's transaction.

    ``comment``: a public one. ``assignee``: the previous one, if the ticket no longer names it.
    """
    now, by = timezone.now(), stored_name(by)
    deliveries: list[Delivery] = []
    if is_mailed:
        deliveries += _mails(ticket, event, by, comment, assignee or ticket.assignee, now)
    deliveries += _webhooks(ticket, event, by, comment, now)
    Delivery.objects.bulk_create(deliveries)
    for delivery in deliveries:
        delivery.enqueue()


def is_reachable(name: str) -> bool:
    """True if a person of the desk has an e-mail address."""
    return bool(name) and bool(address_of(name))


def _mails(
    ticket: Ticket, event: str, by: str, comment: Comment | None, assignee: str, now: datetime
) -> Iterator[Delivery]:
    question = redact_outbound(Channel.MAIL, ticket.message)
    texts = mail.EventMail(event, ticket.pk, question, by, settings.SITE_NAME, ticket.due)
    subject = redact_outbound(Channel.MAIL, texts.subject())
    masked = redact_outbound(Channel.MAIL, comment.text) if comment else ""
    for name in _recipients(ticket, event, by, comment, assignee):
        delivery = Delivery(
            ticket=ticket, event=event, kind=Delivery.Kind.MAIL, address=name, next_try=now
        )
        if name == TO_REQUESTER:
            link = settings.TICKET_URL.replace(links.NUMBER, str(ticket.pk))
            text = texts.to_requester(reply=masked, link=link)
            # The desk's replies to the customer are never altered.
            full = texts.to_requester(reply=comment.full_text, link=link) if comment else text
            delivery.original = ticket.encrypt(full) if full != text else None
        else:
            page = reverse("admin:tickets_ticket_change", args=[ticket.pk])
            text = texts.to_desk(comment=masked, link=f"{settings.SITE_URL}{page}")
        delivery.payload = {"subject": subject, "text": text}
        yield delivery


def _recipients(
    ticket: Ticket, event: str, by: str, comment: Comment | None, assignee: str
) -> list[str]:
    """Recipients of the mails, one per address; nobody gets their own comment."""
    by_customer = comment is not None and not comment.from_desk
    people = {address_of(assignee): assignee} if assignee else {}
    people.pop("", None)
    if not people and (by_customer or (not assignee and event in FALLS_BACK_TO_DESK)):
        people[settings.SUPPORT_EMAIL] = TO_DESK
    if event not in DESK_ONLY and not by_customer:
        # Only an address from a token is trusted, never a user id that looks like one.
        people.setdefault(ticket.email, TO_REQUESTER)
    people.pop("", None)
    return sorted(name for name in people.values() if comment is None or name != by)


def _webhooks(
    ticket: Ticket, event: str, by: str, comment: Comment | None, now: datetime
) -> Iterator[Delivery]:
    for webhook in Webhook.objects.filter(is_active=True):
        delivery = Delivery(
            ticket=ticket,
            event=event,
            kind=Delivery.Kind.WEBHOOK,
            webhook=webhook,
            address=webhook.url,
            next_try=now,
        )
        delivery.payload = {
            "delivery_id": str(delivery.pk),
            "event": f"ticket.{event}",
            "at": now.isoformat(),
            "by": by,
            "ticket": ticket_payload(ticket),
            **({"comment": redact_outbound(Channel.WEBHOOKS, comment.text)} if comment else {}),
        }
        yield delivery


def ticket_payload(ticket: Ticket) -> dict[str, Any]:
    """The ticket in a webhook's body: redacted, nothing that is for the desk only."""
    texts = {name: getattr(ticket, name) for name in ("message", "category", "tags")}
    return {
        "id": ticket.pk,
        "user_id": ticket.requester,
        **redact_outbound(Channel.WEBHOOKS, texts),
        "ask_id": str(ticket.ask_id) if ticket.ask_id else None,
        "status": ticket.status,
        "priority": ticket.priority,
        "reason": ticket.reason,
        "assignee": ticket.assignee,
        "due": ticket.due.isoformat() if ticket.due else None,
    }


def address_of(name: str) -> str:
    """The e-mail address of a person of the desk; empty if there is none.

    It is their account's address, or their username if that is an address.
    """
    users = get_user_model().objects.filter(is_active=True).only("email", "username")
    if is_pseudonym(name):
        staff = users.filter(is_staff=True)
        user = next((user for user in staff if stored_name(user.get_username()) == name), None)
    else:
        user = users.filter(username=name).first()
    address: str = (user.email or user.get_username()) if user else ""
    try:
        validate_email(address)
    except ValidationError:
        return ""
    return address
