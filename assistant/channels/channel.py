"""A channel: a row that the desk adds and changes, with its secrets and what it can show."""

from __future__ import annotations

from base64 import b64decode, b64encode
from contextlib import suppress
from datetime import timedelta
from hashlib import sha256
from os import urandom
from typing import ClassVar

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import (
    MaxValueValidator,
    MinValueValidator,
    RegexValidator,
    URLValidator,
)
from django.db import models, transaction
from django.utils import timezone

from assistant.channels.rendering import Markup
from audit.models import record
from audit.people import encryption
from tickets.delivery.webhooks import signature

OVERLAP = timedelta(hours=24)
"""How long the previous secret stays valid."""

RESERVED = frozenset({"api", "help", "mail"})
"""Names of the site's own ways to ask, in records of asks; no channel may have them."""

SLACK_MAX_LENGTH = 3_000
"""Characters of a section: https://api.slack.com/reference/block-kit/blocks#section"""

TELEGRAM_MAX_LENGTH = 4_096
"""Characters of a message: https://core.telegram.org/bots/api#sendmessage"""

MIN_LENGTH_LIMIT = 160
"""The smallest value that a webhook's limit of characters may have."""


def _validate_name(name: str) -> None:
    if name in RESERVED:
        raise ValidationError(f"The name {name} is reserved. Choose another name.")


class ChannelManager(models.Manager["Channel"]):
    def active(self, name: str) -> Channel | None:
        """The channel; None if there is none of this name, or if it is switched off."""
        return self.filter(name=name, is_active=True).first()


class Channel(models.Model):
    """A way to ask, such as a Slack workspace, a Telegram bot, or a program of your own."""

    class Kind(models.TextChoices):
        WEBHOOK = "webhook", "Signed webhook"
        SLACK = "slack", "Slack"
        TELEGRAM = "telegram", "Telegram"

    name = models.CharField(
        max_length=40,
        unique=True,
        validators=[
            RegexValidator(r"\A[a-z][a-z-]*\Z", "Write lower-case letters and dashes."),
            _validate_name,
        ],
        help_text="In its address, /channels/NAME, and in every record. It cannot be changed.",
    )
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.WEBHOOK)
    is_active = models.BooleanField(
        "active", default=True, help_text="Off: nothing is accepted, and nothing is sent."
    )
    reply_url = models.CharField(
        "reply URL",
        max_length=500,
        blank=True,
        validators=[URLValidator(schemes=["https", "http"])],
        help_text="Signed webhook only: where replies are sent to.",
    )
    language = models.CharField(
        max_length=5,
        choices=settings.LANGUAGES,
        default="en",
        help_text="Of the site's own sentences. Answers are in the language of their FAQ.",
    )
    longest = models.PositiveIntegerField(
        "longest message",
        default=4_000,
        validators=[MinValueValidator(MIN_LENGTH_LIMIT), MaxValueValidator(40_000)],
        help_text="Characters. Longer answers are sent in parts. Signed webhook only.",
    )
    has_buttons = models.BooleanField(
        "shows buttons",
        default=False,
        help_text="Off: options are a numbered list. Signed webhook only.",
    )
    has_links = models.BooleanField(
        "shows Markdown",
        default=False,
        help_text="Off: plain text, with the address after the text of a link. "
        "Signed webhook only.",
    )
    secret = models.TextField(editable=False, help_text="Encrypted.")
    previous_secret = models.TextField(blank=True, editable=False, help_text="Encrypted.")
    token = models.TextField(blank=True, editable=False, help_text="Of the bot. Encrypted.")
    rotated = models.DateTimeField("secret changed", null=True, editable=False)
    created = models.DateTimeField(auto_now_add=True)

    objects: ClassVar[ChannelManager] = ChannelManager()

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        if self.kind == self.Kind.WEBHOOK and not self.reply_url:
            raise ValidationError({"reply_url": "Write where replies are sent to."})

    # --- What it can show ---------------------------------------------------------------------

    @property
    def markup(self) -> Markup:
        if self.kind == self.Kind.WEBHOOK:
            return Markup.MARKDOWN if self.has_links else Markup.PLAIN
        return Markup.SLACK if self.kind == self.Kind.SLACK else Markup.TELEGRAM

    @property
    def longest_part(self) -> int:
        """In characters, markup included."""
        if self.kind == self.Kind.WEBHOOK:
            return self.longest
        return SLACK_MAX_LENGTH if self.kind == self.Kind.SLACK else TELEGRAM_MAX_LENGTH

    @property
    def shows_buttons(self) -> bool:
        return self.has_buttons or self.kind != self.Kind.WEBHOOK

    @property
    def shows_reactions(self) -> bool:
        """Whether people rate an answer by a reaction, so that no button for it is needed."""
        return self.kind == self.Kind.SLACK

    # --- Secrets ------------------------------------------------------------------------------

    def valid_secrets(self) -> list[str]:
        """The secrets to sign and verify with; for a day after a change the previous one too.

        Empty if none can be decrypted, because SECRET_KEY has changed.
        """
        overlaps = self.rotated is not None and timezone.now() - self.rotated < OVERLAP
        stored = [self.secret, self.previous_secret] if overlaps else [self.secret]
        return [key for key in map(_decrypted, stored) if key]

    @property
    def bot_token(self) -> str:
        """Empty if there is none, or SECRET_KEY has changed."""
        return _decrypted(self.token)

    def set_token(self, token: str) -> None:
        """Does not save."""
        self.token = _encrypted(token)

    def set_secret(self, secret: str = "") -> str:
        """Set the first secret, by default a new one, and return it. Does not save."""
        secret = secret or signature.new_secret()
        self.secret = _encrypted(secret)
        return secret

    @transaction.atomic
    def rotate(self, *, by: str, secret: str = "") -> str:
        """Change the secret, by default to a new one, and return it: it is not shown again.

        The previous one is valid for a day more.
        """
        self.refresh_from_db(from_queryset=Channel.objects.select_for_update())
        self.previous_secret = self.secret
        secret = self.set_secret(secret)
        self.rotated = timezone.now()
        self.save(update_fields=["secret", "previous_secret", "rotated"])
        record("channel.rotated", actor=by, kind="channel", key=self.pk)
        return secret

    @transaction.atomic
    def switch(self, *, on: bool, by: str) -> bool:
        """Switch it on or off. False if it is already."""
        self.refresh_from_db(from_queryset=Channel.objects.select_for_update())
        if self.is_active == on:
            return False
        self.is_active = on
        self.save(update_fields=["is_active"])
        action = "channel.switched_on" if on else "channel.switched_off"
        record(action, actor=by, kind="channel", key=self.pk)
        return True


def _key() -> bytes:
    return sha256(f"supportsite channel secrets\n{settings.SECRET_KEY}".encode()).digest()


def _encrypted(text: str) -> str:
    if not text:
        return ""
    nonce = urandom(encryption.GCM_NONCE_BYTES)
    return b64encode(nonce + encryption.encrypt(text, _key(), nonce)).decode()


def _decrypted(stored: str) -> str:
    data = b64decode(stored)
    nonce, ciphertext = data[: encryption.GCM_NONCE_BYTES], data[encryption.GCM_NONCE_BYTES :]
    with suppress(encryption.DecryptionError):
        return encryption.decrypt(ciphertext, _key(), nonce) if data else ""
    return ""
