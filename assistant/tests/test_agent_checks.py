"""Settings of the agent that cannot be right, each with its cure."""

from __future__ import annotations

import pytest

from assistant.agent.checks import check_agent_settings
from assistant.agent.limits import Limits

SOUND = {
    "AGENT_MODEL": "openai-like:qwen2.5:1.5b",
    "AGENT_BASE_URL": "http://127.0.0.1:11434/v1",
    "AGENT_API_KEY": "",
    "AGENT_ANSWER_MODE": "grounded",
    "AGENT_LIMITS": Limits(runs_at_once=2),
    "WEB_THREADS": 4,
}


def messages(settings, **changed):
    for name, value in {**SOUND, **changed}.items():
        setattr(settings, name, value)
    return check_agent_settings(None)


def test_sound_settings_pass(settings):
    assert messages(settings) == []
    assert messages(settings, AGENT_MODEL="openai:gpt-5-mini", AGENT_BASE_URL="") == []
    assert messages(settings, AGENT_MODEL="", AGENT_BASE_URL="") == []


WRONG = {
    "no provider": ({"AGENT_MODEL": "gpt-5"}, "assistant.E020", "openai:gpt-5-mini"),
    "no model": ({"AGENT_MODEL": "openai:"}, "assistant.E020", "openai:gpt-5-mini"),
    "a name of Ollama's": (
        {"AGENT_MODEL": "qwen2.5:1.5b"},
        "assistant.E020",
        "openai-like:qwen2.5:1.5b",
    ),
    "no address": ({"AGENT_BASE_URL": ""}, "assistant.E020", "AGENT_BASE_URL"),
    "a provider without its SDK": (
        {"AGENT_MODEL": "watson:x", "AGENT_BASE_URL": ""},
        "assistant.E020",
        "Agno supports",
    ),
    "an SDK that is missing": (
        {"AGENT_MODEL": "cohere:command", "AGENT_BASE_URL": ""},
        "assistant.E020",
        "pip install 'agno[cohere]'",
    ),
    "a key in the address": (
        {"AGENT_BASE_URL": "http://me:secret@host/v1"},
        "assistant.E022",
        "AGENT_API_KEY",
    ),
    "no http": ({"AGENT_BASE_URL": "file:///etc"}, "assistant.E022", "http"),
    "an unknown mode": ({"AGENT_ANSWER_MODE": "free"}, "assistant.E023", "verbatim"),
    "every thread": ({"AGENT_LIMITS": Limits(runs_at_once=4)}, "assistant.E024", "WEB_THREADS"),
    "a key alone": (
        {"AGENT_MODEL": "", "AGENT_BASE_URL": "", "AGENT_API_KEY": "sk-1"},
        "assistant.W020",
        "AGENT_MODEL",
    ),
}


@pytest.mark.parametrize(("changed", "id", "cure"), WRONG.values(), ids=WRONG.keys())
def test_a_wrong_setting_is_a_check_with_the_cure(settings, changed, id, cure):
    (message,) = messages(settings, **changed)

    assert message.id == id
    assert cure in message.hint
    assert "secret" not in str(message)
