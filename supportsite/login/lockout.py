"""Lockout after failed sign-ins, by account and by client address."""

from __future__ import annotations

from typing import Any

from axes.handlers.database import AxesDatabaseHandler
from axes.helpers import get_client_username
from axes.models import AccessAttempt
from axes.signals import user_locked_out
from django.conf import settings
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from audit.models import record
from audit.people.pseudonyms import stored_name
from supportsite.edge.client_address import client_network

ADDRESS_FACTOR = 4
"""Several people may share an address, so its limit is this many times higher."""

MAX_NAME_LENGTH = 200


class Handler(AxesDatabaseHandler):  # type: ignore[misc]
    """The handler of django-axes, with a separate limit for addresses."""

    def get_failures(self, request: HttpRequest, credentials: Any = None) -> int:
        by_account, by_address = (
            sum(attempts.values_list("failures_since_start", flat=True))
            for attempts in self.get_user_attempts(request, credentials)
        )
        return int(max(by_account, by_address // ADDRESS_FACTOR))

    def reset_user_attempts(self, request: HttpRequest, credentials: Any = None) -> int:
        """Reset the account only: else a user could reset the address between guesses."""
        name = get_client_username(request, credentials)
        return int(AccessAttempt.objects.filter(username=name).delete()[0])


def address(request: HttpRequest) -> str | None:
    """The client address; an IPv6 network by its first address, since axes stores addresses."""
    return client_network(request).partition("/")[0] or None


def name(request: HttpRequest, credentials: Any) -> str | None:
    """The user name to store, masked: people may type anything into the field."""
    typed = credentials.get("username") if credentials else request.POST.get("username")
    return stored_name(typed[:MAX_NAME_LENGTH]) if typed else None


def has_no_password(request: HttpRequest, credentials: Any) -> bool:
    """True for a sign-in without a password: the identity provider protects those."""
    return credentials is not None and credentials.get("username") is None


def page(request: HttpRequest, response: HttpResponse, credentials: Any) -> HttpResponse:
    locked = render(request, "429.html", {"minutes": _minutes()}, status=429)
    locked["Retry-After"] = str(_minutes() * 60)
    return locked


def _minutes() -> int:
    return int(settings.AXES_COOLOFF_TIME.total_seconds()) // 60


@receiver(user_locked_out)
def _record_lockout(sender: Any, request: HttpRequest, username: str | None, **_: Any) -> None:
    # The signal is sent for every attempt during the lockout; those are recorded as refusals.
    if getattr(request, "axes_failures_since_start", None):
        record(
            "user.locked_out",
            actor=(username or "")[:MAX_NAME_LENGTH],
            data={"minutes": _minutes()},
        )
