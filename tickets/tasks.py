"""The worker's tasks: send deliveries, receive mail, mark overdue tickets, retry stalled jobs."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.utils import timezone
from procrastinate import BaseRetryStrategy, JobContext, RetryDecision
from procrastinate.contrib.django import app
from procrastinate.exceptions import UniqueViolation
from procrastinate.jobs import Job, Status
from procrastinate.manager import JobManager

from tickets.delivery import outbox
from tickets.models import Delivery, InboundMail, Submission, Ticket

SUBMISSION_LIFETIME = timedelta(days=7)
SECONDS_AFTER_A_FAULT = 60
"""After a fault such as a lost database connection. ``outbox`` limits the tries of a delivery."""


INBOUND_QUEUE = "inbound"
RECEIVE_MAIL = "tickets.receive_mail"
"""The queue and the task of mails that wait to be received."""


class DeliveryRetry(BaseRetryStrategy):
    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision:
        seconds = getattr(exception, "seconds", SECONDS_AFTER_A_FAULT)
        priority = getattr(exception, "priority", 0)
        return RetryDecision(retry_in={"seconds": seconds}, priority=priority)


@app.task(name=outbox.TASK, retry=DeliveryRetry())
def deliver(delivery_id: str) -> None:
    # Every process registers the tasks; only the worker needs the HTTP client.
    from tickets.delivery import sending

    sending.deliver(delivery_id)


@app.periodic(cron="* * * * *")
@app.task(name="tickets.mark_overdue_tickets", queueing_lock="tickets.mark_overdue_tickets")
def mark_overdue_tickets(timestamp: int) -> None:
    """Read the table, so that nothing is missed while no worker runs."""
    for ticket in Ticket.objects.overdue().filter(breached=None).iterator():
        ticket.mark_overdue()


@app.periodic(cron="* * * * *")
@app.task(name="tickets.retry_stalled", queueing_lock="tickets.retry_stalled", pass_context=True)
async def retry_stalled(context: JobContext, timestamp: int) -> None:
    stalled_after = (context.additional_context or {})["stalled_after"]
    await retry_stalled_jobs(context.app.job_manager, stalled_after)


async def retry_stalled_jobs(manager: JobManager, stalled_after: float) -> None:
    """Retry the jobs of workers without a heartbeat for so many seconds."""
    for job in await manager.get_stalled_jobs(seconds_since_heartbeat=stalled_after):
        try:
            await manager.retry_job(job)
        except UniqueViolation:
            # A periodic job of which the next one is waiting already.
            await manager.finish_job(job, status=Status.FAILED, delete_job=True)


@app.periodic(cron="* * * * *")
@app.task(
    name="tickets.requeue_orphaned_deliveries", queueing_lock="tickets.requeue_orphaned_deliveries"
)
def requeue_orphaned_deliveries(timestamp: int) -> None:
    """Enqueue a new job for each delivery that lost its job."""
    for delivery in Delivery.objects.orphaned().iterator():
        delivery.enqueue_unless_waiting()


@app.periodic(cron="17 3 * * *")
@app.task(name="tickets.delete_old_submissions", queueing_lock="tickets.delete_old_submissions")
def delete_old_submissions(timestamp: int) -> None:
    Submission.objects.filter(created__lt=timezone.now() - SUBMISSION_LIFETIME).delete()


# --- Inbound mail ---------------------------------------------------------------------------------


@app.task(name="tickets.fetch_mail", queueing_lock="tickets.fetch_mail", queue=INBOUND_QUEUE)
def fetch_mail(timestamp: int) -> None:
    # Every process registers the tasks; only the worker reads mails.
    from tickets.inbound import fetching

    fetching.fetch_new()


if settings.MAILBOX:
    app.periodic(cron=settings.MAILBOX_CRON)(fetch_mail)


@app.task(name=RECEIVE_MAIL, queue=INBOUND_QUEUE)
def receive_mail(mail_id: int) -> None:
    from tickets.inbound import receiving

    receiving.receive(mail_id)


@app.periodic(cron=settings.WAITING_MAIL_CRON)
@app.task(
    name="tickets.receive_waiting_mail",
    queueing_lock="tickets.receive_waiting_mail",
    queue=INBOUND_QUEUE,
)
def receive_waiting_mail(timestamp: int) -> None:
    from tickets.inbound import fetching

    fetching.receive_waiting()


@app.periodic(cron="27 3 * * *")
@app.task(name="tickets.delete_old_mail_contents", queueing_lock="tickets.delete_old_mail_contents")
def delete_old_mail_contents(timestamp: int) -> None:
    InboundMail.objects.with_old_content().update(raw=None)
