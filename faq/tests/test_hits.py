"""How often an FAQ answers is counted from the audit trail: exactly, whatever is killed."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from audit.models import LogPosition, Record, record
from faq import hit_counts
from faq.models import DailyHits
from faq.tasks import count_hits

pytestmark = pytest.mark.django_db

TODAY = datetime.now(UTC).date()


@pytest.fixture(autouse=True)
def _anchors(settings, tmp_path):
    settings.AUDIT_ANCHOR_DIR = tmp_path / "anchors"
    settings.FAQ_CONFIDENCE_THRESHOLD = 0.7


def record_ask(slug="reset-password", *, source="faq", outcome="answered"):
    data = {"user_id": "u1", "question": "How?", "source": source, "faq_id": slug}
    return record("question.asked", actor="u1", data={**data, "outcome": outcome})


def sealed():
    call_command("audit_seal", verbosity=0)


def counts():
    return {hits.slug: hits.count for hits in DailyHits.objects.filter(day=TODAY)}


def test_every_answer_of_an_faq_is_counted_once():
    for slug in ("reset-password", "reset-password", "shipping-cost"):
        record_ask(slug)
    sealed()

    assert DailyHits.objects.count_new() == 3
    assert DailyHits.objects.count_new() == 0

    assert counts() == {"reset-password": 2, "shipping-cost": 1}
    assert DailyHits.objects.get(slug="shipping-cost").last == Record.objects.latest("id").at


def test_what_an_agent_answered_and_what_nobody_did_is_no_hit():
    record_ask(source="agent")
    record_ask("", source=None, outcome="clarify")
    record("question.tried", actor="u1", data={"outcome": "answered", "source": "faq"})
    sealed()

    assert DailyHits.objects.count_new() == 0


def test_later_answers_add_to_the_days_sum():
    record_ask()
    sealed()
    count_hits(0)
    last = DailyHits.objects.get().last
    record_ask()
    sealed()

    count_hits(0)

    assert counts() == {"reset-password": 2}
    assert DailyHits.objects.get().last > last


def test_a_record_that_was_committed_late_is_counted_when_it_is_sealed():
    record_ask()
    assert DailyHits.objects.count_new() == 0

    sealed()

    assert DailyHits.objects.count_new() == 1


def test_a_backlog_is_counted_piece_by_piece(monkeypatch):
    monkeypatch.setattr(hit_counts, "BATCH_SIZE", 2)
    for _ in range(5):
        record_ask()
    sealed()

    assert DailyHits.objects.count_new() == 5


def test_a_count_that_dies_half_way_leaves_nothing_counted_twice(monkeypatch):
    record_ask()
    sealed()

    with monkeypatch.context() as killed:
        killed.setattr(LogPosition, "save", _dies)
        with pytest.raises(KeyboardInterrupt):
            DailyHits.objects.count_new()
    assert DailyHits.objects.count_new() == 1

    assert counts() == {"reset-password": 1}


def _dies(self, **_):
    raise KeyboardInterrupt


def test_a_real_ask_is_a_hit_in_the_admins_list(as_role, admin_user):
    as_role("customer").post("/ask", {"message": "How do I reset my password?"}, format="json")
    sealed()
    count_hits(0)
    desk = Client()
    desk.force_login(admin_user)

    shown = desk.get(reverse("admin:faq_faq_changelist"), {"q": "reset-password"})

    faq = shown.context["cl"].result_list[0]
    assert (faq.slug, faq.hit_count) == ("reset-password", 1)
    assert faq.hit_last == Record.objects.filter(action="question.asked").latest("id").at
