"""Background tasks of the knowledge base."""

from __future__ import annotations

import asyncio
import sys
from contextlib import suppress

from django.conf import settings
from django.db import close_old_connections
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from faq import jobs
from faq.hit_counts import DailyHits
from faq.models import BackgroundJob

STOP_SECONDS = 5.0
"""For the process of a job to end after it was told to."""


@app.periodic(cron="* * * * *")
@app.task(name="faq.count_hits", queueing_lock="faq.count_hits")
def count_hits(timestamp: int) -> None:
    DailyHits.objects.count_new()


@app.periodic(cron="29 3 * * *")
@app.task(name="faq.delete_old_jobs", queueing_lock="faq.delete_old_jobs")
def delete_old_jobs(timestamp: int) -> None:
    BackgroundJob.objects.delete_old()


# Retried where the worker was stopped meanwhile.
@app.task(name=jobs.TASK, retry=RetryStrategy(max_attempts=3, wait=5))
async def run_job(job_id: str) -> None:
    """Run a job in a process of its own, and end it when its time is over."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(settings.BASE_DIR / "manage.py"), "run_job", job_id
    )
    error = jobs.UNEXPECTED
    try:
        await asyncio.wait_for(process.wait(), jobs.SECONDS)
    except TimeoutError:
        error = f"It took over {jobs.SECONDS:.0f} seconds and was stopped."
    finally:
        if process.returncode is None:
            await _stop(process)
    # A job that ended by itself is left alone.
    await asyncio.to_thread(_fail_unfinished, job_id, error)


async def _stop(process: asyncio.subprocess.Process) -> None:
    process.terminate()
    with suppress(TimeoutError):
        await asyncio.wait_for(process.wait(), STOP_SECONDS)
        return
    process.kill()
    await process.wait()


def _fail_unfinished(job_id: str, error: str) -> None:
    close_old_connections()
    job = BackgroundJob.objects.filter(pk=job_id).first()
    if job:
        job.fail(error)
    close_old_connections()
