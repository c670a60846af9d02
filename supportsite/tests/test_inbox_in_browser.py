"""The inbox in a browser: two people, by keyboard, on a phone."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.urls import reverse
from playwright.sync_api import Page, expect, sync_playwright

from faq.models import Faq
from supportsite.tests.browser import new_page, overheard, sign_in
from supportsite.tests.test_desk import PASSWORD
from tickets.models import Comment, ReplyDraft, Ticket

PHONE = {"width": 390, "height": 844}
FIRST, SECOND = "The lamp is broken.", "I forgot my password"


@pytest.fixture
def site(committed_faqs, live_server) -> str:
    """Two tickets wait for two people of support, of whom only Sam signs in."""
    User.objects.create_superuser("sam", password=PASSWORD)
    ann = User.objects.create_user("ann", is_staff=True)
    ann.user_permissions.set(Permission.objects.filter(codename="change_ticket"))
    for text in (FIRST, SECOND):
        Ticket.objects.escalate(text, requester="u1", by="u1")
    return live_server.url


def open_inbox(page: Page, site: str) -> None:
    sign_in(page, site, PASSWORD)
    # A script takes the icon's word out of the name.
    page.get_by_role("link", name=re.compile("^(inbox )?Inbox$")).click()
    expect(page.get_by_role("heading", name="Inbox")).to_be_visible()
    # Keys are heard when its scripts have run.
    page.wait_for_load_state("load")


def bring_news(ticket: Ticket) -> None:
    """In a thread of its own: Playwright's has an event loop, where Django's ORM refuses to run."""
    ReplyDraft.objects.store(ticket, "I am on it", by="ann")
    ticket.comment("It smells, too.", by="u1", from_desk=False)
    Ticket.objects.escalate("Where is my parcel?", requester="u2", by="u2")
    connection.close()


def test_two_tickets_are_answered_by_keyboard_and_news_appear_without_a_reload(site):
    first = Ticket.objects.get(message=FIRST)
    with sync_playwright() as playwright:
        page = new_page(playwright)
        heard = overheard(page)
        open_inbox(page, site)

        page.keyboard.press("j")
        thread = page.get_by_role("list", name="Conversation")
        expect(thread.get_by_text(FIRST)).to_be_visible()
        with ThreadPoolExecutor(1) as elsewhere:
            elsewhere.submit(bring_news, first).result()
        expect(thread.get_by_text("It smells, too.")).to_be_visible()
        expect(page.get_by_text("ann is writing.")).to_be_visible()
        expect(page.get_by_text("Unassigned (3)")).to_be_visible()

        page.keyboard.press("r")
        page.keyboard.type("Please unplug it")
        page.get_by_role("link", name=SECOND).click()
        expect(thread.get_by_text(SECOND)).to_be_visible()
        page.keyboard.press("k")
        expect(page.get_by_label("Reply", exact=True)).to_have_value("Please unplug it")
        page.keyboard.press("r")
        page.keyboard.press("Control+Enter")
        expect(thread.get_by_text("Please unplug it")).to_be_visible()
        page.keyboard.press("e")
        expect(page.get_by_text(f"#{first.pk}: resolved.")).to_be_visible()
        expect(thread.get_by_text(SECOND)).to_be_visible()

        page.get_by_role("searchbox", name="Search FAQs").fill("gift")
        help_found = page.locator("#inbox-faqs li").first
        expect(help_found).to_contain_text("gift")
        help_found.get_by_role("button").click()
        expect(page.get_by_label("Reply", exact=True)).not_to_have_value("")
        page.get_by_label("Reply", exact=True).press("Escape")
        page.keyboard.press("?")
        expect(page.get_by_role("heading", name="Keyboard")).to_be_visible()
        page.keyboard.press("Escape")
        page.context.browser.close()

    first.refresh_from_db()
    assert (first.status, first.assignee) == ("resolved", "sam")
    assert list(Comment.objects.filter(from_desk=True).values_list("text", flat=True)) == [
        "Please unplug it"
    ]
    assert heard == []


def test_on_a_phone_the_list_comes_first_then_the_ticket_with_the_button_at_its_box(site):
    with sync_playwright() as playwright:
        page = new_page(playwright)
        sign_in(page, site, PASSWORD)
        page.set_viewport_size(PHONE)
        page.goto(site + reverse("tickets_inbox"))
        page.get_by_role("link", name=FIRST).click()

        expect(page.get_by_role("link", name=SECOND)).to_be_hidden()
        box = page.get_by_label("Reply", exact=True).bounding_box()
        button = page.get_by_role("button", name="Send reply").bounding_box()
        assert 0 <= button["y"] - (box["y"] + box["height"]) < 40
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
        page.get_by_role("link", name="Back", exact=True).click()
        expect(page.get_by_role("link", name=SECOND)).to_be_visible()
        page.context.browser.close()


def test_a_ticket_is_answered_without_scripts(site):
    with sync_playwright() as playwright:
        page = new_page(playwright, scripts=False)
        open_inbox(page, site)
        page.get_by_role("link", name=SECOND).click()
        page.locator("#inbox-faqs li").first.get_by_role("button").click()
        answer = page.get_by_label("Reply", exact=True).input_value()
        page.get_by_role("button", name="Send and resolve").click()
        expect(page.get_by_role("list", name="Conversation").get_by_text(FIRST)).to_be_visible()
        page.context.browser.close()

    assert Comment.objects.get().full_text == answer
    assert Ticket.objects.get(message=SECOND).status == "resolved"


def test_two_clicks_add_a_phrasing_and_a_file_goes_with_a_reply(site, tmp_path):
    second = Ticket.objects.get(message=SECOND)
    Ticket.objects.filter(pk=second.pk).update(message="cannot get in, forgot my password")
    picture = tmp_path / "lamp.png"
    picture.write_bytes(b"\x89PNG\r\n\x1a\n" + b"the lamp")
    with sync_playwright() as playwright:
        page = new_page(playwright)
        heard = overheard(page)
        sign_in(page, site, PASSWORD)
        page.goto(site + reverse("tickets_inbox_ticket", args=[second.pk]))

        page.get_by_role("link", name="Another way to ask …").click()
        page.get_by_role("button", name="Add to: I forgot my password").click()
        expect(page.get_by_text("Proposed for “I forgot my password”.")).to_be_visible()

        page.get_by_label("Reply", exact=True).fill("It looks like this:")
        page.get_by_label("Attach files").set_input_files(picture)
        page.get_by_role("button", name="Send reply").click()
        with page.expect_download() as saved:
            page.get_by_role("link", name="lamp.png").click()
        assert saved.value.suggested_filename == "lamp.png"
        assert saved.value.path().read_bytes() == picture.read_bytes()
        page.context.browser.close()

    faq = Faq.objects.get(slug="reset-password")
    assert (faq.stage, faq.submitted_by) == ("proposed", "sam")
    assert faq.alternates.last().text == "cannot get in, forgot my password"
    assert Comment.objects.get().full_text == "It looks like this:"
    assert heard == []
