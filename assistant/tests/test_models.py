"""Another embedding model is a release like any other: tried, switched to, rolled back."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import call_command

from assistant import embedders, wiring
from assistant.embedding.model_files import Precision
from assistant.models import PhrasingVector
from faq.models import Faq, Release
from faq.releases.publishing import NotReady, publish
from faq.releases.rollback import roll_back

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("without_fitting")]

QUESTION = "I forgot my password"


def ask(as_role):
    return as_role("customer").post("/ask", {"message": QUESTION}, format="json").json()


def test_a_release_of_another_model_answers_and_is_rolled_back(small_model, as_role):
    before = ask(as_role)

    created = publish(actor="tester", model=small_model)

    assert created.embedder.startswith("small@")
    after = ask(as_role)
    assert (after["release"], after["faq_id"]) == (2, "reset-password")
    assert wiring.live().current().embed(["anything"]).vectors["anything"].shape == (32,)

    stored = PhrasingVector.objects.count()
    back = roll_back(Release.objects.get(number=1), actor="tester")

    assert back.embedder == Release.objects.get(number=1).embedder
    assert back.collection == Release.objects.get(number=1).collection
    assert PhrasingVector.objects.count() == stored
    again = ask(as_role)
    assert (again["release"], again["similarity"]) == (3, before["similarity"])


def test_what_is_published_later_stays_with_the_model(small_model, as_role):
    publish(actor="tester", model=small_model)
    Faq.objects.create(slug="umbrella", question="Do you lend umbrellas?", answer="Yes.")

    created = publish(actor="tester")

    assert created.embedder.startswith("small@")
    assert created.added == 1


def test_only_the_model_changes_on_request(small_model):
    Faq.objects.create(slug="umbrella", question="Do you lend umbrellas?", answer="Yes.")
    output = StringIO()

    call_command("publish", model=small_model, nothing_else=True, stdout=output)

    assert "Release 2: 0 added, 0 changed, 0 retired; embedded with small@" in output.getvalue()


def test_a_model_that_is_not_here_changes_nothing():
    with pytest.raises(NotReady, match="is not on this machine"):
        publish(actor="tester", model="nowhere/such-model")

    assert Release.objects.live().number == 1


def test_another_model_is_tried_beside_the_live_one(small_model):
    output = StringIO()

    call_command("compare_models", "data/questions.csv", model=small_model, stdout=output)

    assert output.getvalue().count("coverage") == 2
    assert "small@" in output.getvalue()
    assert Release.objects.live().number == 1


def test_a_release_in_fp32_stays_so_until_its_model_is_named_again(
    small_model, as_role, monkeypatch
):
    in_fp32 = embedders._local_model_at(small_model, Precision.FP32)
    with monkeypatch.context() as without_int8:
        without_int8.setattr(embedders, "local_model", lambda model="": in_fp32)
        release = publish(actor="tester", model=small_model)
    assert not release.embedder.endswith("-int8")

    assert ask(as_role)["faq_id"] == "reset-password"
    Faq.objects.create(slug="umbrella", question="Do you lend umbrellas?", answer="Yes.")
    assert publish(actor="tester").embedder == release.embedder

    renewed = publish(actor="tester", model=small_model)

    assert renewed.embedder == f"{release.embedder}-int8"
    assert ask(as_role)["faq_id"] == "reset-password"
