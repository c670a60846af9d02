"""manage.py ask and reindex."""

from __future__ import annotations

import io
import json

import pytest
from django.core.management import CommandError, call_command

from assistant import wiring
from audit.models import Record
from faq.models import Release

pytestmark = pytest.mark.django_db


def run(*arguments, **options) -> str:
    out = io.StringIO()
    call_command(*arguments, stdout=out, **options)
    return out.getvalue()


def test_ask_prints_the_answer_and_the_decision():
    printed = run("ask", "How do I reset my password?")

    assert printed.startswith("answered: the question is one of the FAQ's phrasings\n\nPress")
    assert "1.000 █████████████████████|████████ reset-password" in printed
    assert "threshold 0.7" in printed


def test_ask_for_programs_prints_the_reply_of_the_api():
    reply = json.loads(run("ask", "what is the capital of France?", json=True))

    assert reply["outcome"] == "unanswered"
    stored = Record.objects.all().about("ask", reply["ask_id"]).get()
    assert stored.actor.startswith("cli")


def test_ask_refuses_what_cannot_be_asked():
    with pytest.raises(CommandError, match="blank"):
        run("ask", "  ")
    with pytest.raises(CommandError, match="category: no published FAQ"):
        run("ask", "hello?", category="none such")


def test_reindex_rebuilds_a_collection_and_then_has_nothing_to_do():
    live = Release.objects.live()
    wiring.index().drop(live.collection)

    with pytest.raises(CommandError, match="The index differs"):
        run("reindex", check=True)
    assert "167 missing, 0 changed, 0 surplus; rebuilt." in run("reindex")
    assert "0 missing, 0 changed, 0 surplus; nothing to do." in run("reindex")
    assert "nothing to do" in run("reindex", check=True)


def test_reindex_without_an_index_is_one_clear_line(settings):
    settings.CHROMA_URL = "http://127.0.0.1:9"

    with pytest.raises(CommandError, match="Chroma at http://127.0.0.1:9 does not answer"):
        run("reindex")
