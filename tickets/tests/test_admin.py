"""The queue of tickets at the desk: see who waits, claim, resolve."""

from __future__ import annotations

import re
from uuid import uuid4

import pytest
from django.contrib.auth.models import Permission, User
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse

from assistant.readable_labels import REASONS
from audit.models import Record, record
from tickets.admin import TicketAdmin
from tickets.models import Ticket

pytestmark = pytest.mark.django_db

TALK = ("_save", "_note")
LIST = reverse("admin:tickets_ticket_changelist")


@pytest.fixture
def admin():
    client = Client()
    client.force_login(User.objects.create_superuser("ada"))
    return client


@pytest.fixture
def ticket():
    return Ticket.objects.escalate("The lamp is broken.", requester="u1", by="u1")


def staff(*permissions, name="sam"):
    user = User.objects.create_user(name, is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def sam():
    return staff("view_ticket", "change_ticket")


def page_of(ticket):
    return reverse("admin:tickets_ticket_change", args=[ticket.pk])


def shown_messages(response):
    return [str(message) for message in get_messages(response.wsgi_request)]


def state(ticket):
    ticket.refresh_from_db()
    return ticket.status, ticket.assignee


def actions_on(ticket):
    facts = Record.objects.all().about("ticket", ticket.pk).order_by("id")
    return [(fact.action, fact.actor) for fact in facts]


def run(client, action, *tickets):
    return client.post(
        LIST, {"action": action, "_selected_action": [ticket.pk for ticket in tickets]}
    )


def test_the_longest_waiting_comes_first_and_resolved_tickets_last(sam):
    done, claimed, first, second = (
        Ticket.objects.escalate(text, requester="u1", by="u1")
        for text in ("Done.", "Taken.", "Waits long.", "Waits.")
    )
    done.resolve(by="ann")
    claimed.claim(by="ann")

    listed = list(sam.get(LIST).context["cl"].result_list)

    assert listed == [first, second, claimed, done]


@pytest.mark.parametrize(
    ("queue", "shown"),
    [
        pytest.param("All", ["Waits.", "Is Sam's.", "Is Ann's.", "Done."], id="all"),
        pytest.param("Unassigned", ["Waits."], id="those nobody has"),
        pytest.param("Mine", ["Is Sam's."], id="those I have"),
        pytest.param("Resolved", ["Done."], id="those that are done"),
    ],
)
def test_a_queue_shows(sam, queue, shown):
    for text, by in (("Is Sam's.", "sam"), ("Is Ann's.", "ann"), ("Waits.", "")):
        opened = Ticket.objects.escalate(text, requester="u1", by="u1")
        if by:
            opened.claim(by=by)
    Ticket.objects.escalate("Done.", requester="u1", by="u1").resolve(by="ann")
    links = {queue["title"]: queue["link"] for queue in sam.get(LIST).context["queues"]}

    page = sam.get(LIST + links[queue])

    assert [item.message for item in page.context["cl"].result_list] == shown
    assert [queue["title"] for queue in page.context["queues"] if queue["open"]] == [queue]


def test_claiming_stays_with_the_ticket_and_resolving_returns_to_the_queue(sam, ticket):
    claimed = sam.post(page_of(ticket), {"_claim": ""})

    assert (claimed.status_code, claimed.url) == (302, page_of(ticket))
    assert shown_messages(claimed) == [f"#{ticket.pk}: assigned to you."]
    assert state(ticket) == ("claimed", "sam")

    resolved = sam.post(page_of(ticket), {"_resolve": ""})

    assert (resolved.status_code, resolved.url) == (302, LIST)
    assert shown_messages(resolved)[-1] == f"#{ticket.pk}: resolved."
    assert state(ticket) == ("resolved", "sam")
    assert actions_on(ticket)[1:] == [("ticket.claimed", "sam"), ("ticket.resolved", "sam")]


def test_the_second_person_gets_an_error_and_changes_nothing(sam, ticket):
    ticket.claim(by="ann")

    reply = sam.post(page_of(ticket), {"_claim": ""})

    assert shown_messages(reply) == [f"A colleague was faster: #{ticket.pk} is claimed by ann."]
    assert state(ticket) == ("claimed", "ann")


def test_a_colleague_who_claims_between_reading_and_moving_stays_first(sam, ticket, monkeypatch):
    move = TicketAdmin.save_model

    def move_late(self, request, obj, form, change):
        Ticket.objects.get(pk=obj.pk).claim(by="ann")
        move(self, request, obj, form, change)

    monkeypatch.setattr(TicketAdmin, "save_model", move_late)
    sam.post(page_of(ticket), {"_claim": ""})

    assert state(ticket) == ("claimed", "ann")


def test_what_is_posted_besides_a_move_changes_nothing(sam, ticket):
    sam.post(page_of(ticket), {"message": "Forged.", "status": "resolved", "assignee": "sam"})

    assert state(ticket) == ("open", "")
    assert Ticket.objects.get(pk=ticket.pk).message == "The lamp is broken."
    assert len(actions_on(ticket)) == 1


def test_several_are_claimed_at_once_but_for_those_a_colleague_has(sam, ticket):
    other = Ticket.objects.escalate("And the shade.", requester="u1", by="u1")
    other.claim(by="ann")

    reply = run(sam, "claim_selected", ticket, other)

    assert shown_messages(reply) == [
        f"A colleague was faster: #{other.pk} is claimed by ann.",
        f"#{ticket.pk}: assigned to you.",
    ]
    assert (state(ticket), state(other)) == (("claimed", "sam"), ("claimed", "ann"))


@pytest.mark.parametrize(
    ("status", "offered"),
    [
        pytest.param("open", {"_claim", "_resolve", *TALK}, id="an open one"),
        pytest.param("claimed", {"_wait", "_resolve", *TALK}, id="a claimed one"),
        pytest.param("waiting", {"_resume", "_resolve", *TALK}, id="one that waits"),
        pytest.param("resolved", {"_close", "_reopen", *TALK}, id="a resolved one"),
        pytest.param("closed", {"_reopen"}, id="a closed one"),
    ],
)
def test_the_buttons_are_those_of_the_state(sam, ticket, status, offered):
    Ticket.objects.filter(pk=ticket.pk).update(status=status, assignee="ann")

    page = sam.get(page_of(ticket)).content.decode()

    assert set(re.findall(r'name="(_[a-z]+)"', page)) == offered


def test_the_page_shows_what_was_asked_before_and_who_did_what(sam, as_role):
    reply = as_role("customer").post("/ask", {"message": "capital of France?"}, format="json")
    ask_id = reply.json()["ask_id"]
    ticket = Ticket.objects.escalate("Nobody knows.", requester="u1", by="u1", ask_id=ask_id)
    ticket.claim(by="ann")

    page = sam.get(page_of(ticket)).content.decode()

    assert "“capital of France?”</b>" in page
    assert REASONS[reply.json()["decision"]["reason"]][1:] in page
    assert page.count('aria-label="Similarity ') == 6  # five FAQs, and the bar of the closest
    assert "opened by u1" in page
    assert "claimed by ann" in page


def test_a_message_is_shown_as_text(sam):
    ticket = Ticket.objects.escalate("<script>alert(1)</script>", requester="u1", by="u1")

    for page in (LIST, page_of(ticket)):
        assert b"<script>alert" not in sam.get(page).content
        assert b"&lt;script&gt;alert" in sam.get(page).content


def test_people_with_read_permission_cannot_move_tickets(ticket):
    client = staff("view_ticket")

    page = client.get(page_of(ticket)).content

    assert b'name="_claim"' not in page
    assert client.post(page_of(ticket), {"_claim": ""}).status_code == 403
    run(client, "claim_selected", ticket)
    assert state(ticket) == ("open", "")


def test_nobody_deletes_a_ticket_here(admin, ticket):
    delete = reverse("admin:tickets_ticket_delete", args=[ticket.pk])

    assert delete.encode() not in admin.get(page_of(ticket)).content
    assert b"delete_selected" not in admin.get(LIST).content
    assert admin.post(delete, {"post": "yes"}).status_code == 403


def test_selected_tickets_are_exported(sam, ticket):
    reply = run(sam, "export_selected", ticket)

    assert reply["Content-Type"] == "text/csv; charset=utf-8"
    assert b"The lamp is broken." in b"".join(reply.streaming_content)


def test_more_tickets_take_no_more_queries(sam, ticket, django_assert_max_num_queries):
    with django_assert_max_num_queries(20) as few:
        sam.get(LIST)
    for number in range(40):
        Ticket.objects.escalate(f"Ticket {number}", requester="u1", by="u1")

    with django_assert_max_num_queries(len(few)):
        sam.get(LIST)


def test_a_decision_of_an_earlier_version_does_not_break_the_page(sam):
    ask_id = str(uuid4())
    data = {"user_id": "u1", "question": "Where?", "decision": {"reason": "below_threshold"}}
    record("question.asked", actor="u1", kind="ask", key=ask_id, data=data)
    ticket = Ticket.objects.escalate("Nobody knows.", requester="u1", by="u1", ask_id=ask_id)

    page = sam.get(page_of(ticket))

    assert page.status_code == 200
    assert "An earlier version recorded this decision." in page.content.decode()


def test_what_leaves_a_ticket_page_says_back_and_close_means_the_ticket(sam, ticket):
    page = sam.get(page_of(ticket)).content.decode()

    assert re.search(r"\sBack\s", page)
    assert not re.search(r">\s*Close\s*<", page)
