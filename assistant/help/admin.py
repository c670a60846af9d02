"""The help page and its sites in the admin. Every change is recorded."""

from __future__ import annotations

from django.contrib import admin
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from assistant.help.models import HelpPage, HelpSite
from audit.admin_history import AuditedAdminMixin


@admin.register(HelpPage)
class HelpPageAdmin(AuditedAdminMixin, ModelAdmin):  # type: ignore[misc]
    list_display = ("title", "colour")
    fields = ("name", "colour", "logo", "welcome", "contact_note", "footer")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: HelpPage | None = None) -> bool:
        return False


@admin.register(HelpSite)
class HelpSiteAdmin(AuditedAdminMixin, ModelAdmin):  # type: ignore[misc]
    list_display = ("key", "origins", "is_paused")
    fields = ("key", "origins", "is_paused")
