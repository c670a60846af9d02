"""Personal data on its way in and out, as ``settings.REDACTION`` has it for each channel."""

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
    "admit",
    "admit_message",
    "find_in",
    "is_redacted",
    "kinds_in",
    "leaving",
    "refuse",
]


class PersonalData(Exception):
    """A channel that takes no personal data was given some; says where and which, never what."""

    problem_status = 422

    def __init__(self, found: Mapping[str, Iterable[str]]) -> None:
        self.found = {field: sorted(kinds) for field, kinds in found.items()}
        super().__init__(self.found)

    def __str__(self) -> str:
        told = (f"{field} ({', '.join(kinds)})" for field, kinds in self.found.items())
        return f"Personal data is not taken here: {'; '.join(told)}."

    @property
    def problem(self) -> dict[str, Any]:
        """What the problem document says besides."""
        return {
            "errors": [
                {"field": field, "reason": "It holds personal data.", "kinds": list(kinds)}
                for field, kinds in self.found.items()
            ]
        }


def admit(channel: Channel, text: str, *, field: str) -> str:
    """``text`` as the channel takes it. Raises ``PersonalData`` that names ``field``."""
    mode = settings.REDACTION[channel]
    if mode in (Mode.REDACT, Mode.ENCRYPT):
        return _masked(text)
    if mode is Mode.REJECT and (found := kinds_in(text)):
        raise PersonalData({field: found})
    return text


class Message(NamedTuple):
    """A text of a conversation on its way in."""

    masked: str
    original: str
    """As written, to be encrypted; empty where nothing is masked or nothing may be kept."""


def admit_message(channel: Channel, text: str, *, field: str, must_arrive: bool = False) -> Message:
    """``text`` as the channel takes it. Raises ``PersonalData`` that names ``field``.

    With ``must_arrive`` it is neither refused nor lost, whatever the channel's mode.
    """
    mode = settings.REDACTION[channel]
    is_encrypted = mode is Mode.ENCRYPT or (must_arrive and mode is not Mode.OFF)
    masked = _masked(text) if is_encrypted else admit(channel, text, field=field)
    return Message(masked, text if is_encrypted and masked != text else "")


def refuse(channel: Channel, texts: Mapping[str, str]) -> None:
    """Raises ``PersonalData`` for all of ``texts``, by field, if the channel takes none."""
    if settings.REDACTION[channel] is not Mode.REJECT:
        return
    found = {field: kinds for field, text in texts.items() if (kinds := kinds_in(text))}
    if found:
        raise PersonalData(found)


def leaving(channel: Channel, value: Any) -> Any:
    """A text, or a tree of them, as it may leave through the channel."""
    return redact_tree(value, region=settings.PHONE_REGION) if is_redacted(channel) else value


def load() -> None:
    """Be ready before the first text comes. Raises ``presidio.NotInstalled``."""
    if settings.PRESIDIO_MODEL:
        presidio.loaded(settings.PRESIDIO_MODEL, settings.PHONE_REGION)


def _masked(text: str) -> str:
    """Names too, where PRESIDIO_MODEL is set; they alone are never a reason to refuse a text."""
    text = redact(text, region=settings.PHONE_REGION)
    if not settings.PRESIDIO_MODEL:
        return text
    return presidio.loaded(settings.PRESIDIO_MODEL, settings.PHONE_REGION).mask(text)


def is_redacted(channel: Channel) -> bool:
    return settings.REDACTION[channel] is Mode.REDACT


def find_in(text: str) -> list[Span]:
    """The personal data in ``text``, as this site recognises it."""
    return find(text, region=settings.PHONE_REGION)


def kinds_in(text: str) -> frozenset[Kind]:
    return kinds(text, region=settings.PHONE_REGION)
