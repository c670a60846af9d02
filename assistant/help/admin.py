"""The help page and its sites in the admin. Every change is recorded."""

from __future__ import annotations

from django.conf import settings
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
    fields = ("key", "origins", "is_paused", "script")
    readonly_fields = ("script",)

    @admin.display(description="for its pages")
    def script(self, site: HelpSite) -> str:
        """The line to copy."""
        address = f"{str(settings.SITE_URL).rstrip('/')}/widget/v1.js"
        return f'<script src="{address}" data-site="{site.key or "…"}" defer></script>'
