"""Channels and their messages in the admin. Every change is recorded."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.admin import ModelAdmin
from unfold.decorators import display
from unfold.widgets import UnfoldAdminPasswordWidget

from assistant.channels.channel import Channel
from assistant.channels.messages import Message
from audit.admin import ReadOnlyAdmin
from audit.admin_history import AuditedAdminMixin

Kind = Channel.Kind

NEEDS_TOKEN = (Kind.SLACK, Kind.TELEGRAM)

WRITE_ONLY = "It is stored encrypted and not shown again. Empty: it stays as it is."


class ChannelForm(forms.ModelForm):  # type: ignore[type-arg]
    signing_secret = forms.CharField(
        max_length=200,
        required=False,
        widget=UnfoldAdminPasswordWidget,
        help_text=f"Slack only: the app's Signing Secret. {WRITE_ONLY} Other channels get a new "
        "one when they are added.",
    )
    bot_token = forms.CharField(
        max_length=300,
        required=False,
        widget=UnfoldAdminPasswordWidget,
        help_text=f"Slack: the Bot User OAuth Token, xoxb-…. Telegram: the token of BotFather. "
        f"{WRITE_ONLY}",
    )

    class Meta:
        model = Channel
        fields = (
            *("name", "kind", "is_active", "language", "reply_url"),
            *("longest", "has_buttons", "has_links"),
        )

    def clean(self) -> dict[str, Any]:
        fields: dict[str, Any] = super().clean() or {}
        kind = fields.get("kind", self.instance.kind)
        if kind in NEEDS_TOKEN and not (fields.get("bot_token") or self.instance.token):
            self.add_error("bot_token", "Replies need the token of the bot.")
        if kind == Kind.SLACK and not (fields.get("signing_secret") or self.instance.secret):
            self.add_error("signing_secret", "Requests are verified with the Signing Secret.")
        if kind != Kind.SLACK and fields.get("signing_secret"):
            self.add_error("signing_secret", "Only Slack has one. This channel gets a new one.")
        return fields


@admin.register(Channel)
class ChannelAdmin(AuditedAdminMixin, ModelAdmin):  # type: ignore[misc]
    form = ChannelForm
    list_display = ("name", "kind", "is_active", "language", "rotated")
    list_filter = ("kind", "is_active")
    fields = (
        *("name", "kind", "is_active", "language", "reply_url", "longest"),
        *("has_buttons", "has_links", "signing_secret", "bot_token", "address", "rotated"),
    )
    actions = ("rotate_selected", "switch_on", "switch_off")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("address", "rotated", *(("name", "kind") if obj else ()))

    def has_delete_permission(self, request: HttpRequest, obj: Channel | None = None) -> bool:
        """Channels are switched off instead, so that records and deliveries still name them."""
        return False

    @admin.display(description="Address")
    def address(self, channel: Channel) -> SafeString | str:
        if not channel.pk:
            return "Shown when you have saved."
        return format_html("<code>{}{}</code>", settings.SITE_URL, _path(channel))

    def save_model(self, request: HttpRequest, obj: Channel, form: Any, change: bool) -> None:
        secret, token = form.cleaned_data["signing_secret"], form.cleaned_data["bot_token"]
        if token:
            obj.set_token(token)
        new = obj.set_secret(secret) if not change else ""
        super().save_model(request, obj, form, change)
        if change and secret:
            obj.rotate(by=request.user.get_username(), secret=secret)
        if new and not secret:
            self._show(request, obj, new)

    def _show(self, request: HttpRequest, channel: Channel, secret: str) -> None:
        """Once: it is stored encrypted."""
        text = "Copy the secret of {} now, it is not shown again: {}"
        self.message_user(request, text.format(channel, secret), messages.WARNING)

    def has_rotate_permission(self, request: HttpRequest) -> bool:
        return bool(self.has_change_permission(request))

    @admin.action(description="Change the secrets of selected channels", permissions=["rotate"])
    def rotate_selected(self, request: HttpRequest, channels: QuerySet[Channel]) -> None:
        for channel in channels:
            if channel.kind == Kind.SLACK:
                text = f"Slack makes the secret of {channel}: change it there, then write it here."
                self.message_user(request, text, messages.ERROR)
                continue
            self._show(request, channel, channel.rotate(by=request.user.get_username()))

    @admin.action(description="Switch on selected channels", permissions=["rotate"])
    def switch_on(self, request: HttpRequest, channels: QuerySet[Channel]) -> None:
        self._switch(request, channels, on=True)

    @admin.action(description="Switch off selected channels", permissions=["rotate"])
    def switch_off(self, request: HttpRequest, channels: QuerySet[Channel]) -> None:
        self._switch(request, channels, on=False)

    def _switch(self, request: HttpRequest, channels: QuerySet[Channel], *, on: bool) -> None:
        by = request.user.get_username()
        count = sum(channel.switch(on=on, by=by) for channel in channels)
        self.message_user(request, f"{count} switched {'on' if on else 'off'}.", messages.SUCCESS)


def _path(channel: Channel) -> str:
    return reverse("channel", args=[channel.name])


@admin.register(Message)
class MessageAdmin(ReadOnlyAdmin):
    """What came in and what became of it. Texts are in the audit trail, redacted."""

    list_display = ("received", "channel", "kind", "shown_status", "result", "answered")
    list_filter = ("status", "channel", "kind", "received")
    list_select_related = ("channel",)
    list_per_page = 50
    fields = (
        *("id", "channel", "received", "kind", "shown_status", "result"),
        *("answered", "ask_id", "shown_options"),
    )

    @display(
        description="Status",
        ordering="status",
        label={
            "waiting": "warning",
            "answered": "success",
            "ignored": "info",
            "failed": "danger",
        },
    )
    def shown_status(self, message: Message) -> str:
        return message.status

    @display(description="Options")
    def shown_options(self, message: Message) -> str:
        """As text: Unfold shows JSON with inline styles, which the content policy refuses."""
        return ", ".join(message.options)
