"""The audit trail in the admin: to read, never to touch."""

from __future__ import annotations

import json
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.admin import ModelAdmin

from audit.models import Record


class ReadOnlyAdmin(ModelAdmin):  # type: ignore[misc]
    """For rows that the site writes by itself."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Record)
class RecordAdmin(ReadOnlyAdmin):
    list_display = ("at", "action", "actor", "about", "summary", "request_id")
    list_filter = ("action", "at")
    search_fields = ("actor", "about", "request_id")
    search_help_text = "Who, about what (ticket:12), or a request id."
    fields = ("id", "at", "action", "actor", "about", "request_id", "pretty_data")
    show_full_result_count = False
    list_per_page = 50

    @admin.display(description="What")
    def summary(self, record: Record) -> str:
        text = record.data.get("question") or record.data.get("summary") or ""
        outcome = record.data.get("outcome", "")
        return f"{outcome}: {text}"[:90] if outcome else str(text)[:90]

    @admin.display(description="Data")
    def pretty_data(self, record: Record) -> SafeString:
        text = json.dumps(record.data, indent=2, ensure_ascii=False)
        return format_html('<pre class="whitespace-pre-wrap break-words text-xs">{}</pre>', text)
