"""Business hours, targets and holidays in the admin. Every change is recorded."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from unfold.admin import ModelAdmin

from audit.admin_history import AuditedAdminMixin
from tickets.service_levels import Holiday, ServiceLevel


@admin.register(ServiceLevel)
class ServiceLevelAdmin(AuditedAdminMixin, ModelAdmin):  # type: ignore[misc]
    fields = ("hours", "time_zone", "urgent", "high", "normal", "low")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: ServiceLevel | None = None) -> bool:
        return False

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponseBase:
        """There is one row, so its page takes the place of the list."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        row = ServiceLevel.objects.first() or ServiceLevel.objects.create()
        url = reverse("admin:tickets_servicelevel_change", args=[row.pk])
        return HttpResponseRedirect(url)


@admin.register(Holiday)
class HolidayAdmin(AuditedAdminMixin, ModelAdmin):  # type: ignore[misc]
    list_display = ("day", "name")
    search_fields = ("name",)
