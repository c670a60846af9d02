"""One signed request to the receiver of a webhook."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, NamedTuple

from django.conf import settings
from django.utils import timezone

from tickets.delivery.webhooks import retry_after, signature
from tickets.delivery.webhooks.webhook import Webhook

SECONDS = 10.0
"""Time limit: DNS, connection, TLS, request, and what is read of the reply."""

GONE = 410


class Reply(NamedTuple):
    status: int
    retry_after: int | None
    """Seconds that the receiver asks to wait, bounded; None if it does not ask."""
    start: str
    """The first bytes of the body as text, if any were wanted."""

    @property
    def is_success(self) -> bool:
        return 200 <= self.status < 300


def send(webhook: Webhook, payload: Mapping[str, Any], *, delivery: str, read: int = 0) -> Reply:
    """Post a payload, signed, and read the first ``read`` bytes of the reply.

    Raises one of ``http_client.FAILURES``.
    """
    # Imported when the first request is sent: the desk's pages load this module.
    from tickets.delivery import http_client

    body = json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode()
    signed = signature.headers(
        body, delivery=delivery, timestamp=int(time.time()), keys=webhook.keys()
    )
    headers = {"Content-Type": "application/json", **signed}
    with (
        http_client.bounded_client(seconds=SECONDS, allowed=settings.WEBHOOK_NETWORKS) as client,
        client.stream("POST", webhook.url, content=body, headers=headers) as reply,
    ):
        wait = retry_after.seconds(reply.headers.get("Retry-After", ""), now=timezone.now())
        start = bytearray()
        # The status is known, however the body ends.
        with suppress(*http_client.FAILURES):
            parts = reply.iter_raw()
            while len(start) < read and (part := next(parts, b"")):
                start += part
        return Reply(reply.status_code, wait, bytes(start[:read]).decode(errors="replace"))
