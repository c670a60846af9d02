"""Read the mailbox: store each new mail, mark it as seen, and receive it."""

from __future__ import annotations

import logging

from django.conf import settings

from audit.advisory_lock import try_lock
from tickets.inbound import imap
from tickets.inbound.inbound_mail import InboundMail
from tickets.inbound.mailbox_state import MailboxState
from tickets.inbound.receiving import receive

LOCK = 0x494D_4150
"""The advisory lock of the mailbox; any number that nothing else uses."""

log = logging.getLogger("tickets.inbound.fetching")


def fetch_new() -> None:
    """Store and receive all mails that are not marked as seen.

    A mail is marked only after it is stored: if the worker stops, the next one reads it again and
    recognises what is stored already. A failure to read the mailbox is stored and logged; the next
    tries follow with growing delays.
    """
    if settings.MAILBOX is None:
        return
    with try_lock(LOCK) as is_only:
        state = MailboxState.current()
        if not (is_only and state.is_due):
            return
        try:
            with imap.open_inbox(settings.MAILBOX) as inbox:
                for fetched in inbox.unseen():
                    _store_and_receive(inbox, fetched)
        except imap.MailboxFailure as failure:
            seconds = state.mark_failed(str(failure))
            log.warning("the mailbox cannot be read: %s; next try in %d s", failure, seconds)
        else:
            state.mark_succeeded()


def _store_and_receive(inbox: imap.Inbox, fetched: imap.FetchedMail) -> None:
    mail = InboundMail.objects.store(
        fetched.raw, source=InboundMail.Source.MAILBOX, size=fetched.size
    )
    inbox.mark_seen(fetched.uid)
    if mail:
        receive(mail.pk)


def receive_waiting() -> None:
    """Receive the mails that a worker stored, but stopped before it received them."""
    for pk in InboundMail.objects.waiting().values_list("pk", flat=True):
        receive(pk)
