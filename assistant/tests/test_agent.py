"""The agent's way: one request in the normal case, a search if need be, and only grounded words."""

from __future__ import annotations

import json

import pytest
from django.db import connection
from django.utils import timezone

from assistant import wiring
from assistant.agent.budget import usage_between
from assistant.agent.price import Price
from assistant.decision.matches import Match
from assistant.interfaces import SearchResult, Task, Turn
from assistant.steps import ignore
from assistant.tests.scripted_model import calls, fails, says, searches
from audit.models import Record
from faq.content import Content
from faq.models import Faq

pytestmark = pytest.mark.django_db

OPTIONS = ("refund-time", "invoice-pay")
"""Of "reimbursement time", in their order."""

QUESTION = "is the workshop open for collection on sundays"


@pytest.fixture
def customer(as_role):
    return as_role("customer")


def ask(client, message=QUESTION, **fields):
    reply = client.post("/ask", {"message": message, **fields}, format="json")
    assert reply.status_code == 200
    return reply.json()


def steps(reply, name):
    return [step for step in reply["decision"]["path"] if step["step"] == name]


def cites_the_first(request):
    """Says what the first FAQ it was given says."""
    first = request.returned[0]
    return says(f"{first['answer']}\nFAQ: {first['id']}", reasoning_content="The first one fits.")


def test_the_matches_are_in_the_first_prompt_so_that_one_request_is_enough(customer, with_agent):
    model = with_agent()
    model.script = cites_the_first

    reply = ask(customer)

    assert (reply["outcome"], reply["source"]) == ("answered", "agent")
    (slug,) = reply["citations"]
    assert reply["faq_id"] == slug
    assert reply["answer"] == Faq.objects.get(slug=slug).answer
    assert (reply["ticket"], reply["degraded"]) == (None, [])
    (request,) = model.requests
    shown = [faq["id"] for faq in request.payload["faqs"]]
    (match,), (search,) = steps(reply, "match"), steps(reply, "search_answers")
    matches = {faq["faq_id"] for faq in (*match["matches"], *search["matches"])}
    assert shown[:2] == [faq["faq_id"] for faq in match["matches"][:2]]
    assert len(shown) == 5
    assert set(shown) <= matches


def test_the_path_has_each_step_with_its_time_tokens_and_reasoning(customer, with_agent):
    model = with_agent()
    model.script = lambda request: (
        cites_the_first(request) if request.number else searches("Paris", 2)
    )

    reply = ask(customer)

    names = [step["step"] for step in reply["decision"]["path"]]
    assert names == [
        *("embed", "match", "search_answers"),
        *("model_request", "tool_call", "model_request", "ground", "agent"),
    ]
    assert all(step["ms"] >= 0 for step in reply["decision"]["path"])
    search = steps(reply, "tool_call")[0]
    assert (search["tool"], search["arguments"]) == (
        *("search_faq", {"question": "Paris", "limit": 2}),
    )
    assert [set(matches) for matches in search["returned"]] == [{"faq_id", "similarity"}] * 2
    first, second = steps(reply, "model_request")
    assert (first["input_tokens"], first["output_tokens"], first["tool_calls"]) == (100, 20, 1)
    assert (second["model"], second["reasoning"]) == (
        *("openai-like:scripted", "The first one fits."),
    )
    assert steps(reply, "ground")[0]["grounds"] == "grounded"
    audit_record = Record.objects.all().about("ask", reply["ask_id"]).get()
    assert audit_record.data["decision"]["path"] == reply["decision"]["path"]


def test_what_a_search_returns_may_be_cited(customer, with_agent):
    model = with_agent()
    warranty = Faq.objects.get(slug="warranty")

    def script(request):
        if not request.number:
            return searches("guarantee on furniture")
        return says(f"{warranty.answer}\nFAQ: warranty")

    model.script = script

    reply = ask(customer, "does the guarantee on a table cover a broken leg")

    assert (reply["outcome"], reply["citations"]) == ("answered", ["warranty"])
    assert reply["degraded"] == []
    assert "warranty" in [faq["faq_id"] for faq in steps(reply, "tool_call")[0]["returned"]]
    # Its address is the shop's own: it is in the FAQ that is cited.
    assert "care@example.com" in reply["answer"]


def test_with_chroma_down_a_search_compares_all_faqs_and_the_reply_says_so(
    customer, with_agent, settings
):
    settings.CHROMA_URL = "http://127.0.0.1:9"
    wiring.live.cache_clear()
    model = with_agent()
    warranty = Faq.objects.get(slug="warranty")

    def script(request):
        if not request.number:
            return searches("guarantee on furniture")
        return says(f"{warranty.answer}\nFAQ: warranty")

    model.script = script

    reply = ask(customer, "does the guarantee on a table cover a broken leg")
    wiring.live.cache_clear()

    assert (reply["outcome"], reply["citations"]) == ("answered", ["warranty"])
    assert reply["degraded"] == ["index: unavailable"]
    for name in ("search_answers", "tool_call"):
        assert steps(reply, name)[0]["degraded"] == "index: unavailable"


def test_what_was_not_returned_may_not_be_cited(customer, with_agent):
    model = with_agent()
    model.play(says(f"{Faq.objects.get(slug='warranty').answer}\nFAQ: warranty"))

    reply = ask(customer)

    assert (reply["outcome"], reply["answer"]) == ("unanswered", None)
    assert steps(reply, "ground")[0]["grounds"] == "unknown_citation"


def test_only_the_category_asked_about_is_within_reach(customer, with_agent):
    model = with_agent()
    model.script = lambda request: (
        searches("warranty of furniture") if not request.number else (cites_the_first(request))
    )

    reply = ask(customer, category="shipping")

    seen = {faq["id"] for faq in model.requests[-1].returned}
    assert seen
    assert seen <= set(Faq.objects.filter(category="shipping").values_list("slug", flat=True))
    assert reply["outcome"] == "answered"


def test_badly_worded_it_asks_back_with_the_faqs_it_cited(customer, with_agent):
    model = with_agent()
    model.script = lambda request: says(f"It is Paris.\nFAQ: {request.returned[1]['id']}")

    reply = ask(customer)

    cited = model.requests[0].returned[1]
    assert (reply["outcome"], reply["answer"]) == ("clarify", None)
    assert [(o["faq_id"], o["question"]) for o in reply["options"]] == [
        (cited["id"], cited["question"])
    ]
    assert steps(reply, "agent")[0]["reason"] == "not_grounded"


def test_it_may_ask_back_itself(customer, with_agent):
    model = with_agent()
    model.script = lambda request: says("ASK: " + ", ".join(f["id"] for f in request.returned[:2]))

    reply = ask(customer)

    assert reply["outcome"] == "clarify"
    assert len(reply["options"]) == 2
    assert reply["decision"]["path"][-1]["reason"] == "clarified"


def test_ids_without_a_text_are_offered(customer, with_agent):
    model = with_agent()
    model.script = lambda request: says(f"FAQ: {request.returned[1]['id']}")

    reply = ask(customer)

    assert (reply["outcome"], reply["answer"]) == ("clarify", None)
    assert [o["faq_id"] for o in reply["options"]] == [model.requests[0].returned[1]["id"]]
    assert reply["decision"]["path"][-1]["reason"] == "clarified"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        pytest.param("I'm sorry, I cannot answer that.", "nothing_found", id="a refusal"),
        pytest.param("It is Paris.\n\nNONE", "nothing_found", id="a text, and nothing"),
        pytest.param("It is Paris.", "no_citation", id="no source"),
    ],
)
def test_why_a_reply_is_not_shown_is_told_apart(customer, with_agent, text, reason):
    model = with_agent()
    model.play(says(text))

    reply = ask(customer)

    assert (reply["outcome"], reply["answer"], reply["options"]) == ("unanswered", None, [])
    assert steps(reply, "agent")[0]["reason"] == reason
    assert reply["degraded"] == []


def test_the_last_request_offers_no_tool(customer, with_agent):
    model = with_agent(requests=2)
    model.play(searches("Paris"), says("NONE"))

    ask(customer)

    assert ["tools" in request.body for request in model.requests] == [True, False]


def test_a_model_may_choose_the_first_of_the_options(customer, with_agent, settings):
    model = with_agent(mode="choose")
    settings.FAQ_POLICY = "release"
    model.script = lambda request: says('{"faq": "refund-time"}')

    reply = ask(customer, "reimbursement time")

    assert (reply["outcome"], reply["source"], reply["faq_id"]) == (
        *("answered", "faq", "refund-time"),
    )
    assert reply["answer"] == Faq.objects.get(slug="refund-time").answer
    assert reply["decision"]["reason"] == "agent_choice"
    assert steps(reply, "model_request")[0]["model"] == "openai-like:scripted"
    assert steps(reply, "agent")[0]["reason"] == "chosen"
    (request,) = model.requests
    offered = [faq["id"] for faq in request.payload["faqs"]]
    assert offered == sorted(offered)
    schema = request.body["response_format"]["json_schema"]["schema"]
    assert schema["properties"]["faq"]["enum"] == [*OPTIONS, "none"]
    assert "tools" not in request.body


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        pytest.param('{"faq": "none"}', "nothing_found", id="none"),
        pytest.param(lambda ids: f'{{"faq": "{ids[1]}"}}', "disagreed", id="another option"),
        pytest.param("Cards take five days.", "nothing_found", id="no id"),
        pytest.param('{"faq": "warranty"}', "nothing_found", id="no option"),
    ],
)
def test_any_other_choice_stays_asked_back(customer, with_agent, settings, text, reason):
    model = with_agent(mode="choose")
    settings.FAQ_POLICY = "release"
    model.play(says(text(OPTIONS) if callable(text) else text))

    reply = ask(customer, "reimbursement time")

    assert (reply["outcome"], reply["answer"]) == ("clarify", None)
    assert [option["faq_id"] for option in reply["options"]] == list(OPTIONS)
    assert steps(reply, "agent")[0]["reason"] == reason
    assert reply["degraded"] == []


def test_a_server_that_refuses_a_schema_is_asked_without(customer, with_agent, settings):
    model = with_agent(mode="choose")
    settings.FAQ_POLICY = "release"
    model.script = lambda request: (
        fails(400) if "response_format" in request.body else says('{"faq": "refund-time"}')
    )

    assert ask(customer, "reimbursement time")["faq_id"] == "refund-time"
    assert ask(customer, "reimbursement time")["faq_id"] == "refund-time"
    assert ["response_format" in request.body for request in model.requests] == [True, False, False]


def test_a_mode_that_only_chooses_does_not_ask_the_model_for_answers(customer, with_agent):
    model = with_agent(mode="choose")

    assert ask(customer)["outcome"] == "unanswered"
    assert model.requests == []


def test_verbatim_the_model_only_chooses_and_the_stored_answer_is_shown(customer, with_agent):
    model = with_agent(mode="verbatim")
    model.script = lambda request: says(f"Buy gold!\nFAQ: {request.returned[2]['id']}")

    reply = ask(customer)

    chosen = model.requests[0].returned[2]["id"]
    assert reply["answer"] == Faq.objects.get(slug=chosen).answer
    assert reply["citations"] == [chosen]

    model.play(says("FAQ: warranty"))
    assert ask(customer)["outcome"] == "unanswered"


def test_what_leaves_for_the_model_is_redacted_and_holds_no_user(as_role, with_agent):
    model = with_agent()
    service = as_role("service", subject="shop-frontend")

    ask(
        service,
        "jo@example.com 0300 1234567: what is the capital of France, {user_id}?",
        user_id="customer-4711",
    )

    sent = json.dumps([request.body for request in model.requests])
    assert "[EMAIL]" in sent
    assert "{user_id}" in sent
    for secret in ("jo@example.com", "1234567", "customer-4711", "shop-frontend"):
        assert secret not in sent


def test_the_limits_go_along_with_each_request(customer, with_agent):
    model = with_agent(output_tokens=77)

    ask(customer)

    body = model.requests[0].body
    assert (body["max_tokens"], body["temperature"]) == (77, 0)
    assert [tool["function"]["name"] for tool in body["tools"]] == ["search_faq"]


def test_an_faq_answers_without_the_model(customer, with_agent):
    model = with_agent()

    assert ask(customer, "How do I reset my password?")["source"] == "faq"
    assert model.requests == []


def test_no_transaction_is_open_while_the_model_is_asked(customer, with_agent):
    model = with_agent()
    # The test's own transaction is the one that is open anyway.
    outside, seen = len(connection.savepoint_ids), []
    open_now = connection.savepoint_ids

    def script(request):
        seen.append(len(open_now))
        return says("NONE")

    model.script = script
    ask(customer)

    assert seen == [outside]


class TestConversation:
    def test_the_last_turns_are_in_the_prompt_the_faqs_answers_too(self, customer, with_agent):
        model = with_agent()
        first = ask(customer, "How do I reset my password?", conversation_id="c1")

        ask(customer, "Tell me what the capital of France is, please", conversation_id="c1")

        assert model.requests[-1].payload["conversation"] == [
            {"question": "How do I reset my password?", "answer": first["answer"]}
        ]

    def test_it_belongs_to_its_user(self, as_role, with_agent):
        model = with_agent()
        ask(as_role("customer", subject="u1"), "How do I reset my password?", conversation_id="c")

        ask(as_role("customer", subject="u2"), conversation_id="c")

        assert "conversation" not in model.requests[-1].payload

    def test_a_short_follow_up_is_rewritten_and_an_faq_may_answer_it(self, customer, with_agent):
        model = with_agent()
        ask(customer, "How do I return an item?", conversation_id="c1")
        model.play(says("Who pays for the return of an item?"))

        reply = ask(customer, "and who pays?", conversation_id="c1")

        assert (reply["outcome"], reply["source"], reply["faq_id"]) == (
            *("answered", "faq", "return-cost"),
        )
        assert steps(reply, "rewrite")[0]["question"] == "Who pays for the return of an item?"
        assert reply["decision"]["path"][-3]["reason"] == "rewritten"
        assert len(model.requests) == 1

    def test_a_follow_up_rewritten_with_new_words_is_not_used(self, customer, with_agent):
        model = with_agent()
        ask(customer, "How do I return an item?", conversation_id="c1")
        model.play(says("How do I delete my account?"), says("NONE"))

        reply = ask(customer, "and on mars?", conversation_id="c1")

        assert steps(reply, "rewrite")[0]["question"] == "and on mars?"
        assert reply["outcome"] != "answered"
        assert model.requests[-1].payload["question"] == "and on mars?"

    def test_where_the_faqs_ask_back_a_follow_up_may_be_rewritten_but_not_answered(
        self, with_agent
    ):
        model = with_agent()
        model.play(says("and who pays?"))
        task = Task(
            question="and who pays?",
            matches=[Match("return-cost", "", 0.5)],
            contents={"return-cost": Content("return-cost", "Who pays?", "We do.")},
            search=lambda text, limit: SearchResult([]),
            would_be_answered=lambda matches: True,
            relevance=lambda question, texts: 1.0,
            turns=(Turn("How do I return an item?", "Choose Orders."),),
            only_rewrite=True,
        )

        assert wiring.agent().answer(task, ignore).reason == "not_rewritten"
        assert len(model.requests) == 1

        model.play(says("Who pays to return an item?"))
        assert wiring.agent().answer(task, ignore).rewritten == "Who pays to return an item?"

    def test_a_follow_up_that_the_model_cannot_rewrite_is_asked_back(self, customer, with_agent):
        model = with_agent()
        ask(customer, "Who pays for the return postage?", conversation_id="c1")
        model.play(says("and from abroad?"))

        reply = ask(customer, "and from abroad?", conversation_id="c1")

        assert (reply["outcome"], reply["answer"]) == ("clarify", None)
        assert reply["decision"]["reason"] == "follow_up"
        assert reply["decision"]["path"][-1]["reason"] == "not_rewritten"

    def test_a_follow_up_close_to_an_faq_is_not_answered_as_if_it_came_first(
        self, customer, with_agent, settings
    ):
        model = with_agent()
        settings.FAQ_CONFIDENCE_THRESHOLD = 0.3
        ask(customer, "Who pays for the return postage?", conversation_id="c1")
        model.play(says("How do you ship to Mars?"))
        question = "and do you ship abroad?"

        alone = ask(customer, question)
        reply = ask(customer, question, conversation_id="c1")

        assert (alone["outcome"], alone["faq_id"]) == ("answered", "international")
        assert (reply["outcome"], reply["answer"]) == ("clarify", None)

    def test_nothing_is_stored_without_a_model(self, customer):
        from assistant.models import ConversationTurn

        ask(customer, "How do I reset my password?", conversation_id="c1")

        assert not ConversationTurn.objects.exists()


def test_requests_tokens_and_cost_are_counted_by_day(as_role, customer, with_agent, settings):
    settings.AGENT_PRICE = Price(input=1_000, output=10_000)
    model = with_agent()
    model.play(searches("Sunday"), says("NONE"))

    ask(customer)

    today = timezone.now().date()
    used = usage_between(today, today)
    assert (used.runs, used.requests, used.input_tokens, used.output_tokens) == (1, 2, 200, 40)
    assert used.cost == pytest.approx(0.2 + 0.4)
    settings.AGENT_PRICE = None
    assert usage_between(today, today).cost is None


def test_unknown_tools_are_named_as_such_and_nothing_else_happens(customer, with_agent):
    model = with_agent()
    model.play(calls(("send_mail", {"to": "x"})), says("NONE"))

    reply = ask(customer)

    assert steps(reply, "model_request")[0]["error"] == "unknown_tool"
    assert not steps(reply, "tool_call")
    assert "does not exist" in model.requests[1].results[0]


def test_the_help_page_says_that_an_answer_is_the_agents_and_where_it_is_from(client, with_agent):
    with_agent().script = cites_the_first

    reply = client.post(
        "/help/ask/",
        f"message={QUESTION}",
        content_type="application/x-www-form-urlencoded",
        headers={"Sec-Fetch-Site": "same-origin"},
        follow=True,
    )

    ask = Record.objects.filter(action="question.asked").latest("id")
    shown = " ".join(reply.content.decode().split())
    assert f'Written by AI from: <a href="/help/faqs/{ask.data["faq_id"]}/"' in shown
