"""Switch off a webhook whose receiver says that it is gone, and tell its owner."""

from __future__ import annotations

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from tickets.delivery.outbox import Delivery
from tickets.delivery.recipients import TO_DESK, is_reachable
from tickets.delivery.webhooks.webhook import Webhook

TEXT = """The receiver of the webhook {name} answered 410 Gone, so the webhook is switched off.

It gets no events until somebody switches it on again:
{link}

What is still waiting for it is sent if that happens soon. What has become a dead letter can be sent
again on the page Deliveries.
"""


@transaction.atomic
def switch_off(webhook: Webhook) -> None:
    """Mail the owner, or the desk's address if the owner has none. Nothing if it is off already."""
    if not webhook.switch_off_as_gone():
        return
    name = webhook.owner if is_reachable(webhook.owner) else TO_DESK
    if name == TO_DESK and not settings.SUPPORT_EMAIL:
        return
    page = reverse("admin:tickets_webhook_change", args=[webhook.pk])
    Delivery.mail_colleague(
        name,
        event="webhook_gone",
        subject=f"Webhook {webhook.name} is switched off",
        text=TEXT.format(name=webhook.name, link=f"{settings.SITE_URL}{page}"),
    )
