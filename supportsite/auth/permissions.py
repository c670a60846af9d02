"""Access by role: a view is closed unless it names the roles it allows."""

from __future__ import annotations

from django.conf import settings
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from audit.identity.principal import Principal


class HasRole(BasePermission):
    """Allow the roles a view names in ``allowed_roles``; a view that names none is closed."""

    message = "Your roles do not allow this."

    def has_permission(self, request: Request, view: object) -> bool:
        if not isinstance(request.user, Principal):
            return False
        allowed = getattr(view, "allowed_roles", frozenset())
        return bool(allowed) and request.user.has(allowed)


class DebugOrSignedIn(BasePermission):
    """For the API documentation: public with DEBUG, else for signed-in users."""

    def has_permission(self, request: Request, view: object) -> bool:
        return bool(settings.DEBUG or getattr(request.user, "is_authenticated", False))
