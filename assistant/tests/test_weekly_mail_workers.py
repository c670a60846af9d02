"""Two workers at once send an owner one mail."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from threading import Barrier

import pytest
from django.contrib.auth.models import User
from django.db import connections

from assistant.health.findings import Finding, Kind
from assistant.models import WeeklyMail
from faq.models import Faq
from tickets.models import Delivery

pytestmark = pytest.mark.usefixtures("committed")


def test_two_workers_at_once_send_one_mail():
    owner = User.objects.create_user("cleo", "cleo@shop.example", is_staff=True)
    faq = Faq.objects.create(slug="pottery", question="Are there pottery classes?", answer="Yes.")
    finding = Finding(Kind.OUTDATED, faq.slug, 1.0, "It was to be reviewed.", "Check it.")
    both = Barrier(2)

    def work(_: int) -> bool:
        both.wait()
        try:
            return WeeklyMail.objects.send(owner, [(faq, finding)], date(2026, 11, 30))
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as workers:
        results = list(workers.map(work, range(2)))

    assert sorted(results) == [False, True]
    assert Delivery.objects.count() == 1
