"""Forms and cookies that the help page refuses, and its rate limits."""

from __future__ import annotations

import time
from http.cookies import SimpleCookie

import pytest
from django.test import Client

from assistant.models import HelpPage
from assistant.tests.help_visits import (
    CLEAR,
    OWN_PAGE,
    contact,
    page,
    post,
    send,
)
from audit.models import Record
from tickets.models import Ticket

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_counts")]


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {},
    ],
    ids=str,
)
@pytest.mark.parametrize("path", ["ask/", "contact/", "tickets/1/"])
def test_a_form_of_another_site_is_refused(visitor, headers, path):
    response = post(visitor, path, {"message": CLEAR}, headers)

    assert response.status_code == 403
    assert "This was refused" in response.content.decode()
    assert not response.cookies
    assert not Record.objects.filter(action="question.asked").exists()


def test_the_hidden_field_catches_programs(visitor):
    assert send(visitor, "ask/", message=CLEAR, website="x").status_code == 400
    assert contact(visitor, website="x").status_code == 400
    assert not Ticket.objects.exists()


@pytest.mark.parametrize("ask_id", ["\0", "x", "5f0ea8a4-2f0f-4e0c-9f65-3c3a0b1f6d11"], ids=ascii)
def test_a_question_that_is_not_ones_own_is_not_there(visitor, ask_id):
    send(visitor, "ask/", message=CLEAR)

    assert send(visitor, "ask/", ask_id=ask_id, choice="none").status_code == 404
    assert visitor.get("/help/contact/", {"ask": ask_id}).status_code == 200


@pytest.mark.parametrize(
    "value", ["", "x", "eyJzIjoidTEifQ:1xXpZ1:TWxZdvlrxr1SdFQIhrV5", "visitor-abc"], ids=str
)
def test_a_cookie_that_we_did_not_sign_is_nobodys(visitor, value):
    contact(visitor)
    forger = Client()
    forger.cookies = SimpleCookie({"help": value})

    assert "Ticket" not in page(forger, "tickets/").partition("<main")[2].partition("</h1>")[2]


def test_a_cookie_ends(visitor, monkeypatch):
    send(visitor, "ask/", message=CLEAR)
    later = time.time() + 12 * 3600 + 1
    monkeypatch.setattr(time, "time", lambda: later)

    assert CLEAR not in page(visitor)


def test_who_sends_too_much_reads_when_to_go_on(visitor, settings):
    assert settings.HELP_THROTTLE == "60/min"
    settings.HELP_THROTTLE = "3/min"
    statuses = [send(visitor, "ask/", message=CLEAR).status_code for _ in range(4)]

    assert statuses == [200, 200, 200, 429]
    refused = send(visitor, "ask/", message=CLEAR)
    assert "Please wait a moment" in refused.content.decode()
    assert 0 < int(refused["Retry-After"]) <= 60
    assert CLEAR in page(visitor)


def test_the_61st_question_of_a_minute_waits_on_a_page_of_the_site(visitor):
    HelpPage.objects.update(name="Lamp shop")
    hello = {"message": "hello"}
    statuses = [post(visitor, "ask/", hello, OWN_PAGE).status_code for _ in range(60)]
    refused = post(visitor, "ask/?lang=de", hello, OWN_PAGE)

    assert statuses == [303] * 60
    assert refused.status_code == 429
    shown = refused.content.decode()
    assert "Bitte warten Sie einen Moment" in shown
    assert "Lamp shop" in shown
    assert 'href="/help/colours.css"' in shown
    assert "Content-Security-Policy" in refused


def test_who_types_can_still_send(visitor, settings):
    settings.HELP_THROTTLE, settings.THROTTLE_ADDRESS = "1/min", "3/min"

    typing = [send(visitor, "questions/", message="reset my pass") for _ in range(4)]

    assert [reply.status_code for reply in typing] == [200, 200, 200, 429]
    assert send(visitor, "ask/", message=CLEAR).status_code == 200


def test_who_drops_the_cookie_is_counted_by_address(settings):
    settings.HELP_THROTTLE = "3/min"

    statuses = [send(Client(), "ask/", message=CLEAR).status_code for _ in range(4)]

    assert statuses == [200, 200, 200, 429]
