"""Outcomes by channel: one definition, so that the channels add up to the whole."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest
from django.urls import reverse

from assistant.models import Need
from assistant.outcomes import figures
from assistant.outcomes.channels import by_channel
from assistant.outcomes.selection import Selection
from assistant.tests.outcome_records import History

pytestmark = pytest.mark.django_db

CHANNELS = ("api", "help", "telegram", "team-chat", "")


@pytest.fixture
def history(monkeypatch, settings, tmp_path) -> History:
    settings.AUDIT_ANCHOR_DIR = tmp_path / "anchors"
    history = History(monkeypatch)
    ends = ("confirmed", "contained", "abandoned", "rejected", "escalated")
    for number in range(60):
        channel = CHANNELS[number % len(CHANNELS)]
        fields = {"channel": channel} if channel else {}
        at = history.at(20, minutes=number)
        history.need(ends[number % 7 % 5], f"person-{number}", at, **fields)
    history.ask("late", history.at(1), channel="telegram")
    history.ask("visitor-1", history.at(15), channel="help", roles=["visitor"])
    history.ask("lost", history.at(15), "unanswered", channel="telegram")
    history.go_to(history.now)
    history.fold()
    return history


def test_the_channels_add_up_to_the_whole(history):
    selection = Selection.latest(28)
    needs, asks = figures.need_counts(selection), figures.coverage(selection)

    rows = by_channel(needs, asks)

    assert {row.name for row in rows} == set(CHANNELS)
    for name in ("closed", "offered", "anonymous"):
        summed = sum((Counter(getattr(row.ends, name)) for row in rows), Counter())
        assert +summed == +Counter(getattr(needs.ends, name))
    assert sum(row.ends.open for row in rows) == needs.ends.open == 1
    assert sum(row.ends.total for row in rows) == needs.ends.total == 62
    for name, rate in needs.ends.rates.items():
        assert sum(row.ends.rates[name].count for row in rows) == rate.count
        assert sum(row.ends.rates[name].total for row in rows) == rate.total
    assert sum(row.coverage.count for row in rows) == asks.total.count
    assert sum(row.coverage.total for row in rows) == asks.total.total


def test_a_need_counts_for_the_channel_of_its_first_ask(history):
    at = history.at(10)
    history.ask("walker", at, "clarify", channel="telegram")
    history.ask("walker", at + timedelta(minutes=5), channel="help")
    history.fold()

    need = Need.objects.get(first=at)
    assert (need.channel, need.asks) == ("telegram", 2)


def test_page_and_api_have_them_and_each_number_leads_to_its_rows(history, admin_client, as_role):
    page = admin_client.get(reverse("outcomes"))
    api = {row["name"]: row for row in as_role("publisher").get("/outcomes").json()["channels"]}

    shown = {row["title"]: row for row in page.context["by_channel"]}
    assert set(shown) == {"API", "Help page", "Not recorded", "telegram", "team-chat"}
    for name in ("telegram", "team-chat"):
        row = shown[name]
        links = [row["needs"], row["open"], row["anonymous"]]
        links += [link for cell in row["rates"] for link in (cell.count, cell.total)]
        for link in links:
            assert admin_client.get(link.url).context["page"].paginator.count == int(link.text)
        assert int(row["needs"].text) == api[name]["needs"]
    assert admin_client.get("/admin/outcomes/rows/tickets/?channel=telegram").status_code == 404
