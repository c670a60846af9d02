"""The first page of the desk: what waits for this person, by what they may do."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.db.models import Count
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from assistant.health import faq_health
from assistant.health.weekly_mail import with_faqs
from assistant.learning.gap_rows import filtered_gaps, rows
from assistant.models import Gap
from assistant.outcomes.desk.week import week
from assistant.outcomes.mail import VIEW_OUTCOMES
from assistant.suggestions.rows import chosen_suggestions
from assistant.suggestions.rows import rows as suggestion_rows
from audit.models import Record
from audit.people.pseudonyms import stored_name
from faq.models import Faq, Release, Source
from supportsite.admin_site import PUBLISH, sees, staged
from tickets.inbox.queries import counts
from tickets.models import Ticket

DAY = timedelta(hours=24)

MAX_LISTED = 5
"""Rows in each list of the page."""

EDIT = "faq.change_faq"

OUTCOMES = {"answered": "Answered", "clarify": "Asked to clarify", "unanswered": "Not answered"}

QUEUES = {"mine": "Yours", "overdue": "Overdue"}
"""Counts of the inbox, besides the waiting tickets."""


def first_page(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Support sees its queue; curators gaps and FAQ health; publishers drafts and closed gaps."""
    context["title"] = "Desk"
    context["has_phone_region"] = bool(settings.PHONE_REGION)
    if sees(request, "tickets.ticket"):
        waiting = Ticket.objects.waiting()
        queues = counts(request.user.get_username())
        context["waiting"] = {
            "count": waiting.count(),
            "longest": waiting[:MAX_LISTED],
            "queues": [(label, name, queues[name]) for name, label in QUEUES.items()],
        }
    if request.user.has_perm(EDIT):
        context["gaps"], context["suggestions"] = _gaps(), _suggestions()
        context["health"] = _health()
    if sees(request, "faq.source"):
        context["failed_sources"] = _failed_sources()
    if request.user.has_perm(PUBLISH):
        context["closed_gaps"] = _closed_gaps()
    if sees(request, "audit.record"):
        context["asks"] = _asks()
    if sees(request, "faq.release"):
        live = Release.objects.live()
        context["live"] = {"release": live, "faqs": live.revisions.count() if live else 0}
    if request.user.has_perm("auth.add_user"):
        people = User.objects.filter(is_staff=True, is_active=True)
        invited = people.filter(last_login=None, invitation__isnull=False)
        context["people"] = {"count": people.count(), "invited": invited.count()}
    if request.user.has_perm(VIEW_OUTCOMES):
        context["week"] = week()
    context["drafts"] = _drafts(request)
    return context


def _drafts(request: HttpRequest) -> list[dict[str, Any]]:
    """What waits for this user, each with its count and page: to publish, to judge, to improve."""
    faqs, user = reverse("admin:faq_faq_changelist"), request.user
    own = Faq.objects.filter(
        stage=Faq.Stage.RETURNED, submitted_by=stored_name(user.get_username())
    )
    lists = [
        (
            *(PUBLISH, "to publish"),
            *(staged(Faq.Stage.SUBMITTED).count(), reverse("admin:faq_release_review")),
        ),
        (
            *(EDIT, "proposed by support"),
            *(staged(Faq.Stage.PROPOSED).count(), f"{faqs}?stage=proposed"),
        ),
        ("faq.propose_faq", "sent back to you", own.count(), f"{faqs}?stage=mine"),
    ]
    return [
        {"title": title, "count": count, "link": link}
        for permission, title, count, link in lists
        if user.has_perm(permission)
    ]


def _asks() -> dict[str, Any]:
    questions = Record.objects.filter(action="question.asked", at__gte=timezone.now() - DAY)
    counts = Counter(dict(questions.order_by().values_list("outcome").annotate(Count("pk"))))
    return {
        "count": counts.total(),
        "outcomes": [(label, counts[outcome]) for outcome, label in OUTCOMES.items()],
        "unanswered": questions.filter(outcome="unanswered").order_by("-id")[:MAX_LISTED],
    }


def _gaps() -> dict[str, Any]:
    gaps = filtered_gaps("open")
    return {"count": gaps.count(), "first": rows(list(gaps[:MAX_LISTED]))}


def _suggestions() -> dict[str, Any]:
    suggestions = chosen_suggestions("ready")
    return {
        "count": suggestions.count(),
        "first": suggestion_rows(list(suggestions[:MAX_LISTED])),
    }


def _closed_gaps() -> dict[str, Any]:
    """Gaps all of whose questions the live release would answer."""
    live = Release.objects.live()
    number = live.number if live else None
    gaps = Gap.objects.filter(status=Gap.Status.CLOSED, checked_release=number)
    return {"count": gaps.count(), "release": number}


def _failed_sources() -> dict[str, Any]:
    failed = Source.objects.failed()
    page = reverse("admin:faq_source_changelist")
    link = f"{page}?last_error__isempty=0"
    return {"count": failed.count(), "first": failed[:MAX_LISTED], "link": link}


def _health() -> dict[str, Any]:
    findings = faq_health.findings()
    return {"count": len(findings), "first": with_faqs(findings[:MAX_LISTED])}
