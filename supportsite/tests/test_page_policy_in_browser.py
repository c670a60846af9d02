"""No page of ours wants more than its policy allows, seen in a browser."""

from __future__ import annotations

import re

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.core.management import call_command
from django.urls import reverse
from playwright.sync_api import Page, sync_playwright

from supportsite.tests.browser import new_page, overheard, sign_in
from tickets.models import Ticket, Webhook

PASSWORD = "a-lamp-in-the-hall-7"

TELL = """
document.addEventListener("securitypolicyviolation", (seen) =>
  console.error(`policy: ${seen.effectiveDirective} ${seen.blockedURI} ${seen.sourceFile}`));
"""


@pytest.fixture
def site(committed, live_server, as_role) -> str:
    """With something on every list."""
    call_command("ingest", verbosity=0)
    sam = User.objects.create_superuser("sam", password=PASSWORD)
    ticket = Ticket.objects.escalate("The lamp is broken.", requester="u1", by="u1")
    ticket.claim(by=sam.username)
    ticket.resolve(by=sam.username)
    Webhook.objects.create(url="https://example.com/hook")
    as_role("customer").post("/ask", {"message": "Where is my parcel?"}, format="json")
    return live_server.url


def kind(path: str) -> str:
    """What tells one kind of page from another: two tickets have the same."""
    return re.sub(r"/\d+/", "/0/", path.partition("?")[0].partition("#")[0])


def links(page: Page) -> list[str]:
    found = page.eval_on_selector_all("a[href]", "all => all.map(a => a.getAttribute('href'))")
    here = page.url.partition("?")[0]
    # Relative ones are filters and pages of the same list.
    return [link for link in found if link.startswith("/admin/") and link not in here]


def walk(page: Page, site: str) -> set[str]:
    """Open one page of each kind that can be reached from the first; the kinds."""
    todo, seen = ["/admin/", "/admin/nowhere/"], set()
    while todo:
        path = todo.pop()
        if kind(path) in seen or path.startswith(("/admin/logout/", "/admin/faq/faq/export/")):
            continue
        seen.add(kind(path))
        page.goto(site + path)
        todo += links(page)
    return seen


def test_no_page_wants_more_than_its_policy_allows(site):
    with sync_playwright() as playwright:
        page = new_page(playwright)
        page.add_init_script(TELL)
        heard = overheard(page)

        sign_in(page, site, PASSWORD)
        seen = walk(page, site)
        page.goto(site + reverse("ask-page"))
        page.get_by_label("Question").fill("How do I reset my password?")
        page.get_by_role("button", name="Ask").click()
        page.get_by_text("answered").first.wait_for()
        page.goto(f"{site}/docs")
        page.get_by_text("/ask", exact=True).first.wait_for()
        page.context.browser.close()

    lists = {f"/admin/{m._meta.app_label}/{m._meta.model_name}/" for m in admin.site._registry}
    assert lists <= seen
    assert {"/admin/ask/", "/admin/faq/release/review/", "/admin/faq/faq/0/change/"} <= seen
    # The page that is not there says so.
    assert [said for said in heard if "404" not in said] == []
