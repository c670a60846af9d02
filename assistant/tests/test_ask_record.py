"""The record of a question says what answered it."""

from __future__ import annotations

import pytest

from assistant.tests.test_ask_cost import ask
from audit.models import Record
from faq.models import Release


@pytest.mark.django_db
def test_the_record_names_release_and_model_and_request(as_role):
    reply = ask(as_role("customer"))

    audit_record = Record.objects.all().about("ask", reply.json()["ask_id"]).get()
    assert audit_record.data["release"] == Release.objects.live().number
    assert audit_record.data["embedder"] == Release.objects.live().embedder
    assert audit_record.data["agent_model"] == ""
    assert audit_record.request_id == reply["X-Request-ID"]
