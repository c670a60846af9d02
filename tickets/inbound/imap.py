"""The only module that imports imapclient: read new mails of a mailbox, and mark them as seen."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from imapclient import SEEN, IMAPClient
from imapclient.exceptions import IMAPClientError, LoginError

from tickets.inbound.mailbox_url import MailboxUrl
from tickets.inbound.parsing import MAX_BYTES

SECONDS = 20.0
"""Timeout of each reply of the server."""

HEADER_BYTES = 65_536
"""What is read of a mail that is too large."""


class MailboxFailure(Exception):
    """The mailbox cannot be read; the text says why, without the user name and the password."""


@dataclass(frozen=True)
class FetchedMail:
    uid: int
    raw: bytes
    """Only the beginning of a mail that is too large."""
    size: int
    """Of the whole mail, in bytes."""


class Inbox:
    """An open mailbox."""

    def __init__(self, client: IMAPClient) -> None:
        self._client = client

    def unseen(self) -> Iterator[FetchedMail]:
        """The mails that are not marked as seen, oldest first. Reading marks nothing.

        Raises ``MailboxFailure``.
        """
        with _failures():
            uids = sorted(self._client.search("UNSEEN"))
        for uid in uids:
            with _failures():
                mail = self._fetch(uid)
            if mail:
                yield mail

    def _fetch(self, uid: int) -> FetchedMail | None:
        """None if another program has deleted it."""
        sizes = self._client.fetch([uid], ["RFC822.SIZE"])
        if uid not in sizes:
            return None
        size = int(sizes[uid][b"RFC822.SIZE"])
        part = "BODY.PEEK[]" if size <= MAX_BYTES else f"BODY.PEEK[]<0.{HEADER_BYTES}>"
        content = self._client.fetch([uid], [part]).get(uid, {})
        raw = next((data for name, data in content.items() if name.startswith(b"BODY[")), None)
        return FetchedMail(uid, raw, size) if raw is not None else None

    def mark_seen(self, uid: int) -> None:
        """Raises ``MailboxFailure``."""
        with _failures():
            self._client.add_flags([uid], [SEEN], silent=True)


@contextmanager
def open_inbox(mailbox: MailboxUrl) -> Iterator[Inbox]:
    """Raises ``MailboxFailure``."""
    with _failures():
        client = _connect(mailbox)
    try:
        with _failures():
            _select(client, mailbox)
        yield Inbox(client)
    finally:
        with suppress(IMAPClientError, OSError):
            client.logout()


def _connect(mailbox: MailboxUrl) -> IMAPClient:
    client = IMAPClient(
        mailbox.host,
        mailbox.port,
        ssl=mailbox.scheme == "imaps",
        ssl_context=ssl.create_default_context() if mailbox.scheme == "imaps" else None,
        timeout=SECONDS,
    )
    if mailbox.scheme == "imap+tls":
        client.starttls(ssl.create_default_context())
    return client


def _select(client: IMAPClient, mailbox: MailboxUrl) -> None:
    client.login(mailbox.user, mailbox.password)
    try:
        client.select_folder(mailbox.folder)
    except IMAPClientError as failure:
        raise MailboxFailure(f"the mailbox has no folder {mailbox.folder}") from failure


@contextmanager
def _failures() -> Iterator[None]:
    """Errors of the library as ``MailboxFailure``. Their texts may repeat what we sent."""
    try:
        yield
    except LoginError as failure:
        raise MailboxFailure("the mail server refuses the user name or the password") from failure
    except ssl.SSLError as failure:
        reason = getattr(failure, "verify_message", "") or failure.reason or "no TLS"
        raise MailboxFailure(f"no safe connection to the mail server: {reason}") from failure
    except OSError as failure:
        reason = failure.strerror or type(failure).__name__
        raise MailboxFailure(f"the mail server does not answer: {reason}") from failure
    except IMAPClientError as failure:
        raise MailboxFailure("the mail server reports an error") from failure
