"""Background tasks: gaps, FAQ health, outcomes and their mails, Chroma's collection."""

from __future__ import annotations

import asyncio

from django.db import close_old_connections
from procrastinate import BaseRetryStrategy, JobContext, RetryDecision
from procrastinate.contrib.django import app
from procrastinate.jobs import Job

from assistant.channels import messages
from assistant.health import log_reading as health_log
from assistant.learning import log_reading as gap_log
from assistant.models import (
    Gap,
    GapAsk,
    OutcomeSubscription,
    ReleaseComparison,
    ResolvedTicket,
    SampledAsk,
    WeeklyMail,
)
from assistant.outcomes import fold
from assistant.releases import indexing
from assistant.suggestions import log_reading as suggestion_log
from assistant.suggestions import suggestion
from faq.job_process import run_command
from faq.models import Release

REGROUP_SECONDS = 600.0
"""Time limit of a regrouping."""

REGROUP_LOCK = "assistant.regroup"
"""The worker runs one regrouping at a time: the next one waits in the queue."""

INDEX_SECONDS = 1_800.0
"""Time limit of adding a release to Chroma: 100,000 phrasings take minutes."""

ASK_RETRY_DELAYS = (5, 20, 60)
"""Seconds until a failed question of a channel is asked again; its thread of messages waits."""


class AskRetry(BaseRetryStrategy):
    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:
        if job.attempts >= len(ASK_RETRY_DELAYS):
            return None
        return RetryDecision(retry_in={"seconds": ASK_RETRY_DELAYS[job.attempts]})


@app.task(name=messages.TASK, retry=AskRetry(), pass_context=True)
def answer_message(context: JobContext, message_id: str) -> None:
    # Every process registers the tasks; only the worker needs the model.
    from assistant.channels import answering

    close_old_connections()
    attempts = context.job.attempts if context.job else 0
    answering.answer(message_id, is_last_try=attempts >= len(ASK_RETRY_DELAYS))


@app.periodic(cron="53 3 * * *")
@app.task(name="assistant.delete_old_messages", queueing_lock="assistant.delete_old_messages")
def delete_old_messages(timestamp: int) -> None:
    messages.Message.objects.delete_old()


@app.periodic(cron="* * * * *")
@app.task(name="assistant.read_gaps", queueing_lock="assistant.read_gaps", lock=REGROUP_LOCK)
async def read_gaps(timestamp: int) -> None:
    if await asyncio.to_thread(_has_work):
        await run_command("regroup", "--new", "--low-priority", seconds=REGROUP_SECONDS)


@app.periodic(cron="41 2 * * *")
@app.task(name="assistant.regroup_gaps", queueing_lock="assistant.regroup_gaps", lock=REGROUP_LOCK)
async def regroup_gaps(timestamp: int) -> None:
    await run_command("regroup", "--low-priority", seconds=REGROUP_SECONDS)


def _has_work() -> bool:
    """Read the log. True if it has new questions, or the live release was not checked yet."""
    close_old_connections()
    gap_log.read_new()
    suggestion_log.read_new()
    live = Release.objects.live()
    is_new = bool(live and Gap.objects.unchecked(live.number).exists())
    is_suggested = bool(live and suggestion.has_work(live.number))
    is_resolved = ResolvedTicket.objects.unread().exists()
    has_work = is_new or is_suggested or is_resolved or GapAsk.objects.ungrouped().exists()
    close_old_connections()
    return has_work


@app.periodic(cron="* * * * *")
@app.task(name="assistant.read_faq_health", queueing_lock="assistant.read_faq_health")
async def read_faq_health(timestamp: int) -> None:
    if await asyncio.to_thread(_has_new_release):
        await run_command("faq_health", "--compare", "--low-priority", seconds=REGROUP_SECONDS)


def _has_new_release() -> bool:
    """Read the log. True if the FAQs of the live release were not compared yet."""
    close_old_connections()
    health_log.read_new()
    has_new_release = ReleaseComparison.objects.is_outdated()
    close_old_connections()
    return has_new_release


# From Monday morning on, so that the mail is there when work begins; later if no worker ran.
@app.periodic(cron="7 5-17 * * 1-5")
@app.task(name="assistant.mail_faq_owners", queueing_lock="assistant.mail_faq_owners")
def mail_faq_owners(timestamp: int) -> None:
    WeeklyMail.objects.send_due()


@app.periodic(cron="* * * * *")
@app.task(name="assistant.catch_up_index", queueing_lock="assistant.catch_up_index")
async def catch_up_index(timestamp: int) -> None:
    if await asyncio.to_thread(_can_catch_up):
        await run_command("reindex", "--missing", seconds=INDEX_SECONDS)


def _can_catch_up() -> bool:
    close_old_connections()
    can_catch_up = indexing.can_catch_up()
    close_old_connections()
    return can_catch_up


@app.periodic(cron="* * * * *")
@app.task(name="assistant.fold_outcomes", queueing_lock="assistant.fold_outcomes")
def fold_outcomes(timestamp: int) -> None:
    fold.fold_new()


@app.periodic(cron="23 * * * *")
@app.task(name="assistant.draw_sample", queueing_lock="assistant.draw_sample")
def draw_sample(timestamp: int) -> None:
    """Hourly, so that a week is sampled even if no worker ran at its end."""
    SampledAsk.objects.draw_due()


# From Monday morning on; later if no worker ran.
@app.periodic(cron="11 5-17 * * 1-5")
@app.task(name="assistant.mail_outcomes", queueing_lock="assistant.mail_outcomes")
def mail_outcomes(timestamp: int) -> None:
    OutcomeSubscription.objects.send_due()
