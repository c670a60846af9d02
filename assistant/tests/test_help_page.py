"""The help page: a visitor asks, chooses, rates, opens a ticket and browses, without scripts."""

from __future__ import annotations

import gzip
import re
import time
from html import unescape
from http.cookies import SimpleCookie
from pathlib import Path
from urllib.parse import urlencode

import pytest
from django.contrib.staticfiles import finders
from django.core.cache import cache
from django.core.management import call_command
from django.test import Client

from assistant.models import Feedback, HelpPage, HelpSite
from audit.models import Record
from faq.models import Faq, Revision
from supportsite.auth.authentication import issue
from tickets.models import Delivery, Ticket

pytestmark = pytest.mark.django_db

OWN_PAGE = {"Sec-Fetch-Site": "same-origin"}
CLEAR = "How do I reset my password?"
UNCLEAR = "how do i return a parcel and get my money back"
UNKNOWN = "Do you sell live penguins?"
HOSTILE = '"><script>alert(1)</script><img src=x onerror=alert(1)>'


@pytest.fixture(autouse=True)
def no_counts():
    cache.clear()


@pytest.fixture
def visitor() -> Client:
    return Client()


def post(client: Client, path: str, fields, headers, **options):
    """As a browser does."""
    form = urlencode(fields)
    kind = "application/x-www-form-urlencoded"
    return client.post(f"/help/{path}", form, content_type=kind, headers=headers, **options)


def send(client: Client, path: str, **fields):
    headers = {**OWN_PAGE, **fields.pop("headers", {})}
    return post(client, path, fields, headers, follow=True)


def page(client: Client, path: str = "", **query) -> str:
    response = client.get(f"/help/{path}", query)
    assert response.status_code == 200
    return response.content.decode()


def last_ask() -> Record:
    return Record.objects.filter(action="question.asked").latest("id")


def ask_id() -> str:
    return last_ask().about.partition(":")[2]


def contact(client: Client, **fields):
    typed = {"name": "Ada", "email": "ada@shop.example", "message": "The lamp is broken.", **fields}
    return send(client, "contact/", **typed)


# --- Asking ---------------------------------------------------------------------------------------


def test_reading_stores_nothing_and_records_nothing(visitor):
    before = Record.objects.count()

    for path in ("", "faqs/", "faqs/?q=refund", "faqs/reset-password/", "tickets/", "contact/"):
        assert not visitor.get(f"/help/{path}").cookies

    assert Record.objects.count() == before


def test_a_question_is_answered_with_its_date_and_shown_again_after_a_reload(visitor):
    send(visitor, "ask/", message=CLEAR)

    shown = page(visitor)
    assert CLEAR in shown
    assert "Press Forgot password on the sign-in page." in shown
    assert re.search(r"As of \w+\.? \d+, \d{4}", shown)
    assert last_ask().data["channel"] == "help"
    assert last_ask().subject.startswith("visitor-")


def test_the_cookie_is_set_at_the_first_send_for_hours_and_for_no_script(visitor):
    cookie = post(visitor, "ask/", {"message": CLEAR}, OWN_PAGE).cookies["help"]

    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert cookie["max-age"] == 12 * 3600


def test_an_option_answers_and_counts_as_a_choice(visitor):
    shown = send(visitor, "ask/", message=UNCLEAR).content.decode()
    assert 'value="start-return"' in shown
    assert 'value="none"' in shown

    send(visitor, "ask/", ask_id=ask_id(), choice="start-return")

    assert last_ask().data["decision"]["reason"] == "chosen"
    assert "How do I return an item?" in page(visitor)


def test_after_two_misses_a_person_is_offered(visitor):
    send(visitor, "ask/", message=UNCLEAR)
    send(visitor, "ask/", ask_id=ask_id(), choice="none")
    assert "We could not help yet" not in page(visitor)

    send(visitor, "ask/", message=UNKNOWN)

    shown = page(visitor)
    assert "We could not help yet. A person can." in shown
    assert f"/help/contact/?ask={ask_id()}" in shown


def test_a_rating_is_stored_and_only_of_ones_own_answer(visitor):
    send(visitor, "ask/", message=CLEAR)
    path = f"asks/{ask_id()}/feedback/"

    send(visitor, path, helpful="false", reason="outdated")

    assert (Feedback.objects.get().helpful, Feedback.objects.get().reason) == (False, "outdated")
    assert "You said that this did not help." in page(visitor)
    other = Client()
    send(other, "ask/", message=UNKNOWN)
    assert send(other, path, helpful="true").status_code == 404


def test_an_empty_question_is_refused_with_a_page(visitor):
    response = send(visitor, "ask/", message="   ")

    assert response.status_code == 400
    assert "This could not be sent" in response.content.decode()


# --- A person -------------------------------------------------------------------------------------


def test_a_ticket_is_opened_and_its_number_shown(visitor):
    send(visitor, "ask/", message=UNKNOWN)

    shown = contact(visitor, ask_id=ask_id()).content.decode()

    ticket = Ticket.objects.get()
    assert f"Ticket {ticket.pk}" in shown
    assert (ticket.email, ticket.reason) == ("ada@shop.example", "unanswered")
    assert ticket.full_message == "The lamp is broken.\n\nAda"
    opened = Record.objects.all().about("ticket", ticket.pk).get(action="ticket.opened")
    assert opened.data["channel"] == "help"
    assert f"Ticket {ticket.pk}" in page(visitor, "tickets/")


def test_an_address_that_anybody_could_have_typed_gets_no_mail_before_the_desk_replies(visitor):
    contact(visitor)
    assert not Delivery.objects.filter(address="the requester").exists()

    Ticket.objects.get().comment("We send a new one.", by="sam")

    assert Delivery.objects.filter(address="the requester").count() == 1
    assert "We send a new one." in page(visitor, f"tickets/{Ticket.objects.get().pk}/")


def test_the_same_form_opens_one_ticket(visitor):
    key = re.search(r'name="key" value="([0-9a-f-]+)"', page(visitor, "contact/"))[1]

    contact(visitor, key=key)
    contact(visitor, key=key)

    assert Ticket.objects.count() == 1


def test_a_form_outlives_the_cookie(visitor):
    send(visitor, "ask/", message=UNKNOWN)

    assert contact(Client(), ask_id=ask_id()).status_code == 200
    assert Ticket.objects.get().ask_id is None


def test_a_visitor_writes_on_a_ticket_and_nobody_reads_anothers(visitor):
    contact(visitor)
    path = f"tickets/{Ticket.objects.get().pk}/"

    send(visitor, path, text="It is the green one.")

    assert "It is the green one." in page(visitor, path)
    other = Client()
    contact(other, message="Mine.")
    assert other.get(f"/help/{path}").status_code == 404
    assert send(other, path, text="Let me in.").status_code == 404
    assert "green" not in page(other, "tickets/")


def test_the_form_names_what_is_wrong_and_keeps_what_was_typed(visitor):
    response = contact(visitor, email="ada")

    assert response.status_code == 400
    assert "Write an address such as name@example.com." in response.content.decode()
    assert "The lamp is broken." in response.content.decode()
    urdu = send(visitor, "contact/?lang=ur", email="ada", message="").content.decode()
    assert "name@example.com جیسا پتہ لکھیں۔" in urdu
    assert "یہاں کچھ لکھیں۔" in urdu


# --- What is refused ------------------------------------------------------------------------------


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


# --- Customers who are signed in ------------------------------------------------------------------


def test_a_customers_token_asks_as_the_customer_until_it_expires(visitor):
    token = issue("u1", ["customer", "support"], seconds=600, email="u1@shop.example")

    bearer = {"Authorization": f"Bearer {token}"}
    response = post(visitor, "ask/", {"message": CLEAR}, {**OWN_PAGE, **bearer})

    assert last_ask().subject == "u1"
    assert last_ask().data["roles"] == ["customer"]
    assert response.cookies["help"]["max-age"] <= 600
    assert CLEAR in page(visitor)


def test_signing_out_ends_the_conversation_of_a_customer_and_not_of_a_visitor(visitor):
    send(visitor, "ask/", message=CLEAR)
    assert send(visitor, "sign-out/").status_code == 204
    assert CLEAR in page(visitor)

    bearer = {"Authorization": f"Bearer {issue('u1', ['customer'], seconds=600)}"}
    send(visitor, "ask/", message=UNKNOWN, headers=bearer)
    assert UNKNOWN in page(visitor)
    assert send(visitor, "sign-out/").status_code == 205

    assert UNKNOWN not in page(visitor)
    assert post(visitor, "sign-out/", {}, {"Sec-Fetch-Site": "cross-site"}).status_code == 403


def test_a_bad_token_is_refused_with_a_page(visitor):
    bearer = {"Authorization": "Bearer x"}
    response = post(visitor, "ask/", {"message": CLEAR}, {**OWN_PAGE, **bearer})

    assert response.status_code == 401
    assert "Sign in again" in response.content.decode()


# --- Published FAQs -------------------------------------------------------------------------------


def test_faqs_are_browsed_and_searched(visitor):
    assert "How do I return an item?" in page(visitor, "faqs/", category="returns")
    assert "When will I get my refund?" in page(visitor, "faqs/", q="refund")
    assert "Press Forgot password" in page(visitor, "faqs/reset-password/")
    assert visitor.get("/help/faqs/nothing/").status_code == 404


def test_an_faq_for_an_audience_is_nowhere(visitor):
    question, answer = "Where is the staff umbrella?", "Behind the green door."
    Faq.objects.create(slug="umbrella", question=question, answer=answer, audience="staff")
    call_command("publish", verbosity=0)
    token = issue("u1", ["customer"], seconds=600, audiences=["staff"])
    send(visitor, "ask/", message=question, headers={"Authorization": f"Bearer {token}"})

    pages = [page(visitor), page(visitor, "faqs/"), page(visitor, "faqs/", q="umbrella")]
    pages.append(send(visitor, "questions/", message=question).content.decode())
    pages.append(visitor.get("/help/sitemap.xml").content.decode())

    assert visitor.get("/help/faqs/umbrella/").status_code == 404
    assert not any(answer in page or "umbrella/" in page for page in pages)
    assert "/help/faqs/reset-password/" in pages[-1]


def test_while_somebody_types_answers_are_offered_and_nothing_is_recorded(visitor):
    before = Record.objects.count()

    offered = send(visitor, "questions/?lang=de", message="i forgot my passw")

    assert 'href="/help/faqs/reset-password/?lang=de"' in offered.content.decode()
    assert not offered.cookies
    assert Record.objects.count() == before
    assert "<a" not in send(visitor, "questions/", message="live penguins").content.decode()


def test_a_search_without_results_says_how_to_go_on(visitor):
    shown = page(visitor, "faqs/", q="zzzzqqq")

    assert "No answer has these words." in shown
    assert 'class="list"' not in shown


def test_the_first_page_offers_the_categories_until_somebody_asks(visitor):
    assert 'href="/help/faqs/?category=returns"' in page(visitor)

    send(visitor, "ask/", message=CLEAR)

    assert "?category=returns" not in page(visitor)


@pytest.mark.parametrize("path", ["nothing/", "faqs/nothing/", "tickets/123456789/", "a/b.html/"])
def test_an_unknown_address_is_a_page_of_the_site_in_the_visitors_language(visitor, path):
    response = visitor.get(f"/help/{path}?lang=ur")

    assert response.status_code == 404
    assert '<html lang="ur" dir="rtl">' in response.content.decode()
    assert 'href="/help/faqs/?lang=ur"' in response.content.decode()
    assert visitor.get("/help/faqs")["Location"] == "/help/faqs/"


def test_an_error_that_no_page_handles_is_in_the_visitors_language(visitor, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 10

    response = send(visitor, "ask/?lang=de", message=CLEAR)

    assert response.status_code == 413
    assert "Das konnte nicht gesendet werden" in response.content.decode()


# --- Looks, languages and frames ------------------------------------------------------------------


def test_nothing_that_people_type_becomes_markup(visitor):
    HelpPage.objects.update(
        name=HOSTILE, welcome=HOSTILE, contact_note=HOSTILE, logo=f"https://x.example/{HOSTILE}"
    )
    # As in a release; publishing takes seconds.
    Revision.objects.filter(slug="reset-password").update(answer=f"{HOSTILE} [x](javascript:x)")
    send(visitor, "ask/", message=CLEAR)
    send(visitor, "ask/", message=HOSTILE)
    contact(visitor, name=HOSTILE, message=HOSTILE)

    paths = ("", "faqs/", f"faqs/?q={HOSTILE}&lang={HOSTILE}", "faqs/reset-password/", "contact/")
    paths += ("tickets/", f"tickets/{Ticket.objects.get().pk}/", f"faqs/?category={HOSTILE}")
    for path in paths:
        shown = page(visitor, path)
        assert "<script>" not in shown
        assert "<img src=x" not in shown
        assert 'href="javascript' not in shown


def test_the_policy_allows_nothing_inline_and_no_frame(visitor):
    response = visitor.get("/help/")

    policy = response["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert response["X-Frame-Options"] == "DENY"


def test_only_listed_origins_may_frame_the_page(visitor):
    HelpSite.objects.create(key="shop", origins="https://shop.example https://www.shop.example")

    response = visitor.get("/help/?site=shop")

    assert response["Content-Security-Policy"].endswith(
        "frame-ancestors https://shop.example https://www.shop.example"
    )
    assert "X-Frame-Options" not in response
    assert 'href="/help/faqs/?site=shop"' in response.content.decode()


def test_a_paused_site_and_an_unknown_one_look_the_same(visitor):
    HelpSite.objects.create(key="shop", origins="https://shop.example", is_paused=True)

    def look(key: str):
        response = visitor.get(f"/help/?site={key}")
        body = re.sub(r"<code>\w+</code>|site=[\w%]+", "", response.content.decode())
        return response.status_code, response["Content-Security-Policy"], body

    assert look("shop") == look("nowhere") == look("%00")
    assert look("shop")[0] == 404
    assert "frame-ancestors 'none'" in look("shop")[1]


def test_the_cookie_of_a_frame_is_secure_and_partitioned_over_https(visitor, settings):
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    HelpSite.objects.create(key="shop", origins="https://shop.example")
    headers = {**OWN_PAGE, "X-Forwarded-Proto": "https"}

    response = post(visitor, "ask/?site=shop", {"message": CLEAR}, headers)

    cookie = response.cookies["__Host-help_frame"].OutputString()
    assert {"Secure", "HttpOnly", "Partitioned", "SameSite=None", "Path=/"} <= set(
        cookie.split("; ")
    )


def test_the_browser_chooses_the_language_and_the_visitor_another(visitor):
    german = visitor.get("/help/", headers={"Accept-Language": "de-AT,de;q=0.9"}).content.decode()
    urdu = page(visitor, lang="ur")

    assert '<html lang="de" dir="ltr">' in german
    assert "Wie können wir helfen?" in german
    assert '<html lang="ur" dir="rtl">' in urdu
    assert 'href="/help/faqs/?lang=ur"' in urdu


def test_what_the_frame_loads_is_at_most_40_kilobytes(visitor):
    first = page(visitor)
    # The files as they are, since NGINX compresses them.
    static = re.findall(r'(?:src|<link[^>]* href)="/static/([^"]+)"', first)
    parts = [Path(str(finders.find(name))).read_bytes() for name in static]
    parts += [first.encode(), visitor.get("/help/colours.css").content]

    assert len(static) == 3
    assert sum(len(gzip.compress(part)) for part in parts) <= 40_000


def test_no_page_loads_anything_from_elsewhere(visitor):
    send(visitor, "ask/", message=CLEAR)

    for path in ("", "faqs/", "faqs/reset-password/", "contact/", "tickets/"):
        loaded = re.findall(r'(?:src|action|<link[^>]* href)="([^"]+)"', page(visitor, path))
        assert loaded
        assert all(address.startswith("/") and not address.startswith("//") for address in loaded)


def test_a_publisher_edits_the_page_with_a_record(admin_client, visitor):
    row = HelpPage.objects.get()
    form = {"name": "Lamp shop", "colour": "#ffcc00", "footer": "Imprint https://lamp.example/i"}

    admin_client.post(f"/admin/assistant/helppage/{row.pk}/change/", form)

    assert "Lamp shop" in page(visitor)
    assert 'href="https://lamp.example/i"' in page(visitor)
    colours = visitor.get("/help/colours.css").content.decode()
    assert "--brand: #ffcc00; --on-brand: #000000" in colours
    # After the stylesheet, whose own colours it replaces.
    shown = page(visitor)
    assert shown.index("/help/colours.css") > shown.index("/static/help/help.css")
    change = Record.objects.all().about("helppage", row.pk).get()
    assert change.data["fields"]["name"]["after"] == "Lamp shop"


def test_the_desk_shows_the_line_that_a_site_copies(admin_client, settings):
    settings.SITE_URL = "https://help.example.com"
    site = HelpSite.objects.create(key="shop", origins="https://shop.example")

    shown = admin_client.get(f"/admin/assistant/helpsite/{site.pk}/change/").content.decode()

    line = '<script src="https://help.example.com/widget/v1.js" data-site="shop" defer></script>'
    assert line in unescape(shown)
    assert line not in shown
