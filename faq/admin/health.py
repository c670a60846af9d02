"""How an FAQ does with customers, on its page."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from faq.admin.wordings import EDIT
from faq.health import backend
from faq.models import Faq


def health_context(request: HttpRequest, faq: Faq) -> dict[str, Any]:
    """Nothing for people who may not edit FAQs."""
    return {"health": backend.get()(faq.slug)} if request.user.has_perm(EDIT) else {}
