"""The benchmark of the desk's pages measures each; test_audit_log.py tests its database."""

from __future__ import annotations

import re
from contextlib import nullcontext

import pytest

from benchmarks import desk_pages

pytestmark = pytest.mark.slow


@pytest.mark.django_db
def test_each_page_is_measured(capsys, monkeypatch, settings):
    # To migrate another database takes some seconds.
    monkeypatch.setattr(desk_pages, "temporary_database", nullcontext)

    desk_pages.main(["--tickets", "20", "--rounds", "2"])

    report = capsys.readouterr().out
    for page in desk_pages.pages():
        assert re.search(rf"^{page} +median +\d+ ms, p95 +\d+ ms, CPU +\d+ ms$", report, re.M), (
            report
        )
