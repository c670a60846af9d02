from __future__ import annotations

import pytest
from django.core.management import CommandError, call_command

from assistant import wiring
from assistant.models import PhrasingVector
from assistant.releases import indexing
from audit.models import Record
from faq.models import Faq, Release
from faq.releases.publishing import publish
from faq.releases.rollback import roll_back

pytestmark = pytest.mark.django_db


@pytest.fixture
def releases(without_fitting):
    """Four of them, each with another question."""
    collections = indexing.expected_collections(Release.objects.live())
    for number in range(3):
        Faq.objects.filter(slug="reset-password").update(question=f"Lost password {number}?")
        publish(actor="tester")
    created = list(Release.objects.order_by("number"))
    yield created
    for release in created[1:]:
        wiring.index().drop(release.collection)
    # The other tests use them.
    for collection, expected in collections.items():
        wiring.index().sync(collection, expected)


def there(release):
    return release.collection in wiring.index().names()


def test_the_last_collections_stay_and_older_ones_go(releases):
    call_command("prune_releases", keep=2, stdout=None)

    assert [there(release) for release in releases] == [False, False, True, True]
    assert Record.objects.filter(action="release.pruned").exists()
    assert Release.objects.count() == 4


def test_what_was_pruned_is_rolled_back_to_all_the_same(releases):
    call_command("prune_releases", keep=1, stdout=None)

    back = roll_back(releases[1], actor="tester")

    assert back.contents() == releases[1].contents()
    assert there(releases[1])


def test_only_vectors_that_nothing_asks_for_go(releases):
    before = PhrasingVector.objects.count()

    call_command("prune_releases", keep=1, stdout=None)

    # The question, its answer's text and the four sentences of it, of two releases in between;
    # release 1's original as well.
    assert before - PhrasingVector.objects.count() == 3 * 6
    assert wiring.live().current().matrix


def test_publishing_keeps_only_the_requested_collections(releases, settings):
    settings.KEEP_COLLECTIONS = 1
    Faq.objects.filter(slug="reset-password").update(question="Lost password 9?")

    created = publish(actor="tester")

    # The one that was live until now may still be going back to.
    assert there(created)
    assert there(releases[3])
    assert not there(releases[2])
    wiring.index().drop(created.collection)


def test_the_live_release_is_never_pruned():
    with pytest.raises(CommandError):
        call_command("prune_releases", keep=0)
