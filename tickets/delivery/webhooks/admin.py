"""Webhooks at the desk: their state, secret and owner, and a test of the receiver."""

from __future__ import annotations

import time
import uuid
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.admin import ModelAdmin
from unfold.decorators import display

from audit import local_time
from audit.admin_history import AuditedAdminMixin
from audit.models import record
from audit.people.pseudonyms import stored_name
from tickets.delivery.webhooks import request as webhook_request
from tickets.delivery.webhooks.webhook import Webhook

TEST_EVENT = "webhook.test"

SHOWN_BYTES = 500
"""Of the reply to a test."""


@admin.register(Webhook)
class WebhookAdmin(AuditedAdminMixin, ModelAdmin):  # type: ignore[misc]
    list_display = ("name", "url", "owner", "state", "rotated")
    fields = ("name", "url", "owner", "is_active", "shown_state", "shown_secret", "rotated")
    readonly_fields = ("shown_state", "shown_secret", "rotated")
    actions = ("rotate_selected",)
    change_form_outer_before_template = "tickets/webhook_test_form.html"

    def has_delete_permission(self, request: HttpRequest, obj: Webhook | None = None) -> bool:
        """Webhooks are switched off instead, so that the log still names them."""
        return False

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        return {"owner": request.user.get_username()}

    def save_model(self, request: HttpRequest, obj: Webhook, form: Any, change: bool) -> None:
        obj.owner = stored_name(obj.owner)
        if obj.is_active:
            # Somebody knows better than the receiver's last reply.
            obj.gone_at = obj.not_before = None
        super().save_model(request, obj, form, change)

    @display(
        description="State",
        label={"active": "success", "waiting": "warning", "410 Gone": "danger", "off": "info"},
    )
    def state(self, webhook: Webhook) -> str:
        if webhook.gone_at:
            return "410 Gone"
        if not webhook.is_active:
            return "off"
        return "waiting" if webhook.seconds_to_wait() else "active"

    @admin.display(description="State")
    def shown_state(self, webhook: Webhook) -> str:
        """With the time, if the receiver caused it."""
        if webhook.gone_at:
            return f"Off: the receiver answered 410 on {local_time.format_local(webhook.gone_at)}."
        if webhook.is_active and webhook.not_before and webhook.seconds_to_wait():
            until = local_time.format_local(webhook.not_before)
            return f"Waits until {until}, as the receiver asked."
        return "Active." if webhook.is_active else "Off."

    @admin.display(description="Secret")
    def shown_secret(self, webhook: Webhook) -> SafeString | str:
        if not webhook.pk:
            return "Created when you save."
        return format_html(
            "<details><summary>Show</summary><code>{}</code></details>", webhook.secret
        )

    def has_rotate_permission(self, request: HttpRequest) -> bool:
        return bool(self.has_change_permission(request))

    @admin.action(description="Change the secrets of selected webhooks", permissions=["rotate"])
    def rotate_selected(self, request: HttpRequest, webhooks: QuerySet[Webhook]) -> None:
        for webhook in webhooks:
            webhook.rotate(by=request.user.get_username())
        message = (
            "Requests are signed with both secrets for 24 hours. Update the receivers by then."
        )
        self.message_user(request, message, messages.SUCCESS)

    # --- A test -----------------------------------------------------------------------------------

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.test_view)
        own = [path("<int:webhook_id>/test/", view, name="tickets_webhook_test")]
        return [*own, *super().get_urls()]

    def test_view(self, request: HttpRequest, webhook_id: int) -> HttpResponse:
        """Send a test to the saved URL, also of a webhook that is off, and show the reply."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        webhook = get_object_or_404(Webhook, pk=webhook_id)
        if not self.has_change_permission(request, webhook):
            raise PermissionDenied
        context = {
            **self.admin_site.each_context(request),
            "title": f"Test of {webhook.name}",
            "webhook": webhook,
            **send_test(webhook, by=request.user.get_username()),
        }
        return TemplateResponse(request, "tickets/webhook_test.html", context)


def send_test(webhook: Webhook, *, by: str) -> dict[str, Any]:
    """The ``reply`` or the ``error``, and the milliseconds; its record has only the status."""
    delivery, started = str(uuid.uuid4()), time.monotonic()
    payload = {
        "delivery_id": delivery,
        "event": TEST_EVENT,
        "at": timezone.now().isoformat(),
        "by": stored_name(by),
    }
    # Every command of manage.py loads this module.
    from tickets.delivery.http_client import FAILURES

    result: dict[str, Any] = {}
    try:
        reply = webhook_request.send(webhook, payload, delivery=delivery, read=SHOWN_BYTES)
        result, recorded = {"reply": reply}, str(reply.status)
    except FAILURES as failure:
        recorded = type(failure).__name__
        result = {"error": f"{recorded}: {failure}"}
    record("webhook.tested", actor=by, kind="webhook", key=webhook.pk, data={"result": recorded})
    return {**result, "ms": round((time.monotonic() - started) * 1000)}
