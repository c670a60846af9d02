"""A name in ``.env`` that nothing reads is most often a misspelled one."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Any

from django.core.checks import CheckMessage, Warning, register

from supportsite import env, env_file

READ_ELSEWHERE = frozenset({"WEB_CONCURRENCY", "MAX_REQUESTS", "PORT", "BIND", "TZ"})
"""By gunicorn's configuration, and by Python."""

OPEN_TELEMETRY = "OTEL_"
"""How the variables of OpenTelemetry's specification begin, which its library reads."""


@register
def every_name_in_the_file_is_read(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    known = env.names_read() | READ_ELSEWHERE
    return [
        Warning(
            f"{env_file.path()} sets {name}, which nothing reads.",
            hint=_hint(name, known),
            id="supportsite.W003",
        )
        for name in env_file.load()
        if not _is_read(name, known)
    ]


def _is_read(name: str, known: frozenset[str]) -> bool:
    return name.removesuffix("_FILE") in known or name in known or name.startswith(OPEN_TELEMETRY)


def _hint(name: str, known: frozenset[str]) -> str:
    close = get_close_matches(name, sorted(known), n=1)
    return f"Is {close[0]} meant?" if close else "Take it out; README.md lists the settings."
