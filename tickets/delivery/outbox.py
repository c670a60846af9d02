"""What is to be told to people and to other programs, kept until it is.

A delivery is written in the transaction of what it tells, together with the job that sends it:
either all of it happens or nothing. From then on the queue (procrastinate, in the same Postgres)
tries until it arrives, at least once, waiting longer each time
(``settings.DELIVERY_RETRY_DELAYS``); what has not arrived by the last try is a dead letter.
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
"""On Django's own connection, in the worker too: a job belongs to the transaction it is made in."""

OVERLAP = timedelta(hours=24)
"""How long the secret before the last still signs too, so that receivers can change over."""

LAST_HEARTBEAT = "SELECT extract(epoch FROM now() - max(last_heartbeat)) FROM procrastinate_workers"

OVERLOOKED_AFTER = timedelta(minutes=5)

THE_REQUESTER, THE_DESK = "the requester", "the desk"
"""Whom a mail is for, besides a person of the desk by name; no name has a blank."""

FOR_THE_DESK = frozenset({"assigned", "breached", "prioritised"})
"""Events that the requester is not written to about."""

FOR_ANYBODY = frozenset({"opened", "reopened", "breached"})
"""Events that the desk is written to about where nobody has the ticket."""


class Webhook(models.Model):
    """Another program that wants to know."""

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
        """The secrets to sign with: the one, and for a day after a change the one before it."""
        overlaps = self.rotated is not None and timezone.now() - self.rotated < OVERLAP
        return [self.secret, self.previous_secret] if overlaps else [self.secret]

    @transaction.atomic
    def rotate(self, *, by: str) -> None:
        """Sign with a new secret from now on, and with the old one for a day more."""
        self.refresh_from_db(from_queryset=Webhook.objects.select_for_update())
        self.previous_secret, self.secret = self.secret, webhook_signature.new_secret()
        self.rotated = timezone.now()
        self.save(update_fields=["secret", "previous_secret", "rotated"])
        record("webhook.rotated", actor=by, kind="webhook", key=self.pk)


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    def dead(self) -> DeliveryQuerySet:
        """The dead letters: given up, until somebody sends them again."""
        return self.filter(status=Delivery.Status.DEAD)

    def overlooked(self) -> DeliveryQuerySet:
        """Those whose next try should long have been."""
        late = timezone.now() - OVERLOOKED_AFTER
        return self.filter(status=Delivery.Status.PENDING, next_try__lt=late)


def oldest_due() -> float:
    """Seconds that the oldest delivery that is due has waited for its try; 0: none is due."""
    now = timezone.now()
    due = Delivery.objects.filter(status=Delivery.Status.PENDING, next_try__lte=now)
    since = due.aggregate(since=models.Min("next_try"))["since"]
    return (now - since).total_seconds() if since else 0.0


def last_heartbeat() -> float:
    """Seconds since a worker last gave a sign of life; infinite: none is at work."""
    with connection.cursor() as cursor:
        cursor.execute(LAST_HEARTBEAT)
        found = cursor.fetchone()[0]
    return math.inf if found is None else float(found)


class Delivery(models.Model):
    """One event for one address. Its id is what a receiver drops duplicates by."""

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
        max_length=500, help_text="A URL, or for whom: their address is looked up when it is sent."
    )
    payload = models.JSONField(help_text="What a program is sent; of a mail, masked.")
    original = models.BinaryField(
        null=True, help_text="A mail's text as written, encrypted; null where nothing is masked."
    )
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.PENDING)
    tries = models.PositiveIntegerField(default=0, help_text="Since it was last sent anew.")
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
        """Where it goes, as of now; empty if nowhere."""
        if self.address == THE_REQUESTER:
            return self.ticket.email
        return settings.SUPPORT_EMAIL if self.address == THE_DESK else address_of(self.address)

    def mail_text(self) -> str:
        """As its reader is to have it."""
        text: str = self.payload["text"]
        return self.ticket.decrypt(self.original) or text

    def enqueue(self) -> None:
        """Let the queue send it. Raises ``AlreadyEnqueued`` if it waits there already."""
        name = str(self.pk)
        job = Job(id=None, task_name=TASK, queue="default", lock=None, queueing_lock=name)
        JobDeferrer(job_manager=QUEUE, job=job).defer(delivery_id=name)

    def enqueue_unless_waiting(self) -> None:
        with suppress(AlreadyEnqueued), transaction.atomic():
            self.enqueue()

    @transaction.atomic
    def arrived(self, attempt: Attempt) -> None:
        self._tried(attempt, status=self.Status.DELIVERED, delivered=attempt.at, next_try=None)

    @transaction.atomic
    def failed(self, attempt: Attempt) -> int | None:
        """The seconds until the next try, or None: given up."""
        if self.tries >= len(settings.DELIVERY_RETRY_DELAYS):
            self._tried(attempt, status=self.Status.DEAD, next_try=None)
            return None
        seconds: int = settings.DELIVERY_RETRY_DELAYS[self.tries]
        self._tried(attempt, next_try=timezone.now() + timedelta(seconds=seconds))
        return seconds

    def _tried(self, attempt: Attempt, **to: Any) -> None:
        attempt.save(force_insert=True)
        for name, value in {"tries": self.tries + 1, **to}.items():
            setattr(self, name, value)
        self.save(update_fields=["tries", *to])

    @transaction.atomic
    def resend(self, *, by: str) -> bool:
        """Try again as if for the first time, under the same id. False if it is being tried."""
        self.refresh_from_db(from_queryset=Delivery.objects.select_for_update())
        if self.status == self.Status.PENDING:
            return False
        self.status, self.tries, self.next_try = self.Status.PENDING, 0, timezone.now()
        self.save(update_fields=["status", "tries", "next_try"])
        record("delivery.resent", actor=by, kind="delivery", key=self.pk)
        self.enqueue_unless_waiting()
        return True


class Attempt(models.Model):
    """One try of a delivery: a line of its log."""

    delivery = models.ForeignKey(Delivery, models.CASCADE, related_name="attempts")
    at = models.DateTimeField(default=timezone.now)
    succeeded = models.BooleanField()
    said = models.CharField(max_length=300, help_text="The reply, or what went wrong.")
    ms = models.PositiveIntegerField()

    class Meta:
        ordering = ("id",)

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S} {self.said}"


def tell(
    ticket: Ticket,
    event: str,
    *,
    by: str,
    comment: Comment | None = None,
    assignee: str | None = None,
    is_mailed: bool = True,
) -> None:
    """Write down what everybody is to be told; call it in the transaction of the event.

    ``comment`` is a public one. ``assignee`` is who had the ticket, if it no longer says so.
    """
    now, by = timezone.now(), stored_name(by)
    made: list[Delivery] = []
    if is_mailed:
        made += _mails(ticket, event, by, comment, assignee or ticket.assignee, now)
    made += _webhooks(ticket, event, by, comment, now)
    Delivery.objects.bulk_create(made)
    for delivery in made:
        delivery.enqueue()


def is_reachable(name: str) -> bool:
    """Whether a person of the desk can be written to."""
    return bool(name) and bool(address_of(name))


def _mails(
    ticket: Ticket, event: str, by: str, comment: Comment | None, assignee: str, now: datetime
) -> Iterator[Delivery]:
    question = redact_outbound(Channel.MAIL, ticket.message)
    news = mail.News(event, ticket.pk, question, by, settings.SITE_NAME, ticket.due)
    subject = redact_outbound(Channel.MAIL, news.subject())
    masked = redact_outbound(Channel.MAIL, comment.text) if comment else ""
    for name in _recipients(ticket, event, by, comment, assignee):
        delivery = Delivery(
            ticket=ticket, event=event, kind=Delivery.Kind.MAIL, address=name, next_try=now
        )
        if name == THE_REQUESTER:
            link = settings.TICKET_URL.replace(links.NUMBER, str(ticket.pk))
            text = news.to_requester(reply=masked, link=link)
            # What the desk says to its customer is never altered.
            full = news.to_requester(reply=comment.full_text, link=link) if comment else text
            delivery.original = ticket.encrypt(full) if full != text else None
        else:
            page = reverse("admin:tickets_ticket_change", args=[ticket.pk])
            text = news.to_desk(comment=masked, link=f"{settings.SITE_URL}{page}")
        delivery.payload = {"subject": subject, "text": text}
        yield delivery


def _recipients(
    ticket: Ticket, event: str, by: str, comment: Comment | None, assignee: str
) -> list[str]:
    """Whom a mail is for, each address once; nobody is mailed their own words."""
    by_customer = comment is not None and not comment.from_desk
    people = {address_of(assignee): assignee} if assignee else {}
    people.pop("", None)
    if not people and (by_customer or (not assignee and event in FOR_ANYBODY)):
        people[settings.SUPPORT_EMAIL] = THE_DESK
    if event not in FOR_THE_DESK and not by_customer:
        # Never what the requester is called: only the token vouches for an address.
        people.setdefault(ticket.email, THE_REQUESTER)
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
            "ticket": as_told(ticket),
            **({"comment": redact_outbound(Channel.WEBHOOKS, comment.text)} if comment else {}),
        }
        yield delivery


def as_told(ticket: Ticket) -> dict[str, Any]:
    """A ticket as other programs see it: nothing that is only for the desk."""
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
    """Where a person of the desk is written to: the address of their account, or the name they
    sign in with if it is one; else empty."""
    people = get_user_model().objects.filter(is_active=True).only("email", "username")
    if is_pseudonym(name):
        staff = people.filter(is_staff=True)
        user = next((each for each in staff if stored_name(each.get_username()) == name), None)
    else:
        user = people.filter(username=name).first()
    address: str = (user.email or user.get_username()) if user else ""
    try:
        validate_email(address)
    except ValidationError:
        return ""
    return address
