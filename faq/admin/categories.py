"""Thresholds and margins by category; they take effect when all drafts are published."""

from __future__ import annotations

from django.contrib import admin
from unfold.admin import ModelAdmin

from audit.admin_history import AuditedAdminMixin
from faq.models import CategoryRule


@admin.register(CategoryRule)
class CategoryRuleAdmin(AuditedAdminMixin, ModelAdmin):  # type: ignore[misc]
    list_display = ("category", "threshold", "margin")
    search_fields = ("category",)
