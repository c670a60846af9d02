"""Turns of conversations: redacted, owned by their user, forgotten in time."""

from __future__ import annotations

import io
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.utils import timezone

from assistant.answering.conversations import Conversations
from assistant.interfaces import Turn
from assistant.models import ConversationTurn

pytestmark = pytest.mark.django_db


@pytest.fixture
def conversations():
    return Conversations(turns=2, days=30, region="PK")


def add(conversations, *questions, user="u1", conversation="c1"):
    for question in questions:
        conversations.add(user, conversation, Turn(question, "A.", ("faq",)))


def questions_of(conversations, user="u1", conversation="c1"):
    return [turn.question for turn in conversations.last(user, conversation)]


def test_the_last_turns_come_oldest_first(conversations):
    add(conversations, "one", "two", "three")

    assert questions_of(conversations) == ["two", "three"]
    assert conversations.last("u1", "c1")[0] == Turn("two", "A.", ("faq",))


def test_another_user_with_the_same_id_finds_nothing(conversations):
    add(conversations, "mine")

    assert questions_of(conversations, user="u2") == []
    assert questions_of(conversations, conversation="c2") == []


def test_a_turn_is_stored_redacted(conversations):
    conversations.add("u1", "c1", Turn("I am jo@example.com", "Call 0300 1234567"))

    assert conversations.last("u1", "c1") == (Turn("I am [EMAIL]", "Call [PHONE]"),)


def test_what_is_old_is_neither_read_nor_kept(conversations):
    add(conversations, "old", "new")
    long_ago = timezone.now() - timedelta(days=31)
    ConversationTurn.objects.filter(question="old").update(asked=long_ago)
    assert questions_of(conversations) == ["new"]

    out = io.StringIO()
    call_command("forget_conversations", stdout=out)

    assert out.getvalue() == "Deleted 1 turns older than 30 days.\n"
    assert ConversationTurn.objects.get().question == "new"
