"""Background tasks: group the questions that were not helped, complete Chroma's collection."""

from __future__ import annotations

import os
import subprocess
import sys

from django.conf import settings
from procrastinate.contrib.django import app

from assistant.learning import signals
from assistant.models import Gap, GapAsk
from faq.models import Release

LOW_PRIORITY = 10
"""Nice value of a regrouping, which takes both processors for up to a minute."""


@app.periodic(cron="* * * * *")
@app.task(name="assistant.read_gaps", queueing_lock="assistant.read_gaps")
def read_gaps(timestamp: int) -> None:
    signals.read_new()
    live = Release.objects.live()
    is_new = bool(live and Gap.objects.unchecked(live.number).exists())
    if is_new or GapAsk.objects.ungrouped().exists():
        regroup("--new")


@app.periodic(cron="41 2 * * *")
@app.task(name="assistant.regroup_gaps", queueing_lock="assistant.regroup_gaps")
def regroup_gaps(timestamp: int) -> None:
    regroup()


def regroup(*options: str) -> None:
    """In a process of its own, so that its memory is free afterwards."""
    subprocess.run(  # noqa: S603 (no part of it comes from outside)
        [sys.executable, "manage.py", "regroup", *options],
        cwd=settings.BASE_DIR,
        check=True,
        preexec_fn=lambda: os.nice(LOW_PRIORITY),
    )


@app.periodic(cron="* * * * *")
@app.task(name="assistant.catch_up_index", queueing_lock="assistant.catch_up_index")
def catch_up_index(timestamp: int) -> None:
    # Every process registers the tasks; only the worker needs the index.
    from assistant.releases import indexing

    indexing.catch_up()
