"""The title of a page of the desk: its menu entry, and below a list what the page shows."""

from __future__ import annotations

from typing import Any

from django import template
from django.conf import settings
from django.db.models import Model
from django.template.context import Context

register = template.Library()


@register.simple_tag
def site_name() -> str:
    """For error pages, which have no context of the admin."""
    return str(settings.SITE_NAME)


@register.simple_tag(takes_context=True)
def page_titles(context: Context) -> list[dict[str, Any]]:
    """``title`` and ``link`` of the menu entry, then of the page; a page that is an entry is one.

    Django's own titles, such as "Select user to change", agree with no entry of the menu.
    """
    navigation = context.get("sidebar_navigation") or ()
    entries = (item for group in navigation for item in group["items"])
    entry = next((item for item in entries if item.get("active")), None)
    original = context.get("original")
    title = str(original) if isinstance(original, Model) else context.get("title", "")
    if entry is None:
        return [{"title": title, "link": ""}]
    if str(entry["link"]) == context["request"].path:
        return [{"title": entry["title"], "link": ""}]
    return [{"title": entry["title"], "link": entry["link"]}, {"title": title, "link": ""}]
