"""Each line of settings in docs/agent.md makes a client of its provider that has the key."""

from __future__ import annotations

import re

import pytest
from django.conf import settings

from assistant.agent.limits import Limits
from assistant.agent.providers.agno_client import AgnoClient
from assistant.agent.run import Run

LINES = re.findall(
    r"^\| ([^|]+) \| `(AGENT_MODEL=[^`]+)` \|[ `]*([\w-]*)[ `]*\|$",
    (settings.BASE_DIR / "docs" / "agent.md").read_text(encoding="utf-8"),
    re.MULTILINE,
)
SDKS = {"anthropic": "anthropic", "google-genai": "google.genai", "": "openai"}
CLASSES = {
    "any OpenAI-compatible server": "OpenAILike",
    "OpenAI": "OpenAIResponses",
    "Anthropic": "Claude",
    "Google": "Gemini",
}


def test_the_documentation_has_a_line_for_each_provider():
    assert [title for title, _, _ in LINES] == list(CLASSES)


@pytest.mark.parametrize(("title", "line", "package"), LINES, ids=[line[0] for line in LINES])
def test_the_line_makes_a_client_with_the_key(title, line, package, monkeypatch):
    pytest.importorskip(SDKS[package])
    for name in ("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "GOOGLE_API_KEY", "GEMINI_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    values = dict(part.split("=", 1) for part in line.split())
    client = AgnoClient(
        model=values["AGENT_MODEL"],
        base_url=values.get("AGENT_BASE_URL", ""),
        api_key="a-key-of-this-test",
        output_tokens=100,
        region="PK",
    )
    client.load()

    model = client._model(Run(Limits()))
    sdk = model.get_client()

    assert type(model).__name__ == CLASSES[title]
    assert model.id == values["AGENT_MODEL"].partition(":")[2]
    key = sdk._api_client.api_key if package == "google-genai" else sdk.api_key
    assert key == "a-key-of-this-test"
