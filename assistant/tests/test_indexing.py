"""Chroma may be down while a release is published; its collection is completed later."""

from __future__ import annotations

import pytest
from django.core.management import call_command

from assistant import wiring
from assistant.models import IndexedCollection
from assistant.releases import indexing
from faq.models import Faq, Release
from faq.releases.publishing import publish

pytestmark = pytest.mark.django_db

NOWHERE = "http://127.0.0.1:9"


@pytest.fixture
def published_without_chroma(settings, without_fitting):
    """Release 2, published while Chroma was down; Chroma answers again."""
    usual, settings.CHROMA_URL = settings.CHROMA_URL, NOWHERE
    Faq.objects.create(slug="umbrella", question="Do you lend umbrellas?", answer="Yes.")
    release = publish(actor="tester")
    settings.CHROMA_URL = usual
    # Another test may have published the same FAQs: their collection has the same name.
    wiring.index().drop(release.collection)
    yield release
    settings.CHROMA_URL = usual
    wiring.index().drop(release.collection)


def collection_size(release):
    vector = next(iter(indexing.expected_entries(release))).vector
    return len(wiring.index().search(release.collection, vector, limit=1000))


def test_it_answers_at_once_and_is_added_to_chroma_later(published_without_chroma, as_role):
    release = published_without_chroma
    reply = as_role("customer").post("/ask", {"message": "do you lend umbrellas"}, format="json")
    assert reply.json()["faq_id"] == "umbrella"
    assert not indexing.is_complete(release)
    assert collection_size(release) == 0

    call_command("reindex", "--missing")

    assert indexing.is_complete(release)
    assert collection_size(release) == 168


def test_readiness_says_so_until_then(published_without_chroma, client):
    reply = client.get("/readyz")
    assert reply.status_code == 200
    assert reply.json()["checks"]["index"] == (
        "degraded: release 2 is not in Chroma yet; the worker adds it"
    )

    indexing.catch_up()

    assert client.get("/readyz").json()["checks"]["index"] == "ok: Chroma answers"


def test_while_chroma_is_down_the_worker_waits(published_without_chroma, settings):
    assert indexing.can_catch_up()
    settings.CHROMA_URL = NOWHERE
    assert not indexing.can_catch_up()

    indexing.catch_up()

    assert not indexing.is_complete(published_without_chroma)


def test_a_collection_that_was_only_begun_is_completed(published_without_chroma):
    release = published_without_chroma
    wiring.index().sync(release.collection, indexing.expected_entries(release)[:9])

    indexing.catch_up()

    assert collection_size(release) == 168


def test_what_is_complete_is_not_compared_again(settings):
    settings.CHROMA_URL = "not an address: any request would fail"

    indexing.catch_up()


def test_a_collection_that_is_dropped_is_no_longer_complete(published_without_chroma, settings):
    indexing.catch_up()
    settings.KEEP_COLLECTIONS = 1
    first = Release.objects.get(number=1).collection
    Faq.objects.create(slug="hat", question="Do you lend hats?", answer="No.")

    publish(actor="tester")

    names = set(IndexedCollection.objects.values_list("name", flat=True))
    assert first not in names
    assert Release.objects.live().collection in names
    # The other tests use it.
    indexing.sync_release(wiring.index(), Release.objects.get(number=1))
