"""Support proposes FAQs and phrasings; each is a draft that says who proposed it."""

from __future__ import annotations

import pytest

from audit.models import Record
from audit.people.erasure import Person
from faq.erasure import erase
from faq.files.reader import Unreadable
from faq.models import DraftComment, Faq, PhrasingConflict, Release
from faq.short_ids import short_id
from faq.stages import FaqIdInUse

pytestmark = pytest.mark.django_db

WORDS = "cannot get into my account"


@pytest.fixture
def faq():
    return Faq.objects.get(slug="reset-password")


def texts(faq) -> list[str]:
    return list(Faq.objects.get(pk=faq.pk).alternates.values_list("text", flat=True))


def latest(faq) -> Record:
    return Record.objects.all().about("faq", faq.slug).order_by("-id")[0]


def test_a_proposed_phrasing_is_a_draft_that_says_who_proposed_it(faq):
    before = texts(faq)

    assert faq.add_phrasing(f" {WORDS}\n", by="sam", is_proposal=True)

    assert texts(faq) == [*before, WORDS]
    assert (faq.stage, faq.submitted_by) == ("proposed", "sam")
    assert Faq.objects.with_status().get(pk=faq.pk).status == "changed"
    assert WORDS not in Release.objects.live().contents()["reset-password"].alternates
    comment = faq.comments.get()
    assert (comment.kind, comment.author, comment.text) == ("proposed", "sam", WORDS)
    fact = latest(faq)
    assert (fact.action, fact.actor) == ("faq.proposed", "sam")
    assert fact.data["fields"]["alternates"] == {"before": before, "after": [*before, WORDS]}


def test_a_phrasing_of_an_editor_is_no_proposal(faq):
    assert faq.add_phrasing(WORDS, by="kim")

    assert (faq.stage, faq.submitted_by) == ("", "")
    assert latest(faq).action == "faq.changed"


@pytest.mark.parametrize("text", ["i forgot my password!", "I FORGOT  my password"])
def test_a_phrasing_that_the_faq_has_is_not_added_again(faq, text):
    count = Record.objects.count()
    texts_before = texts(faq)

    assert not faq.add_phrasing(text, by="sam", is_proposal=True)

    assert (texts(faq), Record.objects.count()) == (texts_before, count)


def test_a_phrasing_of_another_faq_is_refused_and_the_faq_named(faq):
    other = Faq.objects.exclude(pk=faq.pk).first()

    with pytest.raises(PhrasingConflict) as conflict:
        faq.add_phrasing(other.question.upper(), by="sam", is_proposal=True)

    assert conflict.value.clashes[0].other_than("reset-password") == other.slug
    assert Faq.objects.get(pk=faq.pk).stage == ""
    assert not DraftComment.objects.exists()


@pytest.mark.parametrize("text", ["", " \n", "?!", "x" * 501])
def test_a_phrasing_has_words_and_at_most_500_characters(faq, text):
    with pytest.raises(Unreadable):
        faq.add_phrasing(text, by="sam", is_proposal=True)


def test_a_proposed_faq_is_a_draft_with_a_short_id():
    faq = Faq.objects.propose(
        "How do I book an appointment?",
        "Call us.",
        by="sam",
        category="visit",
        alternates=["can I come by"],
    )

    assert (faq.slug, faq.stage, faq.submitted_by) == ("book-appointment", "proposed", "sam")
    assert texts(faq) == ["can I come by"]
    assert Faq.objects.with_status().get(pk=faq.pk).status == "draft"
    assert (latest(faq).action, latest(faq).actor) == ("faq.proposed", "sam")


def test_a_proposal_is_made_whole_or_not_at_all(faq):
    count = Faq.objects.count()

    with pytest.raises(PhrasingConflict):
        Faq.objects.propose("May I?", "Yes.", by="sam", alternates=[faq.question])
    with pytest.raises(FaqIdInUse):
        Faq.objects.propose("May I?", "Yes.", by="sam", faq_id=faq.slug)
    with pytest.raises(Unreadable, match="answer"):
        Faq.objects.propose("May I?", "", by="sam")

    assert Faq.objects.count() == count


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("How do I book an appointment?", "book-appointment"),
        ("Does the lighthouse lamp come with a spare bulb?", "lighthouse-lamp-come-spare"),
        ("Where's my order?", "wheres-order"),
        ("Who are you?", "who-are-you"),
        ("کیا آپ کھلے ہیں؟", "faq"),
        ("x" * 300, "x" * 40),
    ],
)
def test_a_short_id_names_the_subject(question, expected):
    assert short_id(question) == expected
    assert short_id(question, {expected, f"{expected}-2"}) == f"{expected}-3"


def test_an_erased_persons_name_leaves_their_proposals(faq):
    faq.add_phrasing(WORDS, by="sam", is_proposal=True)

    rows = erase(Person("sam", "(p-1)"))

    faq.refresh_from_db()
    assert (faq.submitted_by, faq.comments.get().author) == ("(p-1)", "(p-1)")
    assert rows["faq_draftcomment"] == 1
