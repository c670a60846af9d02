"""Send one delivery, and store the attempt."""

from __future__ import annotations

import logging
import smtplib
import time
from collections.abc import Callable

from django.core.mail import EmailMessage
from django.db import transaction

from audit.advisory_lock import try_lock
from audit.privacy.gateway import Channel, redact_outbound
from tickets.attachments import Attachment
from tickets.delivery import http_client, mail_headers, receivers
from tickets.delivery.channels import backend as channels
from tickets.delivery.outbox import Attempt, Delivery
from tickets.delivery.result import Result
from tickets.delivery.webhooks import gone
from tickets.delivery.webhooks import request as webhook_request

LOCK = 0x5355_5050
"""First half of the advisory locks of deliveries; any number that nothing else uses."""

SLOTS = {
    Delivery.Kind.MAIL: 100,
    Delivery.Kind.WEBHOOK: receivers.SLOTS,
    Delivery.Kind.CHANNEL: receivers.SLOTS,
}
"""Simultaneous deliveries to one receiver. All mails go to one server: their queue limits them."""

log = logging.getLogger("tickets.delivery.sending")


class DeliveryFailed(Exception):
    """The delivery failed; the queue retries after ``seconds``."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"next try in {seconds} s")
        self.seconds = seconds


def deliver(delivery_id: str) -> None:
    """Send a pending delivery that no other worker is sending.

    No transaction is open meanwhile. Raises ``DeliveryFailed`` or ``receivers.NotNow``.
    """
    with try_lock(LOCK, delivery_id) as is_only:
        waiting = Delivery.objects.filter(pk=delivery_id, status=Delivery.Status.PENDING)
        delivery = waiting.first() if is_only else None
        if delivery is None:
            return
        _postpone_if_requested(delivery)
        attempt, result = _try(delivery)
        if attempt.succeeded:
            delivery.mark_delivered(attempt)
            return
        seconds = _failed(delivery, attempt, result)
    if seconds is not None:
        raise DeliveryFailed(seconds)


def _postpone_if_requested(delivery: Delivery) -> None:
    """Raises ``receivers.NotNow`` while the receiver has asked to wait (Retry-After)."""
    seconds = delivery.webhook.seconds_to_wait() if delivery.webhook else 0
    if seconds:
        delivery.postpone(seconds)
        raise receivers.NotNow(seconds)


@transaction.atomic
def _failed(delivery: Delivery, attempt: Attempt, result: Result) -> int | None:
    """Store the attempt, and what the reply says of the receiver. Seconds until the next try."""
    webhook = delivery.webhook
    if webhook and result.is_gone:
        gone.switch_off(webhook)
    elif webhook and result.wait:
        webhook.wait(result.wait)
    return delivery.mark_failed(
        attempt, least_seconds=result.wait, is_permanent=result.is_permanent
    )


def _try(delivery: Delivery) -> tuple[Attempt, Result]:
    """Raises ``receivers.NotNow``."""
    with receivers.receiver(
        delivery.receiver, slots=SLOTS[Delivery.Kind(delivery.kind)]
    ).slot() as breaker:
        started = time.monotonic()
        result = _send(delivery)
        ms = round((time.monotonic() - started) * 1000)
        if result.has_reply is None:
            breaker.abandoned()
        elif result.has_reply:
            breaker.succeeded()
        else:
            breaker.failed()
    # Mail servers repeat the address in their errors.
    text = redact_outbound(Channel.LOGS, result.text)[:300]
    attempt = Attempt(delivery=delivery, succeeded=result.succeeded, result=text, ms=ms)
    return attempt, result


def _send(delivery: Delivery) -> Result:
    send = SENDERS[Delivery.Kind(delivery.kind)] if delivery.payload else _erased
    try:
        return send(delivery)
    except Exception as failure:
        # A bug: the delivery becomes a dead letter, which the desk sees.
        log.exception("delivery %s", delivery.pk)
        return Result(False, type(failure).__name__)


def _erased(delivery: Delivery) -> Result:
    return Result(False, "the content was erased with the person", is_permanent=True)


def _mail(delivery: Delivery) -> Result:
    address = delivery.mail_address()
    if not address:
        return Result(False, f"{delivery.address} has no address")
    message = EmailMessage(
        delivery.payload["subject"],
        delivery.full_text(),
        to=[address],
        headers=mail_headers.headers(
            thread=delivery.thread,
            delivery=str(delivery.pk),
            answers=delivery.answered_message_id(),
            is_reply=delivery.inbound_id is not None,
        ),
    )
    comment = delivery.payload.get("attachments_of")
    files = Attachment.objects.filter(comment=comment, comment__ticket=delivery.ticket_id)
    for attachment in files.select_related("comment__ticket") if comment else ():
        message.attach(attachment.name, attachment.data, attachment.media_type)
    try:
        message.send()
    except (smtplib.SMTPException, OSError) as failure:
        # A reply about one mail does not mean that the server is down.
        has_reply = isinstance(
            failure, smtplib.SMTPResponseException | smtplib.SMTPRecipientsRefused
        )
        return Result(False, f"{type(failure).__name__}: {failure}", has_reply)
    return Result(True, "handed to the mail server", has_reply=True)


def _webhook(delivery: Delivery) -> Result:
    webhook = delivery.webhook
    if webhook is None or not webhook.is_active:
        return Result(False, "the webhook was removed or switched off")
    try:
        reply = webhook_request.send(webhook, delivery.payload, delivery=str(delivery.pk))
    except http_client.FAILURES as failure:
        return Result(False, f"{type(failure).__name__}: {failure}", has_reply=False)
    return Result(
        reply.is_success,
        str(reply.status),
        has_reply=True,
        wait=reply.retry_after or 0,
        is_gone=reply.status == webhook_request.GONE,
    )


SENDERS: dict[Delivery.Kind, Callable[[Delivery], Result]] = {
    Delivery.Kind.MAIL: _mail,
    Delivery.Kind.WEBHOOK: _webhook,
    Delivery.Kind.CHANNEL: lambda delivery: channels.get().send(delivery),
}
