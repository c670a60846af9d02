"""Mails that a mail provider posts, through django-anymail: the only module that imports it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from anymail.signals import AnymailInboundEvent, inbound
from anymail.webhooks import mailgun, mailjet, postmark, sendgrid, sparkpost
from django.conf import settings
from django.db import transaction
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.views.decorators.csrf import csrf_exempt
from procrastinate.jobs import Job, JobDeferrer

from tickets.delivery.outbox import QUEUE as MANAGER
from tickets.inbound.inbound_mail import InboundMail
from tickets.tasks import INBOUND_QUEUE, RECEIVE_MAIL

MAX_BODY_BYTES = 15 * 1024 * 1024
"""The size of a request: a mail of 10 MB with its files in Base64."""

VIEWS: dict[str, Any] = {
    "mailgun": mailgun.MailgunInboundWebhookView,
    "mailjet": mailjet.MailjetInboundWebhookView,
    "postmark": postmark.PostmarkInboundWebhookView,
    "sendgrid": sendgrid.SendGridInboundWebhookView,
    "sparkpost": sparkpost.SparkPostInboundWebhookView,
}


def webhook_view() -> Callable[..., HttpResponseBase]:
    """The view for the provider of the settings; 400 without the secret of ``settings.ANYMAIL``."""
    view: Callable[..., HttpResponseBase] = VIEWS[settings.MAIL_WEBHOOK].as_view()

    @csrf_exempt
    def with_large_body(request: HttpRequest) -> HttpResponseBase:
        if int(request.META.get("CONTENT_LENGTH") or 0) > MAX_BODY_BYTES:
            return HttpResponse(status=413)
        # Read here, since Django's limit for all other requests is much lower.
        request._body = request.read()  # type: ignore[attr-defined]
        return view(request)

    return with_large_body


@receiver(inbound, dispatch_uid="tickets.inbound")
@transaction.atomic
def store_mail(sender: object, event: AnymailInboundEvent, **more: object) -> None:
    """Store the mail with a job that receives it, unless it is stored already.

    An exception makes the provider post it again.
    """
    mail = InboundMail.objects.store(event.message.as_bytes(), source=InboundMail.Source.WEBHOOK)
    if mail:
        job = Job(
            id=None, task_name=RECEIVE_MAIL, queue=INBOUND_QUEUE, lock=None, queueing_lock=None
        )
        JobDeferrer(job_manager=MANAGER, job=job).defer(mail_id=mail.pk)
