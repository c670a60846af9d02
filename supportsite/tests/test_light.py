"""What does not answer questions starts fast: it loads none of what answering needs."""

from __future__ import annotations

import subprocess
import sys

import pytest
from django.conf import settings
from django.core.management import call_command

pytestmark = pytest.mark.slow

HEAVY = {
    *("torch", "sentence_transformers", "transformers", "sklearn", "scipy", "matplotlib"),
    *("chromadb", "agno", "openai", "onnx", "openpyxl"),
    # What the worker reads mails and web pages with.
    *("imapclient", "inscriptis", "quotequail", "lxml", "bs4", "markdownify"),
}
COMPUTING = {"onnxruntime", "tokenizers"}

COMMAND = """
import atexit, sys
atexit.register(lambda: print("LOADED", *sys.modules, file=sys.stderr))
from django.core.management import execute_from_command_line
execute_from_command_line(["manage.py", *sys.argv[1:]])
"""

SERVER = """
import sys
from contextlib import suppress
import django
django.setup()
import supportsite.wsgi
from assistant import embedders
from assistant.chroma.index import ChromaIndex
from assistant.interfaces import IndexUnavailable
model = embedders.local_model()
model.load()
(vector,) = model.embed(["How do I reset my password?"])
with suppress(IndexUnavailable):
    ChromaIndex("http://127.0.0.1:9").nearest_faqs("faq", vector, limit=1)
print("LOADED", *sys.modules, file=sys.stderr)
"""


def loaded(program: str, *arguments: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        cwd=settings.BASE_DIR,
        capture_output=True,
        text=True,
        check=True,
    )
    (line,) = [line for line in done.stderr.splitlines() if line.startswith("LOADED ")]
    return set(line.split())


@pytest.mark.parametrize(
    "command",
    [
        pytest.param(["--help"], id="manage.py --help"),
        pytest.param(["check"], id="manage.py check"),
        pytest.param(["migrate", "--plan"], id="manage.py migrate"),
    ],
)
def test_a_command_that_asks_nothing_loads_no_model_no_index_and_no_agent(command):
    matches = loaded(COMMAND, *command)

    assert "django" in matches
    assert sorted(matches & (HEAVY | COMPUTING)) == []


def test_a_server_embeds_and_searches_without_what_only_publishing_needs():
    call_command("prepare_model", "minilm")

    matches = loaded(SERVER)

    assert matches >= COMPUTING
    assert sorted(matches & HEAVY) == []
