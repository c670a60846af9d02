"""Who guesses passwords is shut out for a while: the account, and the address it is tried from."""

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

PEOPLE = 4
"""An address may be an office's: it is shut out after so many times as many failures."""

LONGEST_NAME = 200


class Handler(AxesDatabaseHandler):  # type: ignore[misc]
    """Axes', with a limit of its own for addresses."""

    def get_failures(self, request: HttpRequest, credentials: Any = None) -> int:
        by_account, by_address = (
            sum(attempts.values_list("failures_since_start", flat=True))
            for attempts in self.get_user_attempts(request, credentials)
        )
        return int(max(by_account, by_address // PEOPLE))

    def reset_user_attempts(self, request: HttpRequest, credentials: Any = None) -> int:
        """Of the account alone: else whoever has one would reset its address between guesses."""
        name = get_client_username(request, credentials)
        return int(AccessAttempt.objects.filter(username=name).delete()[0])


def address(request: HttpRequest) -> str | None:
    """An IPv6 network by its first address, since an address is what axes keeps."""
    return client_network(request).partition("/")[0] or None


def name(request: HttpRequest, credentials: Any) -> str | None:
    """Who is tried, as it may be kept: people type all sorts of things there."""
    typed = credentials.get("username") if credentials else request.POST.get("username")
    return stored_name(typed[:LONGEST_NAME]) if typed else None


def is_elsewhere(request: HttpRequest, credentials: Any) -> bool:
    """Whether no password is given: an identity provider's sign-ins are its own to guard."""
    return credentials is not None and credentials.get("username") is None


def page(request: HttpRequest, response: HttpResponse, credentials: Any) -> HttpResponse:
    locked = render(request, "429.html", {"minutes": _minutes()}, status=429)
    locked["Retry-After"] = str(_minutes() * 60)
    return locked


def _minutes() -> int:
    return int(settings.AXES_COOLOFF_TIME.total_seconds()) // 60


@receiver(user_locked_out)
def _recorded(sender: Any, request: HttpRequest, username: str | None, **_: Any) -> None:
    # Sent again for each attempt while it lasts; those are refusals, and recorded as such.
    if getattr(request, "axes_failures_since_start", None):
        record(
            "user.locked_out",
            actor=(username or "")[:LONGEST_NAME],
            data={"minutes": _minutes()},
        )
