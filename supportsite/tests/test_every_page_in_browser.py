"""Every page of the desk in a browser: its content policy, axe, its landmarks and its title.

axe-core finds what keeps people with a screen reader, a keyboard or weak eyes from using a page.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.contrib import admin
from django.contrib.auth.models import User
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page, sync_playwright

from assistant.models import AgentDay, Need
from assistant.outcomes import fold
from assistant.tests.channel_calls import make_channel, post_signed
from faq.models import Faq, Source
from supportsite.people import invitations
from supportsite.tests.browser import new_page, overheard, sign_in
from tickets.models import Ticket, Webhook

PASSWORD = "a-lamp-in-the-hall-7"

TELL = """
document.addEventListener("securitypolicyviolation", (seen) =>
  console.error(`policy: ${seen.effectiveDirective} ${seen.blockedURI} ${seen.sourceFile}`));
"""


@pytest.fixture
def site(committed_faqs, live_server, as_role) -> str:
    """With something on every list."""
    sam = User.objects.create_superuser("sam", password=PASSWORD)
    ticket = Ticket.objects.escalate("The lamp is broken.", requester="u1", by="u1")
    ticket.claim(by=sam.username)
    ticket.resolve(by=sam.username)
    Webhook.objects.create(url="https://example.com/hook")
    make_channel("webhook", "https://example.com/replies")
    post_signed({"id": "m1", "sender": "c1", "text": "Where is my parcel?"})
    source = Source.objects.create(name="Shop", url="https://example.com/faq", last_error="gone")
    faq = Faq.objects.get(slug="reset-password")
    source.pairs.create(faq=faq, question=faq.question, answer="Call us.", missing=1)
    invitations.invite(User.objects.create_user("ann", is_staff=True), by=sam.username)
    as_role("customer").post("/ask", {"message": "Where is my parcel?"}, format="json")
    call_command("audit_seal", verbosity=0)
    fold.fold_new()
    AgentDay.objects.create(day=timezone.now().date(), runs=3, requests=5, tokens=4_000)
    return live_server.url


OUTSIDE = ("/admin/logout/", "/admin/faq/faq/export/")


def kind(path: str) -> str:
    """What tells one kind of page from another: two tickets, or lists of rows, have the same."""
    plain = path.partition("?")[0].partition("#")[0]
    return re.sub(r"/rows/[a-z_]+/", "/rows/any/", re.sub(r"/\d+/", "/0/", plain))


def links(page: Page) -> list[str]:
    text = page.eval_on_selector_all("a[href]", "all => all.map(a => a.getAttribute('href'))")
    here = page.url.partition("?")[0]
    # Relative ones are filters and pages of the same list.
    return [link for link in text if link.startswith("/admin/") and link not in here]


def walk(page: Page, site: str, look: Callable[[Page, str], None]) -> set[str]:
    """Look at one page of each kind that can be reached from the first; the kinds."""
    todo, seen = ["/admin/", "/admin/nowhere/"], set()
    while todo:
        path = todo.pop()
        is_file = kind(path).endswith(".csv")
        if is_file or kind(path) in seen or path.startswith(OUTSIDE):
            continue
        seen.add(kind(path))
        page.goto(site + path)
        look(page, kind(path))
        todo += links(page)
    return seen


PLAIN = ("/history/", "/delete/")
"""Ends of paths of pages that one template makes for every model: one of them is looked at."""

SAME_COLOURS = ("/add/", *PLAIN)
"""Ends of paths of pages with nothing to colour that the page of a row has not."""


def axe_findings(page: Page) -> list[str]:
    """What axe-core says of a page, in light colours and, for contrast, in dark ones."""
    axe = Axe()
    page.emulate_media(color_scheme="light")
    violations = axe.run(page).response["violations"]
    if page.url.endswith(SAME_COLOURS):
        return _lines(violations)
    page.emulate_media(color_scheme="dark")
    violations += axe.run(page, options={"runOnly": ["color-contrast"]}).response["violations"]
    return _lines(violations)


def _lines(violations: list[dict[str, Any]]) -> list[str]:
    return [
        f"{finding['impact']} {finding['id']}: {node['html'][:200]}"
        for finding in violations
        for node in finding["nodes"]
    ]


def shortcomings(page: Page) -> list[str]:
    """What a page of the desk lacks of landmarks, and of a title that agrees with the menu."""
    heading = page.locator("h1").all_text_contents()
    entries = page.locator("#nav-sidebar a.active > span:nth-child(2)").all_text_contents()
    has_menu = page.locator("#nav-sidebar").count() == 1
    expected = {
        "one main": page.locator("main").count() == 1,
        "one heading": len(heading) == 1,
        "a link to its main": page.locator("a[href='#desk-main']").count() == has_menu,
        "the title of the menu": all(
            entry in heading[0] and entry in page.title() for entry in entries
        ),
    }
    return [f"no {name}" for name, is_there in expected.items() if not is_there]


def test_every_page_keeps_its_policy_and_is_open_to_everybody(site):
    findings: dict[str, list[str]] = {}
    looked_at: set[str] = set()
    need = reverse("outcome-need", args=[Need.objects.earliest("first").pk])

    def look(page: Page, name: str) -> None:
        template = next((end for end in PLAIN if name.endswith(end)), name)
        if template in looked_at:
            return
        looked_at.add(template)
        if lacking := axe_findings(page) + shortcomings(page):
            findings[name] = lacking

    with sync_playwright() as playwright:
        page = new_page(playwright)
        page.add_init_script(TELL)
        heard = overheard(page)

        page.goto(f"{site}/admin/login/")
        look(page, "signing in")
        sign_in(page, site, PASSWORD)
        seen = walk(page, site, look)
        page.goto(site + need)
        look(page, "a need")
        page.goto(site + reverse("ask-page"))
        page.get_by_label("Question").fill("How do I reset my password?")
        page.get_by_role("button", name="Ask").click()
        page.get_by_text("answered").first.wait_for()
        look(page, "the answer on the Ask page")
        page.goto(f"{site}/docs")
        page.get_by_text("/ask", exact=True).first.wait_for()
        page.context.browser.close()

    lists = {f"/admin/{m._meta.app_label}/{m._meta.model_name}/" for m in admin.site._registry}
    assert lists <= seen
    assert {"/admin/ask/", "/admin/faq/release/review/", "/admin/faq/faq/0/change/"} <= seen
    assert findings == {}
    # The page that is not there says so.
    assert [output for output in heard if "404" not in output] == []
