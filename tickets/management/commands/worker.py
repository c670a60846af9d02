"""Run the outbox: send deliveries, and mark overdue tickets."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import threading
import time
from argparse import ArgumentParser
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, InterfaceError
from procrastinate.contrib.django import app
from procrastinate.exceptions import ConnectorException

from audit.sealing import heartbeat
from audit.sealing.seal_loop import seal_until
from tickets.models import Delivery
from tickets.tasks import retry_stalled_jobs

STALLED_SECONDS = 20.0
HEARTBEATS = 4
"""A worker that missed so many counts as dead."""

POLL_SECONDS = 1.0
"""New jobs are announced by the database; retries are found by polling."""

ASKS = "asks"
"""The queue of questions that came in by a channel."""

QUEUES = ("default", ASKS, "inbound", *Delivery.Kind.values)
"""Each is worked on by itself: webhooks and questions of channels, which may wait for a slow agent,
hold up no mail and not the schedule."""

GRACE_SECONDS = 15.0
"""For running deliveries at a stop: longer than a delivery may take."""

ORPHAN_SECONDS = 1.0


class Command(BaseCommand):
    help = (
        "Send mails, webhooks and replies from the outbox, answer questions of channels, report "
        "overdue tickets, and seal the audit trail if AUDIT_SIGNING_KEY is set. Runs until it is "
        "stopped."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--concurrency",
            type=int,
            default=4,
            help="mails at once, as many webhooks, and as many questions of channels",
        )
        parser.add_argument(
            "--stalled-after",
            type=float,
            default=STALLED_SECONDS,
            metavar="SECONDS",
            help="after so long without a heartbeat a worker's jobs are run again",
        )
        parser.add_argument(
            "--until-orphaned",
            type=int,
            metavar="PID",
            help="stop when this process, which started the worker, ends",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["until_orphaned"]:
            threading.Thread(target=_watch, args=(options["until_orphaned"],), daemon=True).start()
        reason = ""
        try:
            asyncio.run(_work(options["concurrency"], options["stalled_after"]))
        except* (ConnectorException, DatabaseError, InterfaceError) as failures:
            failure = _first(failures)
            reason = " ".join(str(failure.__cause__ or failure).split())
        if reason:
            raise CommandError(
                f"The worker needs the database: {reason}. If its tables are missing, run "
                "manage.py migrate."
            )


async def _work(concurrency: int, stalled_after: float) -> None:
    """Run the outbox, and seal the audit trail if there is a signing key.

    Returns at SIGTERM or SIGINT. Raises an ``ExceptionGroup`` if either fails.
    """
    # Jobs and the sealer each take a thread; the default is too few on a small machine.
    threads = ThreadPoolExecutor(concurrency * len(QUEUES) + 1)
    asyncio.get_running_loop().set_default_executor(threads)
    stop = threading.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(_deliver(concurrency, stalled_after, stop))
        heartbeat.start("worker")
        if settings.AUDIT_SIGNING_KEY:
            group.create_task(asyncio.to_thread(seal_until, stop))


async def _deliver(concurrency: int, stalled_after: float, stop: threading.Event) -> None:
    """Run the outbox until SIGTERM or SIGINT; set ``stop`` at the end in any case."""
    connector: Any = app.connector
    try:
        with app.replace_connector(connector.get_worker_connector()):
            async with app.open_async():
                await retry_stalled_jobs(app.job_manager, stalled_after)
                working = asyncio.create_task(_work_on_queues(concurrency, stalled_after))
                for number in (signal.SIGTERM, signal.SIGINT):
                    asyncio.get_running_loop().add_signal_handler(number, working.cancel)
                with contextlib.suppress(asyncio.CancelledError):
                    await working
    finally:
        stop.set()


async def _work_on_queues(concurrency: int, stalled_after: float) -> None:
    async with asyncio.TaskGroup() as group:
        for queue in QUEUES:
            group.create_task(
                app.run_worker_async(
                    name=queue,
                    queues=[queue],
                    concurrency=jobs_at_once(queue, concurrency),
                    fetch_job_polling_interval=POLL_SECONDS,
                    delete_jobs="successful",
                    update_heartbeat_interval=stalled_after / HEARTBEATS,
                    stalled_worker_timeout=stalled_after,
                    additional_context={"stalled_after": stalled_after},
                    shutdown_graceful_timeout=GRACE_SECONDS,
                    install_signal_handlers=False,
                )
            )


def jobs_at_once(queue: str, concurrency: int) -> int:
    """No more questions than the agent has runs: the others wait instead of being refused."""
    if queue == ASKS and settings.AGENT_MODEL:
        return min(concurrency, int(settings.AGENT_LIMITS.runs_at_once))
    return concurrency


def _first(failure: BaseException) -> BaseException:
    """The first of a group of exceptions, which may be in a group itself."""
    while isinstance(failure, BaseExceptionGroup):
        failure = failure.exceptions[0]
    return failure


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(ORPHAN_SECONDS)
    os.kill(os.getpid(), signal.SIGTERM)
