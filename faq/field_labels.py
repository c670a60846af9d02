"""Labels of an FAQ's fields, for pages."""

from __future__ import annotations

LABELS = {
    "slug": "FAQ id",
    "faq_id": "FAQ id",
    "alternates": "alternate questions",
    "review_by": "review date",
}


def field_label(name: str) -> str:
    """The words for a field's name: ``alternate questions`` for ``alternates``."""
    return LABELS.get(name) or name.replace("_", " ")
