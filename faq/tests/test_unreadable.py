"""Unreadable phrasings cause a warning when they are written or published."""

from __future__ import annotations

import io

import pytest
from django.core.management import call_command
from django.urls import reverse

from faq.files.import_drafts import preview
from faq.models import Faq
from faq.releases.unreadable import warnings

pytestmark = pytest.mark.django_db

WARNING = "The model cannot read “👍👍”: only a message of exactly these characters matches it"
FILE = """id,question,answer,category
thumbs,👍👍,Thank you!,small
bells,Do you sell bells?,Yes.,small
"""


@pytest.mark.parametrize(
    ("phrasing", "is_warned_about"),
    [
        ("👍👍", True),
        ("⠀.", True),
        ("How do I pay?", False),
        ("ادائیگی 24", False),
    ],
)
def test_only_what_has_no_letter_or_digit_is_unreadable_for_every_model(phrasing, is_warned_about):
    assert bool(warnings([phrasing])) is is_warned_about


def test_a_script_that_the_vocabulary_lacks_is_unreadable_for_an_english_model(english_release):
    assert len(warnings(["ยกเลิกคำสั่งซื้ออย่างไร", "How do I cancel?"])) == 1


@pytest.fixture
def english_release():
    from faq.models import Release

    Release.objects.update(embedder="all-MiniLM-L6-v2@0")


def test_the_preview_of_a_file_names_the_row():
    lines = preview(FILE.encode(), format="csv").lines

    assert [(line.slug, line.warnings) for line in lines] == [("thumbs", (WARNING,)), ("bells", ())]


def test_publish_prints_it():
    Faq.objects.create(slug="thumbs", question="👍👍", answer="Thank you!")
    printed = io.StringIO()

    call_command("publish", stdout=printed)

    assert f"thumbs: {WARNING}." in printed.getvalue()


def test_the_review_page_and_the_saved_draft_show_it(admin_client):
    saved = admin_client.post(
        reverse("admin:faq_faq_add"),
        {
            **{"slug": "thumbs", "question": "👍👍", "answer": "Thank you!"},
            **{"alternates-TOTAL_FORMS": "0", "alternates-INITIAL_FORMS": "0"},
        },
        follow=True,
    )
    review = admin_client.get(reverse("admin:faq_release_review"))

    assert f"{WARNING}." in saved.content.decode()
    assert f"{WARNING}." in review.content.decode()
