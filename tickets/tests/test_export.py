from __future__ import annotations

import csv
import io
import resource

import pytest
from django.core.management import CommandError, call_command

from audit.models import Record
from tickets.models import Ticket

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _tickets(db):
    Ticket.objects.escalate('=HYPERLINK("http://x","y")', requester="u1", by="u1")
    Ticket.objects.escalate("two\nlines, one comma", requester="+49", by="u1")


def read(text):
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))


def test_no_cell_begins_a_formula(as_role):
    reply = as_role("support").get("/tickets.csv")

    text = b"".join(reply.streaming_content).decode()
    first, second = read(text)
    assert first["message"] == '\'=HYPERLINK("http://x","y")'
    assert second["user_id"] == "'+49"
    assert second["message"] == "two\nlines, one comma"
    assert reply["Content-Disposition"] == 'attachment; filename="tickets.csv"'


def test_a_spreadsheet_recognises_the_encoding(as_role, tmp_path):
    Ticket.objects.escalate("Wo ist die Größe? میرا آرڈر", requester="u1", by="u1")

    data = b"".join(as_role("support").get("/tickets.csv").streaming_content)
    call_command("export_tickets", tmp_path / "tickets.csv")

    assert data.startswith(b"\xef\xbb\xbfid,created,")
    assert "Wo ist die Größe? میرا آرڈر".encode() in data
    assert (tmp_path / "tickets.csv").read_bytes() == data


def test_the_command_writes_the_same_file(tmp_path, capsys):
    path = tmp_path / "tickets.csv"

    call_command("export_tickets", path, status="open")

    assert capsys.readouterr().out == f"2 tickets written to {path}.\n"
    assert [row["status"] for row in read(path.read_text())] == ["open", "open"]


def test_a_path_that_cannot_be_written_is_one_clear_line(tmp_path):
    with pytest.raises(CommandError, match="cannot be written: No such file"):
        call_command("export_tickets", tmp_path / "none" / "tickets.csv")


@pytest.mark.parametrize(
    ("filters", "shown"),
    [
        ({}, ["a", "b", "c"]),
        ({"status": "claimed"}, ["b"]),
        ({"priority": "urgent"}, ["c"]),
        ({"category": "billing"}, ["a"]),
        ({"assignee": "sam"}, ["b"]),
        ({"tag": "vip"}, ["c"]),
        ({"user_id": "u2"}, ["c"]),
        ({"overdue": "true"}, ["a"]),
        ({"overdue": "false"}, ["b", "c"]),
        ({"since": "2000-01-01", "until": "2000-01-02"}, []),
    ],
)
def test_it_is_filtered_like_the_list(as_role, filters, shown):
    Ticket.objects.all().delete()
    late = Ticket.objects.escalate("a", requester="u1", by="u1", category="billing")
    Ticket.objects.filter(pk=late.pk).update(due="2026-01-02T12:00Z")
    Ticket.objects.escalate("b", requester="u1", by="u1").claim(by="sam")
    Ticket.objects.escalate("c", requester="u2", by="u2", priority="urgent", tags=["vip"])
    client = as_role("support", subject="sam")

    exported = b"".join(client.get("/tickets.csv", filters).streaming_content).decode()
    listed = client.get("/tickets", filters).json()["results"]

    assert [row["message"] for row in read(exported)] == shown
    assert [ticket["message"] for ticket in listed] == shown[::-1]


def test_that_it_was_exported_is_on_the_record(as_role):
    as_role("support", subject="sam").get("/tickets.csv", {"status": "open"})

    fact = Record.objects.get(action="tickets.exported")
    assert (fact.actor, fact.data["filters"]) == ("sam", {"status": "open"})


def test_a_filter_that_is_none_is_refused(as_role):
    assert as_role("support").get("/tickets.csv", {"status": "lost"}).status_code == 400


def test_each_new_ticket_is_a_row_of_the_file_that_is_set(
    settings, tmp_path, django_capture_on_commit_callbacks
):
    path = tmp_path / "data" / "tickets.csv"
    settings.TICKETS_CSV = str(path)

    with django_capture_on_commit_callbacks(execute=True):
        Ticket.objects.escalate("Call 0301 2345678", requester="u1", by="u1")
        Ticket.objects.escalate("=1+1", requester="u2", by="u2")

    rows = list(csv.DictReader(path.open(newline="")))
    assert [(row["user_id"], row["message"]) for row in rows] == [
        ("u1", "Call [PHONE]"),
        ("u2", "'=1+1"),
    ]


def test_a_full_disk_leaves_no_part_of_a_row(
    settings, tmp_path, django_capture_on_commit_callbacks
):
    path = tmp_path / "tickets.csv"
    settings.TICKETS_CSV = str(path)
    with django_capture_on_commit_callbacks(execute=True):
        Ticket.objects.escalate("Where?", requester="u1", by="u1")
    before = path.read_bytes()

    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    with django_capture_on_commit_callbacks() as callbacks:
        Ticket.objects.escalate("And when?", requester="u1", by="u1")
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) + 10, limits[1]))
    for callback in callbacks:
        callback()
    resource.setrlimit(resource.RLIMIT_FSIZE, limits)

    assert path.read_bytes() == before
    assert Ticket.objects.filter(message="And when?").exists()


def test_a_file_that_cannot_be_written_loses_no_ticket(
    settings, tmp_path, django_capture_on_commit_callbacks
):
    settings.TICKETS_CSV = str(tmp_path)

    with django_capture_on_commit_callbacks(execute=True):
        Ticket.objects.escalate("Where?", requester="u1", by="u1")

    assert Ticket.objects.exists()
