"""Markup, languages and frames of the help page."""

from __future__ import annotations

import gzip
import re
from html import unescape
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders

from assistant.models import HelpPage, HelpSite
from assistant.tests.help_visits import (
    CLEAR,
    HOSTILE,
    OWN_PAGE,
    contact,
    page,
    post,
    send,
)
from audit.models import Record
from faq.models import Revision
from tickets.models import Ticket

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_counts")]


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
