"""Background jobs: the worker runs them, desk and API show their progress.

A job runs in a separate process, so that it can be stopped at its time limit and its memory is
freed. Apps register their handlers in ``HANDLERS`` when they are ready.
"""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any, ClassVar

import orjson
from django.db import models, transaction
from django.utils import timezone
from procrastinate.contrib.django.django_connector import DjangoConnector
from procrastinate.jobs import Job, JobDeferrer
from procrastinate.manager import JobManager

from audit.models import SubjectKey, record
from audit.people.pseudonyms import stored_name

TASK = "faq.run_job"

SECONDS = 600.0
"""Time limit of a job."""

LIFETIME = timedelta(days=7)
"""Finished jobs and their results are deleted after this time."""

PROGRESS_SECONDS = 0.5
"""Least time between two updates of the progress."""

UNEXPECTED = "It failed unexpectedly. The log of the worker has the reason."

log = logging.getLogger("faq.jobs")


class JobFailed(Exception):
    """The job failed; the text gives the reason to the person who started it."""


Progress = Callable[[int, int], None]
"""Called with the amount done and the total."""

Handler = Callable[["BackgroundJob", Progress], dict[str, Any]]
"""Runs one kind of job and returns its result, JSON-able. Raises ``JobFailed``.

It may be called again for the same job, if the worker was stopped.
"""

HANDLERS: dict[str, Handler] = {}


class BackgroundJobManager(models.Manager["BackgroundJob"]):
    def start(self, kind: str, *, by: str, **arguments: Any) -> BackgroundJob:
        """Queue a job for the worker; the worker sees it when the transaction commits."""
        with transaction.atomic():
            job = self.create(kind=kind, by=stored_name(by), arguments=arguments)
            record("job.started", actor=by, kind="job", key=str(job.pk), data={"kind": kind})
            queued = Job(
                id=None, task_name=TASK, queue="default", lock=None, queueing_lock=str(job.pk)
            )
            JobDeferrer(job_manager=JobManager(DjangoConnector()), job=queued).defer(
                job_id=str(job.pk)
            )
        return job

    def of(self, person: str) -> models.QuerySet[BackgroundJob]:
        """The jobs that this person or program started; others must not read their results."""
        return self.filter(by=stored_name(person))

    def delete_old(self) -> None:
        self.filter(created__lt=timezone.now() - LIFETIME).delete()


class BackgroundJob(models.Model):
    """A job, its progress and its result, encrypted under the key of the person who started it."""

    class State(models.TextChoices):
        WAITING = "waiting"
        RUNNING = "running"
        DONE = "done"
        FAILED = "failed"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=40)
    by = models.CharField(max_length=200)
    arguments = models.JSONField(default=dict)
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0, help_text="0: not known yet.")
    error = models.TextField(blank=True)
    encrypted_result = models.BinaryField(null=True, help_text="JSON, encrypted.")
    created = models.DateTimeField(auto_now_add=True)
    finished = models.DateTimeField(null=True)

    objects: ClassVar[BackgroundJobManager] = BackgroundJobManager()

    class Meta:
        ordering = ("-created",)
        indexes = (models.Index(fields=["by", "kind", "-created"], name="faq_job_by_kind"),)

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"

    @property
    def is_finished(self) -> bool:
        return self.state in (self.State.DONE, self.State.FAILED)

    @property
    def result(self) -> dict[str, Any]:
        """The handler's result; empty before it returns. Raises ``encryption.DecryptionError``."""
        if self.encrypted_result is None:
            return {}
        key = SubjectKey.objects.get_or_create_key(self.by)
        result: dict[str, Any] = orjson.loads(key.decrypt(bytes(self.encrypted_result)))
        return result

    def run(self) -> None:
        """Run the handler and store its result or failure. Does nothing for a finished job."""
        if self.is_finished:
            return
        type(self).objects.filter(pk=self.pk).update(state=self.State.RUNNING)
        try:
            result = HANDLERS[self.kind](self, self._progress())
        except JobFailed as failure:
            self.fail(str(failure))
        except Exception:
            log.exception("job %s (%s) failed", self.pk, self.kind)
            self.fail(UNEXPECTED)
        else:
            key = SubjectKey.objects.get_or_create_key(self.by)
            encrypted = key.encrypt(orjson.dumps(result).decode())
            self._finish(self.State.DONE, encrypted_result=encrypted)

    def fail(self, error: str) -> None:
        """End the job, unless it has ended."""
        self._finish(self.State.FAILED, error=error)

    def _finish(self, state: State, **fields: Any) -> None:
        unfinished = type(self).objects.filter(
            pk=self.pk, state__in=(self.State.WAITING, self.State.RUNNING)
        )
        with transaction.atomic():
            if unfinished.update(state=state, finished=timezone.now(), **fields):
                data = {"kind": self.kind, "state": state.value, "error": fields.get("error", "")}
                record("job.ended", actor=self.by, kind="job", key=str(self.pk), data=data)
        self.refresh_from_db()

    def _progress(self) -> Progress:
        """A function that stores the progress, at most every ``PROGRESS_SECONDS``."""
        stored_at = 0.0

        def store(done: int, total: int) -> None:
            nonlocal stored_at
            if time.monotonic() - stored_at >= PROGRESS_SECONDS:
                stored_at = time.monotonic()
                type(self).objects.filter(pk=self.pk).update(done=done, total=total)

        return store
