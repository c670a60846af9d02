"""Background tasks of the knowledge base."""

from __future__ import annotations

import asyncio

from django.db import close_old_connections
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from faq import jobs
from faq.hit_counts import DailyHits
from faq.job_process import run_command
from faq.models import BackgroundJob, Source

FETCH_SECONDS = 3_000.0
"""Time limit for all sources that are due. The others are still due an hour later."""


@app.periodic(cron="* * * * *")
@app.task(name="faq.count_hits", queueing_lock="faq.count_hits")
def count_hits(timestamp: int) -> None:
    DailyHits.objects.count_new()


@app.periodic(cron="29 3 * * *")
@app.task(name="faq.delete_old_jobs", queueing_lock="faq.delete_old_jobs")
def delete_old_jobs(timestamp: int) -> None:
    BackgroundJob.objects.delete_old()


@app.periodic(cron="13 * * * *")
@app.task(name="faq.fetch_sources", queueing_lock="faq.fetch_sources")
async def fetch_sources(timestamp: int) -> None:
    if await asyncio.to_thread(_has_due_sources):
        await run_command("fetch_sources", seconds=FETCH_SECONDS)


def _has_due_sources() -> bool:
    close_old_connections()
    is_due = Source.objects.due().exists()
    close_old_connections()
    return is_due


# Retried if the worker was stopped.
@app.task(name=jobs.TASK, retry=RetryStrategy(max_attempts=3, wait=5))
async def run_job(job_id: str) -> None:
    """Run a job in a separate process, and stop it at its time limit."""
    in_time = await run_command("run_job", job_id, seconds=jobs.SECONDS)
    stopped = f"It took over {jobs.SECONDS:.0f} seconds and was stopped."
    error = jobs.UNEXPECTED if in_time else stopped
    # Changes nothing if the job has ended by itself.
    await asyncio.to_thread(_fail_unfinished, job_id, error)


def _fail_unfinished(job_id: str, error: str) -> None:
    close_old_connections()
    job = BackgroundJob.objects.filter(pk=job_id).first()
    if job:
        job.fail(error)
    close_old_connections()
