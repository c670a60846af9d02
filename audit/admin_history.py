"""Record what is changed in the admin: which field, from what to what, by whom."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import models
from django.http import HttpRequest

from audit.models import record

HIDDEN = "(hidden)"
NOT_TOLD = ("password", "secret", "previous_secret")
NOT_CHANGES = ("last_login",)


class RecordsChanges:
    """Put before ``ModelAdmin``: every addition, change and deletion is recorded with it.

    It hangs on what the admin calls, inside its transaction, whenever something was done.
    """

    def about(self, obj: models.Model) -> tuple[str, object]:
        """The kind and key that its records bear."""
        return obj._meta.model_name or "", obj.pk

    def subject(self, obj: models.Model) -> str:
        """Whom it concerns, if it is about a person."""
        return ""

    def get_object(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Called before a form is applied, whichever it is."""
        found = super().get_object(request, *args, **kwargs)  # type: ignore[misc]
        if found is not None and request.method == "POST":
            request.state_before = state_of(found)  # type: ignore[attr-defined]
        return found

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
    """Every field as text or number, and what it is linked to, as the database has it now."""
    kept = type(obj)._base_manager.filter(pk=obj.pk).first() or obj
    options = kept._meta
    state = {
        field.name: _plain(field.value_from_object(kept))
        for field in options.concrete_fields
        if field.name not in NOT_CHANGES
    }
    for linked in options.many_to_many:
        state[linked.name] = sorted(map(str, getattr(kept, linked.name).all()))
    return state


def differences(before: dict[str, Any], after: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The fields that differ, each with what it was and what it is."""
    return {
        name: {"before": _told(name, before.get(name)), "after": _told(name, after.get(name))}
        for name in {**before, **after}
        if before.get(name) != after.get(name)
    }


def _told(name: str, value: Any) -> Any:
    return HIDDEN if name in NOT_TOLD and value is not None else value


def _plain(value: Any) -> Any:
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)
