"""Messages that came in by a channel, each stored once, and the threads that they belong to.

Texts and addresses are encrypted under the person's key, and deleted after some days: the audit
trail has the record of every ask.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any, ClassVar

from django.db import models, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.crypto import get_random_string, salted_hmac
from procrastinate.jobs import Job, JobDeferrer

from assistant.channels.channel import Channel
from assistant.channels.inbound import Inbound, Kind
from assistant.channels.replies import Offer
from audit.models import SubjectKey
from audit.people import encryption
from audit.people.erasure import Person
from audit.people.pseudonyms import Pseudonym, stored_name
from tickets.delivery.outbox import QUEUE as JOBS
from tickets.delivery.outbox import Delivery
from tickets.models import Ticket

TASK = "assistant.answer_message"

QUEUE = "asks"
"""The queue of the worker: a slow agent holds up other asks only, no mail and no webhook."""

SAME_CONVERSATION_WITHIN = timedelta(hours=12)
"""Some threads never end, such as a chat with a bot; a conversation does. As on the help page."""

LIFETIME = timedelta(days=8)
"""How long a button works, and a repeated message is recognised. Senders repeat for a day at most,
and a need is open for seven."""

LETTERS = "abcdefghijklmnopqrstuvwxyz"


def digest(*parts: object) -> str:
    """A keyed hash: ids of messages and threads may hold a phone number."""
    value = json.dumps([str(part) for part in parts])
    return salted_hmac("assistant.channels", value, algorithm="sha256").hexdigest()


class ThreadManager(models.Manager["Thread"]):
    @transaction.atomic
    def erase(self, person: Person) -> int:
        """Delete a person's threads with their messages, and empty the replies to them."""
        threads = self.filter(user_id__in=person.names)
        replies = Delivery.objects.filter(
            kind=Delivery.Kind.CHANNEL,
            payload__thread__in=list(threads.values_list("pk", flat=True)),
        )
        replies.filter(status=Delivery.Status.PENDING).update(status=Delivery.Status.DEAD)
        replies.update(payload={}, original=None, next_try=None)
        return threads.delete()[0]


class Thread(models.Model):
    """Where one person talks with the site in a channel."""

    channel = models.ForeignKey(Channel, models.CASCADE)
    digest = models.CharField(max_length=64, unique=True, help_text="Of the thread and the person.")
    user_id = models.CharField(max_length=200, db_index=True)
    person = Pseudonym(db_column="person", help_text="The owner of the key of the address.")
    address = models.BinaryField(null=True, help_text="Where replies go to, encrypted.")
    conversation = models.CharField(max_length=24)
    last = models.DateTimeField(default=timezone.now)

    objects: ClassVar[ThreadManager] = ThreadManager()

    def __str__(self) -> str:
        return f"{self.channel} {self.pk}"

    @property
    def where(self) -> dict[str, Any]:
        """The address that replies are sent to; empty if the person was erased."""
        text = self.decrypt(self.address)
        return json.loads(text) if text else {}

    def encrypt(self, text: str) -> bytes:
        key = self._key()
        if key is None:
            key = self.person = SubjectKey.objects.get_or_create_key(self.user_id)
        return key.encrypt(text)

    def decrypt(self, encrypted: bytes | memoryview | None) -> str:
        """Empty if the person was erased."""
        key = self._key()
        with suppress(encryption.DecryptionError):
            return key.decrypt(bytes(encrypted)) if key and encrypted else ""
        return ""

    def _key(self) -> SubjectKey | None:
        key: SubjectKey | None = None
        with suppress(SubjectKey.DoesNotExist):
            key = self.person
        return key

    def open_ticket(self) -> Ticket | None:
        """The ticket that new messages belong to; None if they are questions."""
        status = Ticket.Status
        ended = (status.RESOLVED, status.CLOSED)
        links = self.tickets.filter(takes_messages=True).exclude(ticket__status__in=ended)
        link = links.select_related("ticket").order_by("-ticket_id").first()
        return link.ticket if link else None

    def last_offers(self) -> tuple[Message, tuple[Offer, ...]] | None:
        """The newest reply's message with what it offered; None if it offered nothing."""
        message = self.messages.filter(replied=True).order_by("-answered").first()
        return (message, message.offered) if message and message.offers else None


class ThreadTicket(models.Model):
    """A ticket that was opened in a thread: its replies go back there."""

    ticket = models.OneToOneField(Ticket, models.CASCADE, primary_key=True, related_name="thread")
    thread = models.ForeignKey(Thread, models.CASCADE, related_name="tickets")
    takes_messages = models.BooleanField(
        default=True, help_text="The person's messages belong to it while it is open."
    )

    def __str__(self) -> str:
        return f"{self.ticket} in {self.thread}"

    @classmethod
    def of(cls, ticket: Ticket) -> models.QuerySet[ThreadTicket]:
        """The thread of a ticket, and of those that were merged into it."""
        return cls.objects.filter(Q(ticket=ticket) | Q(ticket__merged_into=ticket))


class MessageManager(models.Manager["Message"]):
    @transaction.atomic
    def receive(self, channel: Channel, inbound: Inbound) -> bool:
        """Store a message with the job that answers it. False if it is not new, or not for us."""
        thread = self._thread(channel, inbound)
        if thread is None:
            return False
        content = {"id": inbound.id, "text": inbound.text, "reference": inbound.reference}
        message, is_new = self.get_or_create(
            digest=digest(channel.pk, inbound.id),
            defaults={
                "channel": channel,
                "thread": thread,
                "kind": inbound.kind,
                "content": thread.encrypt(json.dumps(content)),
                "choice": inbound.choice[:100],
                "helpful": inbound.helpful,
            },
        )
        if not is_new:
            return False
        if inbound.address:
            thread.address = thread.encrypt(json.dumps(inbound.address))
        now = timezone.now()
        if now - thread.last > SAME_CONVERSATION_WITHIN:
            thread.conversation = _new_conversation()
        thread.last = now
        thread.save(update_fields=["person", "address", "conversation", "last"])
        message.enqueue()
        return True

    def _thread(self, channel: Channel, inbound: Inbound) -> Thread | None:
        user_id = stored_name(inbound.sender)
        if inbound.kind is Kind.RATING:
            return self._rated_thread(channel, inbound.reference, user_id)
        name = digest(channel.pk, inbound.thread, user_id)
        existing = Thread.objects.select_for_update().filter(digest=name).first()
        if existing or inbound.known_only:
            return existing
        thread, _ = Thread.objects.get_or_create(
            digest=name,
            defaults={
                "channel": channel,
                "user_id": user_id,
                "conversation": _new_conversation(),
            },
        )
        return thread

    def _rated_thread(self, channel: Channel, reference: str, user_id: str) -> Thread | None:
        """The thread of a rated answer; None unless its own person rates it."""
        sent = SentMessage.objects.filter(digest=digest(channel.pk, reference)).first()
        thread = sent.message.thread if sent else None
        return thread if thread and thread.user_id == user_id else None

    def delete_old(self) -> int:
        """Delete messages, delivered answers and unused threads; returns the number of rows."""
        oldest = timezone.now() - LIFETIME
        messages = self.filter(received__lt=oldest).delete()[0]
        unused = Thread.objects.filter(last__lt=oldest, tickets=None, messages=None)
        answers = Delivery.objects.filter(kind=Delivery.Kind.CHANNEL, ticket=None)
        delivered = answers.filter(status=Delivery.Status.DELIVERED, created__lt=oldest)
        return messages + unused.delete()[0] + delivered.delete()[0]


def _new_conversation() -> str:
    return get_random_string(24, LETTERS)


class Message(models.Model):
    """One message of a person, and its result."""

    class Status(models.TextChoices):
        WAITING = "waiting"
        ANSWERED = "answered"
        IGNORED = "ignored"
        FAILED = "failed"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    channel = models.ForeignKey(Channel, models.CASCADE)
    digest = models.CharField(max_length=64, unique=True, help_text="Of its id in the channel.")
    thread = models.ForeignKey(Thread, models.CASCADE, related_name="messages")
    kind = models.CharField(max_length=10, choices=[(kind.value, kind.value) for kind in Kind])
    content = models.BinaryField(help_text="Its id and text, encrypted.")
    choice = models.CharField(max_length=100, blank=True, help_text="The token of an offer.")
    helpful = models.BooleanField(null=True)
    status = models.CharField(max_length=10, choices=Status, default=Status.WAITING, db_index=True)
    result = models.CharField(max_length=100, blank=True, help_text="What became of it.")
    ask_id = models.UUIDField("ask id", null=True, blank=True)
    question = models.BinaryField(null=True, help_text="What was asked, encrypted.")
    options = models.JSONField(default=list, help_text="The ids of the FAQs that were offered.")
    offers = models.JSONField(default=list, help_text="What was offered: label and what it does.")
    replied = models.BooleanField(default=False, help_text="Whether it got a reply.")
    received = models.DateTimeField(default=timezone.now, db_index=True)
    answered = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[MessageManager] = MessageManager()

    class Meta:
        ordering = ("-received", "id")
        verbose_name = "channel message"

    def __str__(self) -> str:
        return f"{self.kind} of {self.received:%Y-%m-%d %H:%M}"

    @property
    def contents(self) -> Mapping[str, str]:
        """``id``, ``text`` and ``reference``; empty if the person was erased."""
        text = self.thread.decrypt(self.content)
        return json.loads(text) if text else {}

    @property
    def question_text(self) -> str:
        """The question as the person wrote it; empty without one."""
        return self.thread.decrypt(self.question)

    @property
    def offered(self) -> tuple[Offer, ...]:
        return tuple(Offer(label, does) for label, does in self.offers)

    def enqueue(self) -> None:
        """Add a job that answers it. Messages of one thread are answered in their order."""
        job = Job(
            id=None,
            task_name=TASK,
            queue=QUEUE,
            lock=f"channel-thread-{self.thread_id}",
            queueing_lock=str(self.pk),
        )
        JobDeferrer(job_manager=JOBS, job=job).defer(message_id=str(self.pk))

    def finish(
        self,
        status: Message.Status,
        result: str,
        *,
        ask_id: str = "",
        question: str = "",
        options: Sequence[str] = (),
        offers: Sequence[Offer] = (),
        replied: bool = False,
    ) -> None:
        """Store the result, in the transaction of its reply."""
        self.status, self.result, self.answered = status, result[:100], timezone.now()
        self.ask_id = uuid.UUID(ask_id) if ask_id else None
        self.question = self.thread.encrypt(question) if question else None
        self.options, self.replied = list(options), replied
        self.offers = [[offer.label, offer.does] for offer in offers]
        self.save()


class SentMessage(models.Model):
    """A message of ours that reactions may name."""

    digest = models.CharField(max_length=64, unique=True, help_text="Of its id in the channel.")
    message = models.ForeignKey(Message, models.CASCADE, related_name="sent")

    def __str__(self) -> str:
        return str(self.message_id)
