"""What a site that others reach does not start with, as system checks: each names its variable.

A site is for others when ``ALLOWED_HOSTS`` names more than this machine, or over ``HTTPS``
(``settings.FOR_OTHERS``). Every ``manage.py`` command runs the checks, and so does gunicorn, see
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
"""How an address of gunicorn's begins that only this machine, or its proxy, reaches."""


@register
def a_site_for_others_is_safe(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    found = [*_debug()]
    if settings.FOR_OTHERS:
        found += [*_secrets(), *_shared_secrets(), *_hosts(), *_cookies()]
    return found


def is_open(bind: str) -> bool:
    """Whether other machines reach an address that gunicorn listens on."""
    return any(
        not address.strip().startswith(CLOSED_BINDS) for address in bind.split(",") if address
    )


def _debug() -> Iterator[CheckMessage]:
    if not settings.DEBUG:
        return
    # Whoever gets to the port may say in the Host header that it is called localhost.
    for reached, how in (
        (settings.FOR_OTHERS, "ALLOWED_HOSTS or HTTPS say that this site is for others"),
        (is_open(settings.BIND), "BIND is open to other machines"),
    ):
        if reached:
            yield Error(
                f"DEBUG is on, and {how}: /dev/token would make tokens for anybody.",
                hint="Unset DEBUG.",
                id="supportsite.E001",
            )
            return


def _secrets() -> Iterator[CheckMessage]:
    for name in secrets.NAMES:
        value = getattr(settings, name)
        # Where records are only written, the key that seals them is better not there.
        if not value and name == "AUDIT_SIGNING_KEY":
            continue
        if name == "JWT_SECRET" and (settings.JWT_PUBLIC_KEY or settings.JWT_JWKS_URL):
            continue
        if found := secrets.weakness(value):
            yield Error(f"{name} {found}.", hint=secrets.CURE, id="supportsite.E002")


def _shared_secrets() -> Iterator[CheckMessage]:
    for one, other in combinations(secrets.NAMES, 2):
        if getattr(settings, one) and getattr(settings, one) == getattr(settings, other):
            yield Error(
                f"{other} is not set, or the same as {one}: whoever learns one has both.",
                hint=secrets.CURE,
                id="supportsite.E003",
            )


def _hosts() -> Iterator[CheckMessage]:
    if "*" in settings.ALLOWED_HOSTS:
        yield Error(
            "ALLOWED_HOSTS has a *: links in mails and redirects could be made to lead elsewhere.",
            hint="Name the hosts; .example.com allows all below example.com.",
            id="supportsite.E004",
        )


def _cookies() -> Iterator[CheckMessage]:
    if not settings.HTTPS:
        yield Error(
            "HTTPS is off, although ALLOWED_HOSTS names others than this machine: cookies and "
            "tokens would travel in the clear.",
            hint="Unset HTTPS, and put NGINX in front: see deploy/README.md.",
            id="supportsite.E005",
        )
