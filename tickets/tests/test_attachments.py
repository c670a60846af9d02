"""Files of a ticket: from the customer and the desk, encrypted, downloaded, mailed, erased."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.urls import reverse

from audit.identity.principal import Role
from audit.models import Record
from tickets.attachment_files import MAX_FILES_OF_TICKET, InvalidFile, NewFile
from tickets.delivery.sending import deliver
from tickets.models import Attachment, Comment, Delivery, Ticket
from tickets.tests.test_admin import shown_messages, staff

pytestmark = pytest.mark.django_db

PICTURE = b"\x89PNG\r\n\x1a\n" + b"a picture of the lamp of Jo Malik"
FILE = NewFile("Jo Malik.png", "image/png", PICTURE)


@pytest.fixture
def ticket():
    return escalate()


@pytest.fixture
def sam():
    return staff("view_ticket", "change_ticket")


def escalate(**more) -> Ticket:
    return Ticket.objects.escalate("The lamp is broken.", requester="u1", by="u1", **more)


def uploaded(data=PICTURE, name="Jo Malik.png") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, data, content_type="text/html")


def upload(client, ticket, *, query="", **fields):
    address = f"/tickets/{ticket.pk}/attachments{query}"
    return client.post(address, {"file": uploaded(), **fields}, format="multipart")


def reply(client, ticket, text="Here it is.", button="send", *files):
    page = reverse("tickets_inbox_ticket", args=[ticket.pk])
    return client.post(page, {"reply": text, button: "", "attachments": files or [uploaded()]})


def files_of(ticket) -> list[Attachment]:
    return list(Attachment.objects.visible(ticket, to_desk=True))


def content(response) -> bytes:
    return b"".join(response.streaming_content)


# --- The customer, over the API -------------------------------------------------------------------


def test_a_customer_adds_a_file_to_a_ticket_of_their_own_and_gets_it_back(as_role, ticket):
    client = as_role(Role.CUSTOMER)
    ticket.claim(by="sam")
    ticket.wait(by="sam")

    added = upload(client, ticket, text="This is how it looks.")

    assert added.status_code == 201
    comment = added.json()
    (file,) = comment["attachments"]
    assert (comment["text"], comment["from_desk"]) == ("This is how it looks.", False)
    assert (file["name"], file["media_type"]) == ("Jo Malik.png", "image/png")
    assert file["size"] == len(PICTURE)
    downloaded = client.get(f"/tickets/{ticket.pk}/attachments/{file['id']}")
    assert content(downloaded) == PICTURE
    ticket.refresh_from_db()
    assert ticket.status == "claimed"
    listed = client.get(f"/tickets/{ticket.pk}/comments").json()["results"]
    assert listed[0]["attachments"] == [file]


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"file": uploaded(b"<script>", "page.html")}, 400),
        ({"file": uploaded(b"<script>", "lamp.png")}, 400),
        ({"file": ""}, 400),
    ],
)
def test_a_file_that_may_not_be_attached_changes_nothing(as_role, ticket, fields, status):
    refused = upload(as_role(Role.CUSTOMER), ticket, **fields)

    assert refused.status_code == status
    assert refused.json()["errors"][0]["field"] == "file"
    assert not Comment.objects.exists()


def test_an_upload_is_bounded_before_it_is_read(as_role, ticket):
    large = uploaded(PICTURE + bytes(11 * 1024 * 1024))

    assert upload(as_role(Role.CUSTOMER), ticket, file=large).status_code == 413


def test_a_ticket_takes_no_more_files_than_its_bound(ticket):
    comment = ticket.comment("Files.", by="u1", from_desk=False, files=[FILE])
    first = comment.attachments.get()
    Attachment.objects.bulk_create(
        Attachment(comment=comment, encrypted_name=b"", encrypted=b"", size=1)
        for _ in range(MAX_FILES_OF_TICKET - 1)
    )

    with pytest.raises(InvalidFile, match="at most 50"):
        ticket.comment("One more.", by="u1", from_desk=False, files=[FILE])

    assert first.data == PICTURE
    assert Comment.objects.count() == 1


def test_a_closed_ticket_takes_no_file(as_role, ticket):
    ticket.resolve(by="sam")
    ticket.close(by="sam")

    assert upload(as_role(Role.CUSTOMER), ticket).status_code == 409
    assert not Attachment.objects.exists()


def test_a_file_is_for_who_may_see_the_ticket(as_role, ticket):
    comment = ticket.comment("For the desk.", by="sam", is_internal=True, files=[FILE])
    internal = comment.attachments.get()
    public = ticket.comment("Here.", by="sam", files=[FILE]).attachments.get()
    address = f"/tickets/{ticket.pk}/attachments/"

    def status(client, file, query=""):
        return client.get(f"{address}{file.pk}{query}").status_code

    assert status(as_role(Role.CUSTOMER), public) == 200
    assert status(as_role(Role.CUSTOMER), internal) == 404
    assert status(as_role(Role.CUSTOMER, subject="u2"), public) == 404
    assert status(as_role(Role.SERVICE, subject="s1"), public, "?user_id=u1") == 200
    assert status(as_role(Role.SUPPORT, subject="sam"), internal) == 200
    other = escalate()
    assert (
        as_role(Role.CUSTOMER).get(f"/tickets/{other.pk}/attachments/{public.pk}").status_code
        == 404
    )


# --- The desk -------------------------------------------------------------------------------------


def test_a_reply_with_a_file_reaches_the_customer_by_mail(sam):
    ticket = escalate(email="jo@example.com")

    assert shown_messages(reply(sam, ticket))[-1] == "Your reply is on its way."

    delivery = Delivery.objects.get(event="commented", address="the requester")
    assert "1 file is attached." in delivery.payload["text"]
    deliver(str(delivery.pk))
    (sent,) = [message for message in mail.outbox if message.attachments]
    assert sent.attachments == [("Jo Malik.png", PICTURE, "image/png")]
    page = sam.get(reverse("tickets_inbox_ticket", args=[ticket.pk])).content.decode()
    assert "Jo Malik.png" in page


def test_the_desk_is_notified_of_a_customers_file_and_reads_it_at_the_ticket(ticket, settings):
    settings.SUPPORT_EMAIL = "desk@example.org"

    ticket.comment("", by="u1", from_desk=False, files=[FILE])

    delivery = Delivery.objects.get(event="commented")
    assert "1 file is in the ticket." in delivery.payload["text"]
    assert "attachments_of" not in delivery.payload


def test_a_file_needs_no_words_and_a_note_may_have_one(sam, ticket):
    reply(sam, ticket, text="")
    reply(sam, ticket, text="Look.", button="note")

    assert [(item.text, item.is_internal) for item in Comment.objects.all()] == [
        ("", False),
        ("Look.", True),
    ]
    assert len(files_of(ticket)) == 2


def test_a_reply_keeps_its_text_when_a_file_is_refused(sam, ticket):
    page = reply(sam, ticket, "Half a", "send", uploaded(b"<svg>", "drawing.svg"))

    assert "This type of file is not accepted." in page.content.decode()
    assert "Half a" in page.content.decode()
    assert not Comment.objects.exists()


def test_a_browser_saves_a_file_and_never_shows_it(sam, ticket):
    reply(sam, ticket)
    (file,) = files_of(ticket)

    got = sam.get(reverse("tickets_inbox_attachment", args=[ticket.pk, file.pk]))

    assert content(got) == PICTURE
    assert got["Content-Disposition"] == 'attachment; filename="Jo Malik.png"'
    assert got["X-Content-Type-Options"] == "nosniff"
    assert got["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert "no-store" in got["Cache-Control"]


def test_every_download_by_others_is_on_the_record(sam, as_role, ticket):
    ticket.comment("", by="u1", from_desk=False, files=[FILE])
    (file,) = files_of(ticket)

    as_role(Role.CUSTOMER).get(f"/tickets/{ticket.pk}/attachments/{file.pk}")
    sam.get(reverse("tickets_inbox_attachment", args=[ticket.pk, file.pk]))

    fact = Record.objects.get(action="ticket.downloaded")
    assert (fact.actor, fact.data["attachment"]) == ("sam", file.pk)
    assert "Malik" not in str([entry.data for entry in Record.objects.all()])


def test_who_may_not_see_tickets_gets_no_file(ticket):
    ticket.comment("", by="u1", from_desk=False, files=[FILE])
    address = reverse("tickets_inbox_attachment", args=[ticket.pk, files_of(ticket)[0].pk])

    assert staff(name="bob").get(address).status_code == 403


# --- Stored, merged, erased -----------------------------------------------------------------------


def test_names_and_contents_are_stored_encrypted(ticket):
    ticket.comment("", by="u1", from_desk=False, files=[FILE])

    (stored,) = Attachment.objects.values_list("encrypted_name", "encrypted")

    assert all(b"Malik" not in bytes(column) for column in stored)


def test_a_merged_ticket_keeps_its_files(ticket):
    ticket.comment("", by="u1", from_desk=False, files=[FILE])
    target = escalate()

    assert ticket.merge(target, by="sam")

    (file,) = files_of(target)
    assert (file.name, file.data) == ("Jo Malik.png", PICTURE)


def test_erasing_the_person_destroys_their_files_and_counts_them(sam, ticket):
    ticket.comment("", by="u1", from_desk=False, files=[FILE, FILE])
    out = StringIO()

    call_command("audit_erase", "u1", stdout=out)

    assert "tickets_attachment" in out.getvalue()
    assert not Attachment.objects.exists()
    assert sam.get(reverse("tickets_inbox_ticket", args=[ticket.pk])).status_code == 200
