"""FAQs proposed from several resolved tickets."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth.models import Group
from django.core.management import call_command

from assistant.models import FaqProposal, ResolvedTicket
from assistant.suggestions import log_reading
from assistant.suggestions.from_tickets import ticket_grouping
from audit.models import Record
from faq.models import Faq
from tickets.models import Ticket

pytestmark = pytest.mark.django_db

QUESTION = "Do you hold pottery classes for beginners?"
ALSO = "Hello, do you hold pottery classes for beginners"
REPLY = "Yes, we hold pottery classes on Saturdays at ten. Book a place at the till."
SAME_REPLY = "Yes, we hold pottery classes on Saturdays at ten. You can book a place at the till."
OPPOSITE = "No, we do not hold pottery classes on Saturdays. You cannot book a place at the till."
OTHER_NUMBER = "Yes, we hold pottery classes. They take 2 hours. Book a place at the till."
THREE_HOURS = "Yes, we hold pottery classes. They take 3 hours. Book a place at the till."


def resolved(person, question=QUESTION, reply=REPLY, *, note="", ask_id=None):
    ticket = Ticket.objects.escalate(question, requester=person, by=person, ask_id=ask_id)
    if note:
        ticket.comment(note, by="sam", is_internal=True)
    if reply:
        ticket.comment(f"Hello {person.title()},\n\n{reply}\n\nKind regards\nSam", by="sam")
    ticket.resolve(by="sam")
    return ticket


def update():
    call_command("audit_seal", verbosity=0)
    log_reading.read_new()
    ticket_grouping.update()


def proposals():
    return list(FaqProposal.objects.filter(status="open").ranked())


@pytest.fixture
def two_tickets():
    tickets = [resolved("ann"), resolved("bob", ALSO, SAME_REPLY)]
    update()
    return tickets


@pytest.fixture
def curator(client, django_user_model):
    user = django_user_model.objects.create_user("cleo", is_staff=True)
    user.groups.add(Group.objects.get(name="curator"))
    client.force_login(user)
    return client


# --- What is proposed ----------------------------------------------------------------------------


def test_nearly_the_same_question_and_reply_of_two_people_become_one_proposal(two_tickets):
    [proposal] = proposals()

    assert (proposal.tickets, proposal.people) == (2, 2)
    assert proposal.contradicted_by is None


def test_one_person_makes_no_proposal():
    resolved("ann")
    resolved("ann", ALSO)
    update()

    assert proposals() == []


def test_replies_about_different_things_make_no_proposal():
    resolved("ann")
    resolved("bob", reply="Our colleague from the workshop will call you back tomorrow morning.")
    update()

    assert proposals() == []


def test_internal_notes_and_what_the_customer_wrote_are_no_replies():
    for person in ("ann", "bob"):
        ticket = resolved(person, reply="", note=REPLY)
        ticket.comment(REPLY, by=person, from_desk=False)
        ticket.refresh_from_db()
        ticket.resolve(by="sam")
    update()

    assert proposals() == []


def test_a_question_that_an_faq_answers_makes_no_proposal_unless_in_vain():
    tickets = [
        resolved(person, "How do I reset my password?", "Call us and we send you a letter.")
        for person in ("ann", "bob")
    ]
    update()
    assert proposals() == []

    for ticket in tickets:
        Ticket.objects.filter(pk=ticket.pk).update(reason=Ticket.Reason.UNHELPFUL)
    update()
    assert len(proposals()) == 1


@pytest.mark.parametrize(
    ("one", "other"), [(REPLY, OPPOSITE), (OTHER_NUMBER, THREE_HOURS)], ids=["opposite", "number"]
)
def test_contradicting_replies_are_shown_and_make_no_draft(one, other, curator):
    resolved("ann", reply=one)
    resolved("bob", reply=other)
    update()
    [proposal] = proposals()

    page = curator.get("/admin/suggestions/tickets/").content.decode()
    assert "These replies contradict each other" in page
    assert "Make a draft" not in page
    curator.post(f"/admin/suggestions/tickets/{proposal.pk}/", {"change": "accept"})

    assert not Faq.objects.filter(stage="proposed").exists()


def test_a_reopened_ticket_is_no_source(two_tickets):
    two_tickets[0].refresh_from_db()
    two_tickets[0].reopen(by="ann")
    update()

    assert proposals() == []


def test_proposals_keep_their_ids_and_a_dismissed_one_stays_so(two_tickets):
    [proposal] = proposals()
    proposal.dismiss("We stop them.", by="cleo")
    resolved("cat")
    update()
    assert proposals() == []

    resolved("dan")
    update()

    assert [(proposal.pk, proposal.people) for proposal in proposals()] == [(proposal.pk, 4)]


def test_an_erased_person_takes_the_texts_and_leaves_the_counts(two_tickets, curator):
    resolved("cat")
    update()

    call_command("audit_erase", "ann")
    update()
    [proposal] = proposals()
    assert (proposal.tickets, proposal.people) == (3, 3)
    assert "pottery" in curator.get("/admin/suggestions/tickets/").content.decode()

    call_command("audit_erase", "bob")
    call_command("audit_erase", "cat")
    [proposal] = proposals()
    page = curator.get("/admin/suggestions/tickets/").content.decode()
    assert (proposal.tickets, proposal.people) == (3, 3)
    assert "(the text was erased)" in page
    assert "pottery" not in page
    assert not any(row.person for row in ResolvedTicket.objects.select_related("person"))


# --- At the desk ---------------------------------------------------------------------------------


def test_a_curator_makes_a_draft_with_its_sources(two_tickets, curator):
    [proposal] = proposals()
    page = curator.get("/admin/suggestions/tickets/").content.decode()
    assert "2 of 2 people" in page
    assert not {"ann", "bob", "Ann", "Bob", "Sam"} & set(re.sub(r"<[^>]*>", " ", page).split())

    form = curator.post(
        f"/admin/suggestions/tickets/{proposal.pk}/", {"change": "accept"}, follow=True
    )

    assert "pottery classes" in form.content.decode()
    faq = Faq.objects.get(stage="proposed")
    assert faq.question.lower().rstrip("?") == QUESTION.lower().rstrip("?")
    assert faq.answer in (REPLY, SAME_REPLY)
    record = Record.objects.get(action="faq_proposal.accepted")
    assert record.actor == "cleo"
    assert record.data["faq_id"] == faq.slug
    assert sorted(record.data["tickets"]) == [ticket.pk for ticket in two_tickets]
    assert set(Ticket.objects.values_list("faq_id", flat=True)) == {faq.slug}


def test_a_dismissal_needs_a_reason(two_tickets, curator):
    [proposal] = proposals()
    address = f"/admin/suggestions/tickets/{proposal.pk}/"

    page = curator.post(address, {"change": "dismiss"}, follow=True)
    assert "reason: say why" in page.content.decode()
    curator.post(address, {"change": "dismiss", "reason": "We stop them."})

    assert proposals() == []
    assert (
        "We stop them."
        in curator.get("/admin/suggestions/tickets/?show=dismissed").content.decode()
    )
