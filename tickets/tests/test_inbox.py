"""The inbox: queues at the left, the conversation in the middle, the person at the right."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from audit.models import Record
from faq.models import Faq
from faq.releases.publishing import publish
from tickets.inbox.queries import PAGE_SIZE
from tickets.models import Comment, Delivery, ReplyDraft, Ticket
from tickets.tests.test_admin import shown_messages, staff

pytestmark = pytest.mark.django_db

INBOX = reverse("tickets_inbox")
ASKED = "My lamp flickers. Please call me on 0301 2345678."


@pytest.fixture
def sam():
    return staff("view_ticket", "change_ticket")


@pytest.fixture
def ticket():
    return escalate(ASKED)


def escalate(text="The lamp is broken.", requester="u1", **more) -> Ticket:
    return Ticket.objects.escalate(text, requester=requester, by=requester, **more)


def page_of(ticket, query="") -> str:
    return reverse("tickets_inbox_ticket", args=[ticket.pk]) + query


def shown(client, query) -> list[str]:
    """The messages in the list, in order."""
    page = client.get(INBOX + query).content.decode()
    matches = Ticket.objects.all()
    numbers = [int(part.split('"')[0]) for part in page.split('id="ticket-')[1:]]
    return [matches.get(pk=number).message for number in numbers]


def post(client, ticket, button, reply="", query="", **more):
    return client.post(page_of(ticket, query), {"reply": reply, button: "", **more})


def actions(ticket) -> list[str]:
    facts = Record.objects.all().about("ticket", ticket.pk).order_by("id")
    return [fact.action.removeprefix("ticket.") for fact in facts]


# --- The list -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("queue", "messages"),
    [
        pytest.param("unassigned", ["Late.", "Waits for the desk."], id="nobody has it"),
        pytest.param("mine", ["Is Sam's."], id="mine"),
        pytest.param("waiting", ["Waits for the customer."], id="the customer's turn"),
        pytest.param("overdue", ["Late."], id="overdue"),
        pytest.param("resolved", ["Done."], id="resolved"),
        pytest.param("nonsense", ["Late.", "Waits for the desk."], id="an unknown queue"),
    ],
)
def test_a_queue_shows_its_tickets_and_how_many_there_are(sam, queue, messages):
    late = escalate("Late.")
    Ticket.objects.filter(pk=late.pk).update(due=timezone.now() - timedelta(hours=1))
    escalate("Waits for the desk.")
    escalate("Is Sam's.").claim(by="sam")
    waiting = escalate("Waits for the customer.")
    waiting.claim(by="ann")
    waiting.wait(by="ann")
    escalate("Done.").resolve(by="ann")

    assert shown(sam, f"?queue={queue}") == messages
    page = sam.get(INBOX).content.decode()
    for counted in ("Unassigned (2)", "Mine (1)", "Waiting (1)", "Overdue (1)", "Resolved (1)"):
        assert counted in page


def test_the_search_finds_words_numbers_and_persons_in_all_queues(sam, ticket):
    resolved = escalate("The shade is torn.", requester="jo@example.com")
    resolved.comment("We send a new shade tomorrow.", by="ann")
    resolved.resolve(by="ann")

    assert shown(sam, "?q=flickers+LAMP") == [ticket.message]
    assert shown(sam, "?q=tomorrow") == [resolved.message]
    assert shown(sam, f"?q=%23{resolved.pk}") == [resolved.message]
    assert shown(sam, "?q=u1") == [ticket.message]
    assert shown(sam, "?q=jo@example.com") == [resolved.message]
    assert shown(sam, "?q=lamp+tomorrow") == []
    assert shown(sam, "?q=2345678") == []


def test_the_list_masks_what_the_ticket_shows(sam, ticket):
    listed, opened = sam.get(INBOX), sam.get(page_of(ticket))

    assert "2345678" not in listed.content.decode()
    assert "0301 2345678" in opened.content.decode()
    assert actions(ticket) == ["opened", "viewed"]


def test_many_tickets_come_page_by_page(sam):
    for number in range(PAGE_SIZE + 1):
        escalate(f"Number {number}.")

    assert len(shown(sam, "")) == PAGE_SIZE
    assert shown(sam, "?page=2") == [f"Number {PAGE_SIZE}."]


def test_a_part_is_sent_again_only_when_it_has_changed(sam, ticket):
    page = sam.get(page_of(ticket)).content.decode()
    addresses = [part.split('"')[0].replace("&amp;", "&") for part in page.split('hx-get="')[1:3]]

    assert [sam.get(address).status_code for address in addresses] == [204, 204]

    ticket.comment("It still flickers.", by="u1", from_desk=False)
    escalate("The shade is torn.")
    listed, thread = (sam.get(address).content.decode() for address in addresses)

    assert "The shade is torn." in listed
    assert "new reply" in listed
    assert "It still flickers." in thread


# --- The conversation -----------------------------------------------------------------------------


def test_the_thread_begins_with_the_first_message_and_ends_with_the_reply_box(sam, ticket):
    ticket.comment("Have you tried another bulb?", by="ann")
    ticket.comment("He is a good customer.", by="ann", is_internal=True)

    page = sam.get(page_of(ticket)).content.decode()

    places = [
        page.index(text, page.index("inbox-entries"))
        for text in (ASKED, "Have you tried another bulb?", "good customer", "Send reply")
    ]
    assert places == sorted(places)
    assert "note for the desk" in page


def test_a_reply_reaches_the_customer_and_its_author_has_the_ticket(sam, ticket):
    sent = post(sam, ticket, "send", "Try another bulb.", query="?queue=unassigned")

    assert sent.url == page_of(ticket, "?queue=unassigned")
    assert shown_messages(sent) == [
        "The customer has no e-mail address and sees your reply where they asked."
    ]
    ticket.refresh_from_db()
    assert (ticket.status, ticket.assignee) == ("claimed", "sam")
    output = Comment.objects.get()
    assert (output.full_text, output.is_internal, output.author) == (
        "Try another bulb.",
        False,
        "sam",
    )


def test_a_reply_to_an_open_ticket_makes_one_mail_to_the_customer(sam):
    ticket = escalate(email="jo@example.com")
    Delivery.objects.all().delete()

    assert shown_messages(post(sam, ticket, "send", "Hello."))[-1] == "Your reply is on its way."

    mails = Delivery.objects.filter(address="the requester").values_list("event", flat=True)
    assert list(mails) == ["commented"]


def test_personal_data_in_a_reply_is_confirmed_first(sam, ticket):
    reply = "Call 0300 7654321."

    page = post(sam, ticket, "send", reply)

    assert "personal data that no published FAQ contains" in page.content.decode()
    assert reply in page.content.decode()
    assert not Comment.objects.exists()
    value = page.content.decode().split('name="send_anyway" value="')[1].split('"')[0]
    post(sam, ticket, "send", reply, send_anyway=value)
    assert Comment.objects.get().full_text == reply


def test_a_note_is_for_the_desk_only(sam, ticket):
    assert shown_messages(post(sam, ticket, "note", "Ask the warehouse.")) == [
        "The note was added."
    ]

    assert Comment.objects.get().is_internal
    ticket.refresh_from_db()
    assert ticket.status == "open"


def test_nothing_is_sent_without_a_text(sam, ticket):
    page = post(sam, ticket, "send_resolve", "   ")

    assert "Write a text or attach a file first." in page.content.decode()
    ticket.refresh_from_db()
    assert (ticket.status, Comment.objects.count()) == ("open", 0)


def test_resolving_leads_to_the_next_ticket_of_the_queue(sam):
    first, second, third = (escalate(f"Number {number}.") for number in range(3))

    assert post(sam, second, "send_resolve", "Done.").url == page_of(third, "?queue=unassigned")
    assert post(sam, third, "resolve").url == page_of(first, "?queue=unassigned")
    last = post(sam, first, "resolve")

    assert last.url == INBOX + "?queue=unassigned"
    assert "There is no other ticket in this queue." in shown_messages(last)
    assert set(Ticket.objects.values_list("status", flat=True)) == {"resolved"}


def test_the_second_writer_gets_an_error_and_changes_nothing(sam, ticket):
    ticket.claim(by="ann")

    late = post(sam, ticket, "claim")

    assert shown_messages(late) == [
        f"Nothing was changed: #{ticket.pk} is claimed and assigned to ann."
    ]


def test_a_closed_ticket_takes_no_reply(sam, ticket):
    ticket.resolve(by="ann")
    assert post(sam, ticket, "close").status_code == 302
    page = sam.get(page_of(ticket)).content.decode()
    assert "Reopen it to reply." in page
    assert 'name="insert"' not in page

    late = post(sam, ticket, "send", "One more thing.")

    assert shown_messages(late)[-1] == (
        f"Nothing was sent: ticket #{ticket.pk} is closed. Reopen it, then send your text."
    )
    assert not Comment.objects.exists()
    post(sam, ticket, "reopen", "One more thing.")
    assert "One more thing." in sam.get(page_of(ticket)).content.decode()


def test_who_may_only_look_sees_no_box_and_changes_nothing(ticket):
    ann = staff("view_ticket", name="ann")

    assert "Send reply" not in ann.get(page_of(ticket)).content.decode()
    for path in ("", "draft/", "assign/", "merge/"):
        assert ann.post(page_of(ticket) + path, {"reply": "Hi.", "send": ""}).status_code == 403
    assert staff(name="bob").get(INBOX).status_code == 403
    assert "/admin/login/" in Client().get(page_of(ticket)).url


# --- A half-written reply -------------------------------------------------------------------------


def save_draft(client, ticket, text):
    return client.post(reverse("tickets_inbox_draft", args=[ticket.pk]), {"reply": text})


def test_a_half_written_reply_is_there_again_for_its_author_alone(sam, ticket):
    ann = staff("view_ticket", "change_ticket", name="ann")
    save_draft(sam, ticket, "Call 0300 7654321 and")

    assert "Call 0300 7654321 and" in sam.get(page_of(ticket)).content.decode()
    assert "Call 0300 7654321 and" not in ann.get(page_of(ticket)).content.decode()
    assert b"7654321" not in bytes(ReplyDraft.objects.get().encrypted)

    post(sam, ticket, "note", "Never mind.")
    assert not ReplyDraft.objects.exists()


def test_a_move_keeps_what_was_typed(sam, ticket):
    post(sam, ticket, "claim", reply="Half a sen")

    assert "Half a sen" in sam.get(page_of(ticket)).content.decode()


def test_a_colleague_sees_who_is_writing_until_they_stop(sam, ticket, monkeypatch):
    ann = staff("view_ticket", "change_ticket", name="ann")
    save_draft(sam, ticket, "Hel")

    assert "sam is writing." in ann.get(page_of(ticket)).content.decode()
    assert "sam is writing." not in sam.get(page_of(ticket)).content.decode()

    later = timezone.now() + timedelta(minutes=1)
    monkeypatch.setattr(timezone, "now", lambda: later)
    assert "sam is writing." not in ann.get(page_of(ticket)).content.decode()


# --- At the right ---------------------------------------------------------------------------------


def test_the_page_shows_the_persons_other_tickets_and_what_they_asked_before(sam, as_role):
    as_role("customer").post("/ask", {"message": "capital of France?"}, format="json")
    other, ticket = escalate("The shade is torn."), escalate()
    escalate("Somebody else's.", requester="u2")

    page = sam.get(page_of(ticket, "?queue=mine")).content.decode()

    assert f"#{other.pk}" in page
    assert "capital of France?" in page
    assert "Somebody else" not in page


def test_an_faq_that_may_help_is_inserted_into_the_reply(sam):
    ticket = escalate("I forgot my password")
    page = sam.get(page_of(ticket)).content.decode()
    faq_id = page.split('name="insert" value="')[1].split('"')[0]
    answer = page.split('data-answer="')[1].split('"')[0]

    post(sam, ticket, "insert", "Dear Jo,", insert=faq_id)

    assert f"Dear Jo,\n\n{answer}" in sam.get(page_of(ticket)).content.decode()


def test_a_search_for_faqs_finds_words_before_meaning(sam, ticket):
    address = reverse("tickets_inbox_faqs", args=[ticket.pk])

    page = sam.get(address, {"faq": "gift"}).content.decode()

    first = page.split("<summary")[1].split("</summary>")[0]
    assert "gift" in first.casefold()


def test_how_the_site_had_decided_is_folded(sam, as_role):
    reply = as_role("customer").post("/ask", {"message": "capital of France?"}, format="json")
    ticket = escalate("Nobody knows.", ask_id=reply.json()["ask_id"])

    page = sam.get(page_of(ticket)).content.decode()

    folded = page.split("<summary>Decision of the site</summary>")[1].split("</details>")[0]
    assert "capital of France?" in folded


# --- Assign and merge -----------------------------------------------------------------------------


def assign(client, ticket, to):
    return client.post(reverse("tickets_inbox_assign", args=[ticket.pk]), {"assignee": to})


def test_a_ticket_is_assigned_to_a_colleague_who_is_mailed(sam, ticket):
    ann = User.objects.create_user("ann", "ann@example.org", is_staff=True)
    ann.user_permissions.set(Permission.objects.filter(codename="change_ticket"))
    Delivery.objects.all().delete()

    assert shown_messages(assign(sam, ticket, "ann")) == [f"#{ticket.pk}: assigned to ann."]

    ticket.refresh_from_db()
    assert (ticket.status, ticket.assignee) == ("claimed", "ann")
    assert actions(ticket)[-1] == "assigned"
    (mail,) = Delivery.objects.all()
    assert (mail.address, "was assigned to you by sam" in mail.payload["text"]) == ("ann", True)


@pytest.mark.parametrize("name", ["nobody-here", "bob"])
def test_a_ticket_is_given_only_to_who_may_work_on_it(sam, ticket, name):
    User.objects.create_user("bob", is_staff=True)

    assert shown_messages(assign(sam, ticket, name)) == ["Choose a person from the list."]

    ticket.refresh_from_db()
    assert (ticket.status, ticket.assignee) == ("open", "")


def merge(client, ticket, number):
    return client.post(reverse("tickets_inbox_merge", args=[ticket.pk]), {"number": number})


def test_a_merged_ticket_goes_on_in_the_other_one(sam, ticket):
    ticket.comment("Or on +92 301 7777777.", by="u1", from_desk=False)
    other = escalate("And the shade is torn.")
    other.comment("Which shade?", by="ann")

    merged = merge(sam, ticket, other.pk)

    assert merged.url.startswith(page_of(other))
    page = sam.get(page_of(other)).content.decode()
    texts = (ASKED, "+92 301 7777777", "And the shade is torn.", "Which shade?")
    places = [page.index(text, page.index("inbox-entries")) for text in texts]
    assert places == sorted(places)
    ticket.refresh_from_db()
    assert (ticket.status, ticket.merged_into) == ("closed", other)
    assert f"ticket #{other.pk}" in sam.get(page_of(ticket)).content.decode()
    assert (actions(ticket)[-1], actions(other)[-2:]) == ("viewed", ["extended", "viewed"])
    assert "merged" in actions(ticket)


def test_a_merged_ticket_is_not_reopened(sam, ticket):
    merge(sam, ticket, escalate("And the shade is torn.").pk)

    post(sam, ticket, "reopen")

    ticket.refresh_from_db()
    assert ticket.status == "closed"


@pytest.mark.parametrize("other", ["another person's", "a closed one", "itself", "none"])
def test_a_ticket_is_merged_only_with_an_open_one_of_the_same_person(sam, ticket, other):
    closed = escalate("Done.")
    closed.resolve(by="ann")
    closed.close(by="ann")
    number, reason = {
        "another person's": (escalate("Mine.", requester="u2").pk, "is another person's"),
        "a closed one": (closed.pk, f"#{closed.pk} is closed. Reopen it first."),
        "itself": (ticket.pk, "cannot be merged with itself"),
        "none": (2**62, f"There is no ticket #{2**62}."),
    }[other]

    refused = merge(sam, ticket, number)

    assert refused.url.startswith(page_of(ticket))
    assert reason in shown_messages(refused)[-1]
    ticket.refresh_from_db()
    assert (ticket.status, ticket.merged_into, Comment.objects.count()) == ("open", None, 0)


# --- Words and meaning ----------------------------------------------------------------------------


def test_book_finds_how_do_i_book_an_appointment_first(sam, ticket):
    question = "How do I book an appointment?"
    Faq.objects.create(slug="appointment", question=question, answer="Call us.")
    publish(actor="kim", only=["appointment"])
    User.objects.get(username="sam").user_permissions.add(
        Permission.objects.get(codename="propose_faq")
    )
    inbox = reverse("tickets_inbox_faqs", args=[ticket.pk])
    ticket_page = reverse("admin:tickets_ticket_canned")
    phrasing = reverse("tickets_inbox_phrasing", args=[ticket.pk])

    for words in ("book", "BOOK", "appointment boo"):
        pages = [
            sam.get(inbox, {"faq": words}),
            sam.get(ticket_page, {"q": words}),
            sam.post(phrasing, {"text": "x", "faq": words, "search": ""}),
        ]

        for page in pages:
            faqs = page.context["faqs"] if page.context else page.json()["results"]
            first = faqs[0] if isinstance(faqs[0], dict) else faqs[0].as_dict()
            assert first["question"] == question, (words, page.request["PATH_INFO"])


def test_an_empty_queue_says_what_that_means(sam):
    assert "Every ticket is assigned." in sam.get(INBOX).content.decode()
    assert "No ticket is resolved." in sam.get(INBOX + "?queue=resolved").content.decode()
    assert "No ticket matches. Try fewer words" in sam.get(INBOX + "?q=lamp").content.decode()


def test_the_outcome_of_an_earlier_question_is_readable(sam, as_role):
    as_role("customer").post("/ask", {"message": "Do you sell live penguins?"}, format="json")
    ticket = Ticket.objects.escalate("Nobody knows.", requester="u1", by="u1")

    page = sam.get(reverse("tickets_inbox_ticket", args=[ticket.pk])).content.decode()

    earlier = page.split("<summary>Earlier questions (1)</summary>")[1].split("</details>")[0]
    assert "penguins" in earlier
    assert "not answered," in earlier
