"""Mail headers: automatic mail (RFC 3834), one thread per ticket (RFC 5322, section 3.6.4).

The ids contain a keyed hash, so that nobody can forge the id of another ticket.
"""

from __future__ import annotations

from email.utils import parseaddr

from django.conf import settings
from django.utils.crypto import salted_hmac

AUTOMATIC = {"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All"}
"""Keep vacation notices and other programs from answering."""

_KEY_LENGTH = 20


def headers(*, ticket: int | None, delivery: str) -> dict[str, str]:
    """The headers of a mail. Every try has the same Message-ID, so mailboxes drop duplicates."""
    own = {**AUTOMATIC, "Message-ID": _message_id(delivery)}
    if ticket is None:
        return own
    # The root of the thread; no mail has this id.
    thread = _message_id(f"ticket-{ticket}")
    return {**own, "In-Reply-To": thread, "References": thread}


def _message_id(name: str) -> str:
    key = salted_hmac("ticket-mail", name, algorithm="sha256").hexdigest()[:_KEY_LENGTH]
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2]
    return f"<{name}.{key}@{domain or 'localhost'}>"
