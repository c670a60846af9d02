"""System checks that keep an unsafe public site from starting; each names its variable.

A site is public when ``ALLOWED_HOSTS`` names more than this machine, or over ``HTTPS``
(``settings.IS_PUBLIC``). Every ``manage.py`` command runs the checks, and so does gunicorn, see
``serving/preflight.py``.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

from supportsite import secrets

CLOSED_BINDS = ("unix:", "127.", "localhost", "[::1]", "::1", "fd://")
"""Prefixes of gunicorn addresses that only this machine or its proxy can reach."""


@register
def a_public_site_is_safe(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    messages = [*_debug()]
    if settings.IS_PUBLIC:
        messages += [*_secrets(), *_shared_secrets(), *_hosts(), *_cookies()]
    return messages


def is_open(bind: str) -> bool:
    """Whether other machines can reach an address that gunicorn listens on."""
    return any(
        not address.strip().startswith(CLOSED_BINDS) for address in bind.split(",") if address
    )


def _debug() -> Iterator[CheckMessage]:
    if not settings.DEBUG:
        return
    # Anybody who can reach the port can send "Host: localhost".
    for is_reached, cause in (
        (settings.IS_PUBLIC, "ALLOWED_HOSTS or HTTPS make this site public"),
        (is_open(settings.BIND), "BIND is open to other machines"),
    ):
        if is_reached:
            yield Error(
                f"DEBUG is on, and {cause}: /dev/token would issue tokens to anybody.",
                hint="Unset DEBUG.",
                id="supportsite.E001",
            )
            return


def _secrets() -> Iterator[CheckMessage]:
    for name in secrets.NAMES:
        value = getattr(settings, name)
        # Web processes only write records; they do not need the sealing key.
        if not value and name == "AUDIT_SIGNING_KEY":
            continue
        if name == "JWT_SECRET" and (settings.JWT_PUBLIC_KEY or settings.JWT_JWKS_URL):
            continue
        if weakness := secrets.weakness(value):
            yield Error(f"{name} {weakness}.", hint=secrets.HINT, id="supportsite.E002")


def _shared_secrets() -> Iterator[CheckMessage]:
    for one, other in combinations(secrets.NAMES, 2):
        if getattr(settings, one) and getattr(settings, one) == getattr(settings, other):
            yield Error(
                f"{other} is not set, or the same as {one}: one leak would reveal both.",
                hint=secrets.HINT,
                id="supportsite.E003",
            )


def _hosts() -> Iterator[CheckMessage]:
    if "*" in settings.ALLOWED_HOSTS:
        yield Error(
            "ALLOWED_HOSTS has a *: anybody could forge the host of links in mails and redirects.",
            hint="Name the hosts; .example.com allows all below example.com.",
            id="supportsite.E004",
        )


def _cookies() -> Iterator[CheckMessage]:
    if not settings.HTTPS:
        yield Error(
            "HTTPS is off, although ALLOWED_HOSTS names other machines: cookies and "
            "tokens would be sent unencrypted.",
            hint="Unset HTTPS, and put NGINX in front: see docs/operations.md.",
            id="supportsite.E005",
        )
