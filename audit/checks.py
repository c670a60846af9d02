"""System checks that warn of weak privacy settings."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Warning, register

from audit.privacy.channels import Channel, Mode
from audit.privacy.phones import NO_COUNTRY


@register(deploy=True)
def phones_have_a_country(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Without a country, only numbers with a calling code are sure to be recognised."""
    if settings.PHONE_REGION:
        return []
    return [
        Warning(
            "PHONE_REGION is not set: phone numbers without a calling code may not be masked.",
            hint=f"Set it to your customers' country, such as PK, or to {NO_COUNTRY} for none.",
            id="audit.W002",
        )
    ]


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
