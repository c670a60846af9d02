"""Mail headers: automatic mail (RFC 3834), one thread per ticket (RFC 5322, section 3.6.4).

The ids contain a keyed hash, so that nobody can forge the id of another ticket: an answer to a mail
of ours is recognised by these ids alone.
"""

from __future__ import annotations

from email.utils import parseaddr

from django.conf import settings
from django.utils.crypto import constant_time_compare, salted_hmac

AUTOMATIC = {"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All"}
"""Keep vacation notices and other programs from answering."""

REPLIED = {**AUTOMATIC, "Auto-Submitted": "auto-replied"}
"""For a mail that answers one without a person."""

_KEY_LENGTH = 20


def ticket_thread(number: int) -> str:
    """The name of the thread of a ticket, for ``headers``."""
    return f"ticket-{number}"


def mail_thread(number: int) -> str:
    """The name of the thread of an inbound mail that is no ticket."""
    return f"mail-{number}"


def headers(
    *, thread: str, delivery: str, answers: str = "", is_reply: bool = False
) -> dict[str, str]:
    """The headers of a mail. Every try has the same Message-ID, so mailboxes drop duplicates.

    ``thread``: its name; empty for a mail that belongs to none. ``answers``: the Message-ID of the
    customer's mail, without angle brackets. ``is_reply``: a program answers that mail.
    """
    own = {**(REPLIED if is_reply else AUTOMATIC), "Message-ID": f"<{_message_id(delivery)}>"}
    if not thread:
        return own
    # The root of the thread; no mail has this id.
    root = f"<{_message_id(thread)}>"
    parent = f"<{answers}>" if answers else root
    own |= {"In-Reply-To": parent, "References": f"{root} {parent}" if answers else root}
    if settings.MAIL_REPLY_TO:
        own["Reply-To"] = plus_address(thread)
    return own


def plus_address(thread: str) -> str:
    """The address for answers to a thread, such as ``support+ticket-12.<key>@example.com``."""
    local, _, domain = settings.MAIL_REPLY_TO.rpartition("@")
    return f"{local}+{_keyed(thread)}@{domain}"


def name_of_message_id(message_id: str) -> str:
    """The thread or delivery of an id of ours, without angle brackets; empty for any other id."""
    return _verified(message_id.partition("@")[0])


def name_of_address(address: str) -> str:
    """The thread of a plus-address of ours; empty for any other address."""
    local, _, domain = address.casefold().rpartition("@")
    mailbox, _, name = local.partition("+")
    is_own = f"{mailbox}@{domain}" == settings.MAIL_REPLY_TO.casefold()
    return _verified(name) if is_own else ""


def _message_id(name: str) -> str:
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2]
    return f"{_keyed(name)}@{domain or 'localhost'}"


def _keyed(name: str) -> str:
    key = salted_hmac("ticket-mail", name, algorithm="sha256").hexdigest()[:_KEY_LENGTH]
    return f"{name}.{key}"


def _verified(text: str) -> str:
    # Some mail servers change the case.
    text = text.casefold()
    name = text.rpartition(".")[0]
    return name if name and constant_time_compare(text, _keyed(name)) else ""
