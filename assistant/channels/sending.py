"""Send replies, by the outbox: to a program's reply URL, to Slack, to Telegram.

Registered as ``tickets.delivery.channels.backend``, so that what the desk writes on a ticket goes
back to the thread that the ticket is from.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from assistant.channels import rendering, replies, signed, slack, telegram
from assistant.channels.channel import Channel
from assistant.channels.inbound import Sent, is_permanent
from assistant.channels.messages import Message, SentMessage, Thread, ThreadTicket, digest
from assistant.channels.replies import Offer, Outbound, Reply
from tickets.comments import Comment
from tickets.delivery.outbox import Delivery
from tickets.delivery.result import Result
from tickets.delivery.webhooks import retry_after, signature
from tickets.delivery.webhooks.request import SECONDS
from tickets.models import Ticket

MAX_REPLY_BYTES = 200_000
"""Of what another server says."""

ERASED = "the person was erased"

Kind = Channel.Kind


# --- Deliveries -----------------------------------------------------------------------------------


def enqueue(message: Message, reply: Reply) -> None:
    """Store the reply to a message in the outbox. Call it in the transaction of its result."""
    payload = {
        "type": "answer",
        "thread": message.thread_id,
        "message": str(message.pk),
        "text": reply.text,
        "offers": [[offer.label, offer.does] for offer in reply.offers],
        "outcome": reply.outcome,
        "ask_id": reply.ask_id,
    }
    delivery = _delivery(message.thread, "answer", payload)
    delivery.save(force_insert=True)
    delivery.enqueue()


def deliveries(ticket: Ticket, event: str, comment: Comment | None) -> Sequence[Delivery]:
    """The desk's replies, and that the ticket is resolved, for the threads it is from."""
    is_reply = event == "commented" and comment is not None and comment.from_desk
    if not (is_reply or event == "resolved"):
        return []
    links = ThreadTicket.of(ticket).select_related("thread__channel")
    return [_ticket_delivery(ticket, link.thread, event, comment) for link in links]


def _ticket_delivery(
    ticket: Ticket, thread: Thread, event: str, comment: Comment | None
) -> Delivery:
    payload: dict[str, Any] = {"type": "ticket", "thread": thread.pk, "ticket": ticket.pk}
    if comment is None:
        with override(thread.channel.language):
            payload["text"] = _("Ticket %(number)s is resolved.") % {"number": ticket.pk}
        return _delivery(thread, event, payload, ticket)
    files = [attachment.name for attachment in comment.attachments.all()]
    delivery = _delivery(thread, event, {**payload, "text": _with(comment.text, files)}, ticket)
    if comment.original is not None:
        # What the desk says to its customer is never altered.
        delivery.original = ticket.encrypt(_with(comment.full_text, files))
    return delivery


def _with(text: str, files: Sequence[str]) -> str:
    """Files stay at the desk; the text names them."""
    return "\n\n".join([text, *(f"📎 {name}" for name in files)])


def _delivery(
    thread: Thread, event: str, payload: dict[str, Any], ticket: Ticket | None = None
) -> Delivery:
    return Delivery(
        ticket=ticket,
        event=event,
        kind=Delivery.Kind.CHANNEL,
        address=thread.channel.name,
        payload=payload,
        next_try=timezone.now(),
    )


# --- Sending --------------------------------------------------------------------------------------


def send(delivery: Delivery) -> Result:
    """Send a reply. Parts that have arrived are not sent again at the next try."""
    threads = Thread.objects.select_related("channel")
    thread = threads.filter(pk=delivery.payload["thread"]).first()
    where = thread.where if thread else {}
    if thread is None or not where:
        return Result(False, ERASED, is_permanent=True)
    channel = thread.channel
    if not channel.is_active:
        return Result(False, "the channel is switched off")
    outbound = _outbound(delivery, channel)
    if channel.kind == Kind.WEBHOOK:
        return _result(_send_signed(delivery, channel, outbound, where))
    if not channel.bot_token:
        return Result(False, "the bot token is missing, or SECRET_KEY has changed")
    if channel.kind == Kind.SLACK:
        posts, read = slack.posts(outbound, where), slack.result
        url = f"{settings.SLACK_API_URL}/chat.postMessage"
        headers = {"Authorization": f"Bearer {channel.bot_token}"}
    else:
        posts, read = telegram.posts(outbound, where), telegram.result
        url, headers = f"{settings.TELEGRAM_API_URL}/bot{channel.bot_token}/sendMessage", {}
    return _send_parts(delivery, channel, posts, lambda body: _post(url, body, headers, read))


def _send_parts(
    delivery: Delivery,
    channel: Channel,
    posts: Sequence[Mapping[str, Any]],
    post: Callable[[bytes], Sent | Result],
) -> Result:
    """One after the other."""
    for number in range(delivery.payload.get("sent", 0), len(posts)):
        sent = post(json.dumps(posts[number], ensure_ascii=False).encode())
        if isinstance(sent, Result) or not sent.succeeded:
            return _result(sent)
        _remember(delivery, channel, sent, number + 1)
    return Result(True, "200", has_reply=True)


@transaction.atomic
def _remember(delivery: Delivery, channel: Channel, sent: Sent, parts: int) -> None:
    delivery.payload = {**delivery.payload, "sent": parts}
    delivery.save(update_fields=["payload"])
    message = Message.objects.filter(pk=delivery.payload.get("message")).first()
    if message and sent.reference:
        name = digest(channel.pk, sent.reference)
        SentMessage.objects.get_or_create(digest=name, defaults={"message": message})


def _send_signed(
    delivery: Delivery, channel: Channel, outbound: Outbound, where: Mapping[str, Any]
) -> Sent | Result:
    keys = channel.valid_secrets()
    if not keys:
        return Result(False, "the secret cannot be decrypted: SECRET_KEY has changed")
    body = signed.body_of(outbound, where, delivery=str(delivery.pk))
    headers = signature.headers(
        body, delivery=str(delivery.pk), timestamp=int(time.time()), keys=keys
    )
    return _post(channel.reply_url, body, headers, _read_status)


def _read_status(status: int, wait: int, body: bytes) -> Sent:
    return Sent(200 <= status < 300, str(status), wait=wait, is_permanent=is_permanent(status))


def _post(
    url: str,
    body: bytes,
    headers: Mapping[str, str],
    read: Callable[[int, int, bytes], Sent],
) -> Sent | Result:
    """What the other server says, or a ``Result`` if it says nothing."""
    # Every process registers this module, and only the worker sends.
    from tickets.delivery import http_client

    typed = {"Content-Type": "application/json; charset=utf-8", **headers}
    try:
        with http_client.bounded_client(
            seconds=SECONDS, max_bytes=MAX_REPLY_BYTES, allowed=settings.WEBHOOK_NETWORKS
        ) as client:
            reply = client.post(url, content=body, headers=typed)
    except http_client.FAILURES as failure:
        # Not the failure's text: it may name the URL, and Telegram's holds the token.
        return Result(False, type(failure).__name__, has_reply=False)
    wait = retry_after.seconds(reply.headers.get("Retry-After", ""), now=timezone.now())
    return read(reply.status_code, wait or 0, reply.content)


def _result(sent: Sent | Result) -> Result:
    if isinstance(sent, Result):
        return sent
    return Result(
        sent.succeeded,
        sent.text,
        has_reply=True,
        wait=sent.wait,
        is_permanent=sent.is_permanent,
    )


def _outbound(delivery: Delivery, channel: Channel) -> Outbound:
    """The reply in the channel's markup, with what the channel can show."""
    payload = delivery.payload
    offers = [Offer(label, does) for label, does in payload.get("offers", ())]
    text, is_plain = delivery.full_text(), payload["type"] == "ticket"
    if offers and not channel.shows_buttons:
        with override(channel.language):
            text = f"{text}\n\n{replies.numbered(offers, _('Reply with a number.'))}"
    message = Message.objects.filter(pk=payload.get("message")).select_related("thread").first()
    facts = {
        "type": payload["type"],
        "in_reply_to": message.contents.get("id") if message else None,
        "outcome": payload.get("outcome") or None,
        "ask_id": payload.get("ask_id") or None,
        "ticket": payload.get("ticket"),
    }
    return Outbound(
        tuple(
            rendering.parts(text, channel.markup, longest=channel.longest_part, is_plain=is_plain)
        ),
        tuple((offer.label, offer.token(payload["message"])) for offer in offers)
        if channel.shows_buttons
        else (),
        tuple(facts.items()),
        is_plain,
    )
