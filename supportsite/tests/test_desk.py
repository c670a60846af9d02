"""The desk: its first page and menu, and a support person's short walk through it in a browser."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission, User
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Page, expect, sync_playwright

from audit.identity.principal import Role
from audit.models import Record
from faq.models import Faq, Release
from supportsite.auth.authentication import issue
from supportsite.tests.browser import new_page, overheard, sign_in
from tickets.models import Comment, Ticket

DESK = "/admin/"
PASSWORD = "a-lamp-in-the-hall-7"

PHONE = {"width": 390, "height": 844}


# --- First page and menu --------------------------------------------------------------------------


def staff(*permissions, name="sam"):
    user = User.objects.create_user(name, is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client = Client()
    client.force_login(user)
    return client


def menu(page):
    return [
        item["title"] for group in page.context["sidebar_navigation"] for item in group["items"]
    ]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("permissions", "pages", "cards"),
    [
        pytest.param((), ["Desk"], set(), id="nothing without a right"),
        pytest.param(("view_ticket",), ["Desk", "Tickets"], {"waiting"}, id="support"),
        pytest.param(("view_record",), ["Desk", "Audit trail"], {"asks"}, id="an auditor"),
        pytest.param(
            ("view_faq", "add_faq", "change_faq", "view_release"),
            ["Desk", "FAQs", "Ask", "Review", "Releases", "Import, export"],
            {"live"},
            id="a curator",
        ),
    ],
)
def test_a_person_is_led_only_where_they_may_go(permissions, pages, cards):
    page = staff(*permissions).get(DESK)

    assert menu(page) == pages
    assert {name for name in ("waiting", "asks", "live") if name in page.context} == cards


@pytest.mark.django_db
def test_the_first_page_tells_what_waits_what_was_asked_and_what_is_live(as_role):
    for text in ("First.", "Second."):
        Ticket.objects.escalate(text, requester="u1", by="u1")
    for question in ("I forgot my password", "what is the capital of France?"):
        as_role("customer").post("/ask", {"message": question}, format="json")

    told = staff("view_ticket", "view_record", "view_release").get(DESK).context

    assert told["waiting"]["count"] == 2
    assert [ticket.message for ticket in told["waiting"]["longest"]] == ["First.", "Second."]
    assert dict(told["asks"]["outcomes"]) == {"answered": 1, "clarify": 0, "unanswered": 1}
    (unanswered,) = told["asks"]["unanswered"]
    assert unanswered.data["question"] == "what is the capital of France?"
    assert told["live"]["release"] == Release.objects.live()
    assert told["live"]["faqs"] == Faq.objects.in_use().count()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("address", "status", "said"),
    [
        pytest.param("/admin/nowhere/", 404, "There is nothing here", id="an unknown page"),
        pytest.param("/admin/audit/record/", 403, "Not open to you", id="one that is closed"),
    ],
)
def test_what_a_person_cannot_see_is_said_with_a_way_back(address, status, said):
    page = staff().get(address)

    assert page.status_code == status
    assert said in page.content.decode()
    assert f'href="{reverse("admin:index")}"' in page.content.decode()


@pytest.mark.django_db
def test_what_cannot_be_recorded_is_not_done_and_the_person_is_told():
    ticket = Ticket.objects.escalate("The lamp is broken.", requester="u1", by="u1")
    client = staff("view_ticket", "change_ticket")
    client.raise_request_exception = False

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Record._meta.get_field("action"), "column", "no_such_column")
        page = client.post(reverse("admin:tickets_ticket_change", args=[ticket.pk]), {"_claim": ""})

    assert page.status_code == 503
    assert "The audit trail cannot be written; nothing was done." in page.content.decode()
    assert Ticket.objects.get(pk=ticket.pk).status == Ticket.Status.OPEN


@pytest.mark.django_db
def test_an_account_made_here_opens_the_desk_and_is_never_deleted(admin_client):
    passwords = {"password1": PASSWORD, "password2": PASSWORD, "usable_password": "true"}
    admin_client.post(reverse("admin:auth_user_add"), {"username": "ann", **passwords})

    made = User.objects.get(username="ann")

    assert made.is_staff
    assert Client().post("/admin/login/", {"username": "ann", "password": PASSWORD}).url == DESK
    delete = reverse("admin:auth_user_delete", args=[made.pk])
    assert admin_client.post(delete, {"post": "yes"}).status_code == 403


# --- In a browser ---------------------------------------------------------------------------------


@pytest.fixture
def site(committed, live_server) -> str:
    """A site with the demo's FAQs live, one ticket waiting and one person of support."""
    # Tests that commit leave nothing behind: there may be no FAQs any more.
    call_command("ingest", verbosity=0)
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
    expect(page.get_by_text("Release 2 is live: /ask answers from it.")).to_be_visible()


def see_to_the_ticket(page: Page) -> None:
    page.get_by_role("link", name="Tickets 1").click()
    page.get_by_role("link", name="The lamp is broken.").click()
    page.get_by_role("button", name="Claim").click()
    expect(page.get_by_text(": now yours.")).to_be_visible()
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
        asked = {"message": "I forgot my password"}
        told = page.request.post(f"{site}/ask", data=asked, headers=customer).json()
        see_to_the_ticket(page)
        sign_out_by_keyboard(page, site)
        sign_in(page, site, PASSWORD)
        assert_fits_a_phone(page, site)
        page.context.browser.close()

    assert (told["answer"], told["release"]) == ("New answer.", 2)
    ticket = Ticket.objects.get()
    assert (ticket.status, ticket.assignee) == ("resolved", "sam")
    assert heard == []


@pytest.mark.parametrize(("region", "says_so"), [("", True), ("PK", False)])
def test_the_first_page_asks_for_a_phone_region(admin_client, settings, region, says_so):
    settings.PHONE_REGION = region

    page = admin_client.get("/admin/").content.decode()

    assert ("PHONE_REGION is not set" in page) is says_so


def test_a_reply_with_a_phone_number_is_confirmed_and_sent_without_scripts(site):
    ticket = Ticket.objects.get()
    with sync_playwright() as playwright:
        page = new_page(playwright, scripts=False)
        sign_in(page, site, PASSWORD)
        page.goto(site + reverse("admin:tickets_ticket_change", args=[ticket.pk]))
        page.get_by_label("Reply", exact=True).fill("Call 0300 7654321 and press 1.")
        page.get_by_role("button", name="Reply").click()
        expect(page.get_by_text("personal data that no published FAQ has")).to_be_visible()
        page.get_by_role("checkbox", name="Send it as it is").check()
        page.get_by_role("button", name="Reply").click()
        expect(page.get_by_text("there is no address")).to_be_visible()
        page.context.browser.close()

    assert Comment.objects.get().full_text == "Call 0300 7654321 and press 1."
