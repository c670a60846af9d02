"""A file into the knowledge base, whole or not at all."""

from __future__ import annotations

from dataclasses import replace

import pytest

from assistant.releases.preparation import prepare
from audit.models import Record
from faq.content import Content, Draft
from faq.files.formats import FORMATS
from faq.files.import_drafts import Report, ingest
from faq.files.reader import Unreadable
from faq.files.sources import Source
from faq.models import AlternateQuestion, Faq, Phrasing, Release
from faq.releases.publishing import (
    ConcurrentChange,
    ConflictingFaqs,
    NotReady,
    preparation,
    publish,
)
from faq.tests.preparing import prepare_no_vectors

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_vectors")]


def row(slug, question="", *, answer="An answer.", alternates=()) -> Draft:
    question = question or f"What is {slug}?"
    return Draft(Content(slug, question, answer, "misc", tuple(alternates)))


def take(*rows: Draft, **options) -> Report:
    source = Source("test.csv", FORMATS["csv"].write(rows))
    return ingest(source, actor="tester", **options)


@pytest.fixture(autouse=True)
def _empty(db):
    Release.objects.all().delete()
    Faq.objects.all().delete()


def test_it_adds_changes_and_leaves_alone():
    assert str(take(row("a"), row("b"))) == "2 added, 0 changed, 0 unchanged, 0 retired"

    report = take(row("a"), row("b", answer="Another."), row("c"))

    assert str(report) == "1 added, 1 changed, 1 unchanged, 0 retired"
    assert report.release == 2
    assert Release.objects.live().contents()["b"].answer == "Another."


def test_repeating_it_changes_nothing_and_makes_no_release():
    take(row("a", alternates=["So?", "Really?"]))

    report = take(row("a", alternates=["So?", "Really?"]))

    assert str(report) == "0 added, 0 changed, 1 unchanged, 0 retired"
    assert report.release == 1
    assert Release.objects.count() == 1


def test_faqs_gone_from_the_file_are_reported_and_stay():
    take(row("a"), row("b"))

    report = take(row("a"))

    assert report.missing == ("b",)
    assert "b" in Release.objects.live().contents()


def test_faqs_gone_from_the_file_are_retired_on_request():
    take(row("a"), row("b"))

    report = take(row("a"), retire_missing=True)

    assert report.retired == ("b",)
    assert set(Release.objects.live().contents()) == {"a"}
    assert Faq.objects.get(slug="b").retired


def test_a_retired_faq_that_a_file_has_again_is_published_again():
    take(row("a"), row("b"))
    take(row("a"), retire_missing=True)

    report = take(row("a"), row("b"))

    assert str(report) == "1 added, 0 changed, 1 unchanged, 0 retired"


def test_it_replaces_alternates():
    take(row("a", alternates=["One?", "Two?"]))

    take(row("a", alternates=["Two?", "Three?"]))

    assert Faq.objects.get(slug="a").content().alternates == ("Two?", "Three?")


def ingest_csv(text, **options) -> Report:
    return ingest(Source("test.csv", text.encode()), actor="tester", **options)


SHORT = "id,question,answer,category\na,What is a?,Another.,misc\n"


def test_a_column_that_the_file_lacks_leaves_its_values_as_they_are():
    take(row("a", alternates=["One?", "Two?"]))
    Faq.objects.filter(slug="a").update(owner="cora", threshold=0.9)
    publish(actor="curator")

    report = ingest_csv(SHORT)

    content = Release.objects.live().contents()["a"]
    assert (content.answer, content.alternates, content.threshold) == (
        "Another.",
        ("One?", "Two?"),
        0.9,
    )
    assert Faq.objects.get(slug="a").owner == "cora"
    assert report.removed_phrasings == 0


def test_an_empty_cell_empties_and_the_report_says_how_many_phrasings_go():
    take(row("a", alternates=["One?", "Two?"]))

    report = ingest_csv(SHORT.replace("category", "category,alternates").replace("misc", "misc,"))

    assert Release.objects.live().contents()["a"].alternates == ()
    assert report.removed_phrasings == 2


def test_unpublished_phrasings_are_neither_published_nor_lost():
    take(row("a", alternates=["One?"]))
    AlternateQuestion.objects.create(faq=Faq.objects.get(slug="a"), text="Proposed?")

    ingest_csv(SHORT)

    assert Release.objects.live().contents()["a"].alternates == ("One?",)
    assert Faq.objects.get(slug="a").content().alternates == ("One?", "Proposed?")


def test_a_row_that_is_retired_is_not_published():
    take(row("a"), row("b"))

    report = take(replace(row("a"), retired=True), row("b"), replace(row("c"), retired=True))

    assert set(Release.objects.live().contents()) == {"b"}
    assert report.retired == ("a",)
    assert Faq.objects.get(slug="c").retired


def test_one_bad_row_and_nothing_is_written():
    with pytest.raises(Unreadable, match="row 3, answer: is empty"):
        take(row("a"), row("b", answer=""))

    assert not Faq.objects.exists()


def test_keeping_edits_leaves_alone_what_the_file_did_not_change():
    take(row("a"), row("b"))
    Faq.objects.filter(slug="a").update(answer="Edited by a curator.")
    Faq.objects.filter(slug="b").update(answer="Edited as well.")
    publish(actor="curator")

    take(row("a"), row("b", answer="The file changed this."), keep_edits=True)

    assert Release.objects.live().contents()["a"].answer == "Edited by a curator."
    assert Release.objects.live().contents()["b"].answer == "The file changed this."


def test_without_keeping_edits_the_file_wins():
    take(row("a"))
    Faq.objects.filter(slug="a").update(answer="Edited by a curator.")
    publish(actor="curator")

    take(row("a"))

    assert Release.objects.live().contents()["a"].answer == "An answer."


def test_unpublished_drafts_of_colleagues_are_not_swept_along():
    take(row("a"), row("b"))
    drafted = Faq.objects.get(slug="b")
    drafted.answer = "Not yet reviewed."
    drafted.save()
    Faq.objects.create(slug="new", question="Not yet reviewed?", answer="No.")

    report = take(row("a", answer="From the file."), row("b"))

    live = Release.objects.live().contents()
    assert str(report) == "0 added, 1 changed, 1 unchanged, 0 retired"
    assert (live["a"].answer, live["b"].answer) == ("From the file.", "An answer.")
    assert "new" not in live
    assert Faq.objects.get(slug="b").answer == "Not yet reviewed."


def test_a_phrasing_can_pass_from_one_faq_to_another():
    take(row("a", alternates=["Where?"]), row("b", alternates=["When?"]))

    take(row("a", alternates=["When?"]), row("b", alternates=["Where?"]))

    output = Release.objects.live().contents()
    assert (output["a"].alternates, output["b"].alternates) == (("When?",), ("Where?",))


def test_a_phrasing_of_a_retired_faq_is_free():
    take(row("a", "Where is it?"), row("b"))

    take(row("b", "Where is it?"), retire_missing=True)

    assert Release.objects.live().contents()["b"].question == "Where is it?"


def test_each_phrasing_is_claimed_as_the_drafts_now_say():
    take(row("a", alternates=["One?", "Two?"]), row("b"))
    take(row("a", alternates=["Two?", "Three?"]), retire_missing=True)
    claimed = set(Phrasing.objects.values_list("key", "faq_id"))

    Faq.objects.all().refresh_claims()

    assert set(Phrasing.objects.values_list("key", "faq_id")) == claimed
    assert len(claimed) == 3


def test_a_phrasing_of_a_colleagues_draft_is_refused():
    Faq.objects.create(slug="draft", question="Where is it?", answer="There.")

    with pytest.raises(ConflictingFaqs, match="is a phrasing of both b and draft"):
        take(row("b", "where is it"))

    assert Release.objects.live() is None


def test_a_dry_run_says_the_same_and_writes_nothing():
    report = take(row("a"), dry_run=True)

    assert str(report) == "1 added, 0 changed, 0 unchanged, 0 retired"
    assert report.release is None
    assert not Faq.objects.exists()


def test_a_phrasing_that_another_faq_already_has_is_refused():
    take(row("a", "Where is it?"))

    with pytest.raises(ConflictingFaqs, match="'where is it' is a phrasing of both a and b"):
        take(row("b", "where is it"))

    assert not Faq.objects.filter(slug="b").exists()


def test_it_is_recorded_with_its_release():
    take(row("a"))

    added, published, ingested = Record.objects.order_by("id").by("tester")
    assert (added.action, added.about) == ("faq.added", "faq:a")
    assert (published.action, published.about) == ("release.published", "release:1")
    assert published.data["added"] == ["a"]
    assert (ingested.action, ingested.data["source"]) == ("faq.ingested", "test.csv")


def test_what_a_colleague_changed_meanwhile_is_not_overwritten():
    take(row("a"))

    with preparation.replaced(prepare_while_a_colleague_edits), pytest.raises(ConcurrentChange):
        take(row("a", answer="From the file."))

    assert Faq.objects.get(slug="a").answer == "From a colleague."
    assert Release.objects.count() == 1


def test_without_chroma_a_file_is_ingested_and_published(settings):
    take(row("a"))
    settings.CHROMA_URL = "http://127.0.0.1:9"

    with preparation.replaced(prepare):
        take(row("a", answer="Changed."), row("b"))

    assert Release.objects.live().number == 2
    assert set(Release.objects.live().contents()) == {"a", "b"}


def test_without_the_model_nothing_is_written_and_the_live_release_stays():
    take(row("a"))

    with preparation.replaced(prepare_without_a_model), pytest.raises(NotReady):
        take(row("a", answer="Changed."), row("b"))

    assert Release.objects.live().number == 1
    assert Faq.objects.get(slug="a").answer == "An answer."
    assert not Faq.objects.filter(slug="b").exists()


def prepare_without_a_model(knowledge_base, **options):
    raise NotReady("The model is not on this machine.")


def prepare_while_a_colleague_edits(knowledge_base, **options):
    Faq.objects.filter(slug="a").update(answer="From a colleague.")
    return prepare_no_vectors(knowledge_base, **options)
