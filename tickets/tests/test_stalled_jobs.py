"""Jobs of a worker that was killed."""

from __future__ import annotations

import asyncio

from procrastinate.exceptions import UniqueViolation
from procrastinate.jobs import Status

from tickets.tasks import retry_stalled_jobs


class Manager:
    """Of two stalled jobs, the first is periodic and its next one is waiting already."""

    def __init__(self) -> None:
        self.retried: list[str] = []
        self.finished: list[tuple[str, Status]] = []

    async def get_stalled_jobs(self, seconds_since_heartbeat):
        return ["periodic", "mail"]

    async def retry_job(self, job):
        if job == "periodic":
            raise UniqueViolation(constraint_name="queueing_lock", queueing_lock="periodic")
        self.retried.append(job)

    async def finish_job(self, job, status, delete_job):
        self.finished.append((job, status))


def test_a_stalled_job_that_waits_again_already_does_not_end_the_worker():
    manager = Manager()

    asyncio.run(retry_stalled_jobs(manager, stalled_after=30))

    assert manager.retried == ["mail"]
    assert manager.finished == [("periodic", Status.FAILED)]
