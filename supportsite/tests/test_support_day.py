"""A support person's whole day, by keyboard: what was answered by hand answers by itself after."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect, sync_playwright

from audit.identity.principal import Role
from faq.models import Faq
from supportsite.auth.authentication import issue
from supportsite.tests.browser import new_page, overheard, sign_in
from supportsite.tests.test_desk import PASSWORD
from tickets.models import Comment, Delivery, Ticket

QUESTION = "Does the lighthouse lamp come with a spare bulb?"
REPLY = "Yes, two spare bulbs are in the box, jo@example.com."


@pytest.fixture
def site(committed_faqs, live_server) -> str:
    User.objects.create_superuser("sam", password=PASSWORD)
    return live_server.url


def shot(page: Page, name: str) -> None:
    """A picture for people to look at, where SCREENSHOTS says so."""
    folder = os.environ.get("SCREENSHOTS")
    if folder:
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


def ask(page: Page, site: str, question: str) -> dict:
    token = issue("u1", [Role.CUSTOMER.value], seconds=600, email="jo@example.com")
    headers = {"Authorization": f"Bearer {token}"}
    body = page.request.post(f"{site}/ask", data={"message": question}, headers=headers).json()
    if body["outcome"] == "unanswered":
        expected = {"message": question, "ask_id": body["ask_id"]}
        assert page.request.post(f"{site}/tickets", data=expected, headers=headers).status == 201
    return body


def focused(page: Page) -> str:
    return str(page.evaluate("document.activeElement.id || document.activeElement.name"))


def tab_to(page: Page, text: str) -> None:
    """Press Tab until the link or button that says so has the focus."""
    for _ in range(80):
        page.keyboard.press("Tab")
        on = page.evaluate("[document.activeElement.tagName, document.activeElement.textContent]")
        if on[0] in ("A", "BUTTON") and text in on[1]:
            return
    raise AssertionError(f"no keyboard reaches {text!r}")


def claim(page: Page) -> None:
    tab_to(page, "Tickets")
    page.keyboard.press("Enter")
    page.wait_for_url("**/tickets/ticket/")
    tab_to(page, "Unassigned")
    shot(page, "1-queue")
    page.keyboard.press("Enter")
    expect(page.locator("[aria-current=page]", has_text="Unassigned (1)")).to_be_visible()
    tab_to(page, QUESTION)
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Claim")).to_be_visible()
    shot(page, "2-ticket")
    page.keyboard.press("Alt+c")
    expect(page.get_by_text(": assigned to you.")).to_be_visible()


def reply(page: Page) -> None:
    tab_to(page, "Insert")
    page.keyboard.press("Enter")
    answer = page.get_by_label("Reply", exact=True)
    assert answer.input_value()
    answer.fill("")
    page.get_by_role("searchbox", name="Search FAQs").fill("when is my refund paid")
    expect(page.get_by_text("When will I get my refund?")).to_be_visible()
    page.keyboard.press("Alt+r")
    assert focused(page) == "id_reply"
    page.keyboard.type(REPLY)
    shot(page, "3-reply")
    page.keyboard.press("Control+Enter")
    confirm = page.get_by_role("checkbox", name="Send it anyway")
    expect(confirm).to_be_visible()
    shot(page, "3-confirm")
    confirm.focus()
    page.keyboard.press("Space")
    page.keyboard.press("Alt+r")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("Your reply is on its way.")).to_be_visible()


def resolve(page: Page) -> None:
    page.keyboard.press("Alt+s")
    expect(page.get_by_text(": resolved.")).to_be_visible()
    tab_to(page, "Resolved")
    page.keyboard.press("Enter")
    page.wait_for_url("**queue=resolved")
    tab_to(page, QUESTION)
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="New FAQ from this ticket")).to_be_visible()
    shot(page, "4-resolved")


def draft(page: Page) -> None:
    page.keyboard.press("Alt+d")
    expect(page.get_by_role("heading", name="Similar FAQs")).to_be_visible()
    expect(page.get_by_label("Question", exact=True)).to_have_value(QUESTION)
    expect(page.get_by_label("Answer")).to_have_value(
        "Yes, two spare bulbs are in the box, [EMAIL]."
    )
    page.get_by_label("Answer").fill("Yes, two spare bulbs are in the box.")
    shot(page, "5-draft")
    tab_to(page, "Propose FAQ")
    page.keyboard.press("Enter")
    expect(page.get_by_text("A curator reviews it next.")).to_be_visible()


def publish(page: Page) -> None:
    tab_to(page, "lighthouse-lamp-come-spare")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Answer")).to_have_value("Yes, two spare bulbs are in the box.")
    shot(page, "6-faq")
    tab_to(page, "Save and publish")
    page.keyboard.press("Enter")
    expect(page.get_by_text(re.compile(r"Release \d+ is live"))).to_be_visible()
    shot(page, "7-published")


def test_what_a_person_answered_once_answers_by_itself_from_then_on(site):
    with sync_playwright() as playwright:
        page = new_page(playwright)
        page.set_viewport_size({"width": 1280, "height": 900})
        heard = overheard(page)

        before = ask(page, site, QUESTION)
        sign_in(page, site, PASSWORD)
        claim(page)
        reply(page)
        resolve(page)
        draft(page)
        publish(page)
        after = ask(page, site, QUESTION)
        page.context.browser.close()

    assert before["outcome"] == "unanswered"
    assert (after["outcome"], after["source"]) == ("answered", "faq")
    assert after["answer"] == "Yes, two spare bulbs are in the box."
    ticket = Ticket.objects.get()
    assert (ticket.status, ticket.assignee, ticket.faq_id) == ("resolved", "sam", after["faq_id"])
    assert Faq.objects.filter(slug=ticket.faq_id).exists()
    assert Comment.objects.get().full_text == REPLY
    assert Comment.objects.get().text == REPLY.replace("jo@example.com", "[EMAIL]")
    answer = Delivery.objects.filter(address="the requester").values_list("event", flat=True)
    assert set(answer) == {"opened", "claimed", "commented", "resolved"}
    assert heard == []
