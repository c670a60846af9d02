"""Run one background job; the worker calls it."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError

from faq.models import BackgroundJob


class Command(BaseCommand):
    help = "Run one background job. The worker calls this command, in a process for each job."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("job_id", type=UUID, help="the job's id")

    def handle(self, *args: Any, **options: Any) -> None:
        job = BackgroundJob.objects.filter(pk=options["job_id"]).first()
        if job is None:
            raise CommandError(f"There is no job {options['job_id']}.")
        job.run()
