from __future__ import annotations

import csv
import io

import pytest
from django.core.management import CommandError, call_command

from tickets.models import Ticket

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _tickets(db):
    Ticket.objects.escalate('=HYPERLINK("http://x","y")', requester="u1", by="u1")
    Ticket.objects.escalate("two\nlines, one comma", requester="+49", by="u1")


def read(text):
    return list(csv.DictReader(io.StringIO(text)))


def test_no_cell_begins_a_formula(as_role):
    reply = as_role("support").get("/tickets.csv")

    text = b"".join(reply.streaming_content).decode()
    first, second = read(text)
    assert first["message"] == '\'=HYPERLINK("http://x","y")'
    assert second["requester"] == "'+49"
    assert second["message"] == "two\nlines, one comma"
    assert reply["Content-Disposition"] == 'attachment; filename="tickets.csv"'


def test_the_command_writes_the_same_file(tmp_path, capsys):
    path = tmp_path / "tickets.csv"

    call_command("export_tickets", path, status="open")

    assert capsys.readouterr().out == f"2 tickets written to {path}.\n"
    assert [row["status"] for row in read(path.read_text())] == ["open", "open"]


def test_a_path_that_cannot_be_written_is_one_clear_line(tmp_path):
    with pytest.raises(CommandError, match="cannot be written: No such file"):
        call_command("export_tickets", tmp_path / "none" / "tickets.csv")
