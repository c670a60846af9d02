from __future__ import annotations

import pytest

from assistant import embedders, wiring
from assistant.models import PhrasingVector
from faq.models import Faq, Release
from faq.releases.publishing import ConcurrentChange, preparation, publish
from faq.releases.rollback import roll_back
from faq.tests.preparing import prepare_no_vectors

pytestmark = pytest.mark.django_db


def test_without_a_difference_the_live_release_stays():
    live = Release.objects.live()

    assert publish(actor="tester") == live
    assert Release.objects.count() == 1


@pytest.mark.usefixtures("no_vectors")
def test_a_draft_is_not_in_a_release_until_it_is_published():
    Faq.objects.create(slug="new", question="Is it new?", answer="It is.")
    assert "new" not in Release.objects.live().contents()

    created = publish(actor="tester", note="The new one.")
    assert (created.number, created.added, created.changed, created.retired) == (2, 1, 0, 0)
    assert "new" in created.contents()


@pytest.mark.usefixtures("no_vectors")
def test_a_release_does_not_change_with_its_faqs():
    before = Release.objects.live().contents()

    Faq.objects.filter(slug="reset-password").update(answer="Changed.")
    created = publish(actor="tester")

    assert Release.objects.get(number=1).contents() == before
    assert created.contents()["reset-password"].answer == "Changed."
    assert created.changed == 1


def test_only_new_phrasings_are_embedded():
    before = PhrasingVector.objects.count()
    faq = Faq.objects.get(slug="reset-password")
    faq.alternates.create(text="My login does not work any more, what now?")

    publish(actor="tester")

    assert PhrasingVector.objects.count() == before + 1


def test_its_collection_is_ready_and_named_by_its_content():
    Faq.objects.filter(slug="reset-password").update(question="How can a password be reset?")

    created = publish(actor="tester")

    (vector,) = embedders.embedder().embed(["How can a password be reset?"])
    matches = wiring.index().search(created.collection, vector, limit=1)
    assert matches[0].faq_id == "reset-password"
    assert created.collection.endswith(created.fingerprint[:16])
    wiring.index().drop(created.collection)


def test_faqs_changed_while_a_release_is_made_ready_are_not_mixed_into_it():
    Faq.objects.filter(slug="reset-password").update(answer="First.")

    with preparation.replaced(prepare_while_a_colleague_edits), pytest.raises(ConcurrentChange):
        publish(actor="tester")

    assert Release.objects.live().number == 1


def prepare_while_a_colleague_edits(knowledge_base, **options):
    Faq.objects.filter(slug="reset-password").update(answer="Second.")
    return prepare_no_vectors(knowledge_base, **options)


@pytest.mark.usefixtures("no_vectors")
def test_a_selection_is_published_and_the_rest_stays_as_it_was():
    Faq.objects.filter(slug="reset-password").update(answer="Chosen.")
    Faq.objects.filter(slug="track-order").update(answer="Not chosen.")

    created = publish(actor="tester", only=["reset-password"])

    assert created.contents()["reset-password"].answer == "Chosen."
    assert created.contents()["track-order"].answer != "Not chosen."
    assert (created.added, created.changed, created.retired) == (0, 1, 0)


@pytest.mark.usefixtures("no_vectors")
def test_rolling_back_is_a_new_release_with_the_old_content():
    first = Release.objects.live()
    Faq.objects.filter(slug="reset-password").update(answer="A mistake.")
    publish(actor="tester")

    created = roll_back(first, actor="tester")

    assert created.number == 3
    assert created.contents() == first.contents()
    assert created.collection == first.collection
    assert created.note == "Rolled back to release 1"
    # What a curator wrote is not lost.
    assert Faq.objects.get(slug="reset-password").answer == "A mistake."


def test_of_two_publishers_the_second_gets_an_error():
    Faq.objects.filter(slug="reset-password").update(answer="Mine.")

    overtaken = pytest.raises(
        ConcurrentChange, match="Another release was published in the meantime"
    )

    with preparation.replaced(prepare_while_a_colleague_publishes), overtaken:
        publish(actor="tester")

    assert Release.objects.live().published_by == "colleague"


def prepare_while_a_colleague_publishes(knowledge_base, **options):
    with preparation.replaced(prepare_no_vectors):
        publish(actor="colleague")
    return prepare_no_vectors(knowledge_base, **options)
