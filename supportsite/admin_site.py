"""The menu of the desk."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse

from assistant.outcomes.mail import VIEW_OUTCOMES
from faq.models import Faq
from tickets.models import InboundMail, Ticket

PAGES_WITHIN = ("admin:faq_release_review", "admin:faq_faq_import")
"""Pages below a list that have their own menu entry."""

REVIEWS, IMPORTS, PUBLISH = "faq.view_release", "faq.add_faq", "faq.publish_release"


def colours_of_a_file(request: HttpRequest) -> dict[str, object]:
    """Unfold writes its colours into every page unless there are none; colours.css has them."""
    return {"colors": {}}


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """The menu, with only the pages that this user may see."""
    waiting = Ticket.objects.waiting().count() if sees(request, "tickets.ticket") else 0
    sees_mail = sees(request, "tickets.inboundmail")
    parked = InboundMail.objects.parked().count() if sees_mail else 0
    drafts = staged(Faq.Stage.SUBMITTED).count() if request.user.has_perm(PUBLISH) else 0
    menu: dict[str, list[dict[str, Any] | None]] = {
        "": [_first_page()],
        "Support": [
            _own_page(request, "Inbox", "inbox", "tickets_inbox", "tickets.view_ticket"),
            _page(request, "Tickets", "confirmation_number", "tickets.ticket", badge=waiting),
            _page(request, "Mail", "inbox_customize", "tickets.inboundmail", badge=parked),
            _page(request, "Deliveries", "outgoing_mail", "tickets.delivery"),
            _page(request, "Webhooks", "webhook", "tickets.webhook"),
            _page(request, "Service levels", "schedule", "tickets.servicelevel"),
            _page(request, "Holidays", "event_busy", "tickets.holiday"),
            _page(request, "Channels", "forum", "assistant.channel"),
            _page(request, "Channel messages", "mark_chat_read", "assistant.message"),
            _page(request, "Help page", "help", "assistant.helppage"),
            _page(request, "Help sites", "web", "assistant.helpsite"),
        ],
        "Knowledge base": [
            _page(request, "FAQs", "quiz", "faq.faq"),
            _own_page(request, "Gaps", "help_center", "gaps", "faq.change_faq"),
            _own_page(request, "Suggestions", "lightbulb", "suggestions", "faq.change_faq"),
            _own_page(request, "FAQ health", "monitor_heart", "faq-health", "faq.change_faq"),
            _own_page(request, "Ask", "forum", "ask-page", "faq.view_faq"),
            _own_page(
                *(request, "Review", "rate_review", "admin:faq_release_review", REVIEWS),
                badge=drafts,
            ),
            _page(request, "Releases", "history", "faq.release"),
            _page(request, "Sources", "rss_feed", "faq.source"),
            _page(request, "Thresholds", "rule", "faq.categoryrule"),
            _page(request, "Set replies", "waving_hand", "assistant.setreply"),
            _page(request, "Priority terms", "priority_high", "assistant.priorityterm"),
            _own_page(request, "Import, export", "swap_vert", "admin:faq_faq_import", IMPORTS),
        ],
        "Quality": [
            _own_page(request, "Outcomes", "query_stats", "outcomes", VIEW_OUTCOMES),
            _own_page(request, "Quality", "speed", "quality-page", "assistant.view_evaluationrun"),
            _page(request, "Evaluations", "monitoring", "assistant.evaluationrun"),
            _page(request, "Policies", "tune", "assistant.fittedpolicy"),
            _page(request, "Labels", "label", "assistant.label"),
        ],
        "Trust": [
            _page(request, "Audit trail", "fact_check", "audit.record"),
            _page(request, "People", "group", "auth.user"),
            _page(request, "Groups", "badge", "auth.group"),
        ],
    }
    return [{"title": title, "items": [p for p in pages if p]} for title, pages in menu.items()]


def _first_page() -> dict[str, Any]:
    return {"title": "Desk", "icon": "home", "link": reverse("admin:index")}


def _page(
    request: HttpRequest, title: str, icon: str, model: str, **more: Any
) -> dict[str, Any] | None:
    if not sees(request, model):
        return None
    link = reverse(f"admin:{model.replace('.', '_')}_changelist")
    within = map(reverse, PAGES_WITHIN)
    # Unfold would mark every entry whose address is a prefix of the page's.
    active = request.path.startswith(link) and request.path not in within
    return {"title": title, "icon": icon, "link": link, "active": active, **more}


def _own_page(
    request: HttpRequest, title: str, icon: str, name: str, permission: str, **more: Any
) -> dict[str, Any] | None:
    if not request.user.has_perm(permission):
        return None
    link = reverse(name)
    active = request.path.startswith(link)
    return {"title": title, "icon": icon, "link": link, "active": active, **more}


def sees(request: HttpRequest, model: str) -> bool:
    """Whether the admin shows this user the rows of ``model``, such as ``faq.release``."""
    app, name = model.split(".")
    return any(request.user.has_perm(f"{app}.{verb}_{name}") for verb in ("view", "change"))


def staged(stage: str) -> QuerySet[Faq]:
    """The FAQs whose draft is at a stage, such as ``Faq.Stage.SUBMITTED``."""
    faqs: QuerySet[Faq] = Faq.objects.filter(stage=stage)
    return faqs
