"""Send one delivery, and store the attempt."""

from __future__ import annotations

import json
import logging
import smtplib
import time
from collections.abc import Callable, Mapping

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction

from audit.privacy.gateway import Channel, redact_outbound
from tickets.delivery import http_client, mail_headers, webhook_signature
from tickets.delivery.outbox import Attempt, Delivery

WEBHOOK_SECONDS = 10.0
"""For one delivery: DNS, connection, TLS, request, and the head of the response."""

log = logging.getLogger("tickets.delivery.sending")


class DeliveryFailed(Exception):
    """The delivery failed; the queue retries after ``seconds``."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"next try in {seconds} s")
        self.seconds = seconds


def deliver(delivery_id: str) -> None:
    """Send a pending delivery that no other worker is sending. Raises ``DeliveryFailed``."""
    with transaction.atomic():
        # Locked while it is sent: a second worker with the same job skips it.
        waiting = Delivery.objects.select_for_update(skip_locked=True).filter(
            pk=delivery_id, status=Delivery.Status.PENDING
        )
        delivery = waiting.first()
        if delivery is None:
            return
        attempt = _try(delivery)
        if attempt.succeeded:
            delivery.mark_delivered(attempt)
            return
        seconds = delivery.mark_failed(attempt)
    if seconds is not None:
        raise DeliveryFailed(seconds)


def _try(delivery: Delivery) -> Attempt:
    started = time.monotonic()
    send = SENDERS[Delivery.Kind(delivery.kind)] if delivery.payload else _erased
    try:
        succeeded, result = send(delivery)
    except Exception as failure:
        # A bug of ours: it becomes a dead letter, where somebody sees it.
        log.exception("delivery %s", delivery.pk)
        succeeded, result = False, type(failure).__name__
    ms = round((time.monotonic() - started) * 1000)
    # Mail servers repeat the address in their errors.
    result = redact_outbound(Channel.LOGS, result)[:300]
    return Attempt(delivery=delivery, succeeded=succeeded, result=result, ms=ms)


def _erased(delivery: Delivery) -> tuple[bool, str]:
    return False, "its content was erased with the person"


def _mail(delivery: Delivery) -> tuple[bool, str]:
    address = delivery.mail_address()
    if not address:
        return False, f"{delivery.address} has no address"
    message = EmailMessage(
        delivery.payload["subject"],
        delivery.mail_text(),
        to=[address],
        headers=mail_headers.headers(ticket=delivery.ticket_id, delivery=str(delivery.pk)),
    )
    try:
        message.send()
    except (smtplib.SMTPException, OSError) as failure:
        return False, f"{type(failure).__name__}: {failure}"
    return True, "handed to the mail server"


def _webhook(delivery: Delivery) -> tuple[bool, str]:
    webhook = delivery.webhook
    if webhook is None or not webhook.is_active:
        return False, "the webhook was removed or switched off"
    body = json.dumps(delivery.payload, ensure_ascii=False, separators=(",", ":")).encode()
    signed = webhook_signature.headers(
        body, delivery=str(delivery.pk), timestamp=int(time.time()), keys=webhook.keys()
    )
    headers = {"Content-Type": "application/json", **signed}
    try:
        status = _post(webhook.url, body, headers)
    except http_client.FAILURES as failure:
        return False, f"{type(failure).__name__}: {failure}"
    return 200 <= status < 300, str(status)


def _post(url: str, body: bytes, headers: Mapping[str, str]) -> int:
    """The status of the response; its body is not read. Raises ``http_client.FAILURES``."""
    with (
        http_client.bounded_client(
            seconds=WEBHOOK_SECONDS, allowed=settings.WEBHOOK_NETWORKS
        ) as client,
        client.stream("POST", url, content=body, headers=headers) as reply,
    ):
        return int(reply.status_code)


SENDERS: dict[Delivery.Kind, Callable[[Delivery], tuple[bool, str]]] = {
    Delivery.Kind.MAIL: _mail,
    Delivery.Kind.WEBHOOK: _webhook,
}
