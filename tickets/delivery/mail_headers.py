"""The headers of mails about tickets: written by a program, and one conversation a ticket.

RFC 3834 (automatic replies), RFC 5322 section 3.6.4 (threads). The ids are keyed, so that nobody
can make up one that names another ticket.
"""

from __future__ import annotations

from email.utils import parseaddr

from django.conf import settings
from django.utils.crypto import salted_hmac

AUTOMATIC = {"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All"}
"""No vacation notice answers them, and no other program either."""

_KEY_LENGTH = 20


def headers(*, ticket: int, delivery: str) -> dict[str, str]:
    """Of one mail. The Message-ID stays the same at every try: a mailbox drops what it has."""
    thread = _message_id(f"ticket-{ticket}")
    return {
        **AUTOMATIC,
        "Message-ID": _message_id(delivery),
        # The beginning of the conversation, which nobody was sent as a mail.
        "In-Reply-To": thread,
        "References": thread,
    }


def _message_id(name: str) -> str:
    key = salted_hmac("ticket-mail", name, algorithm="sha256").hexdigest()[:_KEY_LENGTH]
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2]
    return f"<{name}.{key}@{domain or 'localhost'}>"
