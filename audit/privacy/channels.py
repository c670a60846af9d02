"""What is done with personal data, by channel. Pure: standard library only.

A channel is a way by which texts come in, are stored, or leave. The audit trail is not a channel:
it is always redacted.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class Mode(StrEnum):
    ENCRYPT = "encrypt"
    """As ``redact``; and the text as written is encrypted under the person's key, for those who
    work on the ticket and for that person. `audit_erase` destroys the key."""
    REDACT = "redact"
    """Personal data is replaced by placeholders such as ``[EMAIL]``."""
    REJECT = "reject"
    """The text is rejected; the error names the field and the kinds, never the value."""
    WARN = "warn"
    """The text stays as written, and its author is warned of the kinds in it."""
    OFF = "off"
    """The text stays as written."""


class Channel(StrEnum):
    ASK = "ask"
    """Questions to /ask; what is stored of them is always redacted."""
    TICKETS = "tickets"
    """Messages of tickets; categories and tags are never encrypted, only masked."""
    COMMENTS = "comments"
    """Customers' comments on tickets, and the desk's notes. The desk's replies to a customer are
    encrypted in every mode except ``off``: they must arrive as written."""
    FAQS = "faqs"
    """The texts of an FAQ, from any source."""
    NAMES = "names"
    """User ids that hold personal data, such as an address; see ``pseudonyms.stored_name``."""
    MAIL = "mail"
    """Texts of mails; the recipient's address is not changed."""
    WEBHOOKS = "webhooks"
    PROMPTS = "prompts"
    """Questions to the agent's model."""
    LOGS = "logs"
    """Log lines, traces and error documents. Metrics hold no texts."""


_INCOMING = frozenset({Mode.REDACT, Mode.REJECT, Mode.OFF})
_CONVERSATION = _INCOMING | {Mode.ENCRYPT}
_OUTGOING = frozenset({Mode.REDACT, Mode.OFF})

MODES: Mapping[Channel, frozenset[Mode]] = {
    Channel.ASK: _INCOMING,
    Channel.TICKETS: _CONVERSATION,
    Channel.COMMENTS: _CONVERSATION,
    Channel.FAQS: frozenset(Mode) - {Mode.ENCRYPT},
    Channel.NAMES: _OUTGOING,
    Channel.MAIL: _OUTGOING,
    Channel.WEBHOOKS: _OUTGOING,
    Channel.PROMPTS: _OUTGOING,
    Channel.LOGS: _OUTGOING,
}
"""The modes that a channel allows."""

DEFAULTS: Mapping[Channel, Mode] = {
    **dict.fromkeys(Channel, Mode.REDACT),
    # The desk must be able to read a phone number to call it back.
    Channel.TICKETS: Mode.ENCRYPT,
    Channel.COMMENTS: Mode.ENCRYPT,
    # Public texts: an address in them is most often the desk's own.
    Channel.FAQS: Mode.WARN,
}


def parse(text: str) -> dict[Channel, Mode]:
    """Modes from text such as "ask=reject faqs=redact"; other channels keep their default.

    Raises ``ValueError`` with the expected format.
    """
    modes = dict(DEFAULTS)
    for part in text.split():
        name, _, value = part.partition("=")
        if name not in set(Channel):
            raise ValueError(f"channel=mode, channels from {', '.join(Channel)}, not {part!r}")
        channel = Channel(name)
        allowed = [mode for mode in Mode if mode in MODES[channel]]
        if value not in allowed:
            raise ValueError(f"{name}= one of {', '.join(allowed)}, not {part!r}")
        modes[channel] = Mode(value)
    return modes
