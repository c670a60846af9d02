"""Erasing a person reaches whatever the site keeps about them; that it happened stays."""

from __future__ import annotations

import json
from io import StringIO

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.core import mail
from django.core.management import call_command
from django.db import connection

from assistant.answering.conversations import Conversations
from assistant.interfaces import Turn
from assistant.models import ConversationTurn
from audit.models import Record
from audit.people.pseudonyms import is_pseudonym, stored_name
from faq.models import Faq, Upload
from tickets.delivery import sending
from tickets.models import Attempt, Comment, Delivery, Submission, Ticket, Webhook

pytestmark = pytest.mark.django_db

JO = "jo@example.com"


def stored(value: str) -> list[str]:
    """The tables and columns that hold it, as they are."""
    matches = []
    for model in apps.get_models(include_auto_created=True):
        table = model._meta.db_table
        with connection.cursor() as cursor:
            cursor.execute(
                f'SELECT * FROM "{table}" AS t WHERE position(%s in t::text) > 0', [value]
            )
            matches += [f"{table}: {row}" for row in cursor.fetchall()]
            cursor.execute(
                "SELECT column_name FROM information_schema.columns"
                " WHERE table_name = %s AND data_type = 'bytea'",
                [table],
            )
            for (column,) in cursor.fetchall():
                cursor.execute(
                    f'SELECT count(*) FROM "{table}" WHERE position(%s::bytea in "{column}") > 0',
                    [value.encode()],
                )
                matches += [f"{table}.{column}"] * cursor.fetchone()[0]
    return matches


def erase(name: str) -> str:
    output = StringIO()
    call_command("audit_erase", name, stdout=output)
    return output.getvalue()


def opened(as_role, subject: str, **headers) -> Ticket:
    client = as_role("customer", subject=subject, email="where@example.org")
    body = {"message": "My name is Josephine Blue", "tags": ["blue"]}
    reply = client.post("/tickets", body, format="json", headers=headers)
    assert reply.status_code == 201
    return Ticket.objects.get(pk=reply.json()["id"])


# --- Names and addresses as they are kept ---------------------------------------------------------


@pytest.mark.parametrize("name", ["u1", "sam", "auth0|5f7c8ec7c33c6c004bbafe82", "آدم"])
def test_a_name_without_personal_data_stays_as_it_is(name):
    assert stored_name(name) == name
    assert not is_pseudonym(name)


@pytest.mark.parametrize("name", [JO, "+923012345678", "10.1.2.3", "x" * 180 + JO])
def test_a_name_with_personal_data_is_always_the_same_pseudonym(name):
    shown = stored_name(name)

    assert JO not in shown
    assert shown == stored_name(name) == stored_name(shown)
    assert stored_name(f"other-{name}"[:200]) != shown
    assert is_pseudonym(shown)
    assert len(shown) <= 200


def test_no_token_can_name_a_pseudonym(as_role):
    assert as_role("customer", subject=stored_name(JO)).get("/tickets").status_code == 401


def test_nothing_keeps_an_address_that_somebody_is_called_by_or_written_to(as_role):
    ticket = opened(as_role, JO, **{"Idempotency-Key": f"key-of-{JO}"})
    desk = as_role("support", subject="desk@example.net")
    desk.post(f"/tickets/{ticket.pk}/claim")
    desk.post(f"/tickets/{ticket.pk}/comments", {"text": "Hello"}, format="json")
    Webhook.objects.create(name="crm", url="https://crm.example.com/hook")
    desk.post(f"/tickets/{ticket.pk}/resolve")

    for value in (JO, "where@example.org", "desk@example.net"):
        assert stored(value) == []


def test_a_user_id_that_is_an_address_finds_its_tickets_and_gets_mail(as_role):
    ticket = opened(as_role, JO, **{"Idempotency-Key": "once"})
    again = opened(as_role, JO, **{"Idempotency-Key": "once"})
    mine = as_role("customer", subject=JO).get(f"/tickets/{ticket.pk}")
    service = as_role("service", subject="app").get("/tickets", {"user_id": JO})
    by_pseudonym = as_role("service", subject="app").get(
        "/tickets", {"user_id": mine.json()["user_id"]}
    )

    for delivery in Delivery.objects.all():
        sending.deliver(str(delivery.pk))

    assert again.pk == ticket.pk
    assert mine.json()["user_id"] == stored_name(JO)
    assert [row["id"] for row in service.json()["results"]] == [ticket.pk]
    assert by_pseudonym.json() == service.json()
    assert [message.to for message in mail.outbox] == [["where@example.org"]]


def test_a_person_of_the_desk_who_signs_in_with_an_address_is_written_to(as_role):
    User.objects.create_user("sam@example.net", is_staff=True)
    ticket = opened(as_role, "u1")

    ticket.claim(by="sam@example.net")

    for delivery in ticket.deliveries.filter(event="claimed"):
        sending.deliver(str(delivery.pk))
    assert {address for sent in mail.outbox for address in sent.to} == {
        "where@example.org",
        "sam@example.net",
    }
    assert Ticket.objects.assigned_to("sam@example.net").get() == ticket


def test_what_a_mail_server_says_of_an_address_is_not_kept(as_role, monkeypatch):
    def refuse(self):
        raise OSError("550 no mailbox where@example.org")

    ticket = opened(as_role, "u1")
    monkeypatch.setattr("django.core.mail.EmailMessage.send", refuse)

    with pytest.raises(sending.DeliveryFailed):
        sending.deliver(str(ticket.deliveries.get().pk))

    assert Attempt.objects.get().result == "OSError: 550 no mailbox [EMAIL]"


def test_an_amended_address_is_where_the_next_mail_goes(as_role):
    ticket = opened(as_role, "u1")
    ticket.amend(by="sam", email="new@example.org")

    sending.deliver(str(ticket.deliveries.get().pk))

    assert Ticket.objects.get(pk=ticket.pk).email == "new@example.org"
    assert mail.outbox[0].to == ["new@example.org"]


def test_an_uploaded_file_waits_encrypted_and_reads_as_it_was(db):
    data = f"id,question\n1,{JO}\n\xff".encode("latin-1")

    saved = Upload.store(data, name="f.csv", format="csv", by="sam@example.net")

    assert Upload.objects.get(pk=saved.pk).content() == data
    assert stored(JO) == []


# --- Erasing --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["josephine-blue", JO], ids=["a word", "an address"])
def test_it_reaches_tickets_comments_deliveries_submissions_and_conversations(as_role, name):
    Webhook.objects.create(name="crm", url="https://crm.example.com/hook")
    ticket = opened(as_role, name, **{"Idempotency-Key": "once"})
    other = opened(as_role, "u2")
    ticket.comment("Call me Josephine", by=name, from_desk=False)
    ticket.comment("Dear Josephine", by="sam")
    talk = Conversations(turns=5, days=5, region="PK")
    talk.add(name, "talk", Turn("I am Josephine", "Hello", ()))
    talk.add("u2", "talk", Turn("I am not", "Hello", ()))

    output = erase(name)

    for value in (name, stored_name(name), "where@example.org"):
        assert [text for text in stored(value) if "u2" not in text] == []
    left = Ticket.objects.get(pk=ticket.pk)
    assert (left.message, left.tags, left.email) == ("[ERASED]", [], "")
    assert left.requester.startswith("(p-")
    assert {comment.text for comment in left.comments.all()} == {"[ERASED]"}
    assert {comment.author for comment in left.comments.all()} == {left.requester, "sam"}
    assert {json.dumps(delivery.payload) for delivery in left.deliveries.all()} == {"{}"}
    assert not Submission.objects.filter(ticket=left).exists()
    assert Ticket.objects.get(pk=other.pk).message == other.message
    assert other.email == "where@example.org"
    assert list(ConversationTurn.objects.values_list("user_id", flat=True)) == ["u2"]
    assert "tickets_comment: 3 rows" in output


def test_it_is_recorded_by_table_and_the_log_holds_together(as_role, settings, tmp_path, capsys):
    settings.AUDIT_ANCHOR_DIR = tmp_path
    ticket = opened(as_role, JO)
    call_command("audit_seal")

    erase(JO)

    audit_record = Record.objects.get(action="subject.erased").data["rows"]
    assert audit_record == {"tickets_delivery": 1, "tickets_ticket": 1}
    call_command("audit_verify")
    call_command("audit_seal")
    call_command("audit_verify", "--anchor", str(tmp_path / "latest.txt"))
    assert Record.objects.all().about("ticket", ticket.pk).count() == 1


def test_what_was_still_to_be_sent_is_not(as_role):
    ticket = opened(as_role, "u1")
    waiting = str(ticket.deliveries.get().pk)

    erase("u1")

    sending.deliver(waiting)
    assert mail.outbox == []
    delivery = Delivery.objects.get(pk=waiting)
    assert delivery.status == "dead"
    delivery.resend(by="sam")
    sending.deliver(waiting)
    assert Delivery.objects.get(pk=waiting).status == "dead"
    assert Attempt.objects.get().result == "the content was erased with the person"


def test_a_person_of_the_desk_loses_their_name_and_customers_keep_their_tickets(as_role):
    ticket = opened(as_role, "u1")
    ticket.claim(by="sam")
    ticket.comment("It is on its way.", by="sam")
    Faq.objects.create(slug="moon", question="Where?", answer="There.", owner="sam")

    erase("sam")

    ticket.refresh_from_db()
    assert ticket.assignee.startswith("(p-")
    assert ticket.message != "[ERASED]"
    output = Comment.objects.get()
    assert (output.text, output.author) == ("It is on its way.", ticket.assignee)
    assert Faq.objects.get(slug="moon").owner == ""


def test_whoever_was_erased_may_come_back_and_finds_nothing(as_role):
    opened(as_role, "u1")
    erase("u1")

    assert as_role("customer", subject="u1").get("/tickets").json()["results"] == []
    assert opened(as_role, "u1").requester == "u1"
