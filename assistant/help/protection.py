"""Refuse forms of other sites, forms that a program filled in, and too many of them."""

from __future__ import annotations

from django.http import HttpRequest
from django.utils.translation import gettext as _
from rest_framework.exceptions import PermissionDenied, ValidationError
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

READING = frozenset({"GET", "HEAD", "OPTIONS"})

TRAP = "website"
"""A field that people do not see (a honeypot)."""


class SentFromOwnPage(BasePermission):
    """Refuses what another site sends (CSRF), by what the browser says of the sender.

    A token in the form would need a cookie before the first send. Browsers send Sec-Fetch-Site over
    https and Origin with every POST; a script cannot change them. Sources:
    https://cheatsheetseries.owasp.org/cheatsheets/Cross-Site_Request_Forgery_Prevention_Cheat_Sheet.html
    and net/http.CrossOriginProtection of Go.
    """

    def has_permission(self, request: Request, view: object) -> bool:
        if request.method not in READING and not is_same_origin(request._request):
            raise PermissionDenied
        return True


def is_same_origin(request: HttpRequest) -> bool:
    """Whether a page of this origin sent the request; False if the browser does not say."""
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site == "same-origin"
    return request.headers.get("Origin") == f"{request.scheme}://{request.get_host()}"


def refuse_filled_trap(request: Request) -> None:
    """Raises ``ValidationError`` if the field that people do not see has a value."""
    if request.method not in READING and request.POST.get(TRAP):
        text = _("A program filled in this form. Leave the hidden field empty.")
        raise ValidationError({TRAP: [text]})
