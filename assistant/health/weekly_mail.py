"""One mail a week to the owner of FAQs with findings, through the outbox."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date

from django.conf import settings
from django.contrib.auth.models import User
from django.db import models, transaction
from django.urls import reverse
from django.utils import timezone

from assistant.health import faq_health
from assistant.health.findings import Finding
from assistant.outcomes.sample import monday
from audit.models import record
from faq.models import Faq
from tickets.delivery.outbox import Delivery

EVENT = "faq_health"

MAX_LISTED = 20
"""Findings in one mail; the page has all of them."""

OwnedFinding = tuple[Faq, Finding]


class WeeklyMailManager(models.Manager["WeeklyMail"]):
    def send_due(self) -> int:
        """Mail each owner who was not mailed this week; returns the number of mails."""
        week = monday(timezone.now())
        done = self.filter(models.Q(last_week=week) | models.Q(is_off=True))
        due = [user for user in owners() if not done.filter(user=user).exists()]
        owned = with_faqs(faq_health.findings()) if due else []
        return sum(
            self.send(user, [row for row in owned if is_owner(row[0], user)], week) for user in due
        )

    @transaction.atomic
    def send(self, user: User, owned: Sequence[OwnedFinding], week: date) -> bool:
        """False if another worker sent it, or there are no findings."""
        row, _ = self.get_or_create(user=user)
        due = self.filter(pk=row.pk, is_off=False).exclude(last_week=week)
        # A week without findings counts as sent: the mail comes at the week's start or not at all.
        if not due.update(last_week=week) or not owned:
            return False
        text = mail_text(user.get_username(), owned)
        subject = f"{settings.SITE_NAME}: {_count(len(owned))} in your FAQs"
        Delivery.mail_colleague(user.get_username(), event=EVENT, subject=subject, text=text)
        return True

    @transaction.atomic
    def switch(self, user: User, *, is_off: bool) -> None:
        self.update_or_create(user=user, defaults={"is_off": is_off})
        action = "faq_health_mail.stopped" if is_off else "faq_health_mail.resumed"
        record(action, actor=user.get_username(), kind="user", key=user.pk)

    def is_off(self, user: User) -> bool:
        return self.filter(user=user, is_off=True).exists()


class WeeklyMail(models.Model):
    """A user's switch for the weekly mail, and the last week for which it was sent."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE)
    is_off = models.BooleanField(default=False)
    last_week = models.DateField(null=True, help_text="Its Monday.")

    objects = WeeklyMailManager()

    def __str__(self) -> str:
        return str(self.user)


def owners() -> Iterator[User]:
    """The people at the desk who own an FAQ and may edit it."""
    names = {name.strip().lower() for name in Faq.objects.in_use().values_list("owner", flat=True)}
    for user in User.objects.filter(is_active=True, is_staff=True):
        if names & _names(user) and user.has_perm("faq.change_faq"):
            yield user


def is_owner(faq: Faq, user: User) -> bool:
    """Whether the FAQ's owner is this person, by username or e-mail address."""
    return faq.owner.strip().lower() in _names(user)


def _names(user: User) -> set[str]:
    return {user.get_username().lower(), user.email.lower()} - {""}


def with_faqs(findings: Iterable[Finding]) -> list[OwnedFinding]:
    """Each finding with its FAQ."""
    findings = list(findings)
    faqs = Faq.objects.in_bulk({finding.faq_id for finding in findings}, field_name="slug")
    return [(faqs[finding.faq_id], finding) for finding in findings]


def mail_text(name: str, owned: Sequence[OwnedFinding]) -> str:
    lines = [f"Hello {name},", "", f"{_count(len(owned))} in your FAQs this week:", ""]
    for faq, finding in owned[:MAX_LISTED]:
        page = reverse("admin:faq_faq_change", args=[faq.pk])
        lines += [faq.question, finding.numbers, finding.action, f"{settings.SITE_URL}{page}", ""]
    page = f"{settings.SITE_URL}{reverse('faq-health')}?owner=me"
    return "\n".join([*lines, f"All of them, and where to stop this mail: {page}", ""])


def _count(findings: int) -> str:
    return "1 finding" if findings == 1 else f"{findings} findings"
