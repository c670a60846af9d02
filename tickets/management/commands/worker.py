"""Run the outbox: send deliveries, and mark overdue tickets."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import threading
import time
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, InterfaceError
from procrastinate.contrib.django import app
from procrastinate.exceptions import ConnectorException

from audit.sealing import heartbeat
from audit.sealing.seal_loop import seal_until
from tickets.tasks import retry_stalled_jobs

STALLED_SECONDS = 20.0
HEARTBEATS = 4
"""A worker that missed so many counts as dead."""

POLL_SECONDS = 1.0
"""New jobs are announced by the database; retries are found by polling."""

GRACE_SECONDS = 15.0
"""For running deliveries at a stop: longer than a delivery may take."""

ORPHAN_SECONDS = 1.0


class Command(BaseCommand):
    help = (
        "Send mails and webhooks from the outbox, report overdue tickets, and seal the audit trail "
        "if AUDIT_SIGNING_KEY is set. Runs until it is stopped."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--concurrency", type=int, default=4, help="deliveries at once")
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
            reason = " ".join(str(failures.exceptions[0]).split())
        if reason:
            raise CommandError(f"The worker needs the database: {reason}")


async def _work(concurrency: int, stalled_after: float) -> None:
    """Run the outbox, and seal the audit trail if there is a signing key.

    Returns at SIGTERM or SIGINT. Raises an ``ExceptionGroup`` if either fails.
    """
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
                working = asyncio.create_task(
                    app.run_worker_async(
                        concurrency=concurrency,
                        fetch_job_polling_interval=POLL_SECONDS,
                        delete_jobs="successful",
                        update_heartbeat_interval=stalled_after / HEARTBEATS,
                        stalled_worker_timeout=stalled_after,
                        additional_context={"stalled_after": stalled_after},
                        shutdown_graceful_timeout=GRACE_SECONDS,
                        install_signal_handlers=False,
                    )
                )
                for number in (signal.SIGTERM, signal.SIGINT):
                    asyncio.get_running_loop().add_signal_handler(number, working.cancel)
                with contextlib.suppress(asyncio.CancelledError):
                    await working
    finally:
        stop.set()


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(ORPHAN_SECONDS)
    os.kill(os.getpid(), signal.SIGTERM)
