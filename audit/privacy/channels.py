"""What is done with personal data, channel by channel. Pure: standard library only.

A channel is a way by which texts come in, are kept, or leave. The audit trail is none of them: it
is redacted whatever is set here.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class Mode(StrEnum):
    ENCRYPT = "encrypt"
    """As ``redact``; and the text as written is encrypted under the person's key, for those who
    work on the ticket and for that person. `audit_erase` destroys the key."""
    REDACT = "redact"
    """Placeholders, such as ``[EMAIL]``, stand where personal data stood."""
    REJECT = "reject"
    """The text is refused; what is told are the kinds found and the field, never the value."""
    WARN = "warn"
    """It stays as written, and whoever brought it is told which kinds are in it."""
    OFF = "off"
    """It stays as written."""


class Channel(StrEnum):
    ASK = "ask"
    """Questions to /ask; what is kept of them is redacted whatever is set here."""
    TICKETS = "tickets"
    """Tickets' messages; their categories and tags are never encrypted, only masked."""
    COMMENTS = "comments"
    """What customers say on tickets, and the desk's notes. What the desk says to its customer is
    encrypted whatever is set here, but for ``off``: it must arrive as written."""
    FAQS = "faqs"
    """What an FAQ says, wherever it comes from."""
    NAMES = "names"
    """User ids that hold personal data, such as an address; see ``people.known_as``."""
    MAIL = "mail"
    """What mails say; their address is where they go."""
    WEBHOOKS = "webhooks"
    PROMPTS = "prompts"
    """Questions to the agent's model."""
    LOGS = "logs"
    """Log lines, traces and error documents. No metric holds a text."""


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
"""What each may be set to."""

DEFAULTS: Mapping[Channel, Mode] = {
    **dict.fromkeys(Channel, Mode.REDACT),
    # A phone number to be called back on is of use only to whoever can read it.
    Channel.TICKETS: Mode.ENCRYPT,
    Channel.COMMENTS: Mode.ENCRYPT,
    # Written to be read by everybody: the address they give is most often the desk's own.
    Channel.FAQS: Mode.WARN,
}


def parse(text: str) -> dict[Channel, Mode]:
    """Modes from text such as "ask=reject faqs=redact"; what is not named stays as it is.

    Raises ``ValueError`` that says how such a text must look.
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
