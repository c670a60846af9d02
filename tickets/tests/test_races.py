from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection

from audit.models import Record
from tickets.models import Ticket

pytestmark = pytest.mark.slow


@pytest.mark.usefixtures("committed")
def test_of_two_people_who_claim_one_ticket_at_once_exactly_one_gets_it():
    def claim(ticket: Ticket, by: str, gate: Barrier) -> bool:
        try:
            gate.wait()
            return ticket.claim(by=by)
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as people:
        for _ in range(40):
            ticket = Ticket.objects.escalate("Who is first?", requester="u1", by="u1")
            gate = Barrier(2)
            won = list(people.map(lambda by, t=ticket, g=gate: claim(t, by, g), ("sam", "ann")))

            assert sorted(won) == [False, True]
            winner = "sam" if won[0] else "ann"
            assert Ticket.objects.get(pk=ticket.pk).assignee == winner
            claims = Record.objects.all().about("ticket", ticket.pk).filter(action="ticket.claimed")
            assert [stored.actor for stored in claims] == [winner]
