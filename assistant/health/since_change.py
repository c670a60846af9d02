"""The health of one FAQ: its findings, its ratings, and the effect of its last change."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Count, Q
from django.utils import timezone

from assistant.health.faq_asks import FOLLOW_UP_PERIOD, PERIOD, FaqAsk
from assistant.health.faq_health import findings, last_change
from assistant.health.log_reading import ASKED, TICKET_OPENED
from assistant.learning.feedback import Feedback
from audit.models import Record
from faq.health import FaqHealth, Period, Rating, SinceChange
from faq.models import Release

COMPARED = timedelta(days=14)
"""The longest time after a change that is compared with as many days before it."""

SHOWN_PERIOD = timedelta(days=60)
"""Time after a change in which its numbers are shown."""

MAX_RATINGS = 20
MAX_NEXT_QUESTIONS = 5


def faq_health(faq_id: str) -> FaqHealth:
    """What the page of an FAQ shows."""
    ratings = Feedback.objects.filter(faq_id=faq_id).order_by("-changed")[:MAX_RATINGS]
    return FaqHealth(
        findings=[(finding.numbers, finding.action) for finding in findings({faq_id})],
        ratings=[
            Rating(rating.changed, rating.helpful, rating.get_reason_display(), rating.comment)
            for rating in ratings
        ],
        next_questions=_next_questions(faq_id),
        since_change=since_change(faq_id),
    )


def _next_questions(faq_id: str) -> list[str]:
    """The next question or ticket of people for whom the answer was not enough, redacted."""
    rows = FaqAsk.objects.filter(faq_id=faq_id, at__gte=timezone.now() - PERIOD)
    texts = []
    for row in rows.exclude(follow_up="").order_by("-at")[:MAX_NEXT_QUESTIONS]:
        after = Record.objects.filter(
            subject_key=row.person,
            action__in=(ASKED, TICKET_OPENED),
            at__gt=row.at,
            at__lte=row.at + FOLLOW_UP_PERIOD,
        )
        following = after.order_by("at").first()
        data = following.data if following else {}
        texts.append(str(data.get("question") or data.get("message") or ""))
    return [text for text in dict.fromkeys(texts) if text]


def since_change(faq_id: str) -> SinceChange | None:
    """Numbers before and after the last change; None if it is not live, or changed long ago."""
    now, changed = timezone.now(), last_change(faq_id)
    if changed is None or now - changed > SHOWN_PERIOD:
        return None
    release = Release.objects.filter(published_at__lte=changed).order_by("-number").first()
    compared = min(now - changed, COMPARED)
    return SinceChange(
        release=release.number if release else 0,
        changed=changed,
        days=compared.days,
        after=_period(faq_id, changed, changed + compared),
        before=_period(faq_id, changed - compared, changed),
    )


def _period(faq_id: str, start: datetime, end: datetime) -> Period:
    asks = FaqAsk.objects.filter(faq_id=faq_id, at__gte=start, at__lt=end)
    counts = asks.order_by().aggregate(
        asks=Count("pk"),
        answered=Count("pk", filter=Q(is_answer=True)),
        unhelpful=Count("pk", filter=Q(is_answer=True, helpful=False)),
        contacts=Count("person", filter=Q(is_answer=True) & ~Q(follow_up=""), distinct=True),
    )
    return Period(**counts)
