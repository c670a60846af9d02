"""MAILBOX_URL -> the server, user and folder. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

SCHEMES = {"imap": 143, "imap+tls": 143, "imaps": 993}
"""With the default ports: unencrypted, STARTTLS, and TLS from the start."""

FORMAT = "like imaps://user:password@host/INBOX, or imap+tls:// or imap://"


@dataclass(frozen=True)
class MailboxUrl:
    """A folder of an account on an IMAP server."""

    scheme: str
    host: str
    port: int
    user: str
    password: str = field(repr=False)
    folder: str


def parse(text: str) -> MailboxUrl | None:
    """None for an empty text. Raises ``ValueError`` without the text, which has the password."""
    if not text:
        return None
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise ValueError(FORMAT) from None
    if parts.scheme not in SCHEMES or not (parts.hostname and parts.username and parts.password):
        raise ValueError(FORMAT)
    return MailboxUrl(
        scheme=parts.scheme,
        host=parts.hostname,
        port=port or SCHEMES[parts.scheme],
        user=unquote(parts.username),
        password=unquote(parts.password),
        folder=unquote(parts.path.strip("/")) or "INBOX",
    )


def reply_address(text: str) -> str:
    """Such as ``support@example.com``, without a plus. Raises ``ValueError``."""
    local, at, domain = text.rpartition("@")
    # Our names and keys take up to 37 of the 64 characters before the @ (RFC 5321, 4.5.3.1.1).
    if text and not (at and domain and 0 < len(local) <= 25 and not set(text) & set('+ <>,"')):
        raise ValueError(f"an address such as support@example.com, not {text!r}")
    return text
