"""The audit trail in the admin, read-only."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.admin import ModelAdmin

from audit import local_time
from audit.action_labels import action_label
from audit.models import Record, RecordQuerySet, SubjectKey
from audit.sealing import record_status
from audit.sealing.heartbeat import CHECKED

MAX_SUMMARY_LENGTH = 90
MAX_ABOUT_LENGTH = 14

FIELD_NAMES = {"slug": "FAQ id", "alternates": "alternate questions"}
"""The words for a record's field on pages, if its name does not say them."""


class ReadOnlyAdmin(ModelAdmin):  # type: ignore[misc]
    """An admin without add, change and delete."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class ActionFilter(admin.AllValuesFieldListFilter):
    """A filter by action, with readable labels."""

    def choices(self, changelist: Any) -> Iterator[Any]:
        for choice in super().choices(changelist):
            yield {**choice, "display": action_label(str(choice["display"]))}


@admin.register(Record)
class RecordAdmin(ReadOnlyAdmin):
    list_display = ("when", "readable_action", "actor", "short_about", "summary")
    list_filter = (("action", ActionFilter), "outcome", "at")
    search_fields = ("about", "request_id")
    search_help_text = "A user id, an object such as ticket:12, or a request id"
    fields = (
        *("id", "when", "readable_action", "actor", "subject", "about_link", "request_link"),
        *("proof", "summary", "pretty_data"),
    )
    list_per_page = 50

    def get_queryset(self, request: HttpRequest) -> RecordQuerySet:
        """The list has no canaries, one a minute, unless it is filtered by action."""
        records: RecordQuerySet = super().get_queryset(request)
        match = request.resolver_match
        is_list = match is not None and match.url_name == "audit_record_changelist"
        return (
            records.exclude(action=CHECKED) if is_list and "action" not in request.GET else records
        )

    def get_search_results(
        self, request: HttpRequest, queryset: RecordQuerySet, search_term: str
    ) -> tuple[RecordQuerySet, bool]:
        """Search a person's name by its pseudonyms: records do not store names."""
        if SubjectKey.objects.for_person(search_term).exists():
            return queryset.concerning(search_term), False
        results: tuple[RecordQuerySet, bool] = super().get_search_results(
            request, queryset, search_term
        )
        return results

    @admin.display(description="Action", ordering="action")
    def readable_action(self, record: Record) -> SafeString:
        return format_html('<span title="{}">{}</span>', record.action, action_label(record.action))

    @admin.display(description="Who")
    def actor(self, record: Record) -> str:
        return record.actor

    @admin.display(description="Concerns")
    def subject(self, record: Record) -> str:
        return record.subject

    @admin.display(description="Proof")
    def proof(self, record: Record) -> SafeString:
        status = record_status.status_of(record)
        sign = "✓" if status.is_valid else "✗"
        return format_html(
            '<span title="manage.py audit_prove {}">{} {}</span>',
            *(record.pk, sign, "; ".join(status.lines)),
        )

    @admin.display(description="When", ordering="id")
    def when(self, record: Record) -> str:
        return local_time.format_local(record.at, seconds=True)

    @admin.display(description="About", ordering="about")
    def short_about(self, record: Record) -> SafeString:
        short = (
            record.about
            if len(record.about) <= MAX_ABOUT_LENGTH
            else record.about[: MAX_ABOUT_LENGTH - 1] + "…"
        )
        return format_html('<span title="{}">{}</span>', record.about, short)

    @admin.display(description="What")
    def summary(self, record: Record) -> SafeString:
        return format_html('<span dir="auto" class="desk-short">{}</span>', summary_of(record.data))

    @admin.display(description="About")
    def about_link(self, record: Record) -> SafeString | str:
        return _search(record.about, "all records about it")

    @admin.display(description="Request id")
    def request_link(self, record: Record) -> SafeString | str:
        return _search(record.request_id, "all records of this request")

    @admin.display(description="Data")
    def pretty_data(self, record: Record) -> SafeString:
        return folded_json(record.data, summary="As recorded, in JSON")


def folded_json(data: Any, *, summary: str) -> SafeString:
    """JSON-able data, folded under its summary."""
    text = json.dumps(data, indent=2, ensure_ascii=False)
    return format_html(
        '<details><summary>{}</summary><pre class="desk-data">{}</pre></details>', summary, text
    )


def summary_of(data: dict[str, Any]) -> str:
    """A record's data in one line."""
    text = next((data[name] for name in ("question", "message", "summary") if data.get(name)), "")
    if not text and isinstance(data.get("fields"), dict):
        text = ", ".join(FIELD_NAMES.get(name) or name.replace("_", " ") for name in data["fields"])
    line = ": ".join(str(part) for part in (data.get("outcome"), text or data.get("note")) if part)
    return line if len(line) <= MAX_SUMMARY_LENGTH else line[: MAX_SUMMARY_LENGTH - 1] + "…"


def _search(words: str, title: str) -> SafeString | str:
    if not words:
        return ""
    link = f"{reverse('admin:audit_record_changelist')}?{urlencode({'q': words})}"
    return format_html('{} (<a href="{}">{}</a>)', words, link, title)
