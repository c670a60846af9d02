"""Set replies and priority terms in the admin. Every change is recorded."""

from __future__ import annotations

from django.contrib import admin
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from assistant.desk_texts import PriorityTerm, SetReply
from audit.admin_history import AuditedAdminMixin


@admin.register(SetReply)
class SetReplyAdmin(AuditedAdminMixin, ModelAdmin):  # type: ignore[misc]
    list_display = ("intent", "text")
    fields = ("intent", "text")
    readonly_fields = ("intent",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: SetReply | None = None) -> bool:
        return False


@admin.register(PriorityTerm)
class PriorityTermAdmin(AuditedAdminMixin, ModelAdmin):  # type: ignore[misc]
    list_display = ("term", "faq_id")
    search_fields = ("term", "faq_id")
