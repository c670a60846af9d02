"""Read a mail: its sender, its text without quotes, its files, its references. Pure.

Every length is bounded before anything is parsed, since a mail may be written to stop the worker.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage, Message
from email.utils import getaddresses

from tickets.inbound import automatic_mail

MAX_BYTES = 10 * 1024 * 1024
"""The size of a mail; larger ones are parked."""

MAX_PARTS = 100
MAX_HEADERS = 500
MAX_HEADER_LENGTH = 8_000
"""Characters of a header that is parsed as addresses, words or parameters."""

MAX_DASHES = 10_000
"""Lines that begin with two hyphens: each may begin a part, and parts take long to parse."""

MAX_BODY_LENGTH = 100_000
MAX_SUBJECT_LENGTH = 300
MAX_REFERENCES = 50
MAX_ADDRESSES = 50
MAX_ADDRESS_LENGTH = 254

NO_CHARSETS = frozenset({"punycode", "idna", "unicode_escape", "raw_unicode_escape"})
"""Codecs of Python that are no charsets of mail (RFC 2978), and slow."""

PARSED_HEADERS = frozenset(
    {"from", "subject", "content-type", "content-disposition", "content-transfer-encoding"}
)
_ADDRESS = re.compile(r"[^\s@<>()\",;:\\]{1,64}@[^\s@<>()\",;:\\]{1,255}\Z")
_MESSAGE_ID = re.compile(r"<([^<>\s@]{1,200}@[^<>\s@]{1,255})>")
_RECIPIENT_HEADERS = ("to", "cc", "delivered-to", "x-original-to", "envelope-to")
_SIGNATURE = re.compile(r"^-- ?$", re.MULTILINE)
"""RFC 3676, 4.3."""


class UnreadableMail(Exception):
    """The mail is malformed; the text says how, without its content."""


@dataclass(frozen=True)
class MailFile:
    name: str
    data: bytes


@dataclass(frozen=True)
class ParsedMail:
    """A mail as values."""

    sender: str
    """The address in From. It proves nothing."""
    subject: str
    message_id: str
    """Without angle brackets; empty if there is none."""
    text: str
    """All of the text."""
    new_text: str
    """Without the quoted mail below or above it, and without the signature; never empty if ``text``
    is not."""
    references: tuple[str, ...] = ()
    """Message ids it refers to, the closest first, without angle brackets."""
    recipients: tuple[str, ...] = ()
    files: tuple[MailFile, ...] = ()
    marker: str = ""
    """Why it counts as automatic; see ``automatic_mail.marker``."""
    authentication_results: tuple[str, ...] = field(default=(), repr=False)
    """Headers that mail servers added, topmost first."""


def parse(raw: bytes) -> ParsedMail:
    """Raises ``UnreadableMail`` for whatever cannot be read, and nothing else."""
    try:
        return _parse(raw)
    except UnreadableMail:
        raise
    # The standard library raises many kinds of errors for hostile mails, RecursionError among them.
    except Exception as failure:
        raise UnreadableMail(f"it cannot be parsed ({type(failure).__name__})") from failure


def content_of(raw: bytes) -> bytes:
    """Sender, date, subject and body, without what mail servers on the way have added."""
    head, _, body = raw.replace(b"\r\n", b"\n").partition(b"\n\n")
    lines = re.findall(rb"^(?:from|date|subject):[^\n]*", head, re.I | re.M)
    # A provider's webhook makes up other boundaries each time.
    for boundary in set(re.findall(rb'boundary="?([^"\s;]{8,200})', head + body)[:MAX_PARTS]):
        body = body.replace(boundary, b"")
    return b"\n".join((*sorted(lines), body.strip()))


def message_id_of(raw: bytes) -> str:
    """The Message-ID in the beginning of a mail; empty if there is none."""
    head = re.split(rb"\r?\n\r?\n", raw[:262_144], maxsplit=1)[0]
    match = re.search(rb"^message-id:[ \t\r\n]*<([^<>\s]{1,450})>", head, re.I | re.M)
    return match[1].decode("ascii", "replace") if match else ""


def sender_of(raw: bytes) -> str:
    """The address in From of a mail that cannot be parsed whole; empty if there is none."""
    head = re.split(rb"\r?\n\r?\n", raw[:262_144], maxsplit=1)[0]
    lines = re.findall(rb"^from:[ \t]*([^\r\n]{1,1000})", head, re.I | re.M)
    if len(lines) != 1:
        return ""
    try:
        addresses = _addresses(lines[0].decode("ascii", "replace"))
    except (RecursionError, ValueError, IndexError):
        # A hostile header must not keep the mail from being stored, and parked.
        return ""
    return addresses[0] if len(addresses) == 1 else ""


def _parse(raw: bytes) -> ParsedMail:
    if raw.count(b"\n--") > MAX_DASHES:
        raise UnreadableMail(f"it has more than {MAX_PARTS} parts")
    message = message_from_bytes(raw, policy=policy.default)
    assert isinstance(message, EmailMessage)
    parts = _parts(message)
    headers = _headers(message)
    sender = _sender(headers)
    text, html = _body(message)
    new_text = _reply_of_html(html) if html else _reply_of(text)
    return ParsedMail(
        sender=sender,
        subject=_clean(str(message["subject"] or ""))[:MAX_SUBJECT_LENGTH]
        .replace("\n", " ")
        .strip(),
        message_id=message_id_of(raw),
        text=text,
        new_text=new_text or text,
        references=_references(headers, parts),
        recipients=tuple(
            address
            for name in _RECIPIENT_HEADERS
            for value in headers.get(name, ())
            for address in _addresses(value)
        )[:MAX_ADDRESSES],
        files=tuple(_files(message, parts)),
        marker=automatic_mail.marker(headers, media_type=message.get_content_type(), sender=sender),
        authentication_results=tuple(headers.get("authentication-results", ())),
    )


def _parts(message: EmailMessage) -> list[Message]:
    parts: list[Message] = []
    for part in message.walk():
        parts.append(part)
        if len(parts) > MAX_PARTS:
            raise UnreadableMail(f"it has more than {MAX_PARTS} parts")
        for name, value in part.raw_items():
            if name.lower() in PARSED_HEADERS and len(value) > MAX_HEADER_LENGTH:
                raise UnreadableMail(f"its header {name} is too long")
    return parts


def _headers(message: EmailMessage) -> dict[str, list[str]]:
    """The values as they were sent, on one line each, by name in lower case."""
    headers: dict[str, list[str]] = {}
    for number, (name, value) in enumerate(message.raw_items()):
        if number >= MAX_HEADERS:
            raise UnreadableMail(f"it has more than {MAX_HEADERS} headers")
        one_line = " ".join(str(value)[:MAX_HEADER_LENGTH].split())
        headers.setdefault(name.lower(), []).append(one_line)
    return headers


def _sender(headers: dict[str, list[str]]) -> str:
    """The one address in the one header From (RFC 5322, 3.6)."""
    values = headers.get("from", [])
    if len(values) != 1:
        raise UnreadableMail("it has no sender" if not values else "it has several headers From")
    addresses = _addresses(values[0])
    if len(addresses) != 1:
        raise UnreadableMail("it has no sender" if not addresses else "it has several senders")
    return addresses[0]


def _addresses(value: str) -> list[str]:
    addresses = (address for _, address in getaddresses([value[:MAX_HEADER_LENGTH]]))
    return [
        a for a in addresses if len(a) <= MAX_ADDRESS_LENGTH and a.isascii() and _ADDRESS.match(a)
    ]


def _references(headers: dict[str, list[str]], parts: Sequence[Message]) -> tuple[str, ...]:
    ids = [
        message_id
        for name in ("in-reply-to", "references")
        for value in headers.get(name, ())
        for message_id in reversed(_MESSAGE_ID.findall(value))
    ]
    # A report that a mail was not delivered has that mail, or its headers.
    for part in parts[1:] if parts[0].get_content_type() == "multipart/report" else ():
        reported = part
        if part.get_content_type() == "text/rfc822-headers":
            content = part.get_payload(decode=True)
            reported = message_from_bytes(content if isinstance(content, bytes) else b"")
        ids += [m for _, v in reported.raw_items() for m in _MESSAGE_ID.findall(str(v)[:2_000])]
    return tuple(dict.fromkeys(ids))[:MAX_REFERENCES]


# --- Text -----------------------------------------------------------------------------------------


def _body(message: EmailMessage) -> tuple[str, str]:
    """The text, and the HTML that it is from if there is no plain text."""
    plain = message.get_body(("plain",))
    text = _clean(_decoded(plain)) if plain else ""
    if text:
        return text, ""
    rich = message.get_body(("html",))
    html = _decoded(rich) if rich else ""
    return _text_of(html), html


def _decoded(part: Message) -> str:
    """The text of a part, also if its charset is unknown or wrong."""
    content = part.get_payload(decode=True)
    data = (content if isinstance(content, bytes) else b"")[: MAX_BODY_LENGTH * 4]
    named = part.get_content_charset("utf-8")
    for charset in ("utf-8" if named in NO_CHARSETS else named, "utf-8"):
        try:
            return data.decode(charset)[:MAX_BODY_LENGTH]
        except (LookupError, ValueError):
            continue
    return data.decode("cp1252", "replace")[:MAX_BODY_LENGTH]


def _text_of(html: str) -> str:
    # Like quotequail below: every process loads this module, and only the worker reads mail.
    from inscriptis import get_text

    return _clean(get_text(html)) if html.strip() else ""


def _reply_of(text: str) -> str:
    """The new text of a mail. What answers a quote from above stays with that quote."""
    import quotequail

    unwrapped = quotequail.unwrap(text)
    if unwrapped:
        written = (unwrapped.get("text_top"), unwrapped.get("text_bottom"))
        text = "\n\n".join(filter(None, written)) or text
    return _without_signature(text)


def _reply_of_html(html: str) -> str:
    import quotequail

    unwrapped = quotequail.unwrap_html(html)
    if unwrapped:
        written = (unwrapped.get("html_top"), unwrapped.get("html_bottom"))
        texts = (_text_of(part) for part in written if part)
        html_text = "\n\n".join(filter(None, texts))
        if html_text:
            return _without_signature(html_text)
    return _without_signature(_text_of(html))


def _without_signature(text: str) -> str:
    return _SIGNATURE.split(text, maxsplit=1)[0].strip()


def _clean(text: str) -> str:
    """Without what a database or a page cannot hold: control characters, lone surrogates."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").encode("utf-8", "replace").decode()
    visible = "".join(
        c for c in lines if c in "\n\t" or unicodedata.category(c) not in ("Cc", "Cs")
    )
    return re.sub(r"\n{4,}", "\n\n\n", "\n".join(map(str.rstrip, visible.split("\n")))).strip()


# --- Files ----------------------------------------------------------------------------------------


def _files(message: EmailMessage, parts: Sequence[Message]) -> Iterator[MailFile]:
    """Attachments and pictures within the text; attachments first."""
    body = {id(message.get_body((kind,))) for kind in ("plain", "html")}
    files = [part for part in parts if id(part) not in body and _is_file(part)]
    files.sort(key=lambda part: part.get_content_disposition() != "attachment")
    for part in files:
        content = part.get_payload(decode=True)
        name = part.get_filename() or f"attachment.{part.get_content_subtype()}"
        yield MailFile(
            _clean(name)[:MAX_SUBJECT_LENGTH], content if isinstance(content, bytes) else b""
        )


def _is_file(part: Message) -> bool:
    if part.is_multipart():
        return False
    return bool(part.get_filename()) or part.get_content_maintype() != "text"
