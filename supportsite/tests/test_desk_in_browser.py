"""A support person's short walk through the desk in a browser."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.urls import reverse
from playwright.sync_api import Page, expect, sync_playwright

from audit.identity.principal import Role
from supportsite.auth.authentication import issue
from supportsite.tests.browser import new_page, overheard, sign_in
from supportsite.tests.test_desk import DESK, PASSWORD
from tickets.models import Comment, Ticket

PHONE = {"width": 390, "height": 844}


@pytest.fixture
def site(committed_faqs, live_server) -> str:
    """A site with the demo's FAQs live, one ticket waiting and one person of support."""
    User.objects.create_superuser("sam", password=PASSWORD)
    Ticket.objects.escalate("The lamp is broken.", requester="u1", by="u1")
    return live_server.url


@pytest.fixture
def customer() -> dict[str, str]:
    return {"Authorization": f"Bearer {issue('u1', [Role.CUSTOMER.value], seconds=600)}"}


def correct_an_answer(page: Page) -> None:
    page.get_by_role("link", name="FAQs").click()
    page.get_by_role("textbox").fill("forgot")
    page.keyboard.press("Enter")
    page.get_by_role("link", name="I forgot my password").click()
    page.get_by_label("Answer").fill("New answer.")
    page.get_by_role("button", name="Save and publish").click()
    expect(
        page.get_by_text("Release 2 is live. Customers get answers from it now.")
    ).to_be_visible()


def see_to_the_ticket(page: Page) -> None:
    page.get_by_role("link", name="Tickets 1").click()
    page.get_by_role("link", name="The lamp is broken.").click()
    page.get_by_role("button", name="Claim").click()
    expect(page.get_by_text(": assigned to you.")).to_be_visible()
    page.get_by_role("button", name="Resolve").click()
    expect(page.get_by_text(": resolved.")).to_be_visible()


def assert_fits_a_phone(page: Page, site: str) -> None:
    page.set_viewport_size(PHONE)
    for address in ("", "faq/faq/", "faq/faq/add/", "tickets/ticket/", "audit/record/"):
        page.goto(f"{site}{DESK}{address}")
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], address


def sign_out_by_keyboard(page: Page, site: str) -> None:
    page.goto(f"{site}{DESK}")
    page.get_by_role("button", name="sam").press("Enter")
    page.get_by_role("button", name="Log out").press("Enter")
    expect(page.get_by_text("You have been successfully logged out")).to_be_visible()


def test_a_support_person_corrects_an_answer_and_sees_to_a_ticket(site, customer):
    with sync_playwright() as playwright:
        page = new_page(playwright)
        heard = overheard(page)

        sign_in(page, site, PASSWORD)
        correct_an_answer(page)
        question = {"message": "I forgot my password"}
        body = page.request.post(f"{site}/ask", data=question, headers=customer).json()
        see_to_the_ticket(page)
        sign_out_by_keyboard(page, site)
        sign_in(page, site, PASSWORD)
        assert_fits_a_phone(page, site)
        page.context.browser.close()

    assert (body["answer"], body["release"]) == ("New answer.", 2)
    ticket = Ticket.objects.get()
    assert (ticket.status, ticket.assignee) == ("resolved", "sam")
    assert heard == []


def test_a_reply_with_a_phone_number_is_confirmed_and_sent_without_scripts(site):
    ticket = Ticket.objects.get()
    with sync_playwright() as playwright:
        page = new_page(playwright, scripts=False)
        sign_in(page, site, PASSWORD)
        page.goto(site + reverse("admin:tickets_ticket_change", args=[ticket.pk]))
        page.get_by_label("Reply", exact=True).fill("Call 0300 7654321 and press 1.")
        page.get_by_role("button", name="Reply").click()
        expect(page.get_by_text("personal data that no published FAQ contains")).to_be_visible()
        page.get_by_role("checkbox", name="Send it anyway").check()
        page.get_by_role("button", name="Reply").click()
        expect(page.get_by_text("has no e-mail address")).to_be_visible()
        page.context.browser.close()

    assert Comment.objects.get().full_text == "Call 0300 7654321 and press 1."
