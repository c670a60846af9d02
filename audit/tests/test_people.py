"""People are pseudonyms, their texts are theirs to erase, and the log stays whole."""

from __future__ import annotations

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext

from audit.models import Record, SubjectKey, record
from audit.people import encryption

pytestmark = pytest.mark.django_db


def record_question(user: str, question: str = "where is my blue zeppelin?") -> Record:
    data = {"user_id": user, "question": question, "outcome": "answered", "similarity": 0.9}
    entry = record("question.asked", actor="app", kind="ask", key=1, data=data)
    return Record.objects.get(pk=entry.pk)


def stored() -> str:
    """Everything the table of records holds, as text."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT r::text, convert_from(canonical, 'UTF8') FROM audit_record AS r")
        return str(cursor.fetchall())


def test_a_record_reads_as_it_was_written():
    entry = record_question("u1")

    assert (entry.actor, entry.subject) == ("app", "u1")
    assert entry.data["question"] == "where is my blue zeppelin?"
    assert entry.data["outcome"] == entry.outcome == "answered"


def test_the_table_holds_neither_the_name_nor_the_text():
    record_question("somebody-rare")

    assert "somebody-rare" not in stored()
    assert "zeppelin" not in stored()
    assert '"similarity":0.9' in stored()


def test_one_person_has_one_pseudonym_and_two_have_two():
    first, again, other = record_question("u1"), record_question("u1"), record_question("u2")

    assert first.subject_key_id == again.subject_key_id != other.subject_key_id


def test_two_people_whose_names_are_masked_alike_stay_two():
    one, other = record_question("al@example.com"), record_question("jo@example.com")

    assert one.subject != other.subject
    assert one.subject.startswith("[EMAIL]-")
    assert one.concerns("al@example.com")
    assert not one.concerns("jo@example.com")
    assert list(Record.objects.concerning("jo@example.com")) == [other]


@pytest.mark.parametrize("times", [1, 2], ids=["somebody new", "somebody known"])
def test_a_record_is_one_insert(times):
    for _ in range(times - 1):
        record_question("u1")

    with CaptureQueriesContext(
        connection,
    ) as queries:
        record("question.asked", actor="app", data={"user_id": "u1"})

    statements = [query["sql"] for query in queries]
    assert [sql for sql in statements if 'INSERT INTO "audit_record"' in sql] == statements[-1:]
    assert len(statements) <= 2


def test_erasing_destroys_key_and_texts_and_nothing_else(capsys):
    entry, other = record_question("u1"), record_question("u2")
    call_command("audit_seal")

    call_command("audit_erase", "u1")

    left = Record.objects.get(pk=entry.pk)
    assert left.canonical == entry.canonical
    assert left.is_erased
    assert left.data == {"outcome": "answered", "similarity": 0.9}
    assert left.subject == f"({entry.subject_key_id})"
    assert Record.objects.get(pk=other.pk).data["question"]
    assert not Record.objects.concerning("u1").exists()


def test_an_erasure_is_itself_recorded_without_the_name():
    pseudonym = record_question("somebody-rare").subject_key_id

    call_command("audit_erase", "somebody-rare", stdout=StringIO())

    entry = Record.objects.get(action="subject.erased")
    assert entry.data == {"pseudonyms": [pseudonym], "records": 1, "rows": {}}
    assert "somebody-rare" not in stored()


def test_an_erased_person_comes_back_as_a_new_one():
    before = record_question("u1")
    call_command("audit_erase", "u1", stdout=StringIO())

    after = record_question("u1")

    assert after.subject_key_id != before.subject_key_id
    assert list(Record.objects.concerning("u1")) == [after]


def test_the_log_holds_together_after_an_erasure(settings, tmp_path, capsys):
    settings.AUDIT_ANCHOR_DIR = tmp_path
    record_question("u1")
    call_command("audit_seal")
    call_command("audit_erase", "u1")

    call_command("audit_verify")
    call_command("audit_seal")
    call_command("audit_verify", "--anchor", str(tmp_path / "latest.txt"))


def test_erasing_an_unknown_name_is_an_error():
    with pytest.raises(CommandError, match="No audit record names"):
        call_command("audit_erase", "nobody")


def test_a_key_is_never_changed():
    record_question("u1")

    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        SubjectKey.objects.update(key=b"k" * 32)


def test_a_text_is_opened_by_its_own_key_alone():
    key, nonce = encryption.new_key(), bytes(16)
    ciphertext = encryption.encrypt("a text", key, nonce)

    assert encryption.decrypt(ciphertext, key, nonce) == "a text"
    for wrong in ((encryption.new_key(), nonce), (key, bytes([1]) * 16)):
        with pytest.raises(encryption.DecryptionError):
            encryption.decrypt(ciphertext, *wrong)


def test_a_text_of_any_characters_comes_back():
    question = 'آرڈر کہاں ہے؟ \x07 \N{FAMILY} \ud800 " \\'

    assert record_question("u1", question).data["question"] == question
    json.dumps(record_question("u1", question).as_dict())


@pytest.mark.parametrize("is_known", [False, True], ids=["who is new", "who has asked before"])
def test_asking_pays_one_insert_for_somebody(as_role, is_known):
    customer = as_role("customer", subject="u1")
    question = {"message": "How do I reset my password?"}
    if is_known:
        customer.post("/ask", question, format="json")

    with CaptureQueriesContext(connection) as queries:
        reply = customer.post("/ask", question, format="json")

    assert reply.status_code == 200
    written = [query["sql"] for query in queries if 'INTO "audit_' in query["sql"]]
    assert len(written) == 1
