"""An Idempotency-Key makes retries harmless that arrive at the same time."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from tickets.models import Ticket
from tickets.tests.test_opening import post


@pytest.mark.usefixtures("committed")
def test_the_same_post_many_times_at_once_is_one_ticket(as_role):
    def send(_):
        try:
            return post(as_role("customer"), "k1", message="Where is it?")
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as people:
        replies = list(people.map(send, range(16)))

    assert {reply.status_code for reply in replies} == {201}
    assert len({reply.json()["id"] for reply in replies}) == Ticket.objects.count() == 1
