"""The settings that environment variables make, in this process: a fresh one takes seconds."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from unittest import mock

from django.conf import settings
from django.core.checks.registry import registry
from django.test import override_settings

import supportsite
from supportsite import env_file

OWN_APPS = ("supportsite", "assistant", "tickets", "faq", "audit")

FIXED = frozenset({"DATABASES", "UNFOLD"})
"""Settings that stay: the connection of the tests, and functions that are never equal."""


@contextmanager
def configured(state_dir: Path, **variables: str) -> Iterator[None]:
    """The settings of a site that has these variables alone. Raises ``ImproperlyConfigured``."""
    environment = {"ENV_FILE": os.devnull, "STATE_DIR": str(state_dir), **variables}
    with mock.patch.dict(os.environ, environment, clear=True):
        env_file.load.cache_clear()
        try:
            with override_settings(**_changed(_imported_again())):
                yield
        finally:
            env_file.load.cache_clear()


def _imported_again() -> dict[str, object]:
    """The names of the package of settings, read from the present environment."""
    with mock.patch.dict(sys.modules), mock.patch.object(supportsite, "settings"):
        for name in [
            name for name in sys.modules if f"{name}.".startswith("supportsite.settings.")
        ]:
            del sys.modules[name]
        return vars(import_module("supportsite.settings"))


def _changed(values: dict[str, object]) -> dict[str, object]:
    return {
        name: value
        for name, value in values.items()
        if name.isupper() and name not in FIXED and value != getattr(settings, name, None)
    }


def complaints() -> list[str]:
    """What the system checks of this project say, a line each."""
    return [
        f"{message.msg} {message.hint} ({message.id})"
        for check in registry.get_checks()
        if check.__module__.partition(".")[0] in OWN_APPS
        for message in check(app_configs=None)
    ]
