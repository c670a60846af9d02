"""The benchmark of the desk's pages measures each, and leaves nothing behind."""

from __future__ import annotations

import re

import pytest

from benchmarks import desk_pages
from tickets.models import Ticket

pytestmark = pytest.mark.slow


@pytest.mark.usefixtures("committed")
def test_each_page_is_measured_and_the_sites_own_tickets_stay(capsys):
    desk_pages.main(["--tickets", "20", "--rounds", "2"])

    report = capsys.readouterr().out
    for page in desk_pages.pages():
        assert re.search(rf"^{page} +median +\d+ ms, p95 +\d+ ms, CPU +\d+ ms$", report, re.M), (
            report
        )
    assert not Ticket.objects.exists()
