"""Settings of privacy that are allowed, and that somebody should have meant."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Warning, register

from audit.channels import Channel, Mode


@register
def logs_are_redacted(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    if settings.REDACTION[Channel.LOGS] is Mode.REDACT:
        return []
    return [
        Warning(
            "REDACTION has logs=off: log lines and error documents show personal data.",
            hint="Leave logs=off out; `check --deploy --fail-level WARNING` refuses it.",
            id="audit.W001",
        )
    ]
