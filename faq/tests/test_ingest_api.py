from __future__ import annotations

import io

import pytest
from django.core.management import CommandError, call_command

from faq.models import Faq, Release

pytestmark = pytest.mark.django_db

HEADER = "id,question,answer,category\n"


@pytest.fixture
def publisher(as_role):
    return as_role("publisher", subject="pat")


def upload(client, text, **fields):
    file = io.BytesIO(text.encode() if isinstance(text, str) else text)
    file.name = "faq.csv"
    return client.post("/ingest", {"file": file, **fields}, format="multipart")


def test_without_a_file_it_reads_faq_csv_and_says_that_nothing_changed(publisher):
    reply = publisher.post("/ingest")

    assert reply.status_code == 200
    body = reply.json()
    assert (body["added"], body["changed"], body["unchanged"]) == (0, 0, 45)
    assert body["release"] == 1


@pytest.mark.usefixtures("no_vectors")
def test_an_upload_is_reported_row_by_row(publisher):
    body = upload(publisher, HEADER + "llamas,Do you sell llamas?,No.,pets\n").json()

    assert body["rows"] == [
        {
            "row": 2,
            "faq_id": "llamas",
            "result": "added",
            "removed_phrasings": 0,
            "personal": [],
            "warnings": [],
        }
    ]
    assert len(body["missing"]) == 45
    assert body["release"] == 2


@pytest.mark.usefixtures("no_vectors")
def test_missing_faqs_are_retired_on_request(publisher):
    body = upload(
        publisher, HEADER + "llamas,Do you sell llamas?,No.,pets\n", retire_missing="true"
    ).json()

    assert len(body["retired"]) == 45
    assert set(Release.objects.live().contents()) == {"llamas"}


def test_a_bad_file_lists_every_bad_row_and_changes_nothing(publisher):
    before = Faq.objects.count()

    reply = upload(publisher, HEADER + "a,,Yes.,x\nb,Why?,,x\nc,Good?,Good.,x\n")

    assert reply.status_code == 422
    errors = [(error["row"], error["column"]) for error in reply.json()["errors"]]
    assert errors == [(2, "question"), (3, "answer")]
    assert Faq.objects.count() == before
    assert Release.objects.count() == 1


def test_a_file_in_a_misspelt_field_is_refused(publisher):
    file = io.BytesIO((HEADER + "llamas,Do you sell llamas?,No.,pets\n").encode())
    file.name = "faq.csv"

    reply = publisher.post("/ingest", {"flie": file}, format="multipart")

    assert reply.status_code == 400
    assert reply.json()["errors"] == [{"field": "flie", "reason": "Unknown field."}]


def test_a_file_in_another_encoding_is_refused(publisher):
    reply = upload(publisher, (HEADER + "a,Où?,Là.,x\n").encode("latin-1"))

    assert reply.status_code == 422
    assert "UTF-8" in reply.json()["errors"][0]["reason"]


def test_while_the_index_is_down_it_is_published_all_the_same(publisher, settings):
    settings.CHROMA_URL = "http://127.0.0.1:9"

    reply = upload(publisher, HEADER + "llamas,Do you sell llamas?,No.,pets\n")

    assert reply.status_code == 200, reply.content
    assert "llamas" in Release.objects.live().contents()


def test_the_command_reads_a_second_file_of_alternates(tmp_path, capsys):
    faqs, alternates = tmp_path / "faq.csv", tmp_path / "alternates.csv"
    faqs.write_text(HEADER + "llamas,Do you sell llamas?,No.,pets\n")
    alternates.write_text("id,alternate_question\nllamas,Are there llamas in the shop?\n")

    call_command("ingest", faqs, alternates=alternates)

    assert "1 added, 0 changed, 0 unchanged, 0 retired: release 2." in capsys.readouterr().out
    assert Faq.objects.get(slug="llamas").content().phrasings == (
        *("Do you sell llamas?", "Are there llamas in the shop?"),
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param(None, "cannot be read: No such file", id="no file"),
        pytest.param("id,question\na,Why?\n", "answer", id="a column is missing"),
        pytest.param(HEADER + "a,Why?,So.,x\na,How?,So.,x\n", "row 3", id="an id twice"),
    ],
)
def test_the_command_says_what_is_wrong_with_a_file(tmp_path, text, message):
    path = tmp_path / "faq.csv"
    if text is not None:
        path.write_text(text)

    with pytest.raises(CommandError, match=message):
        call_command("ingest", path)
