"""The help page without scripts, and the widget on a site of another origin."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Frame, FrameLocator, Page, expect, sync_playwright

from assistant.models import HelpSite
from supportsite.tests.browser import new_page, overheard
from supportsite.tests.shop import shop
from tickets.models import Ticket

CLEAR = "How do I reset my password?"
UNCLEAR = "how do i return a parcel and get my money back"
UNKNOWN = "Do you sell live penguins?"
PHONE = {"width": 390, "height": 844}
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")


@pytest.fixture
def service(committed_faqs, live_server) -> str:
    return live_server.url


@pytest.fixture
def listed(service) -> Iterator[str]:
    with shop(service) as origin:
        HelpSite.objects.create(key="shop", origins=origin)
        HelpSite.objects.create(key="paused", origins=origin, is_paused=True)
        yield origin


def ask_to_ticket(page: Page | FrameLocator) -> None:
    """Ask, say none of the options, ask again, and open a ticket, by keyboard alone."""
    page.get_by_label(re.compile("Your (next )?question")).fill(UNCLEAR)
    page.get_by_role("button", name="Send").press("Enter")
    page.get_by_role("button", name="None of these").press("Enter")
    expect(page.get_by_text("We have no answer to this yet.")).to_be_visible()
    page.get_by_label("Your next question").fill(UNKNOWN)
    page.get_by_role("button", name="Send").press("Enter")
    page.locator(".notice").get_by_role("link").press("Enter")
    page.get_by_label("Your e-mail address").fill("ada@shop.example")
    page.get_by_role("button", name="Send").press("Enter")
    expect(page.get_by_role("heading", name="Ticket")).to_be_visible()


def findings(page: Page, frame: Frame | None = None) -> list[str]:
    """What axe-core has to say about the page or a frame of it, in light and in dark."""
    violations = []
    tested = frame or page
    for scheme in SCHEMES:
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        for violation in Axe().run(tested).response["violations"]:
            violations.append(
                f"{tested.url} {scheme} {violation['id']}: {violation['nodes'][0]['html'][:150]}"
            )
    return violations


def assert_works_without_scripts(browser: Browser, service: str) -> None:
    page = browser.new_page(java_script_enabled=False)
    page.goto(f"{service}/help/")
    page.get_by_label("Your question").fill(CLEAR)
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_text(re.compile(r"As of \w+"))).to_be_visible()
    page.get_by_role("button", name="Yes").click()
    expect(page.get_by_text("You said that this helped.")).to_be_visible()
    page.get_by_label("Your next question").fill(UNCLEAR)
    page.get_by_role("button", name="Send").click()
    page.get_by_role("button", name="How do I return an item?").click()
    expect(page.get_by_text("Did this help?")).to_be_visible()
    ask_to_ticket(page)
    page.get_by_label("Your message").fill("It is urgent.")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_text("It is urgent.")).to_be_visible()
    page.get_by_role("link", name="Your tickets").click()
    expect(page.get_by_role("link", name=re.compile(r"Ticket \d+"))).to_be_visible()
    page.get_by_role("link", name="Answers", exact=True).click()
    page.get_by_role("link", name=re.compile("returns")).click()
    expect(page.get_by_role("link", name="How do I return an item?")).to_be_visible()
    page.get_by_label("Search the answers").fill("refund")
    page.get_by_role("button", name="Search").click()
    page.get_by_role("link", name="When will I get my refund?").click()
    expect(page.get_by_role("heading", name="When will I get my refund?")).to_be_visible()
    page.get_by_role("link", name="Ask", exact=True).click()
    page.reload()
    expect(page.get_by_text(CLEAR)).to_be_visible()
    expect(page.get_by_text(UNKNOWN)).to_be_visible()
    page.close()


def assert_is_open_to_everybody(browser: Browser, service: str) -> None:
    page = browser.new_page(viewport=PHONE)
    heard = overheard(page)
    page.goto(f"{service}/help/?lang=ur")
    violations = findings(page)
    page.locator("#message").press_sequentially("my password")
    page.locator("#questions a").first.wait_for()
    violations += findings(page)
    page.locator("#message").fill(UNCLEAR)
    page.keyboard.press("Enter")
    page.locator("button[value=none]").wait_for()
    violations += findings(page)
    page.goto(f"{service}/help/contact/?lang=ur")
    page.locator("#id_email").fill("a@b")
    page.locator("#id_message").fill(UNKNOWN)
    page.locator("main button").click()
    page.locator(".errors").wait_for()
    violations += findings(page)
    page.locator("#id_email").fill("ada@shop.example")
    page.locator("main button").click()
    page.locator("#id_text").wait_for()
    violations += findings(page)
    paths = ("tickets/", "faqs/", "faqs/?category=returns", "faqs/?q=zzzz", "faqs/reset-password/")
    for path in (*paths, "nothing/"):
        page.goto(f"{service}/help/{path}{'&' if '?' in path else '?'}lang=ur")
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], path
        violations += findings(page)
    assert violations == []
    assert [text for text in heard if "policy" in text.lower()] == []
    page.close()


def assert_are_refused(browser: Browser, *addresses: str) -> None:
    pages = [browser.new_page() for _ in addresses]
    for page, address in zip(pages, addresses, strict=True):
        page.goto(address)
        page.get_by_role("button", name="Help").press("Enter")
    for page in pages:
        expect(page.get_by_text("Help is not available on this page.")).to_be_visible()
        assert page.locator("iframe").count() == 0
        page.close()


def assert_is_asked_again_without_cookies(page: Page, frame: FrameLocator) -> None:
    """The frame asks, its browser keeps no cookie, and a page of its own shows the answer."""
    answered = {"content_type": "text/event-stream", "body": "event: answer\ndata: {}\n\n"}
    ask = re.compile(r"/help/ask/\?site=")
    page.route(ask, lambda route: route.fulfill(**answered))
    frame.get_by_label("Your question").fill(CLEAR)
    frame.get_by_role("button", name="Send").press("Enter")
    with page.context.expect_page() as opened:
        frame.get_by_role("button", name="Ask it in a page of its own").press("Enter")
    expect(opened.value.get_by_text(CLEAR)).to_be_visible()
    expect(opened.value.get_by_text("Did this help?")).to_be_visible()
    opened.value.close()
    page.unroute(ask)
    page.context.clear_cookies()


def test_visitors_get_from_a_question_to_a_ticket_on_the_page_and_in_the_widget(service, listed):
    with sync_playwright() as playwright, shop(service) as other:
        page = new_page(playwright)
        browser = page.context.browser
        assert browser
        heard, hosts = overheard(page), set()
        page.on("request", lambda request: hosts.add(request.url.split("/")[2]))

        page.goto(listed)
        button = page.get_by_role("button", name="Help")
        button.press("Enter")
        frame = page.frame_locator("iframe")
        expect(frame.get_by_label("Your question")).to_be_visible()
        assert page.context.cookies() == []
        assert_is_asked_again_without_cookies(page, frame)
        ask_to_ticket(frame)
        frame.locator("#main").press("Escape")
        expect(button).to_be_focused()
        assert [text for text in heard if "Content Security Policy" in text] == []
        assert findings(page) + findings(page, page.frames[1]) == []
        # This browser refuses cookies of third parties; it takes those that are kept apart.
        [cookie] = page.context.cookies()
        assert cookie["partitionKey"] == "http://127.0.0.1"

        page.reload()
        button.press("Enter")
        expect(frame.get_by_text(UNKNOWN)).to_be_visible()
        frame.get_by_label("Your next question").fill(CLEAR)
        frame.get_by_role("button", name="Send").press("Enter")
        expect(frame.get_by_text("Did this help?")).to_be_visible()
        assert findings(page, page.frames[1]) == []
        frame.get_by_role("link", name="Your tickets").press("Enter")
        expect(frame.get_by_role("link", name=re.compile(r"Ticket \d+"))).to_be_visible()
        assert hosts == {service.split("/")[2], listed.split("/")[2]}

        assert_are_refused(browser, other, f"{listed}/paused", f"{listed}/nowhere")
        assert_works_without_scripts(browser, service)
        assert_is_open_to_everybody(browser, service)
        browser.close()
    assert Ticket.objects.count() == 3
