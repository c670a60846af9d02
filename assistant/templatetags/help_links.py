"""For the help page: links that keep the site and the language, and Markdown."""

from __future__ import annotations

from typing import Any

from django import template
from django.utils.safestring import SafeString, mark_safe

from assistant.help.page import link
from faq.markdown import to_html

register = template.Library()


@register.simple_tag(takes_context=True)
def help_link(context: dict[str, Any], name: str, *args: object, **query: object) -> str:
    """Parameters without a value are left out."""
    parameters = {key: str(value) for key, value in query.items() if value}
    return link(context["request"], name, *args, **parameters)


@register.filter
def markdown(text: str) -> SafeString:
    return mark_safe(to_html(text))  # noqa: S308 (markdown without HTML)
