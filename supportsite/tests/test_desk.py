"""The desk: its first page and menu."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse

from audit.models import Record
from faq.models import Faq, Release
from tickets.models import Ticket

DESK = "/admin/"
PASSWORD = "a-lamp-in-the-hall-7"


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
        pytest.param(("view_ticket",), ["Desk", "Inbox", "Tickets"], {"waiting"}, id="support"),
        pytest.param(("view_record",), ["Desk", "Audit trail"], {"asks"}, id="an auditor"),
        pytest.param(
            ("view_faq", "add_faq", "change_faq", "view_release"),
            [
                *("Desk", "FAQs", "Gaps", "Suggestions", "FAQ health", "Ask", "Review", "Releases"),
                "Import, export",
            ],
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
def test_the_first_page_shows_waiting_tickets_questions_and_the_live_release(as_role):
    for text in ("First.", "Second."):
        Ticket.objects.escalate(text, requester="u1", by="u1")
    for question in ("I forgot my password", "what is the capital of France?"):
        as_role("customer").post("/ask", {"message": question}, format="json")

    reply = staff("view_ticket", "view_record", "view_release").get(DESK).context

    assert reply["waiting"]["count"] == 2
    assert [ticket.message for ticket in reply["waiting"]["longest"]] == ["First.", "Second."]
    assert dict(reply["asks"]["outcomes"]) == {
        "Answered": 1,
        "Asked to clarify": 0,
        "Not answered": 1,
    }
    (unanswered,) = reply["asks"]["unanswered"]
    assert unanswered.data["question"] == "what is the capital of France?"
    assert reply["live"]["release"] == Release.objects.live()
    assert reply["live"]["faqs"] == Faq.objects.in_use().count()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("address", "status", "text"),
    [
        pytest.param("/admin/nowhere/", 404, "Page not found", id="an unknown page"),
        pytest.param("/admin/audit/record/", 403, "No permission", id="one that is closed"),
        pytest.param("/admin/tickets/inbox/1/assign/", 405, "No page here", id="one for forms"),
    ],
)
def test_a_forbidden_page_has_a_link_back(address, status, text):
    page = staff().get(address)

    assert page.status_code == status
    assert text in page.content.decode()
    assert f'href="{reverse("admin:index")}"' in page.content.decode()


@pytest.mark.django_db
def test_what_cannot_be_recorded_does_not_happen_and_the_person_sees_an_error():
    ticket = Ticket.objects.escalate("The lamp is broken.", requester="u1", by="u1")
    client = staff("view_ticket", "change_ticket")
    client.raise_request_exception = False

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Record._meta.get_field("action"), "column", "no_such_column")
        page = client.post(reverse("admin:tickets_ticket_change", args=[ticket.pk]), {"_claim": ""})

    assert page.status_code == 503
    assert "The audit trail cannot be written, so nothing was changed." in page.content.decode()
    assert Ticket.objects.get(pk=ticket.pk).status == Ticket.Status.OPEN


@pytest.mark.django_db
def test_an_account_is_never_deleted(admin_client):
    created = User.objects.create_user("ann", is_staff=True)

    delete = reverse("admin:auth_user_delete", args=[created.pk])
    assert admin_client.post(delete, {"post": "yes"}).status_code == 403


@pytest.mark.parametrize(("region", "says_so"), [("", True), ("PK", False)])
def test_the_first_page_asks_for_a_phone_region(admin_client, settings, region, says_so):
    settings.PHONE_REGION = region

    page = admin_client.get("/admin/").content.decode()

    assert ("PHONE_REGION is not set" in page) is says_so
