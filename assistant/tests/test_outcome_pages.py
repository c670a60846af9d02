"""Outcomes at the desk, by API, by command, by mail and for Prometheus: the same numbers."""

from __future__ import annotations

import csv
import json
import re
from datetime import timedelta
from html import unescape
from io import StringIO

import pytest
from django.contrib.auth.models import Group, User
from django.core import mail
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from assistant.agent.price import Price
from assistant.models import AgentDay, Need, OutcomeSubscription, SampledAsk
from assistant.outcomes.sample import monday
from assistant.outcomes.selection import Selection
from assistant.tests.outcome_records import CLOSED, OPEN, VISITORS, History
from audit.models import Record
from supportsite.monitoring import outcome_gauges
from tickets.delivery import sending
from tickets.models import Delivery

pytestmark = pytest.mark.django_db

NUMBER = re.compile(
    r'href="(/admin/outcomes/rows/[^"]*\?[^"]*)"[^>]*>\s*(\d+)(?: of (\d+))?\s*</a>'
)


@pytest.fixture
def hundred(monkeypatch, settings, tmp_path) -> History:
    settings.AUDIT_ANCHOR_DIR = tmp_path / "anchors"
    history = History(monkeypatch)
    history.hundred()
    history.fold()
    return history


@pytest.fixture
def desk(admin_user) -> Client:
    client = Client()
    client.force_login(admin_user)
    return client


def member(role):
    user = User.objects.create_user(role, email=f"{role}@example.com", is_staff=True)
    user.groups.add(Group.objects.get(name=role))
    client = Client()
    client.force_login(user)
    return user, client


def csv_rows(desk, url):
    page, _, query = url.partition("?")
    reply = desk.get(f"{page.rstrip('/')}.csv?{query}")
    return list(csv.DictReader(StringIO(b"".join(reply.streaming_content).decode())))


def test_every_number_of_the_page_is_its_rows_and_its_csv(hundred, desk):
    page = desk.get(reverse("outcomes")).content.decode()

    numbers = {(unescape(url), int(total or count)) for url, count, total in NUMBER.findall(page)}
    assert len(numbers) > 60
    wrong = {}
    for url, number in numbers:
        rows = desk.get(url).context["page"].paginator.count
        lines = len(csv_rows(desk, url))
        if not rows == lines == number:
            wrong[url] = (number, rows, lines)
    assert wrong == {}


def test_page_api_command_and_gauges_say_the_same(hundred, desk, as_role):
    cards = {card.title: card for card in desk.get(reverse("outcomes")).context["cards"]}
    api = as_role("publisher").get("/outcomes").json()
    out = StringIO()
    call_command("outcomes", "--json", stdout=out)
    outcome_gauges.clear_cache()
    metrics = desk.get("/metrics").content.decode()

    assert json.loads(out.getvalue()) == api
    text = StringIO()
    call_command("outcomes", stdout=text)
    assert "105 needs, 5 of them open" in text.getvalue()
    assert re.search(r"^rejection +10 %  6 to 17 %, 10 of 100\. ", text.getvalue(), re.M)
    assert api["ends"] == CLOSED
    assert (api["open"], sum(api["anonymous"].values())) == (OPEN, VISITORS)
    assert cards["Resolution"].value.text == f"{100 * api['resolution']['value']:.0f} %"
    assert cards["Resolution"].beside.base.text == "20 of 100"
    assert cards["Abandonment"].base.text == "15 of 100"
    for end, count in {**CLOSED, "open": OPEN}.items():
        assert f'assistant_needs{{end="{end}"}} {float(count)}' in metrics


def test_the_page_has_what_the_agent_used(desk, settings):
    settings.AGENT_PRICE = Price(input=1.0, output=2.0)
    today = timezone.now().date()
    AgentDay.objects.create(
        day=today, runs=3, requests=5, tokens=3_000_000, output_tokens=1_000_000
    )

    page = desk.get(reverse("outcomes")).content.decode()

    used = dict(re.findall(r"<div><dt>(\w[^<]+)</dt><dd>([\d,.]+)</dd></div>", page))
    assert used == {
        "Runs": "3",
        "Requests to the model": "5",
        "Tokens in": "2,000,000",
        "Tokens out": "1,000,000",
        "Cost": "4.00",
    }


@pytest.mark.parametrize(
    ("role", "status"), [("support", 200), ("publisher", 200), ("curator", 403), ("auditor", 403)]
)
def test_who_sees_the_page(db, role, status):
    _, client = member(role)

    assert client.get(reverse("outcomes")).status_code == status
    assert ("Outcomes, " in client.get(reverse("admin:index")).content.decode()) == (status == 200)


def test_an_invalid_period_is_named_and_the_latest_one_shown(desk, as_role):
    page = desk.get(reverse("outcomes"), {"from": "2026-11-09", "to": "2026-11-01"})
    reply = as_role("support").get("/outcomes?from=2026-11-09&to=2026-11-01")

    assert "from must be before to" in page.content.decode()
    before_the_first_release = {"from": "2020-01-01", "to": "2020-01-28"}
    assert desk.get(reverse("outcomes"), before_the_first_release).status_code == 200
    assert page.context["selection"] == Selection.latest(28)
    assert reply.status_code == 400
    assert "from" in str(reply.json()["errors"])
    assert desk.get(reverse("outcome-rows", args=["nothing"])).status_code == 404
    for figure, query in (
        ("asks", "release=x"),
        ("asks", "faq_id=" + 101 * "a"),
        ("needs", "assignee=a"),
    ):
        assert desk.get(f"{reverse('outcome-rows', args=[figure])}?{query}").status_code == 404


def test_rows_show_redacted_questions_and_that_they_were_read_is_recorded(hundred, desk):
    rows = desk.get(reverse("outcome-rows", args=["rejected"])).content.decode()

    assert "A question of rejected-0" in rows
    need = Need.objects.filter(end="escalated").first()
    page = desk.get(reverse("outcome-need", args=[need.pk])).content.decode()
    assert "A ticket names one of its asks" in page
    assert "A question of escalated-" in page
    assert page.count(">Ticket ") == 1
    assert "Why: the answer did not help." in page
    assert "Closed since " in page
    seen = Record.objects.filter(action="outcomes.viewed").latest("id")
    assert (seen.data["figure"], seen.data["rows"]) == ("rejected", CLOSED["rejected"])
    assert "rejected-0" not in str(csv_rows(desk, reverse("outcome-rows", args=["rejected"])))


def test_the_sample_is_judged_at_the_desk(hundred):
    week = monday(Need.objects.earliest("first").first)
    SampledAsk.objects.draw(week)
    sample = SampledAsk.objects.first()
    _, support = member("support")
    url = reverse("outcome-judge", args=[sample.pk])

    refused = support.post(url, {"verdict": "wrong", "expected": "no-such-faq"}, follow=True)
    support.post(url, {"verdict": "wrong", "expected": "order-limit"})
    labels = b"".join(support.get(reverse("outcome-labels")).streaming_content).decode()

    assert "there is no FAQ with the id no-such-faq" in refused.content.decode()
    sample.refresh_from_db()
    assert (sample.verdict, sample.expected) == ("wrong", "order-limit")
    assert labels.splitlines()[0] == "query,expected_id"
    assert labels.splitlines()[1].endswith(",order-limit")


def test_the_weekly_mail_comes_once_to_subscribers(hundred, settings):
    user, support = member("support")
    support.post(reverse("outcome-mail"), {"on": "yes"})
    assert OutcomeSubscription.objects.send_due() == 0
    hundred.go_to(timezone.now() + timedelta(days=7))

    assert OutcomeSubscription.objects.send_due() == 1
    # As a second worker that has read the same list.
    assert not OutcomeSubscription.objects._send(
        OutcomeSubscription.objects.get().pk, monday(timezone.now())
    )
    delivery = Delivery.objects.get(event="outcomes")
    sending.deliver(str(delivery.pk))

    (message,) = mail.outbox
    assert message.to == ["support@example.com"]
    assert "Resolved: " in message.body
    assert f"{settings.SITE_URL}/admin/outcomes/?from=" in message.body
    hundred.go_to(hundred.now)
    support.post(reverse("outcome-mail"), {"on": "no"})
    assert not OutcomeSubscription.objects.is_on(user)
