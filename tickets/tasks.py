"""What the worker does: send deliveries, look for breaches, and pick up what a dead worker left."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone
from procrastinate import BaseRetryStrategy, JobContext, RetryDecision
from procrastinate.contrib.django import app
from procrastinate.jobs import Job
from procrastinate.manager import JobManager

from tickets.delivery import outbox
from tickets.models import Delivery, Submission, Ticket

SUBMISSIONS_KEPT = timedelta(days=7)
SECONDS_AFTER_A_FAULT = 60
"""Such as a database that was away; how often a delivery itself is tried, ``outbox`` decides."""


class AsDelivered(BaseRetryStrategy):
    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision:
        seconds = getattr(exception, "seconds", SECONDS_AFTER_A_FAULT)
        return RetryDecision(retry_in={"seconds": seconds})


@app.task(name=outbox.TASK, retry=AsDelivered())
def deliver(delivery_id: str) -> None:
    # Every process knows the tasks, and one of them does them: the others need no HTTP client.
    from tickets.delivery import sending

    sending.deliver(delivery_id)


@app.periodic(cron="* * * * *")
@app.task(name="tickets.tell_breaches", queueing_lock="tickets.tell_breaches")
def tell_breaches(timestamp: int) -> None:
    """By what is in the table now, not by what was planned: nothing is missed while nobody runs."""
    for ticket in Ticket.objects.overdue().filter(breached=None).iterator():
        ticket.breach()


@app.periodic(cron="* * * * *")
@app.task(name="tickets.pick_up", queueing_lock="tickets.pick_up", pass_context=True)
async def pick_up(context: JobContext, timestamp: int) -> None:
    stalled_after = (context.additional_context or {})["stalled_after"]
    await pick_up_jobs(context.app.job_manager, stalled_after)


async def pick_up_jobs(manager: JobManager, stalled_after: float) -> None:
    """What a worker had begun that has given no sign of life for so many seconds is done again."""
    for job in await manager.get_stalled_jobs(seconds_since_heartbeat=stalled_after):
        await manager.retry_job(job)


@app.periodic(cron="* * * * *")
@app.task(name="tickets.find_overlooked", queueing_lock="tickets.find_overlooked")
def find_overlooked(timestamp: int) -> None:
    """Deliveries that lost their job, however that came about, get another."""
    for delivery in Delivery.objects.overlooked().iterator():
        delivery.enqueue_unless_waiting()


@app.periodic(cron="17 3 * * *")
@app.task(name="tickets.forget_submissions", queueing_lock="tickets.forget_submissions")
def forget_submissions(timestamp: int) -> None:
    Submission.objects.filter(created__lt=timezone.now() - SUBMISSIONS_KEPT).delete()
