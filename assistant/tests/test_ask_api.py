"""POST /ask, from the token to the record."""

from __future__ import annotations

import pytest
from prometheus_client import REGISTRY

from audit.models import Record
from faq.models import Faq, Release
from faq.releases.publishing import publish

pytestmark = pytest.mark.django_db


@pytest.fixture
def customer(as_role):
    return as_role("customer")


def ask(client, message, **fields):
    return client.post("/ask", {"message": message, **fields}, format="json")


def test_a_question_the_faqs_know_gets_the_faqs_own_answer(customer):
    reply = ask(customer, "I forgot my password, how can I reset it?", user_id="u1")

    assert reply.status_code == 200
    body = reply.json()
    assert (body["outcome"], body["source"], body["faq_id"]) == (
        *("answered", "faq", "reset-password"),
    )
    assert body["answer"] == Faq.objects.get(slug="reset-password").answer
    assert body["citations"] == ["reset-password"]
    assert body["release"] == 1
    assert (body["ticket"], body["nearest"], body["degraded"]) == (None, [], [])


def test_a_question_they_do_not_know_gets_the_nearest_and_the_offer_of_a_ticket(customer):
    body = ask(customer, "what is the capital of France?").json()

    assert (body["outcome"], body["source"], body["answer"]) == ("unanswered", None, None)
    assert body["decision"]["reason"] == "below_threshold"
    assert len(body["nearest"]) == 3
    assert body["ticket"] == {"method": "POST", "path": "/tickets", "ask_id": body["ask_id"]}


def test_the_path_has_each_step_with_its_time(customer):
    body = ask(customer, "what is the capital of France?").json()

    look, match, search, agent = body["decision"]["path"]
    assert look["step"] == "embed"
    assert look["ms"] > 0
    assert match["matches"][0]["similarity"] == body["similarity"]
    assert (search["step"], body["degraded"]) == ("search_answers", [])
    assert (agent["step"], agent["reason"]) == ("agent", "not_configured")


def test_the_same_question_again_is_embedded_once(customer):
    ask(customer, "is there a gift wrapping service?")

    body = ask(customer, "is there a gift wrapping  service?").json()

    assert body["decision"]["path"][0]["cached"] is True


@pytest.mark.parametrize(
    "question", ["how do i reset my password", "  HOW DO I RESET my Password!!"]
)
def test_an_faqs_own_phrasing_answers_at_once_whatever_its_capitals(customer, question):
    body = ask(customer, question).json()

    assert (body["outcome"], body["decision"]["reason"]) == ("answered", "exact")


def test_every_ask_is_recorded_redacted_before_the_reply(customer):
    body = ask(customer, "I am jo@example.com, where is my order 12345?").json()

    audit_record = Record.objects.all().about("ask", body["ask_id"]).get()
    assert audit_record.action == "question.asked"
    assert audit_record.actor == "u1"
    assert audit_record.data["question"] == "I am [EMAIL], where is my order 12345?"
    assert audit_record.data["outcome"] == body["outcome"]
    assert audit_record.data["decision"]["reason"] == body["decision"]["reason"]
    assert audit_record.request_id


def test_what_cannot_be_recorded_is_not_answered(customer, monkeypatch):
    monkeypatch.setattr(Record._meta.get_field("action"), "column", "no_such_column")
    customer.raise_request_exception = False

    reply = ask(customer, "How do I reset my password?")

    assert reply.status_code == 503
    assert "answer" not in reply.json()


def test_only_faqs_of_the_category_asked_about_may_answer(customer):
    other = Faq.objects.exclude(category="account").values_list("category", flat=True)[0]

    body = ask(customer, "How do I reset my password?", category=other).json()

    assert body["faq_id"] != "reset-password"
    assert ask(customer, "How?", category="no such").json()["detail"] == (
        "category: no published FAQ has 'no such'."
    )


def test_a_choice_answers_the_question_asked_back(customer):
    body = ask(customer, "my delivery", choice="shipping-cost").json()

    assert (body["outcome"], body["decision"]["reason"]) == ("answered", "chosen")
    assert body["faq_id"] == "shipping-cost"
    assert ask(customer, "my delivery", choice="nothing").status_code == 400


def test_a_choice_may_be_any_faq_however_far_from_the_question(customer):
    slugs = list(Faq.objects.values_list("slug", flat=True))

    answered = [ask(customer, "my delivery", choice=slug).json()["faq_id"] for slug in slugs]

    assert len(slugs) > 40
    assert answered == slugs


def test_a_customer_asks_only_as_itself(as_role):
    assert ask(as_role("customer"), "hello?", user_id="u2").status_code == 403
    assert ask(as_role("service"), "hello?", user_id="u2").status_code == 200


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        pytest.param("", "blank", id="empty"),
        pytest.param(" \u200b\u2060 ", "blank", id="zero-width only"),
        pytest.param("x" * 4001, "4000", id="too long"),
        pytest.param("a\x00b", "Null", id="NUL"),
        pytest.param({"text": "hi"}, "valid string", id="an object"),
        pytest.param(None, "null", id="null"),
    ],
)
def test_a_bad_message_is_refused_by_field(customer, message, reason):
    reply = ask(customer, message)

    assert reply.status_code == 400
    (error,) = reply.json()["errors"]
    assert error["field"] == "message"
    assert reason in error["reason"]


def test_what_is_published_changed_or_retired_is_what_the_next_ask_uses(customer, without_fitting):
    question = "Do you sell gift cards for llamas?"
    faq = Faq.objects.create(slug="llamas", question=question, answer="Yes.")
    publish(actor="tester")
    assert ask(customer, question).json()["answer"] == "Yes."

    Faq.objects.filter(pk=faq.pk).update(answer="No.")
    publish(actor="tester")
    body = ask(customer, question).json()
    assert (body["answer"], body["release"]) == ("No.", 3)

    faq.retire(by="tester")
    publish(actor="tester")
    assert ask(customer, question).json()["faq_id"] != "llamas"


def test_the_published_rule_can_be_chosen(customer, settings):
    settings.FAQ_POLICY = "cosine"

    body = ask(customer, "forgot pasword help").json()

    assert body["decision"]["policy"] == {"name": "cosine", "threshold": 0.7, "margin": 0.0}
    assert (body["outcome"] == "answered") == (body["similarity"] >= 0.7)


def test_vectors_of_another_model_are_not_compared(customer):
    from assistant import wiring

    Release.objects.update(embedder="another-model@000000000000", model="another-model")
    for loaded in (wiring.live, wiring.get_assistant):
        loaded.cache_clear()

    reply = ask(customer, "How do I reset my password?")

    assert reply.status_code == 503
    assert "manage.py publish --model" in reply.json()["detail"]


@pytest.mark.parametrize(
    ("purpose", "action"),
    [("benchmark", "question.benchmarked"), ("try", "question.tried")],
)
def test_what_is_no_question_is_recorded_as_such_and_counted_nowhere(as_role, purpose, action):
    before = counted()

    body = ask(as_role("service"), "How do I reset my password?", purpose=purpose).json()

    record = Record.objects.all().about("ask", body["ask_id"]).get()
    assert (record.action, record.data["outcome"]) == (action, "answered")
    assert counted() == before


def test_only_a_service_may_say_that_it_is_no_question(customer):
    reply = ask(customer, "How do I reset my password?", purpose="benchmark")

    assert reply.status_code == 403
    assert not Record.objects.filter(action="question.benchmarked").exists()


def counted():
    labels = {"outcome": "answered", "source": "faq", "reason": "exact"}
    return (
        REGISTRY.get_sample_value("assistant_asks_total", labels),
        Record.objects.filter(action="question.asked").count(),
    )


def test_an_option_that_only_its_answer_brought_in_has_its_question(as_role):
    reply = as_role("customer").post("/ask", {"user_id": "u1", "message": "apple"}, format="json")

    body = reply.json()
    compared = [match["faq_id"] for match in body["decision"]["path"][1]["matches"]]
    assert (body["outcome"], body["decision"]["reason"]) == ("clarify", "in_answer")
    assert body["decision"]["mention"] == "payment-methods"
    assert "payment-methods" not in compared
    assert [option["question"] for option in body["options"]] == [
        "Which payment methods do you accept?"
    ]
