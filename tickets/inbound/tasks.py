"""The worker's tasks of inbound mail."""

from __future__ import annotations

from django.conf import settings
from procrastinate.contrib.django import app

from tickets.inbound.inbound_mail import InboundMail

QUEUE = "inbound"
RECEIVE = "tickets.receive_mail"


@app.task(name="tickets.fetch_mail", queueing_lock="tickets.fetch_mail", queue=QUEUE)
def fetch_mail(timestamp: int) -> None:
    # Every process registers the tasks; only the worker reads mails.
    from tickets.inbound import fetching

    fetching.fetch_new()


if settings.MAILBOX:
    app.periodic(cron=settings.MAILBOX_CRON)(fetch_mail)


@app.task(name=RECEIVE, queue=QUEUE)
def receive_mail(mail_id: int) -> None:
    from tickets.inbound import receiving

    receiving.receive(mail_id)


@app.periodic(cron="* * * * *")
@app.task(
    name="tickets.receive_waiting_mail",
    queueing_lock="tickets.receive_waiting_mail",
    queue=QUEUE,
)
def receive_waiting_mail(timestamp: int) -> None:
    from tickets.inbound import fetching

    fetching.receive_waiting()


@app.periodic(cron="27 3 * * *")
@app.task(name="tickets.delete_old_mail_contents", queueing_lock="tickets.delete_old_mail_contents")
def delete_old_mail_contents(timestamp: int) -> None:
    InboundMail.objects.with_old_content().update(raw=None)
