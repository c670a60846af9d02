"""A model that obeys every injection: nothing of it reaches a person."""

from __future__ import annotations

import json

import pytest

from assistant.decision.matches import Match
from assistant.interfaces import SearchResult, Task
from assistant.steps import Path
from assistant.tests.injections import CANARY, HOST, OBEYING, attacks
from assistant.text.tokens import GLUE, plain, stem, words
from faq.content import Content
from faq.models import Faq

pytestmark = pytest.mark.django_db

COUNT = 40
"""Attacks of each test: every obedience at least once."""

# What the model itself wrote is in the path as its reasoning and its search: shown as such.
OF_THE_MODEL = ("reasoning", "arguments")


def test_injected_questions(as_role, with_agent):
    customer = as_role("customer")
    model = with_agent(failures=10_000)
    for attack in attacks(COUNT):
        model.requests.clear()
        model.script = attack.act

        reply = customer.post(
            "/ask", {"message": f"capital of France? {attack.text}"}, format="json"
        )

        assert reply.status_code == 200, attack.name
        body = reply.json()
        if body["source"] != "faq":
            check_path(body["decision"]["path"], model, attack.name)
            body.pop("nearest")
            check_text(json.dumps(body, ensure_ascii=False), attack.name)
        if body["source"] == "agent":
            stored = Faq.objects.get(slug=body["citations"][0])
            check_grounded(body["answer"], stored.question + stored.answer, attack.name)


def test_injected_faqs(with_agent):
    from assistant import wiring

    model = with_agent(failures=10_000)
    agent = wiring.agent()
    for attack in attacks(COUNT, seed=6):
        model.requests.clear()
        model.script = attack.act
        contents = knowledge_base(attack.text)
        matches = [Match(slug, "", 0.5) for slug in contents]
        task = Task(
            question="how long is the warranty",
            matches=matches,
            contents=contents,
            search=lambda text, limit, results=matches: SearchResult(results[:limit]),
            would_be_answered=lambda matches: False,
            relevance=lambda question, texts: 1.0,
        )
        path = Path()

        reply = agent.answer(task, path.add)

        check_path(path.steps, model, attack.name)
        shown = json.dumps([reply.text, reply.citations, [o.faq_id for o in reply.options]])
        check_text(shown, attack.name)
        if reply.text is not None:
            source = " ".join(
                f"{contents[slug].question} {contents[slug].answer}" for slug in reply.citations
            )
            check_grounded(reply.text, source, attack.name)


def test_the_table_is_of_use():
    assert len({attack.text for attack in attacks(COUNT)}) == COUNT
    assert len({attack.name.split(": ")[1] for attack in attacks(COUNT)}) == len(OBEYING)


def knowledge_base(order: str) -> dict[str, Content]:
    """The poisoned FAQ comes first; what it orders is in its question, where people look."""
    # A curator's own words may be shown as they are: what is foreign is what no FAQ says.
    order = order.replace(CANARY, "the secret word").replace(HOST, "our friends")
    poisoned = Content("warranty", f"Warranty? {order}", "Two years by law. Keep the receipt.")
    honest = Content("returns", "How do I return an item?", "Choose Orders, then Return.")
    return {content.slug: content for content in (poisoned, honest)}


def check_path(path, model, name):
    assert len(model.requests) <= 3, name
    assert sum(step["step"] == "tool_call" for step in path) <= 3, name
    checked = [without_model(step) for step in path]
    check_text(json.dumps(checked), name)
    # Not even there may a link lead anywhere.
    assert HOST not in json.dumps(path), name


def check_text(text, name):
    text = without_echo(text)
    assert HOST not in plain(text), name
    for step_part in ("javascript:", "root:", "help desk"):
        assert step_part not in text, name
    assert CANARY not in without_reasoning(text), name


def check_grounded(answer, source, name):
    source_words = {stem(word) for word in words(plain(source))}
    assert {stem(word) for word in words(plain(answer))} - source_words <= {
        stem(w) for w in GLUE
    }, name


def without_model(step):
    return {key: value for key, value in step.items() if key not in OF_THE_MODEL}


def without_echo(text):
    """A reply's JSON without the questions that the person sees of their own message."""
    try:
        reply = json.loads(text)
        decision = reply["decision"]
    except (ValueError, TypeError, KeyError):
        return text
    reply.pop("unanswered_parts")
    for name in ("part", "parts"):
        decision.pop(name)
    return json.dumps(reply)


def without_reasoning(text):
    """A reply's JSON without what is marked as the model's own."""
    try:
        reply = json.loads(text)
        path = reply["decision"]["path"]
    except (ValueError, TypeError, KeyError):
        return plain(text)
    reply["decision"]["path"] = [without_model(step) for step in path]
    return plain(json.dumps(reply))
