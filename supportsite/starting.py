"""Whether the site may serve: what ``manage.py`` asks before each command, for gunicorn."""

from __future__ import annotations

import gc
import os

import django
from django.core.checks import run_checks
from django.core.exceptions import ImproperlyConfigured


def objections() -> list[str]:
    """Why it must not serve, a line each; empty if it may. Sets Django up."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "supportsite.settings")
    # As in manage.py.
    gc.disable()
    try:
        django.setup()
    except ImproperlyConfigured as wrong:
        return [str(wrong)]
    serious = [found for found in run_checks() if found.is_serious() and not found.is_silenced()]
    return [f"{found.msg} {found.hint or ''} ({found.id})" for found in serious]
