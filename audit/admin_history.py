"""Record changes in the admin: each field with its old and new value, and who changed it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import models
from django.http import HttpRequest

from audit.models import record

HIDDEN = "(hidden)"
SECRET_FIELDS = ("password", "secret", "previous_secret", "token")
IGNORED_FIELDS = ("last_login",)


class AuditedAdminMixin:
    """List it before ``ModelAdmin`` to record every addition, change and deletion.

    It extends the admin's own log methods, which run inside the transaction of the change.
    """

    def about(self, obj: models.Model) -> tuple[str, object]:
        """The kind and key of the object in its records."""
        return obj._meta.model_name or "", obj.pk

    def subject(self, obj: models.Model) -> str:
        """The person whom the object concerns; empty if there is none."""
        return ""

    def get_object(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Remember the state before a form is applied."""
        obj = super().get_object(request, *args, **kwargs)  # type: ignore[misc]
        if obj is not None and request.method == "POST":
            request.state_before = state_of(obj)  # type: ignore[attr-defined]
        return obj

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        self._record(request, "added", obj, {}, state_of(obj))
        return super().log_addition(request, obj, message)  # type: ignore[misc]

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        before = getattr(request, "state_before", {})
        self._record(request, "changed", obj, before, state_of(obj))
        return super().log_change(request, obj, message)  # type: ignore[misc]

    def log_deletions(self, request: HttpRequest, queryset: Iterable[Any]) -> Any:
        for obj in queryset:
            self._record(request, "deleted", obj, state_of(obj), {})
        return super().log_deletions(request, queryset)  # type: ignore[misc]

    def _record(
        self,
        request: HttpRequest,
        verb: str,
        obj: Any,
        before: dict[str, Any],
        after: dict[str, Any],
    ) -> None:
        fields = differences(before, after)
        if not fields and verb == "changed":
            return
        kind, key = self.about(obj)
        record(
            f"{kind}.{verb}",
            actor=request.user.get_username(),
            subject=self.subject(obj),
            kind=kind,
            key=key,
            data={"fields": fields},
        )


def state_of(obj: models.Model) -> dict[str, Any]:
    """The stored fields as text or number, and many-to-many links as text."""
    stored = type(obj)._base_manager.filter(pk=obj.pk).first() or obj
    options = stored._meta
    state = {
        field.name: _plain(field.value_from_object(stored))
        for field in options.concrete_fields
        if field.name not in IGNORED_FIELDS
    }
    for linked in options.many_to_many:
        state[linked.name] = sorted(map(str, getattr(stored, linked.name).all()))
    return state


def differences(before: dict[str, Any], after: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The fields that differ, with their values before and after."""
    return {
        name: {"before": _masked(name, before.get(name)), "after": _masked(name, after.get(name))}
        for name in {**before, **after}
        if before.get(name) != after.get(name)
    }


def _masked(name: str, value: Any) -> Any:
    return HIDDEN if name in SECRET_FIELDS and value is not None else value


def _plain(value: Any) -> Any:
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)
