"""A whole day by five people with one role each, and a customer, in one browser.

The mails are read from a real mail server, to which the site's own worker sends them. Clicks are
counted where the desk promises a number.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.urls import reverse
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

from audit.identity.principal import Role
from audit.models import Record
from supportsite.auth.authentication import issue
from supportsite.tests.browser import PATIENCE, new_page, overheard
from supportsite.tests.mailbox import Mailbox, mail_server
from supportsite.tests.roles import make_roles
from supportsite.tests.test_desk import PASSWORD
from tickets.tests.test_worker import worker

pytestmark = pytest.mark.slow

CUSTOMER = "jo@example.com"
QUESTION = "Why does the lighthouse lamp flicker?"
ANSWER = "Turn the bulb to the right until it sits tight."
ASKED = "My lighthouse light goes on and off at night. Call me on +44 20 7946 0958."
AGAIN = "My lighthouse light goes on and off at night."
REPLY = "Turn the bulb to the right. If it still flickers, call +44 20 7946 0123 and press 1."

COLLEAGUES = {
    "Ann Lee": "support",
    "Kim Roe": "curator",
    "Pat Poe": "publisher",
    "Abe Fox": "auditor",
}


@pytest.fixture
def site(committed_faqs, live_server, settings) -> str:
    make_roles()
    User.objects.create_superuser("sam", password=PASSWORD)
    with connection.cursor() as cursor:
        # The queue's tables are not Django's to empty.
        cursor.execute("TRUNCATE procrastinate_jobs, procrastinate_workers CASCADE")
    settings.SITE_URL = live_server.url
    return live_server.url


class Person:
    """Somebody at the desk, with a session of their own, whose clicks are counted."""

    def __init__(self, browser: Browser, site: str, name: str) -> None:
        self.page: Page = browser.new_context(base_url=site).new_page()
        self.page.set_default_timeout(PATIENCE)
        self.errors = overheard(self.page)
        self.name, self.clicks = name, 0

    def sign_in(self) -> Person:
        self.page.goto("/admin/login/?next=/admin/")
        self.page.get_by_label("Username").fill(self.name)
        self.page.get_by_label("Password").fill(PASSWORD)
        self.page.keyboard.press("Enter")
        expect(self.page.get_by_role("heading", name="Desk", exact=True)).to_be_visible()
        return self

    def click(self, target: Locator) -> None:
        target.click()
        self.clicks += 1

    def press(self, name: str) -> None:
        self.click(self.page.get_by_role("button", name=name, exact=True))

    def follow(self, name: str) -> None:
        self.click(self.page.get_by_role("link", name=name).first)

    def sees(self, text: str) -> None:
        expect(self.page.get_by_text(text).first).to_be_visible()

    def clicks_of(self, step: Callable[[], Any]) -> int:
        before = self.clicks
        step()
        return self.clicks - before


class Customer:
    """Asks through the API, and reads there and in the mailbox."""

    def __init__(self, page: Page) -> None:
        token = issue("u1", [Role.CUSTOMER.value], seconds=3_600, email=CUSTOMER)
        self._request, self._headers = page.request, {"Authorization": f"Bearer {token}"}

    def ask(self, question: str) -> dict[str, Any]:
        return self._post("/ask", {"message": question})

    def escalate(self, question: str, ask_id: str) -> int:
        return int(self._post("/tickets", {"message": question, "ask_id": ask_id})["id"])

    def read(self, ticket: int) -> str:
        return str(self._request.get(f"/tickets/{ticket}", headers=self._headers).text())

    def _post(self, path: str, data: dict[str, str]) -> dict[str, Any]:
        reply = self._request.post(path, data=data, headers=self._headers)
        assert reply.ok, reply.text()
        return dict(reply.json())


def invite(admin: Person, name: str, role: str) -> None:
    admin.page.goto("/admin/")
    admin.follow("Invite a colleague")
    admin.page.get_by_label("Name").fill(name)
    admin.page.get_by_label("E-mail").fill(address(name))
    admin.click(admin.page.get_by_label(f"{role.capitalize()}:"))
    admin.press("Send invitation")
    admin.sees(f"{name} is invited")


def address(name: str) -> str:
    return f"{name.partition(' ')[0].lower()}@shop.example"


def join(browser: Browser, site: str, mailbox: Mailbox, name: str) -> Person:
    """Set a password by the link of the mail, and sign in."""
    person = Person(browser, site, name.lower().replace(" ", "."))
    mail = mailbox.wait_for(address(name), "/admin/set-password/")
    person.page.goto(re.search(r"http\S+/admin/set-password/\S+", mail)[0])
    for field in ("new_password1", "new_password2"):
        person.page.locator(f"input[name={field}]").fill(PASSWORD)
    person.press("Set password")
    person.sees(f"Sign in as {person.name}.")
    return person.sign_in()


def write(curator: Person) -> None:
    curator.page.goto(reverse("admin:faq_faq_add"))
    curator.page.get_by_label("Question", exact=False).first.fill(QUESTION)
    curator.page.get_by_label("Answer").fill(ANSWER)
    curator.press("Save and submit")
    curator.sees("submitted")


def publish(publisher: Person) -> None:
    """From the card of the first page to the release."""
    publisher.page.goto("/admin/")
    publisher.click(publisher.page.locator("section[aria-labelledby=desk-drafts] a").first)
    publisher.sees(QUESTION)
    publisher.click(publisher.page.get_by_role("button", name=re.compile("Publish all")))
    publisher.sees("is live")


def answer(support: Person, ticket: int) -> None:
    """Claim, read the number, and reply with another."""
    support.page.goto("/admin/")
    support.follow("Inbox")
    support.click(support.page.locator(f"#ticket-{ticket}"))
    support.press("Claim")
    support.sees("+44 20 7946 0958")
    support.page.get_by_label("Reply", exact=True).fill(REPLY)
    support.press("Send reply")
    support.click(support.page.get_by_role("checkbox", name="Send it anyway"))
    support.press("Send reply")
    thread = support.page.get_by_role("list", name="Conversation")
    expect(thread.get_by_text(REPLY)).to_be_visible()


def resolve(support: Person, ticket: int) -> None:
    support.press("Resolve")
    support.sees(f"#{ticket}: resolved.")
    support.page.goto(reverse("tickets_inbox_ticket", args=[ticket]))


def add_phrasing(support: Person) -> None:
    support.follow("Another way to ask …")
    support.click(support.page.get_by_role("button", name=f"Add to: {QUESTION}"))
    support.sees("Proposed for")


def draft_faq(support: Person) -> None:
    support.follow("New FAQ from this ticket")
    support.press("Propose FAQ")
    support.sees("Proposed")


def submit_phrasing(curator: Person) -> None:
    curator.page.goto("/admin/faq/faq/?q=lighthouse")
    curator.follow(QUESTION)
    curator.press("Save and submit")
    curator.sees("submitted")


def actions_about(ticket: int) -> list[tuple[str, str]]:
    records = Record.objects.all().about("ticket", ticket).order_by("id")
    audit_records = [(record.action, record.actor) for record in records]
    connection.close()
    return audit_records


def test_five_people_and_a_customer_work_a_whole_day(site):
    with (
        mail_server() as mailbox,
        worker(EMAIL_URL=mailbox.url, SITE_URL=site),
        sync_playwright() as p,
    ):
        browser = new_page(p).context.browser
        sam = Person(browser, site, "sam").sign_in()
        for name, role in COLLEAGUES.items():
            assert sam.clicks_of(lambda name=name, role=role: invite(sam, name, role)) == 3
        ann, kim, pat, abe = (join(browser, site, mailbox, name) for name in COLLEAGUES)
        customer = Customer(sam.page)

        write(kim)
        publish(pat)
        assert customer.ask(QUESTION)["answer"] == ANSWER
        first = customer.ask(ASKED)
        assert first["outcome"] != "answered"
        ticket = customer.escalate(ASKED, first["ask_id"])

        answer(ann, ticket)
        assert REPLY in customer.read(ticket)
        assert REPLY in mailbox.wait_for(CUSTOMER, "press 1")
        resolve(ann, ticket)

        assert ann.clicks_of(lambda: add_phrasing(ann)) == 2
        submit_phrasing(kim)
        publish(pat)
        last = customer.ask(AGAIN)
        assert (last["outcome"], last["answer"]) == ("answered", ANSWER)

        second = customer.escalate("Do you sell shades for it, too?", first["ask_id"])
        ann.page.goto(reverse("tickets_inbox_ticket", args=[second]))
        ann.page.get_by_label("Reply", exact=True).fill("Yes, in four colours.")
        ann.press("Send and resolve")
        ann.page.goto(reverse("tickets_inbox_ticket", args=[second]))
        assert ann.clicks_of(lambda: draft_faq(ann)) <= 3

        abe.follow("Audit trail")
        expect(abe.page.get_by_role("row", name="Ticket viewed ann.lee")).to_be_visible()
        assert "7946" not in abe.page.content()
        errors = [error for person in (sam, ann, kim, pat, abe) for error in person.errors]
        browser.close()

    with ThreadPoolExecutor(1) as elsewhere:
        actions = elsewhere.submit(actions_about, ticket).result()
    assert ("ticket.viewed", "ann.lee") in actions
    assert ("ticket.resolved", "ann.lee") in actions
    # Leaving the inbox ends the request that asks for news.
    assert [error for error in errors if not error.startswith("failed: ")] == []
