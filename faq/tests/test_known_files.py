"""A file that would change nothing is not read again; whatever it might change now, it is."""

from __future__ import annotations

import pytest
from django.core.management import call_command

from audit import channels
from audit.models import Record
from faq import known_files
from faq.ingesting import unchanged
from faq.known_files import KEPT, KnownFile, digest_of
from faq.models import CategoryRule, Faq, Release
from faq.publishing import publish

pytestmark = pytest.mark.django_db

FILE = """\
id,question,answer,category
opening-hours,When is the lighthouse open?,Every day from dawn to dusk.,visits
dogs,May I bring my dog?,Dogs are welcome on a lead.,visits
"""
OTHER = FILE.replace("Dogs are", "Your dog is")
OPTIONS = {"actor": "tester", "source": "faq.csv", "retire_missing": False, "keep_edits": True}


@pytest.fixture
def ingest(tmp_path, capsys):
    Release.objects.all().delete()
    Faq.objects.all().delete()

    def run(content: str = FILE, **options) -> str:
        file = tmp_path / "faq.csv"
        file.write_text(content)
        call_command("ingest", file, **{"keep_edits": True, **options})
        return capsys.readouterr().out

    return run


def is_known(content: str = FILE, **options) -> bool:
    return unchanged(digest_of([content.encode(), None]), **{**OPTIONS, **options}) is not None


def test_a_file_that_was_just_read_in_is_known(ingest):
    assert not is_known()

    ingest()

    assert is_known()


@pytest.mark.parametrize("keep_edits", [True, False], ids=["keeping edits", "file first"])
def test_what_is_told_and_recorded_is_the_same_as_if_it_were_read(ingest, keep_edits):
    ingest(FILE + "gone,Is it gone?,It is.,visits\n")
    ingest(keep_edits=keep_edits)
    KnownFile.objects.all().delete()

    told = [ingest(keep_edits=keep_edits) for _ in range(2)]
    recorded = Record.objects.filter(action="faq.ingested").order_by("-id")[:2]

    assert told[0] == told[1]
    assert "0 added, 0 changed, 2 unchanged, 0 retired: release 1." in told[0]
    assert "gone" in told[0]
    assert recorded[0].data == recorded[1].data
    assert recorded[0].about == recorded[1].about == "release:1"


def edit_an_answer():
    Faq.objects.filter(slug="dogs").update(answer="Ask Amina.")


def edit_a_threshold():
    Faq.objects.filter(slug="dogs").update(threshold=0.9)


def publish_an_edit():
    edit_an_answer()
    publish(actor="tester")


def delete_a_faq():
    Faq.objects.get(slug="dogs").delete()


def publish_a_rule():
    CategoryRule.objects.create(category="visits", threshold=0.9)
    publish(actor="tester")


@pytest.mark.parametrize(
    ("change", "is_read"),
    [
        pytest.param(lambda: None, False, id="nothing"),
        pytest.param(edit_an_answer, False, id="a draft that the file leaves alone"),
        pytest.param(edit_a_threshold, True, id="a draft's threshold"),
        pytest.param(publish_an_edit, True, id="a release"),
        pytest.param(delete_a_faq, True, id="a draft that is gone"),
        pytest.param(publish_a_rule, True, id="a category's rule"),
    ],
)
def test_after_a_change_it_is_read(ingest, change, is_read):
    ingest()

    change()

    assert is_known() is not is_read


def test_after_another_file_of_the_same_faqs_it_is_read_and_taken(ingest):
    ingest()
    ingest(OTHER)

    assert is_known(OTHER)
    assert not is_known(FILE)
    assert "0 added, 1 changed, 1 unchanged" in ingest(FILE)


def test_told_to_do_something_else_it_is_read(ingest):
    ingest()

    assert not is_known(retire_missing=True)
    assert not is_known(keep_edits=False)


def test_where_the_file_would_win_over_an_edit_it_is_read_and_wins(ingest):
    ingest(keep_edits=False)
    publish_an_edit()

    assert "1 changed" in ingest(keep_edits=False)
    assert Release.objects.live().contents()["dogs"].answer == "Dogs are welcome on a lead."


def test_another_version_of_the_program_reads_it(ingest, monkeypatch):
    ingest()

    monkeypatch.setattr(known_files, "_program", lambda: "another")

    assert not is_known()


def test_where_personal_data_is_looked_for_it_is_always_read(ingest, settings):
    settings.REDACTION = channels.parse("faqs=redact")
    ingest()

    assert not is_known()


def test_a_dry_run_reads_it(ingest):
    ingest()

    assert "a dry run" in ingest(dry_run=True)


def test_only_the_latest_are_kept(ingest):
    for number in range(KEPT + 2):
        ingest(FILE.replace("dawn", f"hour {number}"))

    assert KnownFile.objects.count() == KEPT
