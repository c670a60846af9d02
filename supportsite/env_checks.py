"""A system check for names in ``.env`` that nothing reads, most often misspelled."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Any

from django.core.checks import CheckMessage, Warning, register

from supportsite import env, env_file

READ_ELSEWHERE = frozenset({"WEB_CONCURRENCY", "PORT", "BIND", "TZ"})
"""By gunicorn's configuration, and by Python."""

OPEN_TELEMETRY = "OTEL_"
"""Prefix of the variables that the OpenTelemetry library reads."""


@register
def every_name_in_the_file_is_read(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    names = env.names_read() | READ_ELSEWHERE
    return [
        Warning(
            f"{env_file.path()} sets {name}, which is not a setting of this site.",
            hint=_hint(name, names),
            id="supportsite.W003",
        )
        for name in env_file.load()
        if not _is_read(name, names)
    ]


def _is_read(name: str, names: frozenset[str]) -> bool:
    return name.removesuffix("_FILE") in names or name in names or name.startswith(OPEN_TELEMETRY)


def _hint(name: str, names: frozenset[str]) -> str:
    close = get_close_matches(name, sorted(names), n=1)
    return (
        f"Did you mean {close[0]}?" if close else "Remove it; docs/settings.md lists the settings."
    )
