"""Apply ``settings.REDACTION`` to texts that come in or leave through a channel."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from django.conf import settings

from audit.privacy import presidio
from audit.privacy.channels import Channel, Mode
from audit.privacy.redaction import Kind, Span, find, kinds, redact, redact_tree

__all__ = [
    "Channel",
    "Message",
    "PersonalData",
    "apply_inbound",
    "apply_inbound_message",
    "find_in",
    "is_redacted",
    "kinds_in",
    "redact_outbound",
    "reject",
]


class PersonalData(Exception):
    """A text for a channel that accepts no personal data holds some.

    It names the fields and the kinds, never the values.
    """

    problem_status = 422

    def __init__(self, kinds_by_field: Mapping[str, Iterable[str]]) -> None:
        self.kinds_by_field = {field: sorted(kinds) for field, kinds in kinds_by_field.items()}
        super().__init__(self.kinds_by_field)

    def __str__(self) -> str:
        fields = (f"{field} ({', '.join(kinds)})" for field, kinds in self.kinds_by_field.items())
        return (
            f"Personal data is not accepted here: {'; '.join(fields)}. "
            "Remove it and send the request again."
        )

    @property
    def problem(self) -> dict[str, Any]:
        """Additional members of the problem document."""
        return {
            "errors": [
                {
                    "field": field,
                    "reason": "It holds personal data. Remove it.",
                    "kinds": list(kinds),
                }
                for field, kinds in self.kinds_by_field.items()
            ]
        }


def apply_inbound(channel: Channel, text: str, *, field: str) -> str:
    """``text`` as the channel's mode allows it. Raises ``PersonalData`` that names ``field``."""
    mode = settings.REDACTION[channel]
    if mode in (Mode.REDACT, Mode.ENCRYPT):
        return _masked(text)
    if mode is Mode.REJECT and (kinds := kinds_in(text)):
        raise PersonalData({field: kinds})
    return text


class Message(NamedTuple):
    """A message of a conversation, after the channel's mode was applied."""

    masked: str
    original: str
    """The text as written, to be encrypted; empty if nothing is masked or nothing may be stored."""


def apply_inbound_message(
    channel: Channel, text: str, *, field: str, must_arrive: bool = False
) -> Message:
    """``text`` as the channel's mode allows it. Raises ``PersonalData`` that names ``field``.

    With ``must_arrive`` it is never rejected, and the original is stored in every mode.
    """
    mode = settings.REDACTION[channel]
    is_encrypted = mode is Mode.ENCRYPT or (must_arrive and mode is not Mode.OFF)
    masked = _masked(text) if is_encrypted else apply_inbound(channel, text, field=field)
    return Message(masked, text if is_encrypted and masked != text else "")


def reject(channel: Channel, texts: Mapping[str, str]) -> None:
    """Raise ``PersonalData`` if the channel rejects personal data and any of ``texts`` holds some.

    ``texts`` are by field; the exception names all fields at once.
    """
    if settings.REDACTION[channel] is not Mode.REJECT:
        return
    kinds_by_field = {field: kinds for field, text in texts.items() if (kinds := kinds_in(text))}
    if kinds_by_field:
        raise PersonalData(kinds_by_field)


def redact_outbound(channel: Channel, value: Any) -> Any:
    """A text, or a JSON-like tree of texts, redacted if the channel's mode says so."""
    return redact_tree(value, region=settings.PHONE_REGION) if is_redacted(channel) else value


def load() -> None:
    """Load the Presidio model, if one is set, before the first request.

    Raises ``presidio.NotInstalled``.
    """
    if settings.PRESIDIO_MODEL:
        presidio.loaded(settings.PRESIDIO_MODEL, settings.PHONE_REGION)


def _masked(text: str) -> str:
    """Also names where PRESIDIO_MODEL is set; a name alone is never a reason to reject a text."""
    text = redact(text, region=settings.PHONE_REGION)
    if not settings.PRESIDIO_MODEL:
        return text
    return presidio.loaded(settings.PRESIDIO_MODEL, settings.PHONE_REGION).mask(text)


def is_redacted(channel: Channel) -> bool:
    """Whether the channel's mode is ``redact``; false for ``encrypt``, which also masks."""
    return settings.REDACTION[channel] is Mode.REDACT


def find_in(text: str) -> list[Span]:
    """The personal data in ``text``, as this site recognises it."""
    return find(text, region=settings.PHONE_REGION)


def kinds_in(text: str) -> frozenset[Kind]:
    """The kinds of personal data in ``text``, as this site recognises them."""
    return kinds(text, region=settings.PHONE_REGION)
