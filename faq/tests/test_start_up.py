"""What a start does with FAQ_CSV: it fills an empty site, and changes nobody's FAQs unasked."""

from __future__ import annotations

import pytest
from django.core.management import call_command

from faq.files.import_drafts import ingest
from faq.files.sources import Source
from faq.models import Faq, IngestedFile, Release

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_vectors")]

FILE = """\
id,question,answer,category,alternates
opening-hours,When is the lighthouse open?,Every day from dawn to dusk.,visits,
dogs,May I bring my dog?,Dogs are welcome on a lead.,visits,Are dogs allowed?
"""


@pytest.fixture(autouse=True)
def _empty(db):
    Release.objects.all().delete()
    Faq.objects.all().delete()


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "faq.csv"
    path.write_text(FILE)
    return path


@pytest.fixture
def run(capsys):
    def run(path, **options) -> str:
        call_command("ingest", path, **options)
        return capsys.readouterr().out

    return run


@pytest.fixture
def start(run):
    return lambda path: run(path, at_start=True, keep_edits=True)


def live() -> dict:
    return Release.objects.live().contents()


def test_an_empty_site_is_filled(start, file):
    output = start(file)

    assert "2 added" in output
    assert f"This site's FAQs come from {file}." in output
    assert set(live()) == {"opening-hours", "dogs"}


def test_a_file_that_has_not_changed_is_not_read(start, file):
    start(file)

    output = start(file)

    assert output == f"Nothing to ingest: {file} has not changed since release 1.\n"
    assert IngestedFile.objects.count() == 1


def test_a_file_that_has_changed_is_read_and_edits_of_other_rows_stay(start, file):
    start(file)
    Faq.objects.filter(slug="opening-hours").update(answer="Ask Amina.")
    file.write_text(FILE.replace("Dogs are", "Your dog is"))

    output = start(file)

    assert "0 added, 1 changed, 1 unchanged" in output
    assert live()["dogs"].answer == "Your dog is welcome on a lead."
    assert Faq.objects.get(slug="opening-hours").answer == "Ask Amina."


def test_the_demo_is_not_mixed_into_faqs_that_somebody_wrote(start, file):
    Faq.objects.create(slug="mine", question="Is it mine?", answer="Yes.")

    output = start(file)

    assert output == f"Nothing to ingest: this site has FAQs that do not come from {file}.\n"
    assert list(Faq.objects.values_list("slug", flat=True)) == ["mine"]


def test_the_demo_is_not_mixed_into_another_files_faqs(start, run, file, tmp_path):
    mine = tmp_path / "mine.csv"
    mine.write_text("id,question,answer,category\nmine,Is it mine?,Yes.,\n")
    start(file)
    output = run(mine)
    file.write_text(FILE.replace("Dogs are", "Your dog is"))

    assert f"This site's FAQs come from {mine} (before: {file})." in output
    assert f"FAQs come from {mine}, not from {file}" in start(file)
    assert live()["dogs"].answer == "Dogs are welcome on a lead."


def test_nor_into_those_of_an_upload(start, file):
    start(file)
    data = b"id,question,answer,category\nmine,Is it mine?,Yes.,\n"
    ingest(Source("an uploaded file", data), actor="paul")
    file.write_text(FILE.replace("Dogs are", "Your dog is"))

    assert "FAQs come from an uploaded file" in start(file)


@pytest.fixture
def alternates(tmp_path):
    path = tmp_path / "alternates.csv"
    path.write_text("id,alternate_question\ndogs,Is my puppy welcome?\n")
    return path


def test_phrasings_of_a_second_file_stay_when_the_first_is_read_at_a_start(
    start, run, file, alternates
):
    run(file, alternates=alternates)

    start(file)
    assert live()["dogs"].alternates == ("Are dogs allowed?", "Is my puppy welcome?")

    file.write_text(FILE.replace("Dogs are", "Your dog is"))
    start(file)
    assert live()["dogs"].answer == "Your dog is welcome on a lead."
    assert live()["dogs"].alternates == ("Are dogs allowed?", "Is my puppy welcome?")


def test_without_the_second_file_the_first_is_not_read(start, run, file, alternates):
    run(file, alternates=alternates)
    file.write_text(FILE.replace("Dogs are", "Your dog is"))
    alternates.unlink()

    assert f"its file of alternates {alternates} is missing" in start(file)
    assert live()["dogs"].alternates == ("Are dogs allowed?", "Is my puppy welcome?")


def test_how_many_phrasings_go_is_said(run, file):
    run(file)
    file.write_text(FILE.replace("Are dogs allowed?", ""))

    assert "1 alternate questions would be removed: dogs (1)." in run(file, dry_run=True)
    assert "1 alternate questions were removed: dogs (1)." in run(file)


def test_other_formats_are_read_by_their_names(run, tmp_path):
    path = tmp_path / "faqs.json"
    path.write_text('[{"id": "mine", "question": "Is it mine?", "answer": "Yes."}]')

    assert "1 added" in run(path)
