"""Concurrent runs of the agent: replies are never mixed up, and slow models do not delay FAQs."""

from __future__ import annotations

import json
import os
import re
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections

from assistant import wiring
from assistant.answering.answer import Question
from assistant.answering.conversations import Conversations
from assistant.answering.event_stream import ClientLeft
from assistant.decision.matches import Match
from assistant.interfaces import SearchResult, Task, Turn
from assistant.models import AgentDay
from assistant.steps import Path, ignore
from assistant.tests.scripted_model import eventually, hangs, says, searches
from faq.content import Content

THREADS = 16
# Of each thread; 100 in a full run.
CONVERSATIONS = int(os.environ.get("AGENT_TEST_CONVERSATIONS", "4"))


def test_no_thread_gets_another_users_words(committed, with_agent):
    model = with_agent(runs_at_once=THREADS, runs_a_day=10**6, tokens_a_day=10**9, seconds=60)
    mixed = []

    def script(request):
        users = set(re.findall(r"user\d+x\d+", json.dumps(request.body)))
        if len(users) != 1:
            mixed.append(users)
        if not request.results and not request.number % 3:
            return searches("code")
        faq = request.returned[0]
        return says(f"{faq['answer']}\nFAQ: {faq['id']}", reasoning_content=f"For {faq['id']}.")

    model.script = script
    agent, store = wiring.agent(), Conversations(turns=3, days=1, region="PK")

    def talk(thread):
        try:
            return [converse(agent, store, thread, number) for number in range(CONVERSATIONS)]
        finally:
            connections.close_all()

    with ThreadPoolExecutor(THREADS) as pool:
        results = [result for batch in pool.map(talk, range(THREADS)) for result in batch]

    assert mixed == []
    assert results == [None] * THREADS * CONVERSATIONS
    assert AgentDay.objects.get().runs == THREADS * CONVERSATIONS


def converse(agent, store, thread, number):
    """What went wrong, or None."""
    user, code = f"user{thread}", f"{7000 + thread * 100 + number}"
    faq = Content(f"{user}x{number}", f"What is the code of {user}x{number}?", f"It is {code}.")
    # All users call their conversations the same.
    conversation = f"c{number}"
    store.add(user, conversation, Turn(f"I am {user}x{number}", "Welcome."))
    match = Match(faq.slug, faq.question, 0.5)
    task = Task(
        question=f"{user}x{number} would like to know the code, which is it, please?",
        matches=[match],
        contents={faq.slug: faq},
        search=lambda text, limit: SearchResult([match]),
        would_be_answered=lambda matches: False,
        relevance=lambda question, texts: 1.0,
        turns=store.last(user, conversation),
    )
    path = Path()

    reply = agent.answer(task, path.add)

    store.add(user, conversation, Turn(task.question, reply.text or "", reply.citations))
    thoughts = {step["reasoning"] for step in path.steps if "reasoning" in step}
    right = (
        reply.text == f"It is {code}."
        and reply.citations == (faq.slug,)
        and thoughts == {f"For {faq.slug}."}
        and [turn.answer for turn in store.last(user, conversation)] == ["Welcome.", reply.text]
    )
    return None if right else (user, number, reply, path.steps)


def test_with_every_place_taken_by_a_model_that_hangs_faqs_answer(committed_faqs, with_agent):
    model = with_agent(runs_at_once=2, seconds=20)
    model.play(hangs)
    assistant, done = wiring.get_assistant(), threading.Event()

    def ask(text, on_step=ignore):
        return assistant.ask(Question(text, user_id="u1", actor="u1"), on_step)

    def leave(step):
        if done.is_set():
            raise ClientLeft

    def hang(number):
        try:
            with pytest.raises(ClientLeft):
                ask(f"what is the capital of France {number}?", leave)
        finally:
            connections.close_all()

    ask("How do I reset my password?")
    with ThreadPoolExecutor(2) as pool:
        hanging = [pool.submit(hang, number) for number in range(2)]
        try:
            assert eventually(lambda: len(model.requests) == 2)

            assert ask("How do I reset my password?").source == "faq"
            assert ask("what is the capital of Spain?").path[-1]["reason"] == "busy"
        finally:
            done.set()
        for call in hanging:
            call.result()
    assert eventually(lambda: not [t for t in threading.enumerate() if t.name == "agent"])
