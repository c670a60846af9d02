"""What a program shows of a reply, and the search beside it."""

from __future__ import annotations

import pytest

from audit.models import Record

pytestmark = pytest.mark.django_db

UNKNOWN = "What is the capital of France?"


def ask(client, message, language=""):
    headers = {"Accept-Language": language} if language else {}
    return client.post("/ask", {"message": message}, format="json", headers=headers).json()


def test_the_text_of_an_answer_is_the_answer(as_role):
    reply = ask(as_role("customer"), "How do I reset my password?", "de")

    assert reply["outcome"] == "answered"
    assert reply["text"] == reply["answer"]


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("", "We have no answer to this yet."),
        ("de-AT,de;q=0.9", "Darauf haben wir noch keine Antwort."),
        ("fi", "We have no answer to this yet."),
    ],
)
def test_without_an_answer_the_text_is_in_the_language_of_the_caller(as_role, language, text):
    reply = ask(as_role("customer"), UNKNOWN, language)

    assert reply["outcome"] == "unanswered"
    assert reply["answer"] is None
    assert reply["text"] == text


def test_a_search_lists_faqs_and_writes_no_record(as_role):
    before = Record.objects.count()

    reply = as_role("customer").get("/search", {"q": "password", "limit": 2}).json()

    assert "reset-password" in [faq["faq_id"] for faq in reply["results"]]
    assert len(reply["results"]) == 2
    assert Record.objects.count() == before


def test_a_search_without_words_names_the_field(as_role):
    reply = as_role("customer").get("/search")

    assert reply.status_code == 400
    assert [error["field"] for error in reply.json()["errors"]] == ["q"]
