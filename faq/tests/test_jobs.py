"""Jobs of the worker: what becomes of one that fails, hangs or is done again."""

from __future__ import annotations

import asyncio

import pytest
from django.utils import timezone

from audit.models import Record
from faq import jobs, tasks
from faq.models import BackgroundJob


@pytest.fixture
def kind(monkeypatch):
    """Register a handler as a kind of work."""

    def register(handler):
        monkeypatch.setitem(jobs.HANDLERS, "test", handler)
        return BackgroundJob.objects.start("test", by="ada")

    return register


def test_a_job_shows_its_progress_and_keeps_its_result_encrypted(committed, kind):
    seen = []

    def work(job, progress):
        progress(1, 2)
        seen.append(BackgroundJob.objects.values_list("state", "done", "total").get(pk=job.pk))
        return {"answer": "Ask Amina."}

    job = kind(work)
    job.run()

    assert seen == [("running", 1, 2)]
    assert (job.state, job.result) == ("done", {"answer": "Ask Amina."})
    assert b"Amina" not in bytes(job.encrypted_result)
    assert Record.objects.filter(action="job.ended").get().data["state"] == "done"


def test_a_failure_has_its_reason_and_an_unexpected_one_points_to_the_log(committed, kind):
    def refuse(job, progress):
        raise jobs.JobFailed("The file is empty.")

    def break_down(job, progress):
        raise ZeroDivisionError

    for handler, error in ((refuse, "The file is empty."), (break_down, jobs.UNEXPECTED)):
        job = kind(handler)
        job.run()
        assert (job.state, job.error) == ("failed", error)


def test_a_job_that_ended_is_not_done_again(committed, kind):
    job = kind(lambda job, progress: {"n": 1})
    job.run()

    kind(lambda job, progress: {"n": 2})
    job.run()

    assert job.result == {"n": 1}


def test_a_job_that_takes_too_long_is_stopped_and_says_so(committed, kind, monkeypatch):
    job = kind(lambda job, progress: {})
    monkeypatch.setattr(jobs, "SECONDS", 0.01)

    asyncio.run(tasks.run_job.func(str(job.pk)))

    job.refresh_from_db()
    assert job.state == "failed"
    assert "was stopped" in job.error


def test_old_jobs_are_deleted(committed, kind):
    old, new = (kind(lambda job, progress: {}) for _ in range(2))
    BackgroundJob.objects.filter(pk=old.pk).update(created=timezone.now() - 2 * jobs.LIFETIME)

    tasks.delete_old_jobs(0)

    assert BackgroundJob.objects.get() == new
